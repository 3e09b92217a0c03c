package jsonscan

import "bytes"

// numberEnd is where the number ends that begins at i. One that the text ends with is
// complete.
func numberEnd(b []byte, i int) (end int, err error) {
	if b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if i, err = digitsEnd(b, i); err != nil {
		return i, err
	}
	if i < len(b) && b[i] == '.' {
		if i, err = digitsEnd(b, i+1); err != nil {
			return i, err
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return digitsEnd(b, i)
	}
	return i, nil
}

// digitsEnd is where the digits end of which there is one at least.
func digitsEnd(b []byte, i int) (end int, err error) {
	start := i
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	switch {
	case i > start:
		return i, nil
	case i == len(b):
		return i, ErrCut
	}
	return i, ErrSyntax
}

// literalEnd is where the literal ends that begins at i.
func literalEnd(b []byte, i int) (end int, err error) {
	var literal string
	switch b[i] {
	case 't':
		literal = "true"
	case 'f':
		literal = "false"
	case 'n':
		literal = "null"
	default:
		return i, ErrSyntax
	}
	rest := b[i:]
	if len(rest) >= len(literal) && string(rest[:len(literal)]) == literal {
		return i + len(literal), nil
	}
	if bytes.HasPrefix([]byte(literal), rest) {
		return i, ErrCut
	}
	return i, ErrSyntax
}

package jsonscan

import (
	"unicode/utf16"
	"unicode/utf8"
)

// escapeEnd is where the escape ends that begins at i.
func escapeEnd(b []byte, i int) (end int, err error) {
	if i+2 > len(b) {
		return i, ErrCut
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, nil
	case 'u':
	default:
		return i, ErrSyntax
	}
	first, err := unit(b[i:], false)
	if err != nil || !utf16.IsSurrogate(first) {
		return i + 6, err
	}
	second, err := unit(b[i+6:], true)
	if err == nil && utf16.DecodeRune(first, second) == utf8.RuneError {
		err = ErrSyntax
	}
	return i + 12, err
}

// unit is the UTF-16 code unit of the escape \uXXXX with which b begins. When it is the
// second of a pair and b is cut, it must still be possible that it is one.
func unit(b []byte, second bool) (rune, error) {
	var value rune
	for i := range 6 {
		if i == len(b) {
			return 0, ErrCut
		}
		c := b[i]
		switch {
		case i == 0 && c == '\\' || i == 1 && c == 'u':
		case i < 2:
			return 0, ErrSyntax
		case '0' <= c && c <= '9':
			value = value<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			value = value<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, ErrSyntax
		}
		if second && (i == 2 && value != 0xd || i == 3 && value < 0xdc) {
			return 0, ErrSyntax
		}
	}
	return value, nil
}

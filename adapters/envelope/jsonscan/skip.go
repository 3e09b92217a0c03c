package jsonscan

import (
	"encoding/binary"
	"math/bits"
)

// skip is where the value ends that begins at i.
func (s *Scanner) skip(i int) (end int, err error) {
	b, depth := s.text, s.depth
	var closing byte // of the object or array that the place is in
	named := true    // what is ahead is a value, and not the name of one
	for {
		if i < len(b) && b[i] <= ' ' {
			i = space(b, i)
		}
		if i >= len(b) {
			return i, ErrCut
		}
		switch c := b[i]; {
		case c == '"':
			// Most strings are plain and short, so this looks for their ends without a call.
			for i++; i+8 <= len(b); i += 8 {
				if found := special(binary.LittleEndian.Uint64(b[i : i+8 : i+8])); found != 0 {
					i += bits.TrailingZeros64(found) / 8
					break
				}
			}
			if i < len(b) && b[i] == '"' {
				i++
			} else if i, err = longEnd(b, i); err != nil {
				return i, err
			}
			if !named {
				if i < len(b) && b[i] <= ' ' {
					i = space(b, i)
				}
				if i >= len(b) {
					return i, ErrCut
				}
				if b[i] != ':' {
					return i, ErrSyntax
				}
				i++
				named = true
				continue
			}
		case !named:
			return i, ErrSyntax
		case c == '{' || c == '[':
			if depth == MaxDepth {
				return i, ErrSyntax
			}
			if i = space(b, i+1); i >= len(b) {
				return i, ErrCut
			}
			if b[i] == c+2 { // empty
				i++
				break
			}
			depth++
			closing = c + 2
			s.closing[depth] = closing
			named = c == '['
			continue
		case c == '-' || '0' <= c && c <= '9':
			if i, err = numberEnd(b, i); err != nil {
				return i, err
			}
		default:
			if i, err = literalEnd(b, i); err != nil {
				return i, err
			}
		}
		for { // behind a value
			if depth == s.depth {
				return i, nil
			}
			if i < len(b) && b[i] <= ' ' {
				i = space(b, i)
			}
			if i >= len(b) {
				return i, ErrCut
			}
			c := b[i]
			i++
			if c == ',' {
				break
			}
			if c != closing {
				return i, ErrSyntax
			}
			depth--
			closing = s.closing[depth]
		}
		named = closing == ']'
	}
}

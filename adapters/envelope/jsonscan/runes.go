package jsonscan

import "unicode/utf8"

// runesEnd is where a text outside of ASCII ends that begins at i, its spaces included.
func runesEnd(b []byte, i int) (end int, err error) {
	for i < len(b) {
		switch c := b[i]; {
		case c == ' ':
			i++
		case c < utf8.RuneSelf:
			return i, nil
		// Nearly all are of two or three bytes, and with these first bytes any others will do.
		case 0xc2 <= c && c <= 0xdf && i+1 < len(b) && b[i+1]&0xc0 == 0x80:
			i += 2
		case 0xe1 <= c && c <= 0xec && i+2 < len(b) && b[i+1]&0xc0 == 0x80 && b[i+2]&0xc0 == 0x80:
			i += 3
		default:
			_, size := utf8.DecodeRune(b[i:])
			if size == 1 {
				if !utf8.FullRune(b[i:]) {
					return i, ErrCut
				}
				return i, ErrSyntax
			}
			i += size
		}
	}
	return i, nil
}

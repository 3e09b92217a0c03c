package jsonscan

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// stringEnd is where a string ends, behind its quote, that is read up to i.
func stringEnd(b []byte, i int) (end int, err error) {
	for limit := min(i+32, len(b)-7); i < limit; i += 8 { // most are plain and short
		if found := special(binary.LittleEndian.Uint64(b[i : i+8 : i+8])); found != 0 {
			if i += bits.TrailingZeros64(found) / 8; b[i] == '"' {
				return i + 1, nil
			}
			break
		}
	}
	return longEnd(b, i)
}

// longEnd is stringEnd for any string.
func longEnd(b []byte, i int) (end int, err error) {
	for {
		i = plainEnd(b, i)
		if i >= len(b) {
			return i, ErrCut
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\':
			if i, err = escapeEnd(b, i); err != nil {
				return i, err
			}
		case c < utf8.RuneSelf:
			return i, ErrSyntax // a control character
		default:
			if i, err = runesEnd(b, i); err != nil {
				return i, err
			}
		}
	}
}

// plainEnd is the first place from i on that is no plain sign of a string: its quote, an
// escape, a control character or something outside of ASCII.
func plainEnd(b []byte, i int) int {
	for limit := min(i+32, len(b)-7); i < limit; i += 8 {
		if found := special(binary.LittleEndian.Uint64(b[i : i+8 : i+8])); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	// It is long. The two signs can be looked for by what is fastest for that, and no further
	// than that much, for a text of many escapes must not be searched to its end each time.
	for len(b)-i >= 32 {
		part := b[i:min(i+window, len(b))]
		if end := bytes.IndexByte(part, '"'); end >= 0 {
			part = part[:end]
		}
		if end := bytes.IndexByte(part, '\\'); end >= 0 {
			part = part[:end]
		}
		end := textEnd(part)
		if i += end; end < window {
			return i
		}
	}
	for ; i+8 <= len(b); i += 8 {
		if found := special(binary.LittleEndian.Uint64(b[i : i+8 : i+8])); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && ' ' <= b[i] && b[i] < utf8.RuneSelf && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

const window = 256

// textEnd is the first place in b that is a control character or outside of ASCII.
func textEnd(b []byte) int {
	i := 0
	for ; i+32 <= len(b); i += 32 {
		w0, w1 := binary.LittleEndian.Uint64(b[i:i+8:i+8]), binary.LittleEndian.Uint64(b[i+8:i+16:i+16])
		w2, w3 := binary.LittleEndian.Uint64(b[i+16:i+24:i+24]), binary.LittleEndian.Uint64(b[i+24:i+32:i+32])
		if ((w0-' '*ones|w0)|(w1-' '*ones|w1)|(w2-' '*ones|w2)|(w3-' '*ones|w3))&highs != 0 {
			break
		}
	}
	for ; i+8 <= len(b); i += 8 {
		if word := binary.LittleEndian.Uint64(b[i : i+8 : i+8]); (word-' '*ones|word)&highs != 0 {
			break
		}
	}
	for i < len(b) && ' ' <= b[i] && b[i] < utf8.RuneSelf {
		i++
	}
	return i
}

const ones, highs = 0x0101010101010101, 0x8080808080808080

// special says which of eight bytes are no plain signs of a string, by their high bits. Only
// the first that it says is true, for a borrow may have set those behind it.
func special(word uint64) uint64 {
	quote, slash, control := word^'"'*ones-ones, word^'\\'*ones-ones, word-' '*ones
	return ((quote | slash) | (control | word)) & highs
}

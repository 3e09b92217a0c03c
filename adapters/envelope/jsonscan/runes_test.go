package jsonscan

import (
	"testing"
	"unicode/utf8"
)

// TestAStringIsUTF8 puts together all that two bytes and the limits of a third can be.
func TestAStringIsUTF8(t *testing.T) {
	for first := 0x80; first <= 0xff; first++ {
		for second := range 256 {
			for _, third := range []byte{' ', 'a', 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xff} {
				text := []byte{byte(first), byte(second), third, '.'}
				if second < ' ' || second == '"' || second == '\\' {
					continue
				}
				end, err := stringEnd(append(text, '"'), 0)
				if want := utf8.Valid(text); (err == nil) != want || want && end != 5 {
					t.Fatalf("%q: %d, %v", text, end, err)
				}
			}
		}
	}
}

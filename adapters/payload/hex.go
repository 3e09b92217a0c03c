package payload

// HexWidth is how many bytes a hexadecimal row shows.
const HexWidth = 16

// HexRows is how many rows data has.
func HexRows(data []byte) int { return (len(data) + HexWidth - 1) / HexWidth }

// AppendHexRow appends a row as hexdump -C writes it, offset, bytes and their ASCII,
// with a full stop for everything that is not printable; nothing when there is no such
// row.
func AppendHexRow(dst, data []byte, row int) []byte {
	if row < 0 || row >= HexRows(data) {
		return dst
	}
	start := row * HexWidth
	part := data[start:min(start+HexWidth, len(data))]
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[uint(start)>>shift&15])
	}
	dst = append(dst, ' ')
	for i := range HexWidth {
		if i%8 == 0 {
			dst = append(dst, ' ')
		}
		if i < len(part) {
			dst = append(dst, hexDigits[part[i]>>4], hexDigits[part[i]&15], ' ')
		} else {
			dst = append(dst, "   "...)
		}
	}
	dst = append(dst, " |"...)
	for _, c := range part {
		if c < ' ' || c > '~' {
			c = '.'
		}
		dst = append(dst, c)
	}
	return append(dst, '|')
}

const hexDigits = "0123456789abcdef"

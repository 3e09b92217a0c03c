package payload

// HexWidth is how many bytes a hexadecimal row shows where there is room.
const HexWidth = 16

// HexFit is how many bytes a row shows that is so many cells wide: 16, 8, or 4, all of them with
// their ASCII as long as there are 29 cells.
func HexFit(cells int) int {
	for width := HexWidth; width > 4; width /= 2 {
		if hexCells(width) <= cells {
			return width
		}
	}
	return 4
}

// hexCells is how wide a row of so many bytes is.
func hexCells(width int) int { return len("00000000 ") + (width+7)/8 + 3*width + len(" ||") + width }

// HexRows is how many rows of so many bytes data has.
func HexRows(data []byte, width int) int { return (len(data) + width - 1) / width }

// AppendHexRow appends a row of so many bytes as hexdump -C writes it, offset, bytes and their ASCII,
// with a full stop for everything that is not printable; nothing when there is no such
// row.
func AppendHexRow(dst, data []byte, row, width int) []byte {
	if row < 0 || row >= HexRows(data, width) {
		return dst
	}
	start := row * width
	part := data[start:min(start+width, len(data))]
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[uint(start)>>shift&15])
	}
	dst = append(dst, ' ')
	for i := range width {
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

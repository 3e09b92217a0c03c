package compare

import (
	"strconv"

	"github.com/aymanbagabas/go-udiff/lcs" // the line differences that gopls shows

	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
)

const (
	// mostRead is how much of a value is compared, in bytes: 300 pairs are, when two flows are opened,
	// and a few kilobytes may hold much more.
	mostRead = 4 << 20
	// mostLines is how many lines of a value that is no JSON are compared.
	mostLines = 5000
)

// value compares two values as they may be shown.
func (c *comparison) value(a, b *payload.Decoded) {
	if c.json = a.Format == payload.JSON && b.Format == payload.JSON; c.json {
		same, ok := payload.Differ(a.Data, b.Data, func(path func() string, was, is []byte) {
			if c.isHidden(was, a.Written) || c.isHidden(is, b.Written) {
				c.Masked++
				return
			}
			c.lazily(InValue, path, was, is)
		}, func(was, is []byte) bool { return c.isHidden(was, a.Written) || c.isHidden(is, b.Written) })
		if ok {
			c.Same += same
			return
		}
		c.json, c.Beyond = false, true
		if a.Masked || b.Masked {
			c.Masked++ // which stands in some line
		}
	}
	c.Beyond = c.Beyond || a.Cut || b.Cut
	if hiddenWhole(a) || hiddenWhole(b) {
		c.Masked++
		return
	}
	was, moreA := linesOf(a)
	is, moreB := linesOf(b)
	c.Beyond = c.Beyond || moreA || moreB
	c.lines(was, is)
}

// isHidden reports whether something stands in the place of a member: it is masked, or encrypted.
func (c *comparison) isHidden(value []byte, written *schemas.Schema) bool {
	if c.masks && isMasked(value) {
		return true
	}
	if written == nil || len(value) == 0 || value[0] != '"' {
		return false
	}
	for _, e := range written.Encrypts {
		if string(payload.Unquoted(value)) == e.String() {
			return true
		}
	}
	return false
}

// hiddenWhole reports whether all of a value is masked.
func hiddenWhole(d *payload.Decoded) bool { return d.Masked && d.Format != payload.JSON }

// linesOf are the lines of a value: of text its own, of bytes in hexadecimal.
func linesOf(d *payload.Decoded) (lines []string, more bool) {
	if d.Format == payload.Binary {
		count := payload.HexRows(d.Data, payload.HexWidth)
		for row := range min(count, mostLines) {
			lines = append(lines, string(payload.AppendHexRow(nil, d.Data, row, payload.HexWidth)))
		}
		return lines, count > mostLines
	}
	text := payload.NewLines(d.Data)
	for i := range min(text.Len(), mostLines) {
		lines = append(lines, string(text.Line(i)))
	}
	return lines, text.Len() > mostLines
}

// lines compares two texts. A line that was replaced is one field, as far as there are as many in
// its place.
func (c *comparison) lines(a, b []string) {
	at := 0
	for _, d := range lcs.DiffLines(a, b) {
		c.Same += d.Start - at
		at = d.End
		for i := range max(d.End-d.Start, d.ReplEnd-d.ReplStart) {
			var was, is []byte
			number := d.Start + i
			if number < d.End {
				was = []byte(a[number])
			} else {
				number = d.ReplStart + i
			}
			if d.ReplStart+i < d.ReplEnd {
				is = []byte(b[d.ReplStart+i])
			}
			c.field(InValue, "line "+strconv.Itoa(number+1), was, is)
		}
	}
	c.Same += len(a) - at
}

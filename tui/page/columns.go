package page

import (
	"slices"

	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// Columns are which columns a list shows, and in which order. What is said of columns one by one,
// such as their widths, goes by their numbers in the list, whatever the order.
type Columns struct{ order []int }

// NewColumns are those of a list that somebody chose, by their names, or all without a choice. A
// name that the list does not have is left out.
func NewColumns(names, chosen []string) Columns {
	c := Columns{}
	for _, name := range chosen {
		if i := slices.Index(names, name); i >= 0 && !slices.Contains(c.order, i) {
			c.order = append(c.order, i)
		}
	}
	for i := 0; len(chosen) == 0 && i < len(names); i++ {
		c.order = append(c.order, i)
	}
	return c
}

// ColumnsWithFields are those of a list that may have fields of messages behind its own: without a
// choice it has none.
func ColumnsWithFields(names, fields, chosen []string) Columns {
	if len(chosen) == 0 {
		chosen = names
	}
	return NewColumns(slices.Concat(names, fields), chosen)
}

// MostField is the most that a field of messages, and the head of its column, takes.
const MostField = 24

// FieldHeads are the heads of columns of fields.
func FieldHeads(t *theme.Theme, fields []string) (heads []text.Safe) {
	for _, name := range fields {
		heads = append(heads, t.CutMiddle(t.String(name), MostField))
	}
	return heads
}

// FieldCell draws the field of a number, or leaves its cell blank.
func FieldCell(t *theme.Theme, row *widget.Row, fields [][]byte, n, width int) {
	var field []byte
	if n < len(fields) {
		field = fields[n]
	}
	row.Cell(theme.Plain, t.Bytes(field, width), width)
}

// Layout gives the columns their widths for a row of so many cells, 0 to those that are not shown.
func (c Columns) Layout(all []widget.Column, width int) []int {
	picked := make([]widget.Column, len(c.order))
	for n, i := range c.order {
		picked[n] = all[i]
	}
	widths := make([]int, len(all))
	for n, w := range widget.Layout(picked, width) {
		widths[c.order[n]] = w
	}
	return widths
}

// Each calls do for the columns that have room, in their order; n counts them.
func (c Columns) Each(widths []int, do func(column, n int)) {
	n := 0
	for _, i := range c.order {
		if widths[i] > 0 {
			do(i, n)
			n++
		}
	}
}

// Draw draws the cells of a row, each in its width.
func (c Columns) Draw(row *widget.Row, widths []int, cell func(column, width int)) *widget.Row {
	c.Each(widths, func(column, n int) {
		if n > 0 {
			row.Between()
		}
		cell(column, widths[column])
	})
	return row
}

// Headings are the names of the columns, that by which the rows are sorted with its mark; those
// whose values stand at the right do, too. A name that is a cell too wide, since it is marked,
// takes that from what is between the columns.
func (c Columns) Headings(t *theme.Theme, width int, widths []int, names []text.Safe, right ...int) widget.Line {
	var ordered []text.Safe
	var shown, rights []int
	for _, i := range c.order {
		if slices.Contains(right, i) {
			rights = append(rights, len(shown))
		}
		ordered, shown = append(ordered, names[i]), append(shown, widths[i])
	}
	return widget.Headings(t, width, shown, ordered, rights...)
}

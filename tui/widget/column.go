package widget

import (
	"slices"

	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// Column is a column of a list.
type Column struct {
	// Min is the narrowest that is still of use.
	Min int
	// Want is what its widest value needs now.
	Want int
	// Rank is the order of leaving when the screen is narrow: highest first. Rank 0
	// stays. Where there is room the columns grow in the other order.
	Rank int
	// Rest takes what the others leave.
	Rest bool
}

// Gap is between columns.
const Gap = 2

// Layout gives each column its width for a row of width cells, 0 for those that do not
// fit. First all have their least; then they grow towards what they want, by rank;
// the Rest column has what is left over.
func Layout(columns []Column, width int) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = c.Min
	}
	total := func() int {
		sum, shown := 0, 0
		for _, w := range widths {
			if sum += w; w > 0 {
				shown++
			}
		}
		return sum + Gap*max(0, shown-1)
	}
	order := make([]int, len(columns))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return columns[b].Rank - columns[a].Rank })
	for _, i := range order {
		if total() > width && columns[i].Rank > 0 {
			widths[i] = 0
		}
	}
	free := max(0, width-total())
	slices.Reverse(order)
	for _, i := range order {
		c := columns[i]
		if grow := min(c.Want-widths[i], free); widths[i] > 0 && grow > 0 {
			widths[i] += grow
			free -= grow
		}
	}
	for i, c := range columns {
		if c.Rest && widths[i] > 0 {
			widths[i] += free
			break
		}
	}
	return widths
}

// Between leaves the room between two columns.
func (r *Row) Between() *Row { return r.Gap(Gap) }

// Column writes s in the next column; nothing where that has no room.
func (r *Row) Column(role theme.Role, s text.Safe, width int) *Row {
	if width == 0 {
		return r
	}
	return r.Between().Cell(role, s, width)
}

// ColumnRight is Column with s at the right.
func (r *Row) ColumnRight(role theme.Role, s text.Safe, width int) *Row {
	if width == 0 {
		return r
	}
	return r.Between().Right(role, s, width)
}

// ColumnID is Column for what is cut in the middle.
func (r *Row) ColumnID(role theme.Role, s text.Safe, width int) *Row {
	if width == 0 {
		return r
	}
	return r.Between().ID(role, s, width)
}

// CursorRow begins a row with the cell before it: the cursor.
func CursorRow(t *theme.Theme, width int, selected bool) *Row {
	if !selected {
		return NewRow(t, width).Gap(1)
	}
	return NewRow(t, width).Base(theme.Selected).Put(theme.Accent, t.Glyph.Cursor)
}

// ListRow begins a row of a list with the two cells before it: cursor and mark.
func ListRow(t *theme.Theme, width int, selected, marked bool) *Row {
	row := CursorRow(t, width, selected)
	if marked {
		return row.Put(theme.Marked, t.Glyph.Mark)
	}
	return row.Gap(1)
}

// Headings are the names of columns; those whose values stand at the right do, too. A name that
// is a cell too wide, since it is marked, takes that from what is between the columns.
func Headings(t *theme.Theme, width int, columns []int, names []text.Safe, right ...int) Line {
	row := NewRow(t, width).Gap(2)
	shown, over := 0, 0
	for i, name := range names {
		if columns[i] == 0 {
			continue
		}
		if shown++; shown > 1 {
			row.Gap(Gap - over)
		}
		over = min(1, max(0, name.Width()-columns[i]))
		if slices.Contains(right, i) {
			row.Right(theme.Dim, name, columns[i]+over)
		} else {
			row.Cell(theme.Dim, name, columns[i]+over)
		}
	}
	return row.Line()
}

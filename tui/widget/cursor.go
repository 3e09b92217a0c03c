package widget

// Cursor is a place in a list of rows of which only some are on the screen: Index is the
// row under the cursor, Top the first row shown.
type Cursor struct {
	Index, Top int
}

// Move goes by rows, within a list of length rows.
func (c *Cursor) Move(by, length int) { c.To(c.Index+by, length) }

// To goes to a row, or the nearest there is.
func (c *Cursor) To(index, length int) { c.Index = max(0, min(index, length-1)) }

// Show scrolls as little as needed to have the cursor among height rows, and no further
// than the end of the list.
func (c *Cursor) Show(height, length int) {
	c.To(c.Index, length)
	c.Top = max(0, min(c.Top, length-height))
	if c.Index < c.Top {
		c.Top = c.Index
	}
	if c.Index >= c.Top+height {
		c.Top = c.Index - height + 1
	}
	c.Top = max(0, c.Top)
}

// Range is the rows to draw, from inclusive, to exclusive.
func (c *Cursor) Range(height, length int) (from, to int) {
	from = max(0, min(c.Top, length)) // rows may have gone since it was shown
	return from, min(length, from+max(0, height))
}

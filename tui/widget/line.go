package widget

import (
	"strings"

	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// Line is one row of the screen, exactly as wide as its Row was.
type Line struct {
	content string
	width   int
}

// Width is how many cells it takes.
func (l Line) Width() int { return l.width }

// Content is the line with its styles, to be written by the renderer.
func (l Line) Content() string { return l.content }

// Row puts a Line together from left to right. What does not fit is cut.
type Row struct {
	theme *theme.Theme
	out   []byte
	width int
	used  int
	base  theme.Style
	// reversed says that the base swaps text and background, so that a colour of a
	// piece would colour its background, and faint text be lost.
	reversed bool
	link     text.Link // of the next text
}

// NewRow begins a row of width cells.
func NewRow(t *theme.Theme, width int) *Row {
	return &Row{theme: t, width: max(width, 0), out: make([]byte, 0, width+64)}
}

// Base sets the style under everything that follows: the background of a selection.
func (r *Row) Base(role theme.Role) *Row {
	r.base = r.theme.Style(role)
	r.reversed = r.base.Reverses()
	return r
}

// Left is how many cells are free.
func (r *Row) Left() int { return r.width - r.used }

// Link has the next text open an address by a click.
func (r *Row) Link(l text.Link) *Row {
	r.link = l
	return r
}

// Put writes s.
func (r *Row) Put(role theme.Role, s text.Safe) *Row { return r.Styled(r.theme.Style(role), s) }

// Styled writes s in a style that is not a role's.
func (r *Row) Styled(style theme.Style, s text.Safe) *Row {
	link := r.link.String()
	r.link = text.Link{}
	if s = r.theme.Cut(s, r.Left()); s.Empty() {
		return r
	}
	if link != "" {
		r.out = append(append(append(r.out, "\x1b]8;;"...), link...), "\x1b\\"...)
		defer func() { r.out = append(r.out, "\x1b]8;;\x1b\\"...) }()
	}
	r.write(style, s)
	return r
}

// Glyphs are those of the terminal that the row is drawn on.
func (r *Row) Glyphs() *theme.Glyphs { return &r.theme.Glyph }

// Clean makes b safe for the terminal that the row is drawn on.
func (r *Row) Clean(b []byte, limit int) text.Safe { return r.theme.Bytes(b, limit) }

// Cut is s in at most width cells, for the terminal that the row is drawn on.
func (r *Row) Cut(s text.Safe, width int) text.Safe { return r.theme.Cut(s, width) }

// Gap leaves n cells free.
func (r *Row) Gap(n int) *Row {
	if n = min(n, r.Left()); n > 0 {
		r.write("", space.Repeat(n))
	}
	return r
}

// Cell writes s in exactly width cells, cut at its end.
func (r *Row) Cell(role theme.Role, s text.Safe, width int) *Row {
	return r.StyledCell(r.theme.Style(role), s, width)
}

// StyledCell is Cell in a style that is not a role's.
func (r *Row) StyledCell(style theme.Style, s text.Safe, width int) *Row {
	width = min(width, r.Left())
	s = r.theme.Cut(s, width)
	return r.Styled(style, s).Gap(width - s.Width())
}

// ID is Cell for an id: it is cut in its middle.
func (r *Row) ID(role theme.Role, s text.Safe, width int) *Row {
	return r.Cell(role, r.theme.CutMiddle(s, min(width, r.Left())), width)
}

// Right writes s at the right end of width cells: numbers.
func (r *Row) Right(role theme.Role, s text.Safe, width int) *Row {
	width = min(width, r.Left())
	s = r.theme.Cut(s, width)
	return r.Gap(width-s.Width()).Put(role, s)
}

// End writes s at the right end of the row, if it fits with one cell free before it.
func (r *Row) End(role theme.Role, s text.Safe) *Row {
	if s.Width() < r.Left() {
		r.Gap(r.Left()-s.Width()).Put(role, s)
	}
	return r
}

// Line ends the row: the rest is blank.
func (r *Row) Line() Line {
	r.Gap(r.Left())
	if r.width > 0 {
		r.out = append(r.out, "\x1b[m"...)
	}
	return Line{string(r.out), r.width}
}

var space = text.Own(" ")

// write is where bytes are put out: an SGR sequence of our own, then safe text. (Beside it there
// is only an address that [text.Template] made.) Each piece has its own sequence, so no character can join one of another piece.
func (r *Row) write(style theme.Style, s text.Safe) {
	r.out = append(r.out, "\x1b[0"...)
	if r.reversed {
		style = style.Weight()
	}
	for _, p := range [...]theme.Style{r.base, style} {
		if p != "" {
			r.out = append(append(r.out, ';'), p...)
		}
	}
	r.out = append(append(r.out, 'm'), s.String()...)
	r.used += s.Width()
}

// Blank is an empty line.
func Blank(t *theme.Theme, width int) Line { return NewRow(t, width).Line() }

// Rule is a horizontal line across the screen.
func Rule(t *theme.Theme, width int) Line {
	return NewRow(t, width).Put(theme.Faint, t.Glyph.Rule.Repeat(width)).Line()
}

// Titled is a horizontal line across the screen that says something.
func Titled(t *theme.Theme, width int, s text.Safe) Line {
	row := NewRow(t, width).Put(theme.Faint, t.Glyph.Rule).Gap(1).Put(theme.Dim, s).Gap(1)
	return row.Put(theme.Faint, t.Glyph.Rule.Repeat(row.Left())).Line()
}

// Fit makes lines exactly height lines: what is too much goes, what is missing is blank.
func Fit(t *theme.Theme, lines []Line, width, height int) []Line {
	if len(lines) > height {
		return lines[:max(height, 0)]
	}
	for len(lines) < height {
		lines = append(lines, Blank(t, width))
	}
	return lines
}

// Wrap breaks s into lines of at most width cells at spaces, at most most of them; the
// last one ends with a mark when there is more. What fits one line stays as it is.
func Wrap(t *theme.Theme, s text.Safe, width, most int) []text.Safe {
	if s.Width() <= width {
		return []text.Safe{s}
	}
	var lines []text.Safe
	var line text.Safe
	for word := range strings.SplitSeq(s.String(), " ") {
		piece := t.String(word)
		if !line.Empty() && line.Width()+1+piece.Width() > width {
			if len(lines)+1 >= most {
				return append(lines, t.Cut(text.Join(space, line, piece), width))
			}
			lines, line = append(lines, line), text.Safe{}
		}
		line = text.Join(space, line, piece)
	}
	return append(lines, t.Cut(line, width))
}

// Paragraph is s in at most most lines, with indent free cells on both sides; see [Wrap].
func Paragraph(t *theme.Theme, width, indent int, role theme.Role, s text.Safe, most int) (lines []Line) {
	for _, line := range Wrap(t, s, width-2*indent, most) {
		lines = append(lines, NewRow(t, width).Gap(indent).Put(role, line).Line())
	}
	return lines
}

// Content is lines as the renderer takes them.
func Content(lines []Line) string {
	size := 0
	for _, l := range lines {
		size += len(l.content) + 1
	}
	var b strings.Builder
	b.Grow(size)
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l.content)
	}
	return b.String()
}

// Beside is two lines next to each other, with a thin line between them.
func Beside(t *theme.Theme, left, right Line) Line {
	between := NewRow(t, 2).Put(theme.Faint, t.Glyph.Vertical).Line()
	return Line{left.content + between.content + right.content, left.width + 2 + right.width}
}

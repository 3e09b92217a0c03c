package widget

import (
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// Lanes is a drawing with one column a service.
type Lanes struct {
	// Count is how many lanes there are, First the first one drawn.
	Count, First int
	// LaneWidth is the distance of two lanes in cells.
	LaneWidth int
}

// narrowLane is the least width at which a lane's labels can be read.
const narrowLane = 14

// LanesFor spreads count lanes over width cells and keeps first within what there is.
func LanesFor(count, first, width int) Lanes {
	l := Lanes{Count: count, LaneWidth: max(narrowLane, min(30, width/max(count, 1)))}
	l.First = max(0, min(first, count-l.shown(width)))
	return l
}

// shown is how many lanes fit into width cells.
func (l Lanes) shown(width int) int { return max(1, width/l.LaneWidth) }

// Hidden is how many lanes do not fit to the left and to the right.
func (l Lanes) Hidden(width int) (left, right int) {
	return l.First, max(0, l.Count-l.First-l.shown(width))
}

// Step is one row of a lanes drawing.
type Step struct {
	// Lane is where the event is, From the lane of its cause or -1.
	Lane, From int
	Known      bool // the cause is named by the message rather than inferred
	Style      theme.Style
	Label      text.Safe
	Mark       text.Safe  // behind the label, kept when that is cut; empty for none
	Role       theme.Role // of both
}

// label is the label with its mark, in at most width cells.
func (s *Step) label(t *theme.Theme, width int) text.Safe {
	if s.Mark.Empty() {
		return t.Cut(s.Label, width)
	}
	return t.Cut(text.Join(space, t.Cut(s.Label, width-1-s.Mark.Width()), s.Mark), width)
}

// Draw draws the lanes with one step into the rest of the row.
func (l Lanes) Draw(r *Row, s Step) {
	origin := r.used
	column := func(lane int) int { return origin + (lane-l.First)*l.LaneWidth }
	last := min(l.Count, l.First+l.shown(r.Left()))
	if s.Lane < l.First || s.Lane >= last {
		l.elsewhere(r, s, last, column)
		return
	}
	link, role := r.theme.Glyph.Inferred, theme.Dim
	if s.Known {
		link, role = r.theme.Glyph.Known, theme.Link
	}
	from := s.From
	if from >= 0 {
		from = max(l.First, min(from, last-1))
	}
	for lane := l.First; lane < last; lane++ {
		x := column(lane)
		if r.used > x {
			continue
		}
		if from >= 0 && from < s.Lane && lane > from && lane <= s.Lane {
			if n := x - r.used; lane == s.Lane && n > 0 {
				r.Put(role, link.Repeat(n-1).Add(r.theme.Glyph.ArrowRight))
			} else {
				r.Put(role, link.Repeat(n))
			}
		}
		r.Gap(x - r.used)
		switch {
		case lane == s.Lane:
			l.node(r, s, from, link, role, column)
		case lane == from && from < s.Lane:
			r.Put(role, r.theme.Glyph.TeeRight)
		case from >= 0 && lane > min(from, s.Lane) && lane < max(from, s.Lane):
			r.Put(role, link)
		default:
			r.Put(theme.Faint, r.theme.Glyph.Vertical)
		}
	}
}

// node draws the event with its label and, when its cause is to the right, the arrow
// from there.
func (l Lanes) node(r *Row, s Step, from int, link text.Safe, role theme.Role, column func(int) int) {
	r.Styled(s.Style, r.theme.Glyph.Node)
	room := l.LaneWidth - 3
	if from > s.Lane {
		room = column(from) - r.used - 4
	}
	if room = min(room, r.Left()-1); room > 0 {
		r.Gap(1).Put(s.Role, s.label(r.theme, room))
	}
	if from <= s.Lane {
		return
	}
	if n := column(from) - r.used; n > 2 {
		r.Gap(1).Put(role, r.theme.Glyph.ArrowLeft.Add(link.Repeat(n-2), r.theme.Glyph.TeeLeft))
	}
}

// elsewhere draws a step whose lane is not on the screen.
func (l Lanes) elsewhere(r *Row, s Step, last int, column func(int) int) {
	for lane := l.First; lane < last; lane++ {
		r.Gap(column(lane)-r.used).Put(theme.Faint, r.theme.Glyph.Vertical)
	}
	if s.Lane < l.First {
		r.Gap(1).Put(theme.Dim, r.theme.Glyph.ArrowLeft.Add(space, s.label(r.theme, r.Left()-3)))
	} else {
		r.Gap(1).Put(theme.Dim, s.label(r.theme, r.Left()-3).Add(space, r.theme.Glyph.ArrowRight))
	}
}

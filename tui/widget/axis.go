package widget

import (
	"time"

	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// Scale is how time is spread over the cells of a waterfall.
type Scale struct {
	Start, End time.Duration
	Cells      int
}

// tickRoom is the least distance of two ticks in cells: a sign, a time and a blank.
const tickRoom = 10

// ticks are the distances in time that ticks may have.
var ticks = []time.Duration{1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 20e3, 30e3, 60e3, 120e3, 300e3, 600e3, 1200e3, 1800e3, 3600e3, 7200e3, 6 * 3600e3, 12 * 3600e3, 24 * 3600e3, 7 * 24 * 3600e3}

// tick is the least distance of ticks for which there is room, or 0.
func (s *Scale) tick() time.Duration {
	for _, ms := range ticks {
		every := ms * time.Millisecond
		if place(s.Start+every, s.Start, s.End, s.Cells) >= tickRoom && every <= s.End-s.Start {
			return every
		}
	}
	return 0
}

// Axis draws the times of a waterfall above it, in exactly width cells; where there is no room for
// more, when it begins and ends. An event that stands right behind its cause may be a little further
// to the right than its time.
func Axis(r *Row, s Scale, width int) {
	width = min(width, r.Left())
	if width <= 0 {
		return
	}
	origin, all := r.used, s.End-s.Start
	r.Put(theme.Faint, r.theme.Glyph.Vertical).Put(theme.Dim, r.theme.Cut(text.Own("0"), width-1))
	left := func() int { return origin + width - r.used }
	every, ticked := s.tick(), false
	for at := every; every > 0 && at <= all; at += every {
		label, x := text.Span(at), origin+place(s.Start+at, s.Start, s.End, s.Cells)
		if x+1+label.Width() > origin+width {
			break
		}
		r.Gap(x-r.used).Put(theme.Faint, r.theme.Glyph.Vertical).Put(theme.Dim, label)
		ticked = true
	}
	if end := text.Span(all); !ticked && all > 0 && end.Width() < left() {
		r.Right(theme.Dim, end, left())
	}
	r.Gap(left())
}

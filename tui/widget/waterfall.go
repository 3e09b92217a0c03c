package widget

import (
	"time"

	"eventscope/tui/theme"
)

// Bar is one event in a waterfall, by the cells that [Places] gives.
type Bar struct {
	// At is where the event is, Cause where its cause is, or -1 for none.
	At, Cause int
	// Known says that the cause is named by the message rather than inferred.
	Known bool
	// Style is the style of the bar itself.
	Style theme.Style
}

// Places gives each event of a flow its cell, out of width, by its time since the start
// of the flow. causes are indices of earlier events, or -1. An event stands at least one
// cell after its cause, so that the link between them is seen however short it took;
// time makes room for that, and scale is how the rest of it is spread.
func Places(times []time.Duration, causes []int, width int) (places []int, scale Scale) {
	places = make([]int, len(times))
	if len(times) == 0 || width <= 0 {
		return places, scale
	}
	start, end := times[0], times[0]
	for _, t := range times {
		start, end = min(start, t), max(end, t)
	}
	room := width
	for {
		last := spread(places, times, causes, start, end, room)
		if last < width || room == 1 {
			break
		}
		room = max(1, room-(last-width+1))
	}
	for i := range places {
		places[i] = min(places[i], width-1)
	}
	return places, Scale{start, end, room}
}

// spread puts events at their times out of width cells, or further where their causes
// push them, and returns the last cell.
func spread(places []int, times []time.Duration, causes []int, start, end time.Duration, width int) (last int) {
	for i, t := range times {
		places[i] = place(t, start, end, width)
		if cause := causes[i]; cause >= 0 && cause < i && t >= times[cause] {
			places[i] = max(places[i], places[cause]+1)
		}
		last = max(last, places[i])
	}
	return last
}

// place is the cell, out of width, that stands for a moment.
func place(at, start, end time.Duration, width int) int {
	if end <= start {
		return 0
	}
	cell := int(float64(at-start) / (float64(end) - float64(start)) * float64(width-1))
	return max(0, min(cell, width-1))
}

// Waterfall draws b in exactly width cells: a bar, and a line from its cause; a known
// link has a corner and is drawn through, an inferred one is dotted.
func Waterfall(r *Row, b Bar, width int) {
	t := r.theme
	width = min(width, r.Left())
	if width <= 0 {
		return
	}
	at, cause := max(0, min(b.At, width-1)), min(b.Cause, width-1)
	link, corner, role := t.Glyph.Inferred, t.Glyph.Inferred, theme.Dim
	if b.Known {
		link, corner, role = t.Glyph.Known, t.Glyph.Corner, theme.Link
	}
	switch {
	case cause >= 0 && cause < at:
		r.Gap(cause).Put(role, corner.Add(link.Repeat(at-cause-1)))
		r.Styled(b.Style, t.Glyph.Bar).Gap(width - at - 1)
	case cause > at: // an effect that seems older than its cause
		r.Gap(at).Styled(b.Style, t.Glyph.Bar)
		r.Put(theme.Warn, link.Repeat(cause-at)).Gap(width - cause - 1)
	default:
		r.Gap(at).Styled(b.Style, t.Glyph.Bar).Gap(width - at - 1)
	}
}

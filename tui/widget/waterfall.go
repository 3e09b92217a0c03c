package widget

import (
	"time"

	"eventscope/tui/theme"
)

// Bar is one event in a waterfall.
type Bar struct {
	// At is the event's time since the start of the flow, CauseAt that of its cause.
	At, CauseAt time.Duration
	// Caused says that there is a cause.
	Caused bool
	// Known says that the cause is named by the message rather than inferred.
	Known bool
	// Style is the style of the bar itself.
	Style theme.Style
}

// Waterfall draws b in exactly width cells that stand for the time from start to end:
// a bar at its time, and a line from the time of its cause.
func Waterfall(r *Row, b Bar, start, end time.Duration, width int) {
	t := r.theme
	width = min(width, r.Left())
	if width <= 0 {
		return
	}
	at, cause := place(b.At, start, end, width), place(b.CauseAt, start, end, width)
	link, role := t.Glyph.Inferred, theme.Dim
	if b.Known {
		link, role = t.Glyph.Known, theme.Link
	}
	switch {
	case b.Caused && cause < at:
		r.Gap(cause).Put(role, t.Glyph.Corner.Add(link.Repeat(at-cause-1)))
		r.Styled(b.Style, t.Glyph.Bar).Gap(width - at - 1)
	case b.Caused && cause > at: // an effect that seems older than its cause
		r.Gap(at).Styled(b.Style, t.Glyph.Bar)
		r.Put(theme.Warn, link.Repeat(cause-at)).Gap(width - cause - 1)
	default:
		r.Gap(at).Styled(b.Style, t.Glyph.Bar).Gap(width - at - 1)
	}
}

// place is the cell, out of width, that stands for a moment.
func place(at, start, end time.Duration, width int) int {
	if end <= start {
		return 0
	}
	cell := int(float64(at-start) / float64(end-start) * float64(width-1))
	return max(0, min(cell, width-1))
}

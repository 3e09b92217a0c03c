package lagpage

import (
	"context"

	"eventscope/adapters"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// unrouted is how many messages of a source led to no queue. No consumer is behind with
// those, since none will ever get them.
type unrouted struct {
	source string
	count  adapters.Unroutable
}

// countUnrouted asks the brokers that count them, in a look at all; otherwise it is what was
// known before. That one does not tell is said of its consumers already.
func (s *lagSweep) countUnrouted(ctx context.Context) (all []unrouted) {
	if s.only != nil && s.before != nil {
		return s.before.unrouted
	}
	for i := range s.sources {
		counter := s.sources[i].Unroutable
		if counter == nil {
			continue
		}
		if count, err := counter.Unroutable(ctx); err == nil && (count.Dropped > 0 || count.Returned > 0) {
			all = append(all, unrouted{s.sources[i].Name, count})
		}
	}
	return all
}

// unroutedLines say so, a line a source.
func (p *lagPage) unroutedLines(width int) (lines []widget.Line) {
	t := p.Theme()
	for _, u := range p.model.Last.unrouted {
		var parts []text.Safe
		role, glyph := theme.Dim, t.Glyph.Dot
		if n := u.count.Dropped; n > 0 {
			role, glyph = theme.Warn, t.Glyph.Warning
			parts = append(parts, text.Plural(int(n), text.Own(" unroutable message was dropped"), text.Own(" unroutable messages were dropped")).Add(lately(u.count.DroppedRate)))
		}
		if n := u.count.Returned; n > 0 {
			parts = append(parts, text.Plural(int(n), text.Own(" was"), text.Own(" were")).Add(text.Own(" returned to publishers as unroutable"), lately(u.count.ReturnedRate)))
		}
		sentence := glyph.Add(text.Space, t.String(u.source), text.Own(": "), text.Join(text.Own("; "), parts...), text.Own("; counted since the broker started"))
		lines = append(lines, widget.Paragraph(t, width, 2, role, sentence, 2)...)
	}
	return lines[:min(len(lines), page.MostTroubleLines)]
}

// lately is how many there are now, if any.
func lately(r adapters.Rate) text.Safe {
	if !r.Known || r.PerSecond == 0 {
		return text.Safe{}
	}
	return text.Own(" (").Add(text.Tenths(r.PerSecond), text.Own("/s)"))
}

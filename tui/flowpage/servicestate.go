package flowpage

import (
	"eventscope/tracing"
	"eventscope/tracing/topology"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// serviceCell is a service in its colour, with the sign of its consumer's state beside it
// where somebody should look at that.
func (c *Config) serviceCell(row *widget.Row, service string, name text.Safe, width int) {
	r, ok := c.Services.Worst(service)
	if !ok || !page.Ill(r) || width < 4 {
		row.StyledCell(c.Theme().Service(service), c.Theme().Cut(name, width), width)
		return
	}
	role, glyph := c.Theme().Lag(r.Standing.State)
	name = c.Theme().Cut(name, width-2)
	row.StyledCell(c.Theme().Service(service), name, name.Width())
	row.Gap(1).Put(role, glyph).Gap(width - 2 - name.Width())
}

// serviceWidth is what a service and such a sign take.
func (c *Config) serviceWidth(service string) int {
	width := c.Theme().String(service).Width()
	if r, ok := c.Services.Worst(service); ok && page.Ill(r) {
		width += 2
	}
	return width
}

// consumerState is how the worst of a service's consumers stands, in a clause: STALL,
// 1,204 to read and growing.
func consumerState(t *theme.Theme, r *topology.Reader) text.Safe {
	total := r.Lag.Total()
	s := t.String(r.Standing.State.String())
	if total.Known > 0 {
		s = s.Add(text.Own(", "), text.Count(total.Lag), text.Own(" to read"))
	}
	if page.Growing(&r.Standing, &total) {
		s = s.Add(text.Own(" and growing"))
	}
	return s
}

// waitsForService is who usually writes an event that did not come, and how its consumer stands,
// where it has something to read: the event may still come.
func (f *flowPage) waitsForService(e *tracing.Expectation) text.Safe {
	if e.State == tracing.NotExpected || e.State == tracing.Seen {
		return text.Safe{}
	}
	service := f.Services.Writer(e.Type)
	r, ok := f.Services.Worst(service)
	if !ok || r.Lag.Total().Lag == 0 && !page.Ill(r) {
		return text.Safe{}
	}
	return text.Own("; ").Add(f.Theme().String(service), text.Own(" is "), consumerState(f.Theme(), r))
}

// serviceStatus is what the footer says of the service under the cursor.
func (f *flowPage) serviceStatus() []page.Piece {
	step, ok := f.selected()
	if !ok {
		return nil
	}
	r, ok := f.Services.Worst(step.Service)
	if !ok || !page.Ill(r) {
		return nil
	}
	role, glyph := f.Theme().Lag(r.Standing.State)
	return []page.Piece{{Role: role, Text: text.Own("  ").Add(glyph, text.Space, f.Theme().String(r.Lag.Group), text.Space, consumerState(f.Theme(), r))}}
}

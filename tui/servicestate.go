package tui

import (
	"eventscope/tracing"
	"eventscope/tracing/topology"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// serviceCell is a service in its colour, with the sign of its consumer's state beside it
// where somebody should look at that.
func (d *shell) serviceCell(row *widget.Row, service string, name text.Safe, width int) {
	r, ok := d.maps.worstReader(service)
	if !ok || !ill(r) || width < 4 {
		row.StyledCell(d.theme.Service(service), d.theme.Cut(name, width), width)
		return
	}
	role, glyph := d.theme.Lag(r.Standing.State)
	name = d.theme.Cut(name, width-2)
	row.StyledCell(d.theme.Service(service), name, name.Width())
	row.Gap(1).Put(role, glyph).Gap(width - 2 - name.Width())
}

// serviceWidth is what a service and such a sign take.
func (d *shell) serviceWidth(service string) int {
	width := d.theme.String(service).Width()
	if r, ok := d.maps.worstReader(service); ok && ill(r) {
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
	if growing(&r.Standing, &total) {
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
	service := f.maps.writers[e.Type]
	r, ok := f.maps.worstReader(service)
	if !ok || r.Lag.Total().Lag == 0 && !ill(r) {
		return text.Safe{}
	}
	return text.Own("; ").Add(f.theme.String(service), text.Own(" is "), consumerState(f.theme, r))
}

// serviceStatus is what the footer says of the service under the cursor.
func (f *flowPage) serviceStatus() []piece {
	step, ok := f.selected()
	if !ok {
		return nil
	}
	r, ok := f.maps.worstReader(step.Service)
	if !ok || !ill(r) {
		return nil
	}
	role, glyph := f.theme.Lag(r.Standing.State)
	return []piece{{role, text.Own("  ").Add(glyph, space, f.theme.String(r.Lag.Group), space, consumerState(f.theme, r))}}
}

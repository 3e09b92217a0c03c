package eventpage

import (
	"eventscope/tracing"
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// Preview shows the event under the cursor of a list: beside the list, or below it. The message is
// read only when the cursor rests there, one at a time.
type Preview struct {
	config  *Config
	on      bool
	from    int   // the width of a page from which it is beside the list
	page    *Page // of the event under the cursor, or nil
	reading *Page // whose message was asked for last
	drawn   room  // as the page was drawn last
}

// room is how a page is shared.
type room struct {
	width, height, needs int // of the page; the lines that the list has, or 0
	beside, below        int // cells beside the list, or lines below it, that are the preview's
}

const (
	// previewWidth and previewHeight are the least in which a preview is of use, and
	// previewBelow is the least height of a page that it shares with a list that fills it.
	previewWidth, previewHeight, previewBelow = 44, 8, 24
)

// NewPreview is what is shown beside lists on pages of at least that width, and below them on
// others.
func (c *Config) NewPreview(on bool, besideFrom int) *Preview {
	return &Preview{config: c, on: on, from: besideFrom}
}

// Toggle shows it, or no longer; where it has no room it says so.
func (p *Preview) Toggle() {
	p.on = !p.on
	p.forget()
	r := p.share(p.drawn.width, p.drawn.height, p.drawn.needs)
	if was := p.drawn.width > 0; p.on && was && !r.shows() {
		p.on = false
		p.config.Say(theme.Warn, text.Own("there is no room for a preview; a terminal of 120 columns or 30 lines has it"))
	}
}

// Scroll goes half of what is shown on or back: through the value, and then through the facts that had no
// room.
func (p *Preview) Scroll(a keymap.Action) {
	r := &p.drawn
	switch {
	case !p.on || !r.shows():
		p.config.Say(theme.Dim, text.Own("tab shows the preview, which J and K scroll"))
	case p.page == nil:
	case a == keymap.PreviewDown:
		p.page.scrollOn()
	default:
		p.page.scrollBack()
	}
}

func (r *room) shows() bool { return r.beside > 0 || r.below > 0 }

// Covers reports whether a cell of the page is not of the list.
func (p *Preview) Covers(column, row int) bool {
	r := &p.drawn
	return r.beside > 0 && column >= r.width-r.beside-dividing || r.below > 0 && row >= r.height-r.below-1
}

// share is how a list and the preview share a page.
func (p *Preview) share(width, height, needs int) room {
	r := room{width: width, height: height, needs: needs}
	free := height - needs - 1
	switch {
	case !p.on:
	case needs > 0 && free >= previewHeight: // the list leaves it free
		r.below = free
	case width >= p.from && height >= previewHeight:
		r.beside = max(previewWidth, width*2/5)
	case height >= previewBelow:
		r.below = height * 2 / 5
	}
	return r
}

// forget ends what is read for it.
func (p *Preview) forget() {
	if p.page != nil {
		p.page.Drop()
		p.page = nil
	}
}

// of makes it that of an event, or of none.
func (p *Preview) of(event *tracing.Event) {
	if event == nil {
		p.forget()
		return
	}
	if p.page != nil && p.page.event.Sequence == event.Sequence && p.page.event.Marks == event.Marks {
		return
	}
	p.forget()
	p.page = p.config.New(*event)
	p.page.preview, p.page.readFrom = true, p.config.Now().Add(restFor)
}

// Refresh reads the message of the event under the cursor of a list, or nil, if the cursor has
// rested there and nothing else is being read.
func (p *Preview) Refresh(event *tracing.Event) tea.Cmd {
	if !p.drawn.shows() {
		return nil
	}
	if p.of(event); p.page != nil {
		if _, waits := p.page.Waiting(p.config.Now()); waits { // it says how long
			p.config.Redraw()
		}
	}
	if p.page == nil || p.reading != nil && p.reading.Busy {
		return nil
	}
	p.reading = p.page
	return p.page.readOnce()
}

// dividing is what stands between list and preview, side by side.
const dividing = 2

// Draw draws a list in the room that the preview leaves it, and the preview. needs is how many
// lines the list has, or 0 for one that fills any page; event is what is under its cursor when it
// is drawn, or nil.
func (p *Preview) Draw(width, height, needs int, list func(width, height int) []widget.Line, event func() *tracing.Event) []widget.Line {
	t := p.config.Theme()
	p.drawn = p.share(width, height, needs)
	switch r := &p.drawn; {
	case r.beside > 0:
		width -= r.beside + dividing
		lines := widget.Fit(t, list(width, height), width, height)
		right := p.lines(r.beside, height, event())
		for i := range lines {
			lines[i] = widget.Beside(t, lines[i], right[i])
		}
		return lines
	case r.below > 0:
		high := height - r.below - 1
		lines := append(widget.Fit(t, list(width, high), width, high), widget.Rule(t, width))
		return append(lines, p.lines(width, r.below, event())...)
	}
	p.forget()
	return list(width, height)
}

// lines are the preview of an event, in exactly that room.
func (p *Preview) lines(width, height int, event *tracing.Event) []widget.Line {
	t := p.config.Theme()
	if p.of(event); p.page == nil {
		nothing := widget.NewRow(t, width).Gap(1).Put(theme.Dim, text.Own("no event in this row")).Line()
		return widget.Fit(t, []widget.Line{nothing}, width, height)
	}
	return widget.Fit(t, p.page.Render(width, height), width, height)
}

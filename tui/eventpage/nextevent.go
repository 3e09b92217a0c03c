package eventpage

import (
	"context"
	"errors"
	"time"

	"eventscope/tracing"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// List is where an event was opened from: its page goes along it to the next event.
type List interface {
	// Beside is what finds the event after one in the list, or before it, as the list is by
	// then. What it returns works outside the event loop; tracing.ErrUnknown says that there
	// is none.
	Beside(event *tracing.Event, backward bool) func(context.Context) (tracing.Event, error)
	// Went puts the cursor of the list on the event that its page went to.
	Went(event *tracing.Event)
}

// restFor is how long an event is on the screen before its message is read, where somebody goes
// along a list: brokers are not asked for what is only passed by.
const restFor = 150 * time.Millisecond

// NewIn is the page of an event that was opened from a list.
func (c *Config) NewIn(list List, event tracing.Event) *Page {
	e := c.New(event)
	e.list = list
	return e
}

// goAlong goes along the list by so many events. A key that comes before the answer to the one
// before counts.
func (p *Page) goAlong(by int) {
	if p.list == nil {
		p.Say(theme.Warn, text.Own("this event was not opened from a list, so there is no next one"))
		return
	}
	p.onward += by
}

// findNext looks for the event to go on to, if there is somewhere to go.
func (p *Page) findNext() tea.Cmd {
	if p.onward == 0 || p.next.Busy {
		return nil
	}
	by := 1
	if p.onward < 0 {
		by = -1
	}
	list, find := p.list, p.list.Beside(&p.event, by < 0)
	return p.next.Ask(p, text.Own("looking for the next event"), page.QueryLimit, func(ctx context.Context) (func(), error) {
		event, err := find(ctx)
		return func() {
			onward := p.onward - by
			p.onward = 0
			switch {
			case errors.Is(err, tracing.ErrUnknown) && by > 0:
				p.Say(theme.Dim, text.Own("this is the last event of the list"))
			case errors.Is(err, tracing.ErrUnknown):
				p.Say(theme.Dim, text.Own("this is the first event of the list"))
			case err != nil:
				p.Say(theme.Bad, text.Own("the next event: ").Add(page.Sentence(p.Theme(), err)))
			case !p.Elsewhere(p): // else it would take the place of what is looked at now
				list.Went(&event)
				p.Swap(p, p.onTo(event, onward))
			}
		}, nil
	})
}

// onTo is the page of another event of the list.
func (p *Page) onTo(event tracing.Event, onward int) *Page {
	next := p.NewIn(p.list, event)
	next.onward = onward
	p.HandOver(next)
	return next
}

// HandOver makes next, which comes in the place of this page, be looked at as this one is. Its
// message is read when it has been there for a moment.
func (p *Page) HandOver(next *Page) {
	p.Drop()
	next.onFact, next.sought, next.preferred = p.onFact, p.sought, p.preferred
	if p.read != nil && !p.noValue() {
		next.preferred = p.value().name()
	}
	next.readFrom = p.Now().Add(restFor)
}

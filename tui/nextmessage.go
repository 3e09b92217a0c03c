package tui

import (
	"context"
	"errors"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/envelope"
	"eventscope/tracing"
	"eventscope/tracing/lag"
	"eventscope/tui/page"
	"eventscope/tui/text"

	tea "charm.land/bubbletea/v2"
)

// nextMessage is the message that a consumer is to read next from a partition: the page of
// an event, with how the consumer stands.
type nextMessage struct {
	*eventPage
	source *page.Source
	from   adapters.Position
	end    int64 // of the log
	own    []fact
}

// nextTogether is how many positions are read at a time in search of the next message:
// some have none, as marks of transactions do, and nextTries bounds how often.
const nextTogether, nextTries = 100, 20

func newNextMessage(d *lagModel, c *consumerLag, l *consumer.LogLag, standing *lag.Standing) *nextMessage {
	p := &nextMessage{from: adapters.Position{Destination: l.Destination, Partition: l.Partition, Offset: l.Next()}, end: l.End}
	for i := range d.sources {
		if d.sources[i].Name == c.Source {
			p.source = &d.sources[i]
		}
	}
	role, glyph := d.Theme().Lag(standing.State)
	p.own = []fact{
		{label: text.Own("next for"), value: d.Theme().String(c.Lag.Group), from: kindText(d.Theme(), c.Lag.Kind)},
		{label: text.Own("lag"), value: logLagText(l).Add(text.Own(", "), secondsText(standing, false), text.Own(" behind"))},
		{label: text.Own("as of"), value: text.Clock(c.Lag.At.Local())},
		{label: text.Own("state"), role: role, value: glyph.Add(text.Space, d.Theme().String(standing.State.String()), text.Own(": "), d.Theme().String(standing.Why))},
	}
	p.show(d.events, tracing.Event{Source: c.Source, Broker: c.Broker, Position: p.from})
	return p
}

// show makes the page that of an event.
func (p *nextMessage) show(c *eventConfig, event tracing.Event) {
	p.eventPage = c.newPage(event)
	p.facts = append(append([]fact{}, p.own...), p.facts...)
	p.factsWide = alignFacts(p.facts)
}

// Refresh looks for the message, once.
func (p *nextMessage) Refresh() tea.Cmd {
	if p.asked {
		return nil
	}
	p.asked, p.Once = true, true
	source, from, end, cleaner, rules := p.source, p.from, p.end, p.Theme().Cleaner, p.rules
	about := text.Own("reading what comes next in ").Add(p.Theme().String(from.Destination), text.Own(" from "), p.words.Product(p.Theme(), source.Broker))
	return p.Ask(p, about, page.FetchLimit, func(ctx context.Context) (func(), error) {
		message, err := firstFrom(ctx, source.Lag, from, end)
		if err != nil {
			return nil, err
		}
		event := eventOf(source, &message, rules)
		got := readMessage(cleaner, rules, &event, message)
		return func() {
			p.show(p.eventConfig, event)
			p.asked = true
			p.received(got)()
		}, nil
	})
}

// eventOf is what a message says of itself, as the page of an event wants it.
func eventOf(source *page.Source, m *adapters.Message, rules *envelope.Rules) tracing.Event {
	var id envelope.Identity
	envelope.NewReader(rules).Read(m, &id)
	return tracing.Event{
		Source: source.Name, Broker: source.Broker, Position: m.Position, Time: m.Time,
		Type: string(id.Type.Value), Service: string(id.Service.Value), FlowID: string(id.Flow.Value), Entity: string(id.Entity.Value),
	}
}

// firstFrom reads the first message at or behind a position, before the end of its log.
func firstFrom(ctx context.Context, fetch adapters.Fetcher, from adapters.Position, end int64) (adapters.Message, error) {
	none := &adapters.Problem{Doing: "find a message from " + from.String() + " on", Cause: "up to the end there are only marks of transactions and what compaction or retention has removed"}
	together := int64(1) // most often it is there
	for range nextTries {
		var positions []adapters.Position
		for ; int64(len(positions)) < together && from.Offset < end; from.Offset++ {
			positions = append(positions, from)
		}
		if len(positions) == 0 {
			break
		}
		for message, err := range fetch.Fetch(ctx, positions) {
			if !errors.Is(err, adapters.ErrGone) {
				return message, err
			}
		}
		together = nextTogether
	}
	return adapters.Message{}, none
}

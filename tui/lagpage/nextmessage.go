package lagpage

import (
	"context"
	"errors"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing"
	"eventscope/tracing/lag"
	"eventscope/tui/eventpage"
	"eventscope/tui/page"
	"eventscope/tui/text"
)

// nextTogether is how many positions are read at a time in search of the next message:
// some have none, as marks of transactions do, and nextTries bounds how often.
const nextTogether, nextTries = 100, 20

// newNextMessage is the message that a consumer is to read next from a partition: the page of
// an event, with how the consumer stands.
func newNextMessage(d *Model, c *consumerLag, l *consumer.LogLag, standing *lag.Standing) page.Page {
	from, end, rules := adapters.Position{Destination: l.Destination, Partition: l.Partition, Offset: l.Next()}, l.End, d.Events.Rules
	var source *page.Source
	for i := range d.Sources {
		if d.Sources[i].Name == c.Source {
			source = &d.Sources[i]
		}
	}
	t := d.Theme()
	about := text.Own("reading what comes next in ").Add(t.String(from.Destination), text.Own(" from "), d.Events.Words.Product(t, source.Broker))
	p := d.Events.NewLoading(tracing.Event{Source: c.Source, Broker: c.Broker, Position: from}, about, func(ctx context.Context) (adapters.Message, *tracing.Event, error) {
		message, err := firstFrom(ctx, source.Lag, from, end)
		if err != nil {
			return message, nil, err
		}
		event := tracing.EventOf(source.Name, source.Broker, &message, rules)
		return message, &event, nil
	})
	role, glyph := t.Lag(standing.State)
	p.Lead([]eventpage.Fact{
		{Label: text.Own("next for"), Value: t.String(c.Lag.Group), From: kindText(t, c.Lag.Kind)},
		{Label: text.Own("lag"), Value: logLagText(l).Add(text.Own(", "), secondsText(standing, false), text.Own(" behind"))},
		{Label: text.Own("as of"), Value: text.Clock(c.Lag.At.Local())},
		{Label: text.Own("state"), Role: role, Value: glyph.Add(text.Space, t.String(standing.State.String()), text.Own(": "), t.String(standing.Why))},
	})
	return p
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

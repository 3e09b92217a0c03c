package dlq

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/servicebus/client"
)

// known is what is told of the entities of a namespace.
type known struct {
	settings []client.Settings
	counts   map[client.Entity]client.Counts
	feeders  map[string][]string // by path in lower case: which entities forward their dead letters there
	told     bool
}

// DLQs implements deadletter.Queues. Who may not ask what there is is told of what was named.
func (d *DeadLetters) DLQs(ctx context.Context) (all []deadletter.Queue, err error) {
	k, err := d.ask(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[client.Entity]bool{}
	add := func(e client.Entity, always bool) {
		if q, meant := k.describe(e); (meant || always) && !seen[e] {
			seen[e] = true
			all = append(all, q)
		}
	}
	if !d.None {
		for _, e := range d.Named {
			if e.Part != client.Main {
				add(e, true)
				continue
			}
			add(e, false)
			add(e.Of(client.Dead), true)
			add(e.Of(client.Transfer), false)
		}
		return all, nil
	}
	for i := range k.settings {
		if k.settings[i].IsTopic {
			continue
		}
		for _, part := range []client.Part{client.Main, client.Dead, client.Transfer} {
			add(k.settings[i].Of(part), false)
		}
	}
	return all, nil
}

func (d *DeadLetters) ask(ctx context.Context) (*known, error) {
	k := &known{counts: map[client.Entity]client.Counts{}, feeders: map[string][]string{}}
	settings, err := d.Client.All(ctx)
	if errors.Is(err, adapters.ErrNotAuthorized) {
		return k, nil
	}
	if err != nil {
		return nil, err
	}
	counts, err := d.Client.AllCounts(ctx)
	if err != nil {
		return nil, err
	}
	k.settings, k.told = settings, true
	for i := range settings {
		if to := settings[i].ForwardLetterTo; to != "" {
			k.feeders[strings.ToLower(to)] = append(k.feeders[strings.ToLower(to)], settings[i].Entity.String())
		}
	}
	for _, c := range counts {
		k.counts[c.Entity] = c
	}
	return k, nil
}

// describe is a place for dead letters, and whether it is meant for them or holds some.
func (k *known) describe(e client.Entity) (q deadletter.Queue, meant bool) {
	parent := e.Of(client.Main)
	q = deadletter.Queue{Name: e.String(), Kind: adapters.Queue, Settling: deadletter.ByRemoval, Distinct: true, Messages: -1, Guarantee: deadletter.AtLeastOnce}
	counts, counted := k.counts[parent]
	switch e.Part {
	case client.Main:
		q.Sources = k.feeders[strings.ToLower(e.Path())]
		q.Messages, meant = counts.Active, len(q.Sources) > 0
		if meant {
			q.Evidence = q.Sources[0] + " forwards its dead letters to it"
		}
		if len(q.Sources) > 1 {
			q.Evidence = fmt.Sprintf("%s and %d others forward their dead letters to it", q.Sources[0], len(q.Sources)-1)
		}
	case client.Dead:
		q.Sources, q.Messages, meant = []string{parent.String()}, counts.Dead, true
		q.Evidence = "what dies in " + parent.String() + " lies there"
	default:
		q.Sources, q.Messages, meant = []string{parent.String()}, counts.TransferDead, counts.TransferDead > 0
		q.Evidence = "what " + parent.String() + " could not forward lies there"
	}
	if !counted {
		q.Messages = -1
	}
	q.Configured, q.Feeders = meant, q.Sources
	for _, source := range q.Sources {
		if of, err := client.Parse(source); err == nil && of.Topic == "" {
			q.Direct = append(q.Direct, source)
		}
	}
	return q, meant
}

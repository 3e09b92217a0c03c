package toy

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// deadLetters are what lies in the queues of a source.
type deadLetters struct{ *source }

// Cluster implements deadletter.Queues, as what follows does.
func (d deadLetters) Cluster(context.Context) (string, error) { return d.name, nil }

func (d deadLetters) DLQs(context.Context) (all []deadletter.Queue, err error) {
	err = d.ask("list queues", func() error {
		for _, queue := range d.destinations {
			if queue.kind != adapters.Queue {
				continue
			}
			dlq := deadletter.Queue{
				Name: queue.name, Kind: adapters.Queue, Settling: deadletter.ByRemoval, Cost: handedOut, Messages: queue.end(), Evidence: "every queue is one",
				Configured: len(queue.feeders) > 0, Sources: queue.feeders, Direct: queue.feeders, Feeders: queue.feeders, Guarantee: deadletter.AtLeastOnce,
			}
			if dlq.Configured {
				dlq.Evidence = "log " + queue.feeders[0] + " dead-letters to it"
			}
			all = append(all, dlq)
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b deadletter.Queue) int { return d.rank(a.Name) - d.rank(b.Name) })
	return all, err
}

// rank is 0 for what is named, and 1 for the rest.
func (d deadLetters) rank(name string) int {
	if slices.Contains(d.names, name) {
		return 0
	}
	return 1
}

// queue is a queue of that name. Who calls it has the mutex.
func (d deadLetters) queue(name string) (*destination, error) {
	queue := d.find(name)
	if queue == nil || queue.kind != adapters.Queue {
		return nil, d.unknown(adapters.Queue, name)
	}
	return queue, nil
}

// mostPeeked is how many letters a part of a peek has.
const mostPeeked = 100

// Peek hands out copies of what nobody holds.
func (d deadLetters) Peek(ctx context.Context, peek deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	for last, left := uint64(0), peek.Most; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		most := mostPeeked
		if peek.Most > 0 {
			most = min(most, left)
		}
		var part []deadletter.Delivery
		if err := d.ask("peek into "+peek.DLQ, func() (err error) {
			part, err = d.peek(peek.DLQ, last, most)
			return err
		}); err != nil || len(part) == 0 {
			return err
		}
		last, left = part[len(part)-1].Handle, left-len(part)
		if err := keep(part); err != nil {
			return err
		}
	}
}

// peek copies letters behind one.
func (d deadLetters) peek(name string, last uint64, most int) (part []deadletter.Delivery, err error) {
	queue, err := d.queue(name)
	if err != nil {
		return nil, err
	}
	for _, l := range queue.letters {
		if len(part) == most {
			break
		}
		if l.Handle > last && !l.held {
			part = append(part, l.handOut())
		}
	}
	return part, nil
}

// handOut is a copy of the letter, which was then handed out once more.
func (l *letter) handOut() deadletter.Delivery {
	handed := deadletter.Delivery{Message: l.Message.Clone(), Handle: l.Handle}
	l.Redelivered = true
	return handed
}

func (d deadLetters) Encode(dst []byte, letter *deadletter.Delivery) ([]byte, error) {
	line, err := json.Marshal(letter.Message)
	return append(dst, line...), err
}

func (d deadLetters) Decode(line []byte) (m adapters.Message, err error) {
	if err = json.Unmarshal(line, &m); err == nil && m.Position.Destination == "" {
		err = errors.New("it is no letter of the toy")
	}
	return m, err
}

func targetOf(_ *deadletter.Queue, origin deadletter.Origin) deadletter.Target {
	return deadletter.Target(origin.Destination)
}

func (d deadLetters) Target(_ context.Context, text string) (deadletter.Target, error) {
	if err := checkName(text); err != nil {
		return "", &adapters.Problem{Doing: "read the target", Cause: err.Error(), Remedy: "name a channel", Kind: adapters.ErrUsage}
	}
	return deadletter.Target(text), nil
}

func (d deadLetters) Recipients(_ context.Context, targets []deadletter.Target) (all []deadletter.Recipients, err error) {
	err = d.ask("look for targets", func() error {
		for _, target := range targets {
			to, reached := d.find(string(target)), deadletter.Recipients{Kind: adapters.Queue, Name: string(target)}
			if to != nil {
				reached.Exists = true
				reached.Readers = slices.DeleteFunc(slices.Clone(d.groups), func(group string) bool {
					_, reads := d.committed[group][to.name]
					return !reads
				})
			}
			all = append(all, reached)
		}
		return nil
	})
	return all, err
}

// Mend has nothing to end: what the toy has decided it has done.
func (d deadLetters) Mend(context.Context, string, []deadletter.Target, func(string) error) error {
	return nil
}

// Lacks is empty: the toy has no users.
func (d deadLetters) Lacks(context.Context, string) ([]string, error) { return nil, nil }

func (d deadLetters) Ledger(_ context.Context, query deadletter.LedgerQuery, _ func(deadletter.Entry) error) (deadletter.LedgerPoint, error) {
	return query.From, errors.ErrUnsupported
}

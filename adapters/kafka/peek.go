package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka/cluster"
)

// peekPart is the most letters that keep is called with.
const peekPart = 1000

// errEnough ends a scan that has read what was asked for.
var errEnough = errors.New("enough")

// Peek implements [deadletter.Queues]. The letters of one partition come in order;
// partitions take turns as their brokers answer, a few hundred letters at a time. What a
// transaction has aborted is no letter, and what it has not finished is none yet. What of the
// topic could not be read is in Status.Problems until the next look.
func (a *Adapter) Peek(ctx context.Context, peek deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	if _, err := a.topicNamed(ctx, peek.DLQ); err != nil {
		return err
	}
	left, seen := peek.Most, newProgress(time.Now())
	err := a.only(peek.DLQ, seen).Scan(ctx, adapters.Range{From: adapters.Beginning, FromOffsets: peek.FromOffsets},
		adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
			messages := batch.Messages
			if peek.Most > 0 {
				messages = messages[:min(len(messages), left)]
				left -= len(messages)
			}
			for part := range slices.Chunk(messages, peekPart) {
				if err := keep(lettersOf(part)); err != nil {
					return err
				}
			}
			if peek.Most > 0 && left == 0 {
				return errEnough
			}
			batch.Release()
			return nil
		}))
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err == nil {
		a.progress.looked(peek.DLQ, slices.Sorted(maps.Keys(seen.lasting)))
	}
	return err
}

// lettersOf copies messages out of their batch.
func lettersOf(messages []adapters.Message) []deadletter.Delivery {
	letters := make([]deadletter.Delivery, len(messages))
	for i := range messages {
		letters[i].Message = messages[i].Clone()
	}
	return letters
}

// only is the adapter as if it were opened on one topic, for what transactions have
// committed. It has the same client.
func (a *Adapter) only(topic string, p *progress) *Adapter {
	one := &Adapter{
		config: a.config, options: a.options, selection: &cluster.Selection{Names: []string{topic}},
		progress: p, client: a.client, decoder: a.decoder,
	}
	one.config.Committed = true
	return one
}

// topicNamed finds a topic that must be there and be readable.
func (a *Adapter) topicNamed(ctx context.Context, name string) (*cluster.Topic, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	c, err := cluster.ReadCatalog(ctx, a.client, []string{name})
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	switch t := c.Topics[name]; {
	case t == nil || t.Unknown():
		return nil, a.config.access().Unknown(name)
	case t.Forbidden():
		return nil, a.config.access().NotAllowed(name)
	case t.Err != nil:
		return nil, &adapters.Problem{
			Doing: fmt.Sprintf("read kafka topic %q", name), Cause: cluster.InWords(t.Err),
			Remedy: "try again when the cluster is whole", Kind: adapters.ErrNotConnected,
		}
	default:
		return t, nil
	}
}

// Encode implements [deadletter.Queues]: letters of a log stay where they are.
func (a *Adapter) Encode([]byte, *deadletter.Delivery) ([]byte, error) {
	return nil, fmt.Errorf("preserve a letter of a kafka topic, which stays there: %w", errors.ErrUnsupported)
}

// Decode implements [deadletter.Queues].
func (a *Adapter) Decode([]byte) (adapters.Message, error) {
	return adapters.Message{}, fmt.Errorf("read back a letter of a kafka topic, which is never preserved: %w", errors.ErrUnsupported)
}

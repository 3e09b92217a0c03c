package live

import (
	"context"
	"errors"
	"fmt"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// Letters are the dead letters of a source behind the screen. They implement [deadletter.Queues].
type Letters struct{ *Source }

func (l Letters) now() (deadletter.Queues, error) {
	source, err := l.opened("find dead letters on " + l.Config.Name)
	if err != nil {
		return nil, err
	}
	if source.DeadLetters == nil {
		return nil, fmt.Errorf("%s has no dead letters: %w", l.Config.Name, errors.ErrUnsupported)
	}
	return source.DeadLetters, nil
}

// ask asks for something that has no answer while the source is not open.
func ask[T any](l Letters, question func(deadletter.Queues) (T, error)) (answer T, err error) {
	letters, err := l.now()
	if err != nil {
		return answer, err
	}
	return question(letters)
}

// DLQs are those of the source. A source that is not open has none for now: the header says that
// it is not.
func (l Letters) DLQs(ctx context.Context) ([]deadletter.Queue, error) {
	if l.Opened() == nil {
		return nil, nil
	}
	return ask(l, func(q deadletter.Queues) ([]deadletter.Queue, error) { return q.DLQs(ctx) })
}

// Cluster implements [deadletter.Queues], as what follows does.
func (l Letters) Cluster(ctx context.Context) (string, error) {
	return ask(l, func(q deadletter.Queues) (string, error) { return q.Cluster(ctx) })
}

func (l Letters) Peek(ctx context.Context, peek deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	_, err := ask(l, func(q deadletter.Queues) (struct{}, error) { return struct{}{}, q.Peek(ctx, peek, keep) })
	return err
}

func (l Letters) Encode(dst []byte, letter *deadletter.Delivery) ([]byte, error) {
	return ask(l, func(q deadletter.Queues) ([]byte, error) { return q.Encode(dst, letter) })
}

func (l Letters) Decode(line []byte) (adapters.Message, error) {
	return ask(l, func(q deadletter.Queues) (adapters.Message, error) { return q.Decode(line) })
}

func (l Letters) Lacks(ctx context.Context, dlq string) ([]string, error) {
	return ask(l, func(q deadletter.Queues) ([]string, error) { return q.Lacks(ctx, dlq) })
}

func (l Letters) Target(ctx context.Context, text string) (deadletter.Target, error) {
	return ask(l, func(q deadletter.Queues) (deadletter.Target, error) { return q.Target(ctx, text) })
}

func (l Letters) Recipients(ctx context.Context, targets []deadletter.Target) ([]deadletter.Recipients, error) {
	return ask(l, func(q deadletter.Queues) ([]deadletter.Recipients, error) { return q.Recipients(ctx, targets) })
}

func (l Letters) Mend(ctx context.Context, dlq string, to []deadletter.Target, note func(string) error) error {
	_, err := ask(l, func(q deadletter.Queues) (struct{}, error) { return struct{}{}, q.Mend(ctx, dlq, to, note) })
	return err
}

func (l Letters) Redrive(ctx context.Context, order deadletter.Order) (deadletter.Redrive, error) {
	return ask(l, func(q deadletter.Queues) (deadletter.Redrive, error) { return q.Redrive(ctx, order) })
}

func (l Letters) Publisher(ctx context.Context) (deadletter.Publisher, error) {
	return ask(l, func(q deadletter.Queues) (deadletter.Publisher, error) { return q.Publisher(ctx) })
}

func (l Letters) Ledger(ctx context.Context, query deadletter.LedgerQuery, each func(deadletter.Entry) error) (deadletter.LedgerPoint, error) {
	letters, err := l.now()
	if err != nil {
		return query.From, err
	}
	return letters.Ledger(ctx, query, each)
}

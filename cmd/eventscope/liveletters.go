package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay"
)

// openService opens the service of the screen over sources that may not be open yet.
func (v *view) openService(p *program) (err error) {
	config := replay.Config{Folder: v.stateFolder, Rules: v.settings.rules, Headers: v.settings.file.ReplayHeaders(), Listed: mostListed(v.settings.memory), By: operator(), Told: p.logRun}
	if config.Folder == "" {
		config.Folder = p.stateFolder()
	}
	for _, l := range v.lines {
		letters := liveLetters{l}
		config.Sources = append(config.Sources, replay.Source{
			Name: l.source.Name, Address: l.source.Cluster(), URL: l.source.WithoutSecrets().String(), Broker: l.source.Driver.Broker, DeadLetters: letters, TargetOf: l.source.Driver.TargetOf, Fetch: letters,
		})
	}
	v.service, err = replay.NewService(config)
	return err
}

// liveLetters are the dead letters of a source behind the screen. The screen connects
// to a source, and connects again when the connection is lost, while it is shown.
type liveLetters struct{ line *line }

// now is the source as it is now.
func (l liveLetters) now() (deadletter.Queues, error) {
	source, err := l.line.opened("find dead letters on " + l.line.source.Name)
	if err != nil {
		return nil, err
	}
	if source.DeadLetters == nil {
		return nil, fmt.Errorf("%s has no dead letters: %w", l.line.source.Name, errors.ErrUnsupported)
	}
	return source.DeadLetters, nil
}

// Cluster implements deadletter.Queues, as what follows does.
func (l liveLetters) Cluster(ctx context.Context) (string, error) {
	letters, err := l.now()
	if err != nil {
		return "", err
	}
	return letters.Cluster(ctx)
}

// DLQs is that of the source. A source that is not
// connected has none for now: the header says that it is not.
func (l liveLetters) DLQs(ctx context.Context) ([]deadletter.Queue, error) {
	letters, err := l.now()
	if errors.Is(err, adapters.ErrNotConnected) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return letters.DLQs(ctx)
}

func (l liveLetters) Peek(ctx context.Context, look deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	letters, err := l.now()
	if err != nil {
		return err
	}
	return letters.Peek(ctx, look, keep)
}

func (l liveLetters) Encode(dst []byte, letter *deadletter.Delivery) ([]byte, error) {
	letters, err := l.now()
	if err != nil {
		return nil, err
	}
	return letters.Encode(dst, letter)
}

func (l liveLetters) Decode(line []byte) (adapters.Message, error) {
	letters, err := l.now()
	if err != nil {
		return adapters.Message{}, err
	}
	return letters.Decode(line)
}

func (l liveLetters) Lacks(ctx context.Context, dlq string) ([]string, error) {
	letters, err := l.now()
	if err != nil {
		return nil, err
	}
	return letters.Lacks(ctx, dlq)
}

func (l liveLetters) Target(ctx context.Context, text string) (deadletter.Target, error) {
	letters, err := l.now()
	if err != nil {
		return "", err
	}
	return letters.Target(ctx, text)
}

func (l liveLetters) Recipients(ctx context.Context, targets []deadletter.Target) ([]deadletter.Recipients, error) {
	letters, err := l.now()
	if err != nil {
		return nil, err
	}
	return letters.Recipients(ctx, targets)
}

func (l liveLetters) Redrive(ctx context.Context, order deadletter.Order) (deadletter.Redrive, error) {
	letters, err := l.now()
	if err != nil {
		return nil, err
	}
	return letters.Redrive(ctx, order)
}

func (l liveLetters) Publisher(ctx context.Context) (deadletter.Publisher, error) {
	letters, err := l.now()
	if err != nil {
		return nil, err
	}
	return letters.Publisher(ctx)
}

func (l liveLetters) Ledger(ctx context.Context, query deadletter.LedgerQuery, each func(deadletter.Entry) error) (deadletter.LedgerPoint, error) {
	letters, err := l.now()
	if err != nil {
		return query.From, err
	}
	return letters.Ledger(ctx, query, each)
}

// Fetch implements adapters.Fetcher.
func (l liveLetters) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		adapter := l.line.adapter.Load()
		switch {
		case adapter == nil:
			yield(adapters.Message{}, adapters.ErrNotConnected)
		case adapter.Fetcher == nil:
			yield(adapters.Message{}, errors.ErrUnsupported)
		default:
			adapter.Fetch(ctx, positions)(yield)
		}
	}
}

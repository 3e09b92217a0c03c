package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"eventscope/adapters"
	"eventscope/replay"
)

// openOffice opens the office of the screen over sources that may not be open yet.
func (v *view) openOffice(p *program) (err error) {
	config := replay.Config{Folder: v.stateFolder, Rules: v.settings.rules, Headers: v.settings.file.ReplayHeaders(), Listed: mostListed(v.settings.memory), By: operator()}
	if config.Folder == "" {
		config.Folder = p.stateFolder()
	}
	for _, l := range v.lines {
		letters := lineLetters{l}
		config.Sources = append(config.Sources, replay.Source{
			Name: l.source.Name, Cluster: l.source.Cluster(), Broker: l.source.Broker, DeadLetters: letters, Fetch: letters,
		})
	}
	v.office, err = replay.NewOffice(config)
	return err
}

// lineLetters are the dead letters of a source behind the screen, which is opened, and
// opened again, while the screen is there.
type lineLetters struct{ line *line }

// now is the source as it is now.
func (l lineLetters) now() (adapters.DeadLetters, error) {
	adapter := l.line.adapter.Load()
	if adapter == nil {
		return nil, &adapters.Problem{Doing: "find dead letters on " + l.line.source.Name, Cause: "it is not connected", Kind: adapters.ErrNotConnected}
	}
	letters, ok := (*adapter).(adapters.DeadLetters)
	if !ok {
		return nil, fmt.Errorf("%s has no dead letters: %w", l.line.source.Name, errors.ErrUnsupported)
	}
	return letters, nil
}

// Graves implements adapters.DeadLetters, as what follows does. A source that is not
// connected has none for now: the header says that it is not.
func (l lineLetters) Graves(ctx context.Context) ([]adapters.Grave, error) {
	letters, err := l.now()
	if errors.Is(err, adapters.ErrNotConnected) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return letters.Graves(ctx)
}

func (l lineLetters) Look(ctx context.Context, look adapters.Look, keep func([]adapters.Held) error) error {
	letters, err := l.now()
	if err != nil {
		return err
	}
	return letters.Look(ctx, look, keep)
}

func (l lineLetters) Preserve(dst []byte, letter *adapters.Held) ([]byte, error) {
	letters, err := l.now()
	if err != nil {
		return nil, err
	}
	return letters.Preserve(dst, letter)
}

func (l lineLetters) Preserved(line []byte) (adapters.Message, error) {
	letters, err := l.now()
	if err != nil {
		return adapters.Message{}, err
	}
	return letters.Preserved(line)
}

func (l lineLetters) Reach(ctx context.Context, target adapters.Target) (adapters.Reach, error) {
	letters, err := l.now()
	if err != nil {
		return adapters.Reach{}, err
	}
	return letters.Reach(ctx, target)
}

func (l lineLetters) Redrive(ctx context.Context, order adapters.Order) (adapters.Redrive, error) {
	letters, err := l.now()
	if err != nil {
		return nil, err
	}
	return letters.Redrive(ctx, order)
}

func (l lineLetters) Publisher(ctx context.Context) (adapters.Publisher, error) {
	letters, err := l.now()
	if err != nil {
		return nil, err
	}
	return letters.Publisher(ctx)
}

func (l lineLetters) Ledger(ctx context.Context, wanted func(key []byte) bool, each func(adapters.Entry) error) error {
	letters, err := l.now()
	if err != nil {
		return err
	}
	return letters.Ledger(ctx, wanted, each)
}

// Fetch implements adapters.Fetcher.
func (l lineLetters) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		adapter := l.line.adapter.Load()
		if adapter == nil {
			yield(adapters.Message{}, adapters.ErrNotConnected)
			return
		}
		(*adapter).Fetch(ctx, positions)(yield)
	}
}

package tuitest

import (
	"context"
	"iter"
	"testing"

	"eventscope/adapters"
	"eventscope/replay"
	"eventscope/replay/replaytest"
	"eventscope/tui"
)

// Letters are dead letters behind a screen: a model broker, and the office over it.
type Letters struct {
	*replaytest.Broker
	Office *replay.Office
}

// NewLetters is a grave of a kind with three letters that died of two things, and an
// office that keeps its journal in a folder of the test's own.
func NewLetters(t *testing.T, kind adapters.DestinationKind) *Letters {
	t.Helper()
	l := &Letters{Broker: replaytest.New(kind)}
	for _, letter := range [][2]string{{"a", "card declined"}, {"b", "card declined"}, {"c", "timeout"}} {
		l.BuryFor(`{"type":"OrderPlaced","order_id":"ord-`+letter[0]+`"}`, letter[1])
	}
	office, err := replay.NewOffice(replay.Config{
		Folder: t.TempDir(), By: "ann@host",
		Sources: []replay.Source{{Name: "kafka", Cluster: "model://kafka", Broker: l.Name(), DeadLetters: l, Fetch: l}},
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Office = office
	return l
}

// Fetch implements adapters.Fetcher for letters of a log.
func (l *Letters) Fetch(_ context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		for _, position := range positions {
			found, err := adapters.Message{Position: position}, error(adapters.ErrGone)
			for i := range l.Broker.Letters {
				if l.Broker.Letters[i].Position == position {
					found, err = l.Broker.Letters[i].Message, nil
				}
			}
			if !yield(found, err) {
				return
			}
		}
	}
}

// Over puts the letters behind a screen that may write.
func (l *Letters) Over(options tui.Options) tui.Options {
	options.Office, options.Write, options.ReadOnly = l.Office, true, ""
	return options
}

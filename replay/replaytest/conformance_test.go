package replaytest

import (
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/deadletter"
)

// TestTheModelIsTrue: what stands on it would else prove nothing.
func TestTheModelIsTrue(t *testing.T) {
	for _, model := range []struct {
		name string
		kind adapters.DestinationKind
		free bool
	}{{"topic", adapters.Topic, false}, {"queue", adapters.Queue, false}, {"queue that is free to look into", adapters.Queue, true}} {
		t.Run(model.name, func(t *testing.T) {
			kind := model.kind
			queue := kind == adapters.Queue
			adaptertest.RunDeadLetters(t, adaptertest.DeadLetterBroker{
				Kind: kind, Properties: queue, Exchanges: queue,
				Make: func(testing.TB) adaptertest.DeadLetterPlace { return place(kind, model.free) },
			})
		})
	}
}

func place(kind adapters.DestinationKind, free bool) adaptertest.DeadLetterPlace {
	b := New(kind)
	b.ID, b.Incarnation, b.Free = "model", "first", free
	p := adaptertest.DeadLetterPlace{
		Name: "dlq", Target: deadletter.Target("orders"), Nowhere: deadletter.Target("nowhere"), TargetOf: TargetOf,
		Bury: func(_ testing.TB, letters ...adapters.Message) {
			for i := range letters {
				b.BuryMessage(letters[i])
			}
		},
		Open: func(_ testing.TB, write bool) deadletter.Queues {
			if write {
				return b
			}
			return ReadOnly{b}
		},
		Received: func(testing.TB) []adapters.Message { return b.Copies },
	}
	if kind == adapters.Queue {
		p.Target, p.Nowhere = deadletter.Routed("", "orders"), deadletter.Routed("", "nowhere")
	}
	b.Missing["nowhere"] = true
	return p
}

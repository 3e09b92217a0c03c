package readahead

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

// The messages of this log are as large as their offsets say.
func at(offset int64) adapters.Position { return adapters.Position{Destination: "log", Offset: offset} }

func sized(offset int64) adapters.Message {
	return adapters.Message{Position: at(offset), Value: make([]byte, offset*10)}
}

// TestEveryPositionIsAnsweredInItsOrder, the same one twice too, whatever a broker brings first, and
// no more is held than is allowed and one message.
func TestEveryPositionIsAnsweredInItsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var wanted []adapters.Position
		for _, offset := range rapid.SliceOfN(rapid.Int64Range(0, 30), 0, 40).Draw(t, "offsets") {
			wanted = append(wanted, at(offset))
		}
		limits := Limits{Bytes: rapid.IntRange(1, 600).Draw(t, "bytes"), Positions: rapid.IntRange(1, 10).Draw(t, "positions")}
		read := func(_ context.Context, positions []adapters.Position, b *Buffer) {
			if len(positions) > limits.Positions {
				t.Fatalf("%d positions at a time", len(positions))
			}
			for _, p := range rapid.Permutation(positions).Draw(t, "order") {
				switch {
				case b.Full():
					return
				case b.Has(p):
				case p.Offset%7 == 3:
					b.Put(p, Answer{Err: adapters.ErrGone})
				default:
					b.Put(p, Answer{Message: sized(p.Offset)})
				}
			}
			largest := sized(30)
			if b.held > limits.Bytes+2*largest.Size() { // one that filled it, and one that was read alone
				t.Fatalf("%d bytes are held of %d", b.held, limits.Bytes)
			}
		}
		i := 0
		for m, err := range Fetch(context.Background(), wanted, limits, read) {
			isGone := wanted[i].Offset%7 == 3
			if m.Position != wanted[i] || errors.Is(err, adapters.ErrGone) != isGone || (err == nil) == isGone || !isGone && len(m.Value) != int(wanted[i].Offset)*10 {
				t.Fatalf("answer %d, for %v: %v, %v", i, wanted[i], m.Position, err)
			}
			i++
		}
		if i != len(wanted) {
			t.Fatalf("%d answers of %d", i, len(wanted))
		}
	})
}

// TestAnEndIsNeverAnEmptyMessage: what a reader leaves without an answer is an error, and that of the
// context if it has ended.
func TestAnEndIsNeverAnEmptyMessage(t *testing.T) {
	nothing := func(context.Context, []adapters.Position, *Buffer) {}
	for _, err := range Fetch(t.Context(), []adapters.Position{at(1)}, Limits{1, 1}, nothing) {
		if !errors.Is(err, adapters.ErrNotConnected) {
			t.Errorf("a broker that brings nothing: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ends := func(context.Context, []adapters.Position, *Buffer) { cancel() }
	answers := 0
	for _, err := range Fetch(ctx, []adapters.Position{at(1), at(2)}, Limits{1, 1}, ends) {
		if answers++; !errors.Is(err, context.Canceled) {
			t.Errorf("ended: %v", err)
		}
	}
	if answers == 0 {
		t.Error("it ended without a word")
	}
}

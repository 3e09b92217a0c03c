package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"eventscope/adapters"
)

// The ledger is a compacted topic beside the letters. Its keys are positions, its values
// marks; a key that was removed is an open letter. One more key a grave is the claim of
// the run at work there, renewed by each of its transactions.

// claimKey is the key of a grave's claim. No position looks like it.
func claimKey(grave string) []byte { return []byte("claim:" + grave) }

// claim says which run is at work on a grave.
type claim struct {
	Run string    `json:"run"`
	By  string    `json:"by"`
	At  time.Time `json:"at"`
}

// claimHolds is how long after a claim was renewed another run keeps away. After that
// its holder is taken for dead; the broker fences it off in any case.
const claimHolds = 20 * time.Second

// claimPatience is how long a resumed run looks for the claim of another.
const claimPatience = 2 * time.Second

// ledger is what the ledger says of one source.
type ledger struct {
	marks  map[adapters.Position]*Mark
	claims map[string]claim // by grave
}

// readLedger reads all of it, and keeps what is about one grave. A source that has no ledger
// has an empty one.
func readLedger(ctx context.Context, from adapters.DeadLetters, grave string) (*ledger, error) {
	l := &ledger{marks: map[adapters.Position]*Mark{}, claims: map[string]claim{}}
	own := claimKey(grave)
	wanted := func(key []byte) bool {
		position, err := adapters.ParsePosition(string(key))
		return bytes.Equal(key, own) || err == nil && position.Destination == grave
	}
	err := from.Ledger(ctx, wanted, func(e adapters.Entry) error {
		if bytes.Equal(e.Key, own) {
			var c claim
			if json.Unmarshal(e.Value, &c) == nil {
				l.claims[grave] = c
			}
			return nil
		}
		position, err := adapters.ParsePosition(string(e.Key))
		var mark Mark
		if err == nil && json.Unmarshal(e.Value, &mark) == nil {
			l.marks[position] = &mark
		} // else a later version's, which this one leaves alone
		return nil
	})
	if errors.Is(err, errors.ErrUnsupported) {
		return l, nil
	}
	return l, err
}

// entry is a mark as a record of the ledger.
func entry(position adapters.Position, mark *Mark) (adapters.Entry, error) {
	value, err := json.Marshal(mark)
	return adapters.Entry{Key: position.AppendTo(nil), Value: value}, err
}

package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// The ledger is a compacted topic beside the letters. Its keys are positions, its values
// marks; a key that was removed is an open letter. For each dead-letter queue there is one more
// key: the claim of the run at work on it, renewed by each of its transactions.

// claimKey is the key of a dead-letter queue's claim. No position looks like it.
func claimKey(dlq string) []byte { return []byte("claim:" + dlq) }

// claim says which run is at work on a dead-letter queue.
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

// ledger is what the ledger says of one dead-letter queue, as far as it was read.
type ledger struct {
	source  deadletter.Queues
	dlq     string
	marks   map[adapters.Position]*Mark
	claimed *claim // nil if there is none
	point   deadletter.LedgerPoint
}

func newLedger(source deadletter.Queues, dlq string) *ledger {
	return &ledger{source: source, dlq: dlq, marks: map[adapters.Position]*Mark{}}
}

// update reads what came since it was read last: at first all of it. A source that has no ledger
// has an empty one. Whoever is patient waits for what an interrupted run left open to lapse.
func (l *ledger) update(ctx context.Context, patient bool) error {
	err := l.readOn(ctx, patient)
	if errors.Is(err, adapters.ErrGone) && !l.point.IsZero() { // it was cut meanwhile
		*l = *newLedger(l.source, l.dlq)
		err = l.readOn(ctx, patient)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

func (l *ledger) readOn(ctx context.Context, patient bool) (err error) {
	own := claimKey(l.dlq)
	wanted := func(key []byte) bool {
		position, err := adapters.ParsePosition(string(key))
		return bytes.Equal(key, own) || err == nil && position.Destination == l.dlq
	}
	marks := newMarkReader()
	l.point, err = l.source.Ledger(ctx, deadletter.LedgerQuery{From: l.point, Wanted: wanted, Patient: patient}, func(e deadletter.Entry) error {
		switch position, mark, ok := marks.parse(e); {
		case bytes.Equal(e.Key, own):
			l.claimed = nil
			var c claim
			if json.Unmarshal(e.Value, &c) == nil {
				l.claimed = &c
			}
		case ok && mark == nil:
			delete(l.marks, position)
		case ok:
			l.marks[position] = mark
		}
		return nil
	})
	return err
}

// markReader reads marks. Those of one transaction say the same and are one mark, and names of
// destinations one text, since a ledger can have hundreds of thousands. Marks are not changed.
type markReader struct {
	marks map[string]*Mark // by what they were read from; nil what is none
	names map[string]string
}

func newMarkReader() *markReader {
	return &markReader{marks: map[string]*Mark{}, names: map[string]string{}}
}

// parse reads a record of the ledger: that a letter is settled, or nil if the mark was taken
// away. It is not ok if it is anything else, such as a later version's, which is left alone.
func (r *markReader) parse(e deadletter.Entry) (position adapters.Position, mark *Mark, ok bool) {
	position, err := adapters.ParsePosition(string(e.Key))
	if err != nil {
		return position, nil, false
	}
	name, known := r.names[position.Destination]
	if !known {
		name = strings.Clone(position.Destination)
		r.names[name] = name
	}
	if position.Destination = name; len(e.Value) == 0 {
		return position, nil, true
	}
	mark, known = r.marks[string(e.Value)]
	if !known {
		if json.Unmarshal(e.Value, &mark) != nil || mark == nil || !mark.State.Settled() {
			mark = nil
		}
		r.marks[string(e.Value)] = mark
	}
	return position, mark, mark != nil
}

// entry is a mark as a record of the ledger.
func entry(position adapters.Position, mark *Mark) (deadletter.Entry, error) {
	value, err := json.Marshal(mark)
	return deadletter.Entry{Key: position.AppendTo(nil), Value: value}, err
}

package dlq

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// TestALookSaysWhatItHasNotSeen: letters that others hold, or that were not handed out. Who asks for
// fewer than there are is not told of the rest.
func TestALookSaysWhatItHasNotSeen(t *testing.T) {
	for name, c := range map[string]struct {
		queue          string
		letters, most  int
		others         int // hold so many
		late           bool
		seen           int
		says, orElse   string
		othersLetGoNow bool
	}{
		"all":                     {letters: 12, seen: 12},
		"none":                    {},
		"counted late":            {letters: 12, late: true, seen: 12},
		"held by others":          {letters: 12, others: 2, seen: 10, says: "10 of about 12 letters were seen: about 2"},
		"held for a moment":       {letters: 12, others: 2, seen: 12, othersLetGoNow: true},
		"fewer are wanted":        {letters: 12, others: 2, most: 3, seen: 3},
		"more are wanted":         {letters: 12, others: 2, most: 11, seen: 10, says: "10 of about 12"},
		"as many as are bearable": {queue: "orders-dlq.fifo", letters: mostOfGroups + 7, seen: mostOfGroups, says: "about 7", orElse: "redrive those"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(c.letters)
			d := f.open(t)
			if c.queue == "" {
				c.queue = "orders-dlq"
			}
			hold := time.Hour
			if c.othersLetGoNow {
				hold = 2 * time.Second
			}
			f.takeElsewhere(c.others, hold)
			f.late = c.late
			seen := 0
			err := d.Peek(t.Context(), deadletter.Peek{DLQ: c.queue, Most: c.most}, func(part []deadletter.Delivery) error {
				seen += len(part)
				return nil
			})
			if seen != c.seen || (err != nil) != (c.says != "") {
				t.Errorf("%s: %d were seen: %v", name, seen, err)
			}
			if c.says != "" && (!errors.Is(err, adapters.ErrIncomplete) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.orElse)) {
				t.Errorf("%s: %v", name, err)
			}
			if f.late = false; f.visible() != c.letters-c.others && !c.othersLetGoNow {
				t.Errorf("%s: %d are there again", name, f.visible())
			}
		})
	}
}

// TestOnlyWhatIsInHandIsKept: a look keeps nothing of what was handed over, and a redrive nothing of
// letters that nobody has ordered, which it holds.
func TestOnlyWhatIsInHandIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(100)
		d := f.open(t)
		var one deadletter.Delivery
		var wanted []adapters.Position
		if err := d.Peek(t.Context(), deadletter.Peek{DLQ: "orders-dlq"}, func(part []deadletter.Delivery) error {
			if d.letters.Len() > batch {
				t.Errorf("%d are kept", d.letters.Len())
			}
			if one = part[0]; len(wanted) < 2 {
				wanted = append(wanted, part[len(part)-1].Position)
			}
			part[0].Handle = 0 // it is ours
			return nil
		}); err != nil || d.letters.Len() != 0 {
			t.Errorf("%d are kept: %v", d.letters.Len(), err)
		}
		if _, err := d.Encode(nil, &one); !errors.Is(err, adapters.ErrGone) {
			t.Errorf("what was given back is encoded: %v", err)
		}
		r, held := taking(t, d, append(wanted, adapters.DigestPosition("orders-dlq", 1)), 100)
		if len(held) != 2 || d.letters.Len() != 2 || f.visible() != 0 {
			t.Errorf("%d were taken, %d are kept, %d are free", len(held), d.letters.Len(), f.visible())
		}
		if err := r.Close(); err != nil || f.visible() != 100 || d.letters.Len() != 0 {
			t.Errorf("%d are back, %d are kept: %v", f.visible(), d.letters.Len(), err)
		}
	})
}

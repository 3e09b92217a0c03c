package dlq

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// redriveHold is how long letters are hidden if a redrive is killed. While it lives they are
	// held anew three times as often.
	redriveHold = time.Minute
	// longestHold is how long a letter is held in all. The service allows twelve hours.
	longestHold = 11 * time.Hour
)

// holder keeps messages hidden for as long as they are wanted.
type holder struct {
	handling
	stop func()
	done chan struct{}

	mu   sync.Mutex
	held []heldMessage // in the order in which they came
	late bool          // some are seen by others again, or soon will be
}

type heldMessage struct {
	handle  uint64
	receipt string
	since   time.Time
	until   time.Time // it is certainly hidden from others, by this receipt
}

// startHolder begins to hold. It ends by close.
func startHolder(h handling) *holder {
	ctx, cancel := context.WithCancel(context.Background())
	k := &holder{handling: h, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(k.done)
		tick := time.NewTicker(h.hold / 3)
		defer tick.Stop()
		for last := time.Now(); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if k.renew(ctx) {
				last = time.Now()
			} else if time.Since(last) > h.hold/2 {
				k.setLate()
			}
		}
	}()
	return k
}

// add holds a message that was asked for at that time.
func (k *holder) add(handle uint64, receipt string, asked time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held = append(k.held, heldMessage{handle, receipt, asked, asked.Add(k.hold)})
}

// renew holds all for the whole time again, and says whether the service has heard it.
func (k *holder) renew(ctx context.Context) bool {
	k.mu.Lock()
	held := append([]heldMessage(nil), k.held...)
	k.mu.Unlock()
	if len(held) == 0 {
		return true
	}
	limited, cancel := context.WithTimeout(ctx, k.hold/3)
	defer cancel()
	asked := time.Now()
	late, err := k.change(limited, receiptsOf(held), k.hold)
	k.prolong(held, late, err == nil, asked)
	return err == nil
}

// prolong notes of messages that were held anew how long they are, but for those that are late. One
// that was free meanwhile may be somebody else's: an answer to an old receipt says nothing of it.
func (k *holder) prolong(asked []heldMessage, late []int, answered bool, at time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	done := make(map[string]bool, len(asked)) // by receipt
	for i := range asked {
		if answered {
			done[asked[i].receipt] = true
		}
	}
	for _, i := range late {
		done[asked[i].receipt] = false
	}
	for i := range k.held { // what was acknowledged meanwhile is not among them
		h := &k.held[i]
		switch renewed, told := done[h.receipt]; {
		case told && renewed && h.until.After(time.Now()):
			h.until = at.Add(k.hold)
		case told:
			k.late = true
		}
	}
}

func (k *holder) setLate() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.late = true
}

// overdue reports whether some are not held any more, or are held for as long as it goes.
func (k *holder) overdue() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.late || len(k.held) > 0 && time.Since(k.held[0].since) > longestHold
}

// count is how many are held.
func (k *holder) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.held)
}

// renewed holds a message by another receipt, for which was asked then, if it is held.
func (k *holder) renewed(handle uint64, receipt string, asked time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.held {
		if k.held[i].handle == handle {
			k.held[i].receipt, k.held[i].until = receipt, asked.Add(k.hold)
		}
	}
}

// receipts are how the service calls messages that are held.
func (k *holder) receipts(handles map[uint64]bool) (receipts []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, h := range k.held {
		if handles[h.handle] {
			receipts = append(receipts, h.receipt)
		}
	}
	return receipts
}

// lapsed are how many of them are not certainly hidden any more. By a receipt that is not the last,
// a standard queue deletes nothing, and says that it has.
func (k *holder) lapsed(handles map[uint64]bool) (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, h := range k.held {
		if handles[h.handle] && !h.until.After(time.Now()) {
			n++
		}
	}
	return n
}

// drop holds messages no longer.
func (k *holder) drop(handles map[uint64]bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held = slices.DeleteFunc(k.held, func(h heldMessage) bool { return handles[h.handle] })
}

// close ends the holding, and gives back what is left in the order in which it came.
func (k *holder) close(ctx context.Context) error {
	k.stop()
	<-k.done
	receipts := receiptsOf(k.held)
	k.held = nil
	return k.giveBack(ctx, receipts)
}

func receiptsOf(held []heldMessage) []string {
	receipts := make([]string, len(held))
	for i := range held {
		receipts[i] = held[i].receipt
	}
	return receipts
}

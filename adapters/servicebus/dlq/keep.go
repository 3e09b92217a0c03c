package dlq

import (
	"context"
	"sync"
	"time"

	"github.com/Azure/go-amqp"

	"eventscope/adapters/servicebus/client"
)

const (
	// renewedAtOnce is how many locks one question renews.
	renewedAtOnce = 100
	// shortestLock is how long a lock lasts at least, where nobody tells how long it does.
	shortestLock = 5 * time.Second
	// lookedAfter is how often locks are looked after, which may last for some seconds only.
	lookedAfter = 200 * time.Millisecond
)

// lock is one that is kept.
type lock struct {
	token amqp.UUID
	until time.Time
}

// keeper keeps locks for as long as they are wanted.
type keeper struct {
	conn   *client.Conn
	entity client.Entity
	stop   func()
	done   chan struct{}

	mu    sync.Mutex
	locks map[*amqp.Message]*lock
	whole time.Duration // how long a lock lasts
	late  bool          // one has run out, or could not be renewed
}

// startKeeper keeps locks that last so long, by our clock: that of the service, by which it tells until
// when they last, may be another.
func startKeeper(conn *client.Conn, e client.Entity, whole time.Duration) *keeper {
	ctx, cancel := context.WithCancel(context.Background())
	k := &keeper{conn: conn, entity: e, whole: whole, stop: cancel, done: make(chan struct{}), locks: map[*amqp.Message]*lock{}}
	go func() {
		defer close(k.done)
		tick := time.NewTicker(lookedAfter)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				k.renew(ctx)
			}
		}
	}()
	return k
}

// tokenOf is the lock of a message: its delivery tag is a UUID with the bytes of its first parts reversed.
func tokenOf(m *amqp.Message) (token amqp.UUID, ok bool) {
	if len(m.DeliveryTag) != len(token) {
		return token, false
	}
	for i, from := range [...]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
		token[i] = m.DeliveryTag[from]
	}
	return token, true
}

// add keeps the lock of a message that was received, and for which was asked then.
func (k *keeper) add(m *amqp.Message, asked time.Time) {
	token, ok := tokenOf(m)
	k.mu.Lock()
	defer k.mu.Unlock()
	if !ok {
		k.late = true
		return
	}
	k.locks[m] = &lock{token, asked.Add(k.whole)}
}

func (k *keeper) drop(m *amqp.Message) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.locks, m)
}

// overdue reports whether some lock has run out, or may have.
func (k *keeper) overdue() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.late
}

// renew renews locks of which half the time is over.
func (k *keeper) renew(ctx context.Context) {
	for due := k.due(); len(due) > 0; due = due[min(len(due), renewedAtOnce):] {
		part := due[:min(len(due), renewedAtOnce)]
		tokens := make([]amqp.UUID, len(part))
		for i := range part {
			tokens[i] = part[i].token
		}
		asked := time.Now()
		err := k.conn.RenewLocks(ctx, k.entity, tokens)
		if ctx.Err() != nil {
			return
		}
		k.renewed(part, asked, err)
	}
}

func (k *keeper) due() (due []*lock) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, l := range k.locks {
		if time.Until(l.until) < k.whole/2 {
			due = append(due, l)
		}
	}
	return due
}

// renewed notes until when locks are good. One that was settled meanwhile makes the service refuse all
// of a question: they are asked for again.
func (k *keeper) renewed(part []*lock, asked time.Time, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, l := range part {
		if err == nil {
			l.until = asked.Add(k.whole)
		}
	}
	for _, l := range k.locks {
		k.late = k.late || !l.until.After(time.Now())
	}
}

func (k *keeper) close() {
	k.stop()
	<-k.done
}

package publish

import (
	"fmt"
	"sync"
	"sync/atomic"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/wording"
)

// Letters are those that peeks and redrives of an adapter hold, as the broker sent them:
// a message leaves out of which type a header exactly is.
type Letters struct {
	mu   sync.Mutex
	held map[uint64]heldLetter
}

type heldLetter struct {
	delivery *amqp.Delivery
	position adapters.Position
}

// handles are unique within the process, so that the letter of another adapter is never
// mistaken for one of this one's.
var handles atomic.Uint64

// Holding makes letters of deliveries, whose bodies they share. Its buffers are never freed,
// since whoever is handed the letters owns their memory.
type Holding struct {
	Letters *Letters
	buffer  *delivery.Buffer
}

// room is a buffer with room for one more message.
func (h *Holding) room() *delivery.Buffer {
	if h.buffer == nil || !h.buffer.HasRoom() {
		h.buffer = delivery.NewBuffer()
	}
	return h.buffer
}

// FromQueue holds a letter of a queue.
func (h *Holding) FromQueue(d *amqp.Delivery, queue string) deadletter.Delivery {
	return h.Letters.hold(h.room().AddLetter(d, queue), d)
}

// FromStream holds a letter of a stream.
func (h *Holding) FromStream(d *amqp.Delivery, stream string) deadletter.Delivery {
	offset, _ := delivery.StreamOffset(d)
	return h.Letters.hold(h.room().AddStreamed(d, stream, offset), d)
}

func (l *Letters) hold(m *adapters.Message, d *amqp.Delivery) deadletter.Delivery {
	held := deadletter.Delivery{Message: *m, Handle: handles.Add(1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[uint64]heldLetter{}
	}
	l.held[held.Handle] = heldLetter{delivery: d, position: m.Position}
	return held
}

// find is the delivery of a letter that is held.
func (l *Letters) find(letter *deadletter.Delivery) (*amqp.Delivery, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.held[letter.Handle]
	if !ok || h.position != letter.Position {
		return nil, false
	}
	return h.delivery, true
}

// Drop forgets letters, by their handles.
func (l *Letters) Drop(handles []uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, handle := range handles {
		delete(l.held, handle)
	}
}

// HandlesOf are the handles of letters that are held.
func HandlesOf(held []deadletter.Delivery) []uint64 {
	handles := make([]uint64, len(held))
	for i := range held {
		handles[i] = held[i].Handle
	}
	return handles
}

// NotHeld says that a letter was dropped before what was to be done with it: [adapters.ErrGone].
func NotHeld(act string, letter *deadletter.Delivery) error {
	return wording.Problem(fmt.Sprintf("%s %s", act, letter.Position), "the letter is not held any more", "look at it anew", adapters.ErrGone)
}

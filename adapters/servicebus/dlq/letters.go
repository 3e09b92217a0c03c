package dlq

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/Azure/go-amqp"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/message"
)

// letters are those in the hand of looks and redrives, as they are on the wire: a message of the contract
// leaves out of which types its properties are.
type letters struct {
	mu   sync.Mutex
	held map[uint64]*held
}

// held is a letter: its bytes, or a message that was received.
type held struct {
	raw      []byte
	received *amqp.Message
	entity   client.Entity
	position adapters.Position
}

// message is the letter as it can be sent again.
func (h *held) message() (*amqp.Message, error) {
	if h.received != nil {
		return h.received, nil
	}
	return readable(h.raw, h.position)
}

// readable is a message of which all can be read.
func readable(raw []byte, position adapters.Position) (*amqp.Message, error) {
	m, err := message.Decode(raw)
	if err != nil {
		return nil, &adapters.Problem{Doing: "read " + position.String(), Cause: "nobody can read it: " + err.Error(), Remedy: "leave it out", Kind: adapters.ErrUsage}
	}
	return m, nil
}

// handles are unique within the process.
var handles atomic.Uint64

// hold keeps a letter in hand.
func (l *letters) hold(m adapters.Message, h *held) deadletter.Delivery {
	d := deadletter.Delivery{Message: m, Handle: handles.Add(1)}
	h.position = m.Position
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[uint64]*held{}
	}
	l.held[d.Handle] = h
	return d
}

func (l *letters) find(d *deadletter.Delivery, act string) (*held, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.held[d.Handle]
	if !ok || h.position != d.Position {
		return nil, &adapters.Problem{Doing: fmt.Sprintf("%s %s", act, d.Position), Cause: "the letter is not held any more", Remedy: "look at it anew", Kind: adapters.ErrGone}
	}
	return h, nil
}

func (l *letters) drop(handles []uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, handle := range handles {
		delete(l.held, handle)
	}
}

// Encode implements deadletter.Queues.
func (d *DeadLetters) Encode(dst []byte, letter *deadletter.Delivery) ([]byte, error) {
	h, err := d.letters.find(letter, "preserve")
	if err != nil {
		return dst, err
	}
	if h.received != nil {
		return message.Append(dst, h.received, h.entity)
	}
	return message.AppendWire(dst, h.raw, h.entity, h.position.Offset)
}

// Decode implements deadletter.Queues.
func (d *DeadLetters) Decode(line []byte) (adapters.Message, error) {
	raw, e, number, err := message.Read(line)
	if err != nil {
		return adapters.Message{}, unreadable(err)
	}
	return message.FromWire(raw, e, number), nil
}

func unreadable(err error) error {
	return &adapters.Problem{Doing: "read a preserved letter", Cause: err.Error(), Remedy: "check that the file is whole", Kind: adapters.ErrUsage}
}

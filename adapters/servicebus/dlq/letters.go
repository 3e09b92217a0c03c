package dlq

import (
	"github.com/Azure/go-amqp"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/message"
)

// held is a letter as it is on the wire: its bytes, or a message that was received.
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

// Encode implements deadletter.Queues.
func (d *DeadLetters) Encode(dst []byte, letter *deadletter.Delivery) ([]byte, error) {
	h, err := d.letters.Find(letter, "preserve")
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

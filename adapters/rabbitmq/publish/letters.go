package publish

import (
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/delivery"
)

// Letters are those that peeks and redrives of an adapter hold, as the broker sent them.
type Letters = deadletter.Held[*amqp.Delivery]

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
	return h.Letters.Hold(*h.room().AddLetter(d, queue), d)
}

// FromStream holds a letter of a stream.
func (h *Holding) FromStream(d *amqp.Delivery, stream string) deadletter.Delivery {
	offset, _ := delivery.StreamOffset(d)
	return h.Letters.Hold(*h.room().AddStreamed(d, stream, offset), d)
}

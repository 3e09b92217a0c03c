package delivery

import (
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/fieldtable"
)

const (
	// batchMessages is the most messages of one batch.
	batchMessages = 500

	batchBytes = 4 << 20 // a batch is handed over once it weighs this much
	keptText   = 1 << 20 // buffers that grew beyond this are not kept for reuse
)

// Buffer is the memory of one batch. Bodies are the client's own allocations; all else
// is used again when the batch is released.
type Buffer struct {
	// Messages are those added so far, and Bytes is what they weigh.
	Messages []adapters.Message
	Bytes    int64

	properties []adapters.Properties // one for each message, never reallocated
	headers    fieldtable.Headers
	deliveries int    // taken, also those that were left out
	lastTag    uint64 // delivery tag of the last one
	recycle    func()
}

var buffers sync.Pool

// NewBuffer is an empty one, perhaps used before.
func NewBuffer() *Buffer {
	if b, ok := buffers.Get().(*Buffer); ok {
		return b
	}
	b := &Buffer{
		Messages:   make([]adapters.Message, 0, batchMessages),
		properties: make([]adapters.Properties, 0, batchMessages),
		headers:    fieldtable.NewHeaders(64 << 10),
	}
	b.recycle = b.Free
	return b
}

// Free gives the buffer back, without what it refers to.
func (b *Buffer) Free() {
	if b.headers.Size() > keptText {
		return
	}
	clear(b.Messages)
	clear(b.properties)
	b.headers.Reset()
	b.Messages, b.properties = b.Messages[:0], b.properties[:0]
	b.Bytes, b.deliveries, b.lastTag = 0, 0, 0
	buffers.Put(b)
}

// full reports whether the buffer should be handed over, also when all of it was left out.
func (b *Buffer) full() bool { return b.deliveries >= batchMessages || b.Bytes >= batchBytes }

// Batch lends the buffer's messages out. The Batch is a new one each time, since its
// last owner may look at it after Release, when the buffer has been taken into use again.
func (b *Buffer) Batch(volatile bool) *adapters.Batch {
	return &adapters.Batch{Messages: b.Messages, Volatile: volatile, Recycle: b.recycle}
}

// HasRoom reports whether one more message needs no other buffer.
func (b *Buffer) HasRoom() bool { return len(b.Messages) < cap(b.Messages) }

// add appends the message that a delivery carries, without a position, and leaves out
// the header skip.
func (b *Buffer) add(d *amqp.Delivery, skip string) *adapters.Message {
	b.properties = append(b.properties, adapters.Properties{
		Exchange: d.Exchange, RoutingKey: d.RoutingKey,
		ContentType: d.ContentType, ContentEncoding: d.ContentEncoding,
		CorrelationID: d.CorrelationId, ReplyTo: d.ReplyTo, Expiration: d.Expiration,
		MessageID: d.MessageId, Type: d.Type, UserID: d.UserId, AppID: d.AppId,
		Timestamp: d.Timestamp, DeliveryMode: d.DeliveryMode, Priority: d.Priority,
	})
	b.Messages = append(b.Messages, adapters.Message{
		Value:       d.Body,
		Headers:     b.headers.Append(d.Headers, skip),
		Properties:  &b.properties[len(b.properties)-1],
		Redelivered: d.Redelivered,
	})
	m := &b.Messages[len(b.Messages)-1]
	if m.Value == nil {
		m.Value = []byte{} // AMQP has no tombstones: a body is there, and it is empty
	}
	b.Bytes += int64(m.Size())
	return m
}

// AddTapped appends a message that a tap saw. Destination names a mirrored queue, or
// is empty for the exchange that the message was published to.
func (b *Buffer) AddTapped(d *amqp.Delivery, destination string) {
	m := b.add(d, "")
	m.Time = time.Now()
	m.Position = tapPosition(m, destination)
}

// DefaultExchange is how the nameless exchange is written in positions.
const DefaultExchange = "(default)"

// tapPosition is the position of a message that no broker keeps.
func tapPosition(m *adapters.Message, destination string) adapters.Position {
	if destination == "" {
		destination = m.Properties.Exchange
	}
	if destination == "" {
		destination = DefaultExchange
	}
	return adapters.DigestPosition(destination, m.Digest())
}

// OffsetHeader is the header in which the broker tells the offset of a message,
// and the consumer argument that says where to begin (RabbitMQ's page "Streams").
const OffsetHeader = "x-stream-offset"

// StreamOffset is the offset of a message from a stream; ok is false for a message
// that did not come from one.
func StreamOffset(d *amqp.Delivery) (offset int64, ok bool) {
	offset, ok = d.Headers[OffsetHeader].(int64)
	return offset, ok
}

// AddStreamed appends a message that was read from a stream.
func (b *Buffer) AddStreamed(d *amqp.Delivery, stream string, offset int64) *adapters.Message {
	m := b.add(d, OffsetHeader)
	m.Properties.Queue = stream
	m.Position = adapters.Position{Destination: stream, Partition: adapters.NoPartition, Offset: offset}
	if m.Time, m.TimeRaw = StoredTime(d); m.Time.IsZero() && m.TimeRaw == 0 {
		m.Time = time.Now()
	}
	return m
}

// StoredTime is the time that a message itself tells: what the broker stamped on it
// when it came in (header timestamp_in_ms, by the message interceptor of RabbitMQ 4 or
// the plugin of that name before), else the publisher's timestamp in whole seconds.
// It is zero if there is neither: AMQP 0-9-1 does not carry the stream's own times.
// Raw is the number where no time can be that: publishers write milliseconds for seconds.
func StoredTime(d *amqp.Delivery) (at time.Time, raw int64) {
	at = d.Timestamp
	switch told := d.Headers["timestamp_in_ms"].(type) {
	case int64:
		return adapters.MessageTime(told)
	case time.Time:
		at = told
	}
	if !at.IsZero() && adapters.OutOfRange(at) {
		return time.Time{}, at.Unix()
	}
	return at, 0
}

// AddLetter appends a letter of a real queue. Its time is the one that it tells itself.
func (b *Buffer) AddLetter(d *amqp.Delivery, queue string) *adapters.Message {
	m := b.add(d, "")
	m.Properties.Queue = queue
	m.Time, m.TimeRaw = StoredTime(d)
	m.Position = adapters.DigestPosition(queue, m.Digest())
	return m
}

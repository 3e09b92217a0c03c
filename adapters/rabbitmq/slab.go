package rabbitmq

import (
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/fieldtable"
)

const (
	batchMessages = 500     // most messages of one batch
	batchBytes    = 4 << 20 // a batch is handed over once it weighs this much
	keptText      = 1 << 20 // slabs that grew beyond this are not kept for reuse
)

// slab is the memory of one batch. Bodies are the client's own allocations; all else
// is used again when the batch is released.
type slab struct {
	messages   []adapters.Message
	properties []adapters.Properties // one for each message, never reallocated
	headers    fieldtable.Headers
	bytes      int64  // weight of the messages
	deliveries int    // taken, also those that were left out
	lastTag    uint64 // delivery tag of the last one
	recycle    func()
}

var slabs sync.Pool

func newSlab() *slab {
	if s, ok := slabs.Get().(*slab); ok {
		return s
	}
	s := &slab{
		messages:   make([]adapters.Message, 0, batchMessages),
		properties: make([]adapters.Properties, 0, batchMessages),
		headers:    fieldtable.NewHeaders(64 << 10),
	}
	s.recycle = s.free
	return s
}

// free gives the slab back, without what it refers to.
func (s *slab) free() {
	if s.headers.Size() > keptText {
		return
	}
	clear(s.messages)
	clear(s.properties)
	s.headers.Reset()
	s.messages, s.properties = s.messages[:0], s.properties[:0]
	s.bytes, s.deliveries, s.lastTag = 0, 0, 0
	slabs.Put(s)
}

// full says that the slab should be handed over, also when all of it was left out.
func (s *slab) full() bool { return s.deliveries >= batchMessages || s.bytes >= batchBytes }

// batch lends the slab's messages out. The Batch is a new one each time, since its
// last owner may look at it after Release, when the slab has been taken into use again.
func (s *slab) batch(volatile bool) *adapters.Batch {
	return &adapters.Batch{Messages: s.messages, Volatile: volatile, Recycle: s.recycle}
}

// add appends the message that a delivery carries, without a position, and leaves out
// the header skip.
func (s *slab) add(d *amqp.Delivery, skip string) *adapters.Message {
	s.properties = append(s.properties, adapters.Properties{
		Exchange: d.Exchange, RoutingKey: d.RoutingKey,
		ContentType: d.ContentType, ContentEncoding: d.ContentEncoding,
		CorrelationID: d.CorrelationId, ReplyTo: d.ReplyTo, Expiration: d.Expiration,
		MessageID: d.MessageId, Type: d.Type, UserID: d.UserId, AppID: d.AppId,
		Timestamp: d.Timestamp, DeliveryMode: d.DeliveryMode, Priority: d.Priority,
	})
	s.messages = append(s.messages, adapters.Message{
		Value:       d.Body,
		Headers:     s.headers.Append(d.Headers, skip),
		Properties:  &s.properties[len(s.properties)-1],
		Redelivered: d.Redelivered,
	})
	m := &s.messages[len(s.messages)-1]
	if m.Value == nil {
		m.Value = []byte{} // AMQP has no tombstones: a body is there, and it is empty
	}
	s.bytes += int64(m.Size())
	return m
}

// addTapped appends a message that a tap saw. Destination names a mirrored queue, or
// is empty for the exchange that the message was published to.
func (s *slab) addTapped(d *amqp.Delivery, destination string) {
	m := s.add(d, "")
	m.Time = time.Now()
	m.Position = tapPosition(m, destination)
}

// tapPosition is the position of a message that no broker keeps.
func tapPosition(m *adapters.Message, destination string) adapters.Position {
	if destination == "" {
		destination = m.Properties.Exchange
	}
	if destination == "" {
		destination = defaultExchange
	}
	return adapters.DigestPosition(destination, m.Digest())
}

// streamOffset is the offset of a message from a stream; ok is false for a message
// that did not come from one.
func streamOffset(d *amqp.Delivery) (offset int64, ok bool) {
	offset, ok = d.Headers[offsetHeader].(int64)
	return offset, ok
}

// addStreamed appends a message that was read from a stream.
func (s *slab) addStreamed(d *amqp.Delivery, stream string, offset int64) *adapters.Message {
	m := s.add(d, offsetHeader)
	m.Properties.Queue = stream
	m.Position = adapters.Position{Destination: stream, Partition: adapters.NoPartition, Offset: offset}
	if m.Time, m.TimeRaw = storedTime(d); m.Time.IsZero() && m.TimeRaw == 0 {
		m.Time = time.Now()
	}
	return m
}

// storedTime is the time that a message itself tells: what the broker stamped on it
// when it came in (header timestamp_in_ms, by the message interceptor of RabbitMQ 4 or
// the plugin of that name before), else the publisher's timestamp in whole seconds.
// It is zero if there is neither: AMQP 0-9-1 does not carry the stream's own times.
// Raw is the number where no time can be that: publishers write milliseconds for seconds.
func storedTime(d *amqp.Delivery) (at time.Time, raw int64) {
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

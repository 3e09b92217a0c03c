package adapters

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"eventscope/adapters/schemas"
)

// Message is one message as its broker has it. Nothing is decoded: Key, Value and
// header values are the bytes on the wire, and they are borrowed from the message's
// [Batch] until it is released.
type Message struct {
	// Position is where the message is, within its source.
	Position Position

	// Key is the Kafka record key, or nil. A key that is present and empty is
	// non-nil with length 0.
	Key []byte

	// Value is the body. Nil is a Kafka tombstone; an empty body is non-nil.
	Value []byte

	// Headers in wire order, with duplicates: Kafka headers are a multimap, and
	// dead-letter writers append to it.
	Headers []Header

	// Properties are the AMQP 0-9-1 basic properties and routing, or nil where the
	// protocol has none.
	Properties *Properties

	// Time is the broker's time for the message: a Kafka record's timestamp
	// (milliseconds; set by the producer or the broker, as the topic says), the time
	// of arrival here for a tap.
	Time time.Time

	// TimeRaw is the number that the message carries for its time where no time can be
	// that, and else 0; see [MessageTime]. Time is then zero, as it is where there is none.
	TimeRaw int64

	// Redelivered says that the broker has handed this message to a consumer before.
	Redelivered bool

	// Schemas finds the schemas of key and value, or is nil where the source has none. It is
	// here because who reads a message knows nothing of its source.
	Schemas schemas.Finder

	// Lacking says that a schema which key or value names was not known when the message was handed
	// on, and may be later: then there is more to read in it.
	Lacking bool

	// Misfit says that who handed the message on looked at its value, and that it is not what its
	// schema says.
	Misfit bool
}

// Header is one name and value of a message. Values need not be text: Spring Kafka
// writes offsets as eight big-endian bytes, for example.
type Header struct {
	Name  string
	Value []byte

	// Structured is the value where the protocol has types that bytes cannot carry,
	// such as AMQP's x-death table: one of nil, bool, int64, float64, string, []byte,
	// time.Time, []any and map[string]any of these. Value then holds its text form.
	Structured any
}

// Properties are what AMQP 0-9-1 keeps beside the headers: the basic properties of
// a message, and how it was routed. The zero value of each field means absent.
type Properties struct {
	Exchange   string // the exchange it was published to; empty is the default exchange
	RoutingKey string
	Queue      string // the queue it was read from, if that is a real one

	ContentType     string
	ContentEncoding string
	CorrelationID   string
	ReplyTo         string
	Expiration      string // milliseconds as text
	MessageID       string
	Type            string
	UserID          string
	AppID           string
	Timestamp       time.Time // whole seconds, set by the publisher
	DeliveryMode    uint8     // 2 is persistent
	Priority        uint8
}

// Header returns the value of the first header with that exact name, and whether
// there is one.
func (m *Message) Header(name string) ([]byte, bool) {
	for i := range m.Headers {
		if m.Headers[i].Name == name {
			return m.Headers[i].Value, true
		}
	}
	return nil, false
}

// Size is the message's weight in bytes: key, value, header names and values. It is
// what counters and budgets count, not what the wire carried.
func (m *Message) Size() int {
	size := len(m.Key) + len(m.Value)
	for i := range m.Headers {
		size += len(m.Headers[i].Name) + len(m.Headers[i].Value)
	}
	return size
}

// Clone returns a copy that shares no memory with m, for whoever keeps a message
// after its batch is released. Structured header values are shared: they are never
// changed once made.
func (m *Message) Clone() Message {
	c := *m
	c.Key = bytes.Clone(m.Key)
	c.Value = bytes.Clone(m.Value)
	c.Headers = slices.Clone(m.Headers)
	for i := range c.Headers {
		c.Headers[i].Name = string([]byte(c.Headers[i].Name))
		c.Headers[i].Value = bytes.Clone(c.Headers[i].Value)
	}
	if m.Properties != nil {
		properties := *m.Properties
		c.Properties = &properties
	}
	return c
}

// Digest is a 64-bit fingerprint of what makes a queued message itself: routing,
// ids, headers and body. It is stable across processes and versions, for it is
// printed in positions; FNV-1a is used because the standard library has it and its
// definition is fixed (draft-eastlake-fnv).
func (m *Message) Digest() uint64 {
	d := digest(fnvOffset)
	if p := m.Properties; p != nil {
		d.text(p.Exchange)
		d.text(p.RoutingKey)
		d.text(p.MessageID)
		d.text(p.CorrelationID)
		d.text(p.Type)
		d.text(p.AppID)
		if !p.Timestamp.IsZero() {
			d.number(uint64(p.Timestamp.Unix()))
		}
		d.rest(p)
	}
	d.bytes(m.Key)
	for i := range m.Headers {
		if volatileHeader(m.Headers[i].Name) {
			continue
		}
		d.text(m.Headers[i].Name)
		d.bytes(m.Headers[i].Value)
	}
	d.bytes(m.Value)
	return uint64(d)
}

// rest adds the properties that few messages have: by name, and nothing where there is
// none.
func (d *digest) rest(p *Properties) {
	for _, property := range [...]struct{ name, value string }{
		{"reply-to", p.ReplyTo}, {"expiration", p.Expiration}, {"user-id", p.UserID},
		{"content-type", p.ContentType}, {"content-encoding", p.ContentEncoding},
	} {
		if property.value != "" {
			d.text(property.name)
			d.text(property.value)
		}
	}
	if p.Priority != 0 {
		d.text("priority")
		d.number(uint64(p.Priority))
	}
}

// volatileHeader tells the headers that a broker changes each time it hands the same
// message out, so that a second look gives the same digest.
func volatileHeader(name string) bool {
	return name == "x-delivery-count" || name == "x-acquired-count" || name == "ApproximateReceiveCount" || name == "DeliveryCount"
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// digest is an FNV-1a sum in which every part is preceded by its length, so that
// moving a byte from one part to the next changes it.
type digest uint64

func (d *digest) text(s string) {
	d.number(uint64(len(s)))
	h := uint64(*d)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	*d = digest(h)
}

func (d *digest) bytes(b []byte) {
	d.number(uint64(len(b)))
	h := uint64(*d)
	for _, c := range b {
		h = (h ^ uint64(c)) * fnvPrime
	}
	*d = digest(h)
}

func (d *digest) number(n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	h := uint64(*d)
	for _, c := range b {
		h = (h ^ uint64(c)) * fnvPrime
	}
	*d = digest(h)
}

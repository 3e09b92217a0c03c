package envelope

import (
	"time"

	"eventscope/adapters/envelope/dialect"
)

// Identity is what a message says about itself. All bytes are borrowed, from the
// message or from the Reader, until the next Read.
type Identity struct {
	Flow    Field // the group of messages it belongs to
	Cause   Field // the id of the message that led to it
	ID      Field // its own id
	Type    Field // the event type
	Version Field // of the schema
	Service Field // the producer
	Entity  Field // the business object: order, payment, customer
	Tenant  Field // whose data it is, where one system serves many; ids are unique within one
	Trace   Field // W3C trace id, 32 lower-case hex digits (B3 ids padded)

	// Time is when the event occurred, by its producer, or the zero time. TimeFrom
	// says where that was read.
	Time     time.Time
	TimeFrom Evidence

	// Dialect is the convention that was recognised, or Plain.
	Dialect dialect.Name

	// DeadLetter says that the message carries the marks of a dead-letter writer, and
	// is not on its way to be tried again. Package deadheader reads them.
	DeadLetter bool

	// Written is by what schema the body was read, or nil.
	Written *Written

	// Replayed says that it carries the headers of a replay (x-replay-id).
	Replayed bool

	// Request says that it asks for a reply (AMQP reply-to is set).
	Request bool

	// Malformed says that the body was read and is not what it claims to be, such
	// as JSON that breaks off. Fields found before the break are not used.
	Malformed bool
}

// field is where an identity keeps a role; nil for the time, which is no Field.
func (id *Identity) field(r dialect.Role) *Field {
	switch r {
	case dialect.Flow:
		return &id.Flow
	case dialect.Cause:
		return &id.Cause
	case dialect.OwnID:
		return &id.ID
	case dialect.EventType:
		return &id.Type
	case dialect.Version:
		return &id.Version
	case dialect.Service:
		return &id.Service
	case dialect.Entity:
		return &id.Entity
	case dialect.Trace:
		return &id.Trace
	case dialect.Tenant:
		return &id.Tenant
	}
	return nil
}

// Field is one fact and its evidence. An empty Value means that nothing says so.
type Field struct {
	Value []byte
	From  Evidence
}

// Known reports whether the fact is there.
func (f Field) Known() bool { return len(f.Value) > 0 }

// Evidence is where a fact was read. Name and Parent are spelled as in the message.
type Evidence struct {
	Place  Place
	Parent []byte // for a body field below the top level: "payload"
	Name   []byte // header, property or field name; a mapping's name
	// Written is the schema by which the body or the key was read, or nil.
	Written *Written
}

// Place is a kind of evidence.
type Place uint8

const (
	Nowhere    Place = iota
	InHeader         // a message header
	InProperty       // an AMQP basic property
	InBody           // a field of the body
	InKey            // the Kafka record key
	InRouting        // the AMQP routing key
	InName           // the destination's name
	InTrace          // the trace id of a trace-context header
	ByMapping        // a mapping of the config; Name is its rule
	placeCount       // keep last
)

var placeNames = [placeCount]string{"", "header", "property", "body", "key", "routing key", "destination name", "trace id of", "mapping"}

// AppendTo appends the evidence as people read it: "header correlation_id",
// "body payload.order_id", "body metadata.flow_id (Avro, schema 12)", "key".
func (e Evidence) AppendTo(dst []byte) []byte {
	if e.Place >= placeCount {
		return dst
	}
	dst = append(dst, placeNames[e.Place]...)
	if len(e.Name) > 0 {
		dst = append(dst, ' ')
		if len(e.Parent) > 0 {
			dst = append(append(dst, e.Parent...), '.')
		}
		dst = append(dst, e.Name...)
	}
	if e.Written != nil {
		dst = append(dst, e.Written.note...)
	}
	return dst
}

// String is AppendTo as a string.
func (e Evidence) String() string { return string(e.AppendTo(nil)) }

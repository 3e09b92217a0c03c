package message

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/go-amqp"

	"eventscope/adapters"
	"eventscope/adapters/servicebus/client"
)

// Annotations of the service.
const (
	noteNumber   = "x-opt-sequence-number"
	noteEnqueued = "x-opt-enqueued-time"
	noteState    = "x-opt-message-state"
	noteSource   = "x-opt-deadletter-source"
	notePartKey  = "x-opt-partition-key"
)

// Headers by which what the service itself says of a message is told.
const (
	Source     = "DeadLetterSource"
	Deliveries = "DeliveryCount" // it changes, and is left out of what identifies a message
	State      = "MessageState"  // of one that is no message for a consumer now
	To         = "To"
	ReplyTo    = "ReplyToSessionId"
	Unreadable = "UnreadableBecause"
)

// ofSender begins the name under which a property is told that a sender has called as the service's own
// facts are: nobody else may say where a letter died.
const ofSender = "property."

// Headers that say why a letter died.
const (
	Reason      = "DeadLetterReason"
	Description = "DeadLetterErrorDescription"
)

var states = map[int32]string{1: "deferred", 2: "scheduled"}

// Decode reads a message from the wire. What it cannot read, it leaves out, and says why.
func Decode(raw []byte) (m *amqp.Message, err error) {
	m = &amqp.Message{}
	defer func() {
		if failed := recover(); failed != nil { // whoever sent it must not end us
			err = fmt.Errorf("%v", failed)
		}
	}()
	err = m.UnmarshalBinary(raw)
	return m, err
}

// FromWire is a message of an entity as it is on the wire. Where nothing tells its number, it is next.
func FromWire(raw []byte, e client.Entity, next int64) adapters.Message {
	m, err := Decode(raw)
	out := From(m, e)
	if _, told := m.Annotations[noteNumber].(int64); !told {
		out.Position.Offset = next
	}
	if err != nil {
		out.Value = bytes.Clone(raw)
		out.Headers = append(out.Headers, adapters.Header{Name: Unreadable, Value: []byte(err.Error())})
	}
	return out
}

// From is a message of an entity.
func From(m *amqp.Message, e client.Entity) adapters.Message {
	number, _ := m.Annotations[noteNumber].(int64)
	out := adapters.Message{Position: PositionOf(e, number), Value: body(m), Headers: headersOf(m.ApplicationProperties)}
	if at, ok := m.Annotations[noteEnqueued].(time.Time); ok && !adapters.OutOfRange(at) {
		out.Time = at
	}
	if m.Header != nil {
		out.Redelivered = e.Part == client.Main && m.Header.DeliveryCount > 0
	}
	out.Properties = propertiesOf(m)
	if p := m.Properties; p != nil && p.GroupID != nil {
		out.Key = []byte(*p.GroupID)
	} else if key, ok := m.Annotations[notePartKey].(string); ok {
		out.Key = []byte(key)
	}
	for i := range out.Headers {
		name := out.Headers[i].Name
		if strings.EqualFold(name, Source) || strings.EqualFold(name, Deliveries) {
			out.Headers[i].Name = ofSender + name
		}
	}
	out.Headers = append(out.Headers, toldOf(m, e)...)
	return out
}

// toldOf are headers of what the service says, where it is not what is usual.
func toldOf(m *amqp.Message, e client.Entity) (headers []adapters.Header) {
	add := func(name, value string) {
		if value != "" {
			headers = append(headers, adapters.Header{Name: name, Value: []byte(value)})
		}
	}
	if p := m.Properties; p != nil {
		add(To, text(p.To))
		add(ReplyTo, text(p.ReplyToGroupID))
	}
	source, _ := m.Annotations[noteSource].(string)
	if source == "" && e.Part != client.Main {
		source = e.Of(client.Main).String()
	}
	if origin, err := client.Parse(source); err == nil {
		source = origin.String()
	}
	add(Source, source)
	if state, ok := m.Annotations[noteState].(int32); ok {
		add(State, states[state])
	}
	if m.Header != nil && m.Header.DeliveryCount > 0 {
		add(Deliveries, strconv.FormatUint(uint64(m.Header.DeliveryCount), 10))
	}
	return headers
}

// partitionBits is where the number of a partition begins in a sequence number.
const partitionBits = 48

// PositionOf is where a message with a sequence number lies.
func PositionOf(e client.Entity, number int64) adapters.Position {
	return adapters.Position{Destination: e.String(), Partition: adapters.NoPartition, Offset: number}
}

// InPartition reports whether a number is that of an entity with partitions, whose messages have no order.
func InPartition(number int64) bool { return number>>partitionBits != 0 }

// Number is its sequence number, or -1.
func Number(m *amqp.Message) int64 {
	if number, ok := m.Annotations[noteNumber].(int64); ok {
		return number
	}
	return -1
}

// propertiesOf are what AMQP 1.0 has of the basic properties.
func propertiesOf(m *amqp.Message) *adapters.Properties {
	out := &adapters.Properties{}
	if h := m.Header; h != nil {
		if h.Durable {
			out.DeliveryMode = 2
		}
		if h.Priority != usualPriority {
			out.Priority = h.Priority
		}
		if h.TTL > 0 {
			out.Expiration = strconv.FormatInt(h.TTL.Milliseconds(), 10)
		}
	}
	if p := m.Properties; p != nil {
		out.ContentType, out.ContentEncoding, out.ReplyTo, out.Type = text(p.ContentType), text(p.ContentEncoding), text(p.ReplyTo), text(p.Subject)
		out.CorrelationID, out.MessageID, out.UserID = idText(p.CorrelationID), idText(p.MessageID), string(p.UserID)
		if p.CreationTime != nil && !adapters.OutOfRange(*p.CreationTime) {
			out.Timestamp = *p.CreationTime
		}
	}
	return out
}

// usualPriority is that of a message which says nothing of it.
const usualPriority = 4

func text(of *string) string {
	if of == nil {
		return ""
	}
	return *of
}

// idText is an id, which need not be a text.
func idText(id any) string {
	if id == nil {
		return ""
	}
	return string(appendText(nil, id))
}

// ID is the id of a message as a text, or empty.
func ID(m *amqp.Message) string {
	if m.Properties == nil {
		return ""
	}
	return idText(m.Properties.MessageID)
}

// body is what a message carries, whatever its kind.
func body(m *amqp.Message) []byte {
	switch {
	case len(m.Data) == 1:
		return append([]byte{}, m.Data[0]...)
	case len(m.Data) > 1:
		return bytes.Join(m.Data, nil)
	case len(m.Sequence) > 0:
		var all []any
		for _, part := range m.Sequence {
			all = append(all, part...)
		}
		return appendText([]byte{}, all)
	}
	return appendText([]byte{}, m.Value)
}

// headersOf are application properties as headers, sorted by name.
func headersOf(properties map[string]any) []adapters.Header {
	headers := make([]adapters.Header, 0, len(properties))
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		headers = append(headers, headerOf(name, properties[name]))
	}
	return headers
}

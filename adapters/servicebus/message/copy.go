package message

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/Azure/go-amqp"

	"eventscope/adapters"
)

// Change is what becomes of a letter when it is sent again.
type Change struct {
	Remove []string
	Add    []adapters.Header
	Value  []byte // nil is as it was
	// ID, if not nil, replaces the id of the message.
	ID any
}

// Copy is a letter as it is sent again: without what the service alone says, and with a change. The
// letter stays as it is.
func Copy(m *amqp.Message, change *Change) *amqp.Message {
	out := &amqp.Message{
		Properties: &amqp.MessageProperties{}, Data: m.Data, Value: m.Value, Sequence: m.Sequence, Footer: m.Footer,
		ApplicationProperties: sendable(m.ApplicationProperties),
	}
	if m.Properties != nil {
		*out.Properties = *m.Properties
	}
	if key, kept := m.Annotations[notePartKey]; kept {
		out.Annotations = amqp.Annotations{notePartKey: key}
	}
	if h := m.Header; h != nil {
		out.Header = &amqp.MessageHeader{Durable: h.Durable, Priority: h.Priority, TTL: h.TTL}
	}
	for _, name := range append([]string{Reason, Description}, change.Remove...) {
		delete(out.ApplicationProperties, name)
	}
	for _, header := range change.Add {
		out.ApplicationProperties[header.Name] = valueOf(header.Value)
	}
	if change.Value != nil {
		out.Data, out.Value, out.Sequence = [][]byte{change.Value}, nil, nil
	}
	if change.ID != nil {
		out.Properties.MessageID = change.ID
	}
	return out
}

// sendable are properties without texts that are none: those go as bytes.
func sendable(properties map[string]any) map[string]any {
	out := make(map[string]any, len(properties))
	for name, value := range properties {
		if text, ok := value.(string); ok {
			value = valueOf([]byte(text))
		}
		out[strings.ToValidUTF8(name, "\uFFFD")] = value
	}
	return out
}

// FromOther is a message of any broker as one that can be sent.
func FromOther(m *adapters.Message) *amqp.Message {
	out := &amqp.Message{Data: [][]byte{m.Value}, Properties: &amqp.MessageProperties{}, ApplicationProperties: map[string]any{}}
	for _, header := range m.Headers {
		switch header.Name {
		case Source, Deliveries, State, To, ReplyTo, Unreadable: // what the service says is no property
		default:
			out.ApplicationProperties[header.Name] = valueOf(header.Value)
		}
	}
	if m.Key != nil && utf8.Valid(m.Key) {
		key := string(m.Key)
		out.Properties.GroupID = &key
	}
	p := m.Properties
	if p == nil {
		return out
	}
	set := func(to **string, value string) {
		if value != "" {
			*to = &value
		}
	}
	set(&out.Properties.ContentType, p.ContentType)
	set(&out.Properties.ContentEncoding, p.ContentEncoding)
	set(&out.Properties.ReplyTo, p.ReplyTo)
	set(&out.Properties.Subject, p.Type)
	if p.MessageID != "" {
		out.Properties.MessageID = p.MessageID
	}
	if p.CorrelationID != "" {
		out.Properties.CorrelationID = p.CorrelationID
	}
	if ttl, err := time.ParseDuration(p.Expiration + "ms"); err == nil && ttl > 0 {
		out.Header = &amqp.MessageHeader{TTL: ttl, Priority: usualPriority}
	}
	return out
}

// valueOf is a value as a text where it is one.
func valueOf(value []byte) any {
	if utf8.Valid(value) {
		return strings.Clone(string(value))
	}
	return value
}

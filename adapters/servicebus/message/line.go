package message

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/Azure/go-amqp"

	"eventscope/adapters/servicebus/client"
)

// line is a letter as it is preserved: the message as it is on the wire, with where it lay.
type line struct {
	Entity  string `json:"servicebus_entity"`
	Number  int64  `json:"sequence_number"`
	Message []byte `json:"amqp_message"`
}

// Append appends a letter of an entity.
func Append(dst []byte, m *amqp.Message, e client.Entity) ([]byte, error) {
	as := *m
	as.ApplicationProperties = sendable(m.ApplicationProperties)
	raw, err := as.MarshalBinary()
	if err != nil {
		return dst, err
	}
	return AppendWire(dst, raw, e, Number(m))
}

// AppendWire appends a letter as it is on the wire.
func AppendWire(dst, raw []byte, e client.Entity, number int64) ([]byte, error) {
	text, err := json.Marshal(line{e.String(), number, raw})
	return append(dst, text...), err
}

// Read reads what Append wrote: the message as it is on the wire, and where it lay.
func Read(text []byte) (raw []byte, e client.Entity, number int64, err error) {
	var l line
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); err != nil {
		return nil, e, 0, errors.New("it is no whole line of a letter of Service Bus")
	}
	if e, err = client.Parse(l.Entity); err != nil || len(l.Message) == 0 || decoder.More() {
		return nil, e, 0, errors.New("it is no letter of Service Bus")
	}
	return l.Message, e, l.Number, nil
}

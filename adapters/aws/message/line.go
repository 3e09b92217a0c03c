package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// line is a letter as it is preserved.
type line struct {
	Queue      string               `json:"sqs_queue"`
	ID         string               `json:"id"`
	Body       string               `json:"body"`
	Attributes map[string]attribute `json:"attributes,omitempty"`
	System     map[string]string    `json:"system,omitempty"`
}

type attribute struct {
	Type   string  `json:"type"`
	Text   *string `json:"text,omitempty"`
	Binary []byte  `json:"binary,omitempty"`
}

// Append appends a letter of a queue.
func Append(dst []byte, m *types.Message, queue string) ([]byte, error) {
	l := line{Queue: queue, ID: aws.ToString(m.MessageId), Body: aws.ToString(m.Body), System: m.Attributes}
	for name, a := range m.MessageAttributes {
		if l.Attributes == nil {
			l.Attributes = map[string]attribute{}
		}
		l.Attributes[name] = attribute{aws.ToString(a.DataType), a.StringValue, a.BinaryValue}
	}
	text, err := json.Marshal(l)
	return append(dst, text...), err
}

// Read reads what Append wrote, and of which queue it is.
func Read(text []byte) (m *types.Message, queue string, err error) {
	var l line
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); err != nil {
		return nil, "", errors.New("it is no whole line of a letter of SQS")
	}
	if l.Queue == "" || l.ID == "" || decoder.More() {
		return nil, "", errors.New("it is no letter of SQS")
	}
	m = &types.Message{MessageId: &l.ID, Body: &l.Body, Attributes: maps.Clone(l.System)}
	for name, a := range l.Attributes {
		if m.MessageAttributes == nil {
			m.MessageAttributes = map[string]types.MessageAttributeValue{}
		}
		m.MessageAttributes[name] = types.MessageAttributeValue{DataType: aws.String(a.Type), StringValue: a.Text, BinaryValue: a.Binary}
	}
	return m, l.Queue, nil
}

package message

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"eventscope/adapters"
)

// Notice is what a topic has published, as SNS wraps it for the queue of a tap.
type Notice struct {
	ID    string // the same for all who receive it
	Topic string // the ARN

	adapters.Message // without a position
}

type wrapped struct {
	Type              string
	MessageID         string `json:"MessageId"`
	TopicArn          string
	Subject           *string
	Message           *string
	Timestamp         string
	MessageAttributes map[string]struct{ Type, Value string }
}

// ReadNotice reads a message of the queue of a tap; ok is false if SNS has not written it.
func ReadNotice(m *types.Message) (n Notice, ok bool) {
	var w wrapped
	if json.Unmarshal([]byte(aws.ToString(m.Body)), &w) != nil || w.Type != "Notification" || w.Message == nil || w.MessageID == "" || w.TopicArn == "" {
		return n, false
	}
	n.ID, n.Topic = w.MessageID, w.TopicArn
	n.Value = []byte(*w.Message)
	for _, name := range slices.Sorted(maps.Keys(w.MessageAttributes)) {
		attribute := w.MessageAttributes[name]
		value := []byte(attribute.Value)
		if decoded, err := base64.StdEncoding.DecodeString(attribute.Value); attribute.Type == "Binary" && err == nil {
			value = decoded
		}
		n.Headers = append(n.Headers, adapters.Header{Name: name, Value: value})
	}
	if w.Subject != nil {
		n.Headers = append(n.Headers, adapters.Header{Name: "Subject", Value: []byte(*w.Subject)})
	}
	if trace := m.Attributes[Trace]; trace != "" {
		n.Headers = append(n.Headers, adapters.Header{Name: Trace, Value: []byte(trace)})
	}
	if group, grouped := m.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)]; grouped {
		n.Key = []byte(group)
	}
	if at, err := time.Parse(time.RFC3339Nano, w.Timestamp); err == nil && !adapters.OutOfRange(at) {
		n.Time = at
	} else {
		n.Time = sentAt(m)
	}
	return n, true
}

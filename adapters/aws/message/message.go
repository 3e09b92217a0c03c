package message

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"eventscope/adapters"
)

// Headers by which what the service itself says of a message is told.
const (
	Trace  = "AWSTraceHeader"
	Source = "DeadLetterQueueSourceArn"
	ID     = "SQSMessageId"
	// Receives changes with each receive, and is left out of what identifies a message.
	Receives = "ApproximateReceiveCount"
)

// ofSender begins the name under which an attribute is told that a sender has called as the service
// calls what it says itself: nobody else may say where a letter died.
const ofSender = "attribute."

// FromQueue is a message of a queue. It shares no memory with m. Before is how often the queues from
// which SQS dead-letters, by ARN, have handed out what they dead-letter: the count goes on.
func FromQueue(m *types.Message, queue string, before map[string]int) adapters.Message {
	out := adapters.Message{
		Position: PositionOf(aws.ToString(m.MessageId), queue),
		Value:    []byte(aws.ToString(m.Body)),
		Headers:  headersOf(m.MessageAttributes),
		Time:     sentAt(m),
	}
	for i := range out.Headers {
		name := out.Headers[i].Name
		if slices.ContainsFunc([]string{Source, ID, Receives}, func(own string) bool { return strings.EqualFold(own, name) }) {
			out.Headers[i].Name = ofSender + name
		}
	}
	system := func(name types.MessageSystemAttributeName) string { return m.Attributes[string(name)] }
	if group, grouped := m.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)]; grouped {
		out.Key = []byte(group)
	}
	out.Headers = append(out.Headers, adapters.Header{Name: ID, Value: []byte(aws.ToString(m.MessageId))})
	for _, header := range []string{Trace, Source, Receives} {
		if value := m.Attributes[header]; value != "" {
			out.Headers = append(out.Headers, adapters.Header{Name: header, Value: []byte(value)})
		}
	}
	receives, _ := strconv.Atoi(system(types.MessageSystemAttributeNameApproximateReceiveCount))
	out.Redelivered = receives > 1+before[m.Attributes[Source]]
	return out
}

// PositionOf is where a message with an id lies.
func PositionOf(id, destination string) adapters.Position {
	of := adapters.Message{Properties: &adapters.Properties{MessageID: id}}
	return adapters.DigestPosition(destination, of.Digest())
}

// sentAt is when the service took the message, or zero.
func sentAt(m *types.Message) time.Time {
	ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64)
	if err != nil {
		return time.Time{}
	}
	if at := time.UnixMilli(ms); !adapters.OutOfRange(at) {
		return at
	}
	return time.Time{}
}

package kafka

import (
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka/cluster"
)

// refusal is a broker's refusal of a record, or nil if err is none: it may have arrived,
// or was held back for the sake of others.
func (p *producer) refusal(r *kgo.Record, err error) error {
	config := &p.adapter.config
	problem := &adapters.Problem{Doing: fmt.Sprintf("send to kafka topic %q", r.Topic)}
	switch {
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID), errors.Is(err, kerr.InvalidTopicException):
		return p.adapter.unroutable(r.Topic)
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return config.mayNotWrite(r.Topic)
	case errors.Is(err, kerr.MessageTooLarge), errors.Is(err, kerr.RecordListTooLarge):
		problem.Cause = "the topic takes no record batch as large as the message needs"
		problem.Remedy, problem.Kind = "raise max.message.bytes of the topic, or make the message smaller", adapters.ErrTooLarge
	case errors.Is(err, kerr.InvalidRecord), errors.Is(err, kerr.InvalidTimestamp), errors.Is(err, kerr.PolicyViolation):
		problem.Cause = "the broker refused it: " + cluster.InWords(err)
		problem.Remedy, problem.Kind = "look at the settings of the topic", adapters.ErrUsage
	default:
		return nil
	}
	return problem
}

// fenced reports whether another producer has taken over the transactional id.
func fenced(err error) bool {
	return errors.Is(err, kerr.ProducerFenced) || errors.Is(err, kerr.InvalidProducerEpoch) ||
		errors.Is(err, kerr.InvalidProducerIDMapping)
}

// busy is the problem of a redrive that another one has taken the place of.
func busy(dlq string) error {
	return &adapters.Problem{
		Doing:  fmt.Sprintf("act on the dead letters of kafka topic %q", dlq),
		Cause:  "another redrive of it has begun since",
		Remedy: "let that one finish, then look again at what is left", Kind: adapters.ErrBusy,
	}
}

// unroutable is the problem of a topic that is not there to be sent to.
func (a *Adapter) unroutable(topic string) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("send to kafka topic %q", topic), Cause: "the broker has no such topic",
		Remedy: "make the topic, or name another", Kind: deadletter.ErrUnroutable,
	}
}

// mayNotWrite is the problem of a topic that the user may not write to.
func (c *Config) mayNotWrite(topic string) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("send to kafka topic %q", topic), Cause: "user " + c.access().User() + " has no permission",
		Remedy: "have Write and Describe granted on it", Kind: adapters.ErrNotAuthorized,
	}
}

// unknownLimit is the problem of a topic that takes less than is usual, and whose limit the
// user may not ask for.
func (c *Config) unknownLimit(topic string) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("send to kafka topic %q", topic), Cause: "it takes less at once than is usual, and does not say how much",
		Remedy: "have DescribeConfigs granted on it", Kind: adapters.ErrTooLarge,
	}
}

// readOnly is the problem of an adapter that was not opened for writing.
func (c *Config) readOnly(doing string) error {
	return &adapters.Problem{
		Doing: doing, Cause: "source " + c.name() + " is open for reading only",
		Remedy: "open it with --write", Kind: adapters.ErrReadOnly,
	}
}

// notSent marks copies that are not at fault themselves.
func notSent(outcomes []error, why string) []error {
	for i := range outcomes {
		if outcomes[i] == nil {
			outcomes[i] = fmt.Errorf("%w: %s", deadletter.ErrNotSent, why)
		}
	}
	return outcomes
}

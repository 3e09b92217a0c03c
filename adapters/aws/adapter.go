package aws

import (
	"cmp"
	"context"
	"errors"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/aws/client"
	"eventscope/adapters/aws/dlq"
	"eventscope/adapters/aws/tap"
	"eventscope/adapters/driver"
)

// Config says what is read of one region, and as whom.
type Config struct {
	client.Config

	// Name tells this source from others.
	Name string

	// Topics says that Names are topics, and else they are queues. None is all.
	Topics bool
	Names  []string

	// Create allows to make a queue and subscriptions. Filter is the policy that a tap is given,
	// and Scope what it is about.
	Create        bool
	Filter, Scope string

	Purpose driver.Purpose

	// Write allows to send and delete messages.
	Write bool

	// Memory is the budget of this source in bytes; 0 is none.
	Memory int64

	hold    time.Duration // of redrives; 0 is the default, as below
	empties int
	every   time.Duration
}

// broker is what the source is of.
func (c *Config) broker() adapters.Broker {
	if c.Topics {
		return brokerSNS
	}
	return brokerSQS
}

// Adapter reads queues or topics of one region.
type Adapter struct {
	config Config
	client *client.Client

	*tap.Tailer
	*dlq.DeadLetters
}

// Open checks that what the config names exists and may be asked about. It makes nothing.
func Open(ctx context.Context, config Config) (*Adapter, error) {
	opened, err := client.Open(ctx, config.Config)
	if err != nil {
		return nil, err
	}
	a := &Adapter{config: config, client: opened}
	a.Tailer = &tap.Tailer{Client: opened, Memory: config.Memory, Every: config.every}
	a.DeadLetters = &dlq.DeadLetters{Client: opened, Named: config.Names, LettersOnly: config.Purpose != driver.ToRead, Write: config.Write, Hold: config.hold, Empties: config.empties}
	if config.Topics {
		a.None, a.Named = true, nil
	}
	check := a.checkQueues
	switch {
	case config.Purpose == driver.ToSend:
		check = func(context.Context) error { return nil }
	case config.Topics:
		check = a.checkTopics
	}
	if err := check(ctx); err != nil {
		opened.Close()
		return nil, err
	}
	a.Note(adapters.Connecting, nil)
	return a, nil
}

// checkTopics finds the topics, and how they would be read.
func (a *Adapter) checkTopics(ctx context.Context) error {
	var topics []client.ARN
	var err error
	if len(a.config.Names) > 0 {
		topics, err = a.client.TopicsNamed(ctx, a.config.Names)
	} else {
		topics, err = a.client.Topics(ctx)
	}
	if err != nil {
		return err
	}
	for _, topic := range topics {
		a.Topics = append(a.Topics, tap.Topic{ARN: topic, As: adapters.Endpoint{Name: topic.Name, Kind: adapters.Topic}, Filter: a.config.Filter, Scope: a.config.Scope})
	}
	switch {
	case !a.config.Create:
		a.Refused = refused("read topics", "nothing is read of SNS without a queue and subscriptions of our own, and nobody asked for them", "add create=true, which makes them and removes them at the end")
	case len(topics) == 0:
		a.Refused = refused("read topics", "there are none", "name another region or account")
	}
	a.SetDestinations(len(topics))
	return nil
}

// checkQueues checks the queues, and how they would be read.
func (a *Adapter) checkQueues(ctx context.Context) error {
	for _, name := range a.config.Names {
		if _, err := a.client.QueueURL(ctx, name); err != nil {
			return err
		}
	}
	if len(a.config.Names) == 0 { // which shows whether anything answers
		if _, err := a.client.AllNames(ctx); err != nil {
			return err
		}
	}
	switch {
	case a.config.Purpose != driver.ToRead:
	case !a.config.Create:
		a.Refused = refused("read queues", "nothing reads a queue of SQS without counting each message as received", "add create=true to read a copy of what SNS sends to one; lag, dlq and topology work as they are")
	case len(a.config.Names) != 1:
		a.Refused = refused("read queues", "a copy is read of one queue at a time", "name one behind the slash, and another source for each other")
	default:
		return a.mirror(ctx, a.config.Names[0])
	}
	return nil
}

func refused(doing, cause, remedy string) error {
	return &adapters.Problem{Doing: doing, Cause: cause, Remedy: remedy, Kind: errors.ErrUnsupported}
}

// Source is the adapter as the rest of the program knows it.
func (a *Adapter) Source() *driver.Source {
	source := &driver.Source{
		Name: cmp.Or(a.config.Name, string(a.config.broker())), Broker: a.config.broker(), Status: a.Status, Close: a.Close,
		Topology: topology{a}, DeadLetters: a.DeadLetters, Lag: depths{a},
	}
	if a.config.Purpose == driver.ToRead {
		source.Tailer = a.Tailer
	}
	return source
}

// Close implements driver.Source.
func (a *Adapter) Close() error {
	a.client.Close()
	a.Note(adapters.Closed, nil)
	return nil
}

package servicebus

import (
	"cmp"
	"context"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/dlq"
	"eventscope/adapters/servicebus/history"
)

// openTime is how long opening may take.
const openTime = time.Minute

// Config says what is read of one namespace, and as whom.
type Config struct {
	client.Config

	// Name tells this source from others.
	Name string

	// Names are queues, topics and subscriptions. None is all.
	Names []string

	// Taps are topics that are read by a subscription of our own, which Create allows to make. Filter
	// says what of them.
	Taps   []string
	Create bool
	Filter string

	Purpose driver.Purpose

	// Write allows to send and remove messages.
	Write bool
}

// Adapter reads entities of one namespace.
type Adapter struct {
	config Config
	client *client.Client

	*history.Reader
	*dlq.DeadLetters
}

// Open checks that what the config names exists and may be read. It makes nothing.
func Open(ctx context.Context, config Config) (*Adapter, error) {
	opened, err := client.Open(config.Config)
	if err != nil {
		return nil, err
	}
	a := &Adapter{config: config, client: opened, Reader: &history.Reader{Client: opened}}
	limited, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	if config.Purpose != driver.ToSend {
		a.Entities, err = a.resolve(limited)
	}
	if err == nil && config.Purpose == driver.ToRead {
		err = a.tap(limited)
	}
	if err != nil {
		opened.Close()
		return nil, err
	}
	a.SetDestinations(len(a.Entities) + len(a.Taps))
	a.DeadLetters = &dlq.DeadLetters{Client: opened, Named: a.Entities, None: len(config.Names) == 0, Write: config.Write}
	a.Note(adapters.Connecting, nil)
	return a, nil
}

// Source is the adapter as the rest of the program knows it.
func (a *Adapter) Source() *driver.Source {
	source := &driver.Source{
		Name: cmp.Or(a.config.Name, string(broker)), Broker: broker, Status: a.Status, Close: a.Close, Fetcher: a.Reader,
		Lag: depths{a}, Topology: topology{a}, DeadLetters: a.DeadLetters,
	}
	if a.config.Purpose == driver.ToRead {
		source.Tailer = a.Reader
	}
	if a.config.Purpose == driver.ToRead && (len(a.Entities) > 0 || len(a.Taps) == 0) {
		source.Scanner, source.Estimator = a.Reader, a.Reader
	}
	return source
}

// Close implements driver.Source.
func (a *Adapter) Close() error {
	a.client.Close()
	a.Note(adapters.Closed, nil)
	return nil
}

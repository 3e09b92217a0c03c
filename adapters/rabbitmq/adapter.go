package rabbitmq

import (
	"context"
	"errors"
	"slices"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/dlq"
	"eventscope/adapters/rabbitmq/lag"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/publish"
	"eventscope/adapters/rabbitmq/stream"
	"eventscope/adapters/rabbitmq/tail"
	"eventscope/adapters/rabbitmq/wording"
)

// Adapter reads one virtual host of a RabbitMQ broker or cluster. Open makes one.
type Adapter struct {
	config     Config
	broker     *connection.Broker
	management *management.Client // nil if the config names none

	*stream.History
	*lag.Reader
	*tail.Tailer
	*dlq.DeadLetters
}

// Open connects, logs in, and checks that what the config names exists and may be
// read. Where only a part may not, that is a line in the status's problems. Its errors
// are of type *[adapters.Problem], or ctx's. The broker keeps nothing of it.
func Open(ctx context.Context, config Config) (*Adapter, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	a, err := newAdapter(config)
	if err != nil {
		return nil, err
	}
	l, err := a.broker.Shared(ctx)
	if err != nil {
		return nil, err
	}
	check := a.Check
	if config.LettersOnly {
		check = a.checkLetters
	}
	if err := check(ctx, l); err != nil {
		l.HangUp()
		a.management.Close()
		return nil, err
	}
	if len(a.History.Streams) == 0 {
		l.HangUp() // taps have no history that it could read
	}
	a.Note(adapters.Connecting)
	return a, nil
}

// newAdapter connects to nothing yet.
func newAdapter(config Config) (a *Adapter, err error) {
	a = &Adapter{config: config, broker: connection.New(config.connect())}
	if config.Management != "" {
		if a.management, err = management.New(config.client()); err != nil {
			return nil, err
		}
	}
	a.History = stream.NewHistory(a.broker)
	a.Reader = &lag.Reader{
		Broker: a.broker, Management: a.management, History: a.History, Named: slices.Concat(config.Queues, config.Streams), AnswerBytes: config.AnswerBytes,
	}
	a.DeadLetters = &dlq.DeadLetters{
		Copier: &publish.Copier{Broker: a.broker, Management: a.management, Letters: new(publish.Letters), Write: config.Write},
		Queues: config.Queues, Streams: config.Streams, LettersOnly: config.LettersOnly,
		Counts: dlq.NewPeekCounts(config.PeeksFile, config.Address+" "+config.VirtualHost),
	}
	a.Tailer = &tail.Tailer{
		Broker: a.broker, Management: a.management, History: a.History, Taps: config.Taps, Queues: config.Queues, Streams: config.Streams, Firehose: config.Firehose,
		TapMessages: config.TapMessages, TapBytes: config.TapBytes,
	}
	return a, nil
}

// checkLetters checks that the queues and streams exist whose letters are named.
func (a *Adapter) checkLetters(ctx context.Context, l *connection.Conn) error {
	a.History.Streams = slices.Clone(a.config.Streams)
	control := l.Control(ctx)
	for _, name := range a.config.Queues {
		kind, err := a.TypeOf(ctx, control, name)
		if err != nil {
			return err
		}
		if kind == amqp.QueueTypeStream {
			a.History.Streams = append(a.History.Streams, name)
		}
	}
	for _, name := range a.config.Streams {
		if _, err := control.Depth(name); err != nil {
			return err
		}
	}
	return nil
}

// Source is the adapter as the rest of the program knows it. Only streams have a history, and
// what is opened for its dead letters and lags alone is not tailed.
func (a *Adapter) Source() *driver.Source {
	source := &driver.Source{
		Name: a.config.Name, Broker: "rabbitmq", Status: a.Status, Close: a.Close,
		DeadLetters: a, Lag: a, Unroutable: a, Topology: a, Commands: a.Commands,
	}
	if !a.config.LettersOnly {
		source.Tailer = a
	}
	if len(a.History.Streams) > 0 {
		source.Scanner, source.Estimator, source.Fetcher = a, a, a
	}
	return source
}

// Run implements driver.Source.
func (a *Adapter) Run(ctx context.Context, start adapters.Start, intake adapters.Intake) error {
	if a.config.LettersOnly {
		return wording.Problem("read "+a.broker.String(), "it was opened for dead letters alone", "open it to be read", errors.ErrUnsupported)
	}
	return a.Tailer.Run(ctx, start, intake)
}

// Close implements driver.Source.
func (a *Adapter) Close() error {
	a.broker.Close()
	a.management.Close()
	a.Note(adapters.Closed)
	return nil
}

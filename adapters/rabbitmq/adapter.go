package rabbitmq

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync/atomic"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/lag"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/publish"
	"eventscope/adapters/rabbitmq/routing"
	"eventscope/adapters/rabbitmq/stream"
)

// Adapter reads one virtual host of a RabbitMQ broker or cluster. Open makes one.
type Adapter struct {
	config Config
	*stream.History
	*lag.Reader
	*publish.Copier
	broker     *connection.Broker
	management *management.Client // nil if the config names none

	exchangeTypes map[string]routing.ExchangeType // of exchanges, as AMQP told; Open's and then Run's
	tapsRead      bool                            // the config's taps name exchanges that there are
	mirrored      []string                        // real queues that are read by a tap

	counted counted // what peeks have seen of limits

	state   state
	running atomic.Pointer[run] // the present or last one

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
	check := a.check
	if config.LettersOnly {
		check = a.checkLetters
	}
	if err := check(ctx, l); err != nil {
		l.HangUp()
		a.management.Close()
		return nil, err
	}
	if len(a.Streams) == 0 {
		l.HangUp() // taps have no history that it could read
	}
	a.state.change(adapters.Connecting, nil)
	return a, nil
}

// newAdapter connects to nothing yet.
func newAdapter(config Config) (a *Adapter, err error) {
	a = &Adapter{config: config, broker: connection.New(config.connect()), exchangeTypes: map[string]routing.ExchangeType{}}
	a.counted.path, a.counted.scope = config.PeeksFile, config.Address+" "+config.VirtualHost
	if config.Management != "" {
		if a.management, err = management.New(config.client()); err != nil {
			return nil, err
		}
	}
	a.History = stream.NewHistory(a.broker)
	a.Reader = &lag.Reader{
		Broker: a.broker, Management: a.management, History: a.History, Named: slices.Concat(config.Queues, config.Streams), AnswerBytes: config.AnswerBytes,
	}
	a.Copier = &publish.Copier{Broker: a.broker, Management: a.management, Letters: new(publish.Letters), Write: config.Write}
	return a, nil
}

// check plans, tries the plan out and undoes that.
func (a *Adapter) check(ctx context.Context, l *connection.Conn) error {
	control := l.Control(ctx)
	plan, err := a.plan(ctx, control)
	if err != nil {
		return err
	}
	if err := plan.fatal(&a.config); err != nil {
		return err
	}
	a.Streams, a.mirrored = plan.streams, slices.Sorted(maps.Keys(plan.queues))
	trial := &session{run: a.newRun(adapters.End, nil), conn: l, control: control}
	for _, t := range trial.taps {
		if err := trial.drops.declareTap(t, control); err != nil {
			return err
		}
	}
	if err := trial.bind(&plan); err != nil {
		return err
	}
	for _, name := range a.Streams {
		channel, _, err := stream.Consume(ctx, l, name, "next", 1)
		if errors.Is(err, adapters.ErrNotAuthorized) && len(a.Streams)+len(trial.taps) > 1 {
			plan.problems = append(plan.problems, err)
			continue
		}
		if err != nil {
			return err
		}
		l.CloseChannel(ctx, channel)
	}
	trial.report(&plan)
	for _, t := range trial.taps {
		_ = control.Do(t.doing(), func(ch *amqp.Channel) error {
			_, err := ch.QueueDelete(t.queue, false, false, false)
			return err // the broker deletes it with the connection otherwise
		})
	}
	return nil
}

// checkLetters checks that the queues and streams exist whose letters are named.
func (a *Adapter) checkLetters(ctx context.Context, l *connection.Conn) error {
	a.Streams = slices.Clone(a.config.Streams)
	control := l.Control(ctx)
	for _, name := range a.config.Queues {
		facts, err := a.facts(ctx, control, name)
		if err != nil {
			return err
		}
		if facts.kind == amqp.QueueTypeStream {
			a.Streams = append(a.Streams, name)
		}
	}
	for _, name := range a.config.Streams {
		if _, err := control.Depth(name); err != nil {
			return err
		}
	}
	return nil
}

// tapsExchanges says that there is a tap for exchanges.
func (a *Adapter) tapsExchanges() bool { return len(a.config.Taps) > 0 || !a.config.named() }

// Source is the adapter as the rest of the program knows it. Only streams have a history, and
// what is opened for its dead letters and lags alone is not tailed.
func (a *Adapter) Source() *driver.Source {
	source := &driver.Source{
		Name: a.config.Name, Broker: "rabbitmq", Status: a.Status, Close: a.Close,
		DeadLetters: a, Lag: a, Unroutable: a, Topology: a,
	}
	if !a.config.LettersOnly {
		source.Tailer = a
	}
	if len(a.Streams) > 0 {
		source.Scanner, source.Estimator, source.Fetcher = a, a, a
	}
	return source
}

// Status implements driver.Source.
func (a *Adapter) Status() adapters.Status {
	status := a.state.snapshot()
	status.BehindBy = -1
	if r := a.running.Load(); r != nil {
		status.BehindBy = r.behind()
	}
	if status.Connection == adapters.Live && status.BehindBy > 0 {
		status.Connection = adapters.CatchingUp
	}
	return status
}

// Close implements driver.Source.
func (a *Adapter) Close() error {
	a.broker.Close()
	a.management.Close()
	a.state.change(adapters.Closed, nil)
	return nil
}

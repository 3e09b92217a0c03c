package rabbitmq

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/routing"
)

// Adapter reads one virtual host of a RabbitMQ broker or cluster. Open makes one.
type Adapter struct {
	config     Config
	management *management.Client // nil if the config names none

	exchangeTypes map[string]routing.ExchangeType // of exchanges, as AMQP told; Open's and then Run's
	tapsRead      bool                            // the config's taps name exchanges that there are
	streams       []string
	mirrored      []string // real queues that are read by a tap

	letters letters // held by peeks and redrives
	counted counted // what peeks have seen of limits

	state   state
	running atomic.Pointer[run] // the present or last one

	mu      sync.Mutex
	history *link  // of Scan, Fetch and Estimate, made when needed
	cluster string // see Cluster
	closed  bool
}

// Open connects, logs in, and checks that what the config names exists and may be
// read. Where only a part may not, that is a line in the status's problems. Its errors
// are of type *[adapters.Problem], or ctx's. The broker keeps nothing of it.
func Open(ctx context.Context, config Config) (*Adapter, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Adapter{config: config, exchangeTypes: map[string]routing.ExchangeType{}}
	a.counted.path, a.counted.scope = config.PeeksFile, config.Address+" "+config.VirtualHost
	if config.Management != "" {
		if a.management, err = management.New(a.config.client()); err != nil {
			return nil, err
		}
	}
	l, err := a.connection(ctx)
	if err != nil {
		return nil, err
	}
	check := a.check
	if config.LettersOnly {
		check = a.checkLetters
	}
	if err := check(ctx, l); err != nil {
		l.hangUp()
		a.management.Close()
		return nil, err
	}
	if len(a.streams) == 0 {
		l.hangUp() // taps have no history that it could read
	}
	a.state.change(adapters.Connecting, nil)
	return a, nil
}

// check plans, tries the plan out and undoes that.
func (a *Adapter) check(ctx context.Context, l *link) error {
	control := l.control(ctx)
	plan, err := a.plan(ctx, control)
	if err != nil {
		return err
	}
	if err := plan.fatal(&a.config); err != nil {
		return err
	}
	a.streams, a.mirrored = plan.streams, sortedKeys(plan.queues)
	trial := &session{run: a.newRun(adapters.End, nil), link: l, control: control}
	for _, t := range trial.taps {
		if err := trial.drops.declareTap(t, control); err != nil {
			return err
		}
	}
	if err := trial.bind(&plan); err != nil {
		return err
	}
	for _, name := range a.streams {
		channel, _, err := l.consumeStream(ctx, name, "next", 1)
		if errors.Is(err, adapters.ErrNotAuthorized) && len(a.streams)+len(trial.taps) > 1 {
			plan.problems = append(plan.problems, err)
			continue
		}
		if err != nil {
			return err
		}
		l.closeChannel(ctx, channel)
	}
	trial.report(&plan)
	for _, t := range trial.taps {
		_ = control.do(t.doing(), func(ch *amqp.Channel) error {
			_, err := ch.QueueDelete(t.queue, false, false, false)
			return err // the broker deletes it with the connection otherwise
		})
	}
	return nil
}

// checkLetters checks that the queues and streams exist whose letters are named.
func (a *Adapter) checkLetters(ctx context.Context, l *link) error {
	a.streams = slices.Clone(a.config.Streams)
	control := l.control(ctx)
	for _, name := range a.config.Queues {
		facts, err := a.facts(ctx, control, name)
		if err != nil {
			return err
		}
		if facts.kind == amqp.QueueTypeStream {
			a.streams = append(a.streams, name)
		}
	}
	for _, name := range a.config.Streams {
		if _, err := control.depth(name); err != nil {
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
	if len(a.streams) > 0 {
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
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	if a.history != nil {
		a.history.hangUp()
		a.history = nil
	}
	a.management.Close()
	a.state.change(adapters.Closed, nil)
	return nil
}

// connection is the one for Scan, Fetch and Estimate, made anew if it was lost.
func (a *Adapter) connection(ctx context.Context) (*link, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, a.config.problem("read "+a.config.broker(), "it was closed", "open it again", adapters.ErrNotConnected)
	}
	if a.history != nil && !a.history.IsClosed() && a.history.ended() == nil {
		return a.history, nil
	}
	l, err := a.config.dialLink(ctx)
	if err != nil {
		return nil, err
	}
	a.history, a.cluster = l, a.config.clusterOf(l.Connection)
	return l, nil
}

// has says that a stream is one of this adapter's.
func (a *Adapter) has(stream string) bool { return slices.Contains(a.streams, stream) }

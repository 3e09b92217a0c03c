package rabbitmq

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// Adapter reads one virtual host of a RabbitMQ broker or cluster. Open makes one.
type Adapter struct {
	config     Config
	management *management // nil if the config names none

	natures  map[string]nature // of exchanges, as AMQP told; Open's and then Run's
	streams  []string
	mirrored []string // real queues that are read by a tap

	letters letters // held by looks and redrives
	counted counted // what looks have seen of limits

	state   state
	running atomic.Pointer[run] // the present or last one

	mu      sync.Mutex
	history *amqp.Connection // of Scan, Fetch and Estimate, made when needed
	closed  bool
}

var (
	_ adapters.Adapter   = (*Adapter)(nil)
	_ adapters.Estimator = (*Adapter)(nil)
	_ adapters.Topology  = (*Adapter)(nil)

	_ adapters.DeadLetters = (*Adapter)(nil)

	_ adapters.LagReader         = (*Adapter)(nil)
	_ adapters.UnroutableCounter = (*Adapter)(nil)
)

// Open connects, logs in, and checks that what the config names exists and may be
// read. Where only a part may not, that is a line in the status's problems. Its errors
// are of type *[adapters.Problem], or ctx's. The broker keeps nothing of it.
func Open(ctx context.Context, config Config) (*Adapter, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Adapter{config: config, natures: map[string]nature{}}
	a.counted.path, a.counted.scope = config.LooksFile, config.Address+" "+config.VirtualHost
	if a.management, err = newManagement(&a.config); err != nil {
		return nil, err
	}
	connection, err := a.connection(ctx)
	if err != nil {
		return nil, err
	}
	check := a.check
	if config.LettersOnly {
		check = a.checkLetters
	}
	if err := check(ctx, connection); err != nil {
		hangUp(connection)
		return nil, err
	}
	if len(a.streams) == 0 {
		hangUp(connection) // taps have no history that it could read
	}
	a.state.change(adapters.Connecting, nil)
	return a, nil
}

// check plans, tries the plan out and undoes that.
func (a *Adapter) check(ctx context.Context, connection *amqp.Connection) error {
	control := &control{config: &a.config, connection: connection}
	plan, err := a.plan(ctx, control)
	if err != nil {
		return err
	}
	if err := plan.fatal(&a.config); err != nil {
		return err
	}
	a.streams, a.mirrored = plan.streams, sortedKeys(plan.queues)
	trial := &session{run: a.newRun(adapters.End, nil), connection: connection, control: control}
	for _, t := range trial.taps {
		if err := trial.drops.declareTap(t, control); err != nil {
			return err
		}
	}
	if err := trial.bind(&plan); err != nil {
		return err
	}
	for _, name := range a.streams {
		channel, _, err := a.config.consumeStream(connection, name, "next", 1)
		if errors.Is(err, adapters.ErrNotAuthorized) && len(a.streams)+len(trial.taps) > 1 {
			plan.problems = append(plan.problems, err)
			continue
		}
		if err != nil {
			return err
		}
		if err := channel.Close(); err != nil {
			return a.config.operationProblem("read stream "+quoted(name), err)
		}
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
func (a *Adapter) checkLetters(ctx context.Context, connection *amqp.Connection) error {
	a.streams = slices.Clone(a.config.Streams)
	control := &control{config: &a.config, connection: connection}
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

// Name implements adapters.Adapter.
func (a *Adapter) Name() string { return a.config.Name }

// Broker implements adapters.Adapter.
func (a *Adapter) Broker() adapters.Broker { return adapters.RabbitMQ }

// Capabilities implements adapters.Adapter. Only streams have a history.
func (a *Adapter) Capabilities() adapters.Capabilities {
	log := len(a.streams) > 0
	return adapters.Capabilities{Tail: !a.config.LettersOnly, History: log, Fetch: log}
}

// Status implements adapters.Adapter.
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

// Close implements adapters.Adapter.
func (a *Adapter) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	if a.history != nil {
		hangUp(a.history)
		a.history = nil
	}
	a.state.change(adapters.Closed, nil)
	return nil
}

// connection is the one for Scan, Fetch and Estimate, made anew if it was lost.
func (a *Adapter) connection(ctx context.Context) (*amqp.Connection, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, a.config.problem("read "+a.config.broker(), "it was closed", "open it again", adapters.ErrNotConnected)
	}
	if a.history != nil && !a.history.IsClosed() {
		return a.history, nil
	}
	connection, err := a.config.dial(ctx)
	if err != nil {
		return nil, err
	}
	a.history = connection
	return connection, nil
}

// has says that a stream is one of this adapter's.
func (a *Adapter) has(stream string) bool { return slices.Contains(a.streams, stream) }

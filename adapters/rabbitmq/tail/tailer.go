package tail

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync/atomic"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/routing"
	"eventscope/adapters/rabbitmq/stream"
)

// Tailer taps exchanges and the queues that are mirrored, and follows streams.
type Tailer struct {
	Broker     *connection.Broker
	Management *management.Client // nil where there is none

	// History has the streams that are read, once [tailer.Check] has found them.
	History *stream.History

	// Taps are exchanges of which a copy of everything routed is read, Queues those of which a copy
	// of what they receive is read, and Streams are read by offset. Firehose reads the broker's own
	// message trace. Without all of these every exchange is tapped.
	Taps            []routing.Tap
	Queues, Streams []string
	Firehose        bool

	// TapMessages and TapBytes are how much a tap's own queue keeps.
	TapMessages int
	TapBytes    int64

	exchangeTypes map[string]routing.ExchangeType // of exchanges, as AMQP told; check's and then Run's
	tapsRead      bool                            // the taps name exchanges that there are
	mirrored      []string                        // real queues that are read by a tap

	state   state
	running atomic.Pointer[run] // the present or last one
}

// Check plans, tries the plan out and undoes that.
func (t *Tailer) Check(ctx context.Context, l *connection.Conn) error {
	control := l.Control(ctx)
	plan, err := t.plan(ctx, control)
	if err != nil {
		return err
	}
	if err := plan.fatal(t); err != nil {
		return err
	}
	t.History.Streams, t.mirrored = plan.streams, slices.Sorted(maps.Keys(plan.queues))
	trial := &session{run: t.newRun(adapters.End, nil), conn: l, control: control}
	for _, tap := range trial.taps {
		if err := trial.drops.declareTap(tap, control); err != nil {
			return err
		}
	}
	if err := trial.bind(&plan); err != nil {
		return err
	}
	for _, name := range t.History.Streams {
		channel, _, err := stream.Consume(ctx, l, name, "next", 1)
		if errors.Is(err, adapters.ErrNotAuthorized) && len(t.History.Streams)+len(trial.taps) > 1 {
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

// tapsExchanges reports whether there is a tap for exchanges.
func (t *Tailer) tapsExchanges() bool { return len(t.Taps) > 0 || !t.named() }

// Note sets the state of the connection where Run does not know it: before it, and after it.
func (t *Tailer) Note(connection adapters.Connection) { t.state.change(connection, nil) }

// Status implements driver.Source.
func (t *Tailer) Status() adapters.Status {
	status := t.state.snapshot()
	status.BehindBy = -1
	if r := t.running.Load(); r != nil {
		status.BehindBy = r.behind()
		status.Past = r.past() && status.Connection <= adapters.Lost
	}
	if status.Connection == adapters.Live && status.BehindBy > 0 {
		status.Connection = adapters.CatchingUp
	}
	return status
}

// named reports whether the config says what to read.
func (t *Tailer) named() bool {
	return len(t.Taps) > 0 || len(t.Queues) > 0 || len(t.Streams) > 0 || t.Firehose
}

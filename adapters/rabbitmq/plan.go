package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// plan is what the config asks for, in terms of what the broker has now.
type plan struct {
	exchanges []binding            // of the tap for exchanges
	queues    map[string][]binding // of the tap that mirrors each queue
	streams   []string
	missing   []string // exchanges that are named and do not exist
	problems  []error  // of parts that cannot be read
	partial   bool     // the management API did not answer, so something may be missing
}

// plan works out what to read. It fails where nothing can be planned at all.
func (a *Adapter) plan(ctx context.Context, control *control) (plan, error) {
	c := &a.config
	p := plan{streams: slices.Clone(c.Streams), queues: map[string][]binding{}}
	known, err := a.catalog(ctx, &p)
	if err != nil {
		return p, err
	}
	switch {
	case !c.named():
		p.exchanges = everyExchange(known, &p)
	case len(c.Taps) > 0:
		for _, tap := range c.Taps {
			bindings, err := a.tapBindings(tap, known, control)
			if errors.Is(err, adapters.ErrNotConnected) {
				return p, err
			}
			if errors.Is(err, adapters.ErrUnknownDestination) {
				p.missing = append(p.missing, tap.Exchange)
			}
			if err != nil {
				p.problems = append(p.problems, err)
			}
			p.exchanges = append(p.exchanges, bindings...)
		}
	}
	for _, queue := range c.Queues {
		p.addQueue(queue, known, c)
	}
	if c.Firehose && a.management != nil {
		p.checkTracing(ctx, a.management)
	}
	return p, nil
}

// catalog asks the management API, or is nil where there is none. Without it, some
// configs cannot be served, and others just say less.
func (a *Adapter) catalog(ctx context.Context, p *plan) (*catalog, error) {
	c := &a.config
	needed := len(c.Queues) > 0 || !c.named()
	if a.management == nil {
		if needed {
			return nil, missingManagement(c)
		}
		return nil, nil
	}
	known, err := a.management.catalog(ctx, len(c.Queues) > 0)
	if err == nil || needed || ctx.Err() != nil {
		return known, err
	}
	p.problems = append(p.problems, err)
	p.partial = true
	return nil, nil
}

func missingManagement(c *Config) error {
	if len(c.Queues) > 0 {
		return c.problem(fmt.Sprintf("read queue %s of %s", quoted(c.Queues[0]), c.broker()),
			"a real queue is never consumed but tapped where it is bound, and only the management API tells its bindings",
			"add management=http://HOST:15672, or name what feeds it with tap=exchange:key; a stream is named with stream=", adapters.ErrUsage)
	}
	return c.problem("read "+c.broker(), "the URL does not say what, and only the management API tells what there is",
		"add tap=exchange, tap=exchange:key, stream=name or firehose=true, or management=http://HOST:15672 to tap every exchange", adapters.ErrUsage)
}

// everyExchange taps all exchanges of the virtual host but the broker's internal ones.
// Those that a tap would harm are left out in silence if nobody uses them.
func everyExchange(known *catalog, p *plan) []binding {
	var all []binding
	for _, name := range sortedKeys(known.exchanges) {
		if e := known.exchanges[name]; name == "" || e.Internal {
			continue
		}
		exchange := known.nature(name)
		if exchange.diverts && len(known.likeBound(name)) == 0 {
			continue // all of it goes to the alternate exchange, which is tapped as well
		}
		bindings, err := bindingsOf(Tap{Exchange: name}, exchange, known)
		if err != nil {
			p.problems = append(p.problems, note(err))
		}
		all = append(all, bindings...)
	}
	return all
}

// tapBindings finds the bindings of a tap that the config names.
func (a *Adapter) tapBindings(tap Tap, known *catalog, control *control) ([]binding, error) {
	if known != nil {
		if _, found := known.exchanges[tap.Exchange]; !found {
			return nil, adapters.UnknownDestination(adapters.RabbitMQ, a.config.Address, adapters.Exchange, tap.Exchange)
		}
		return bindingsOf(tap, known.nature(tap.Exchange), known)
	}
	exchange, asked := a.natures[tap.Exchange]
	if !asked {
		var err error
		if exchange, err = control.exchangeNature(tap.Exchange); err != nil {
			return nil, err
		}
		a.natures[tap.Exchange] = exchange
	}
	return bindingsOf(tap, exchange, nil)
}

// addQueue plans the reading of a queue by what it is bound to.
func (p *plan) addQueue(queue string, known *catalog, c *Config) {
	kind, found := known.queues[queue]
	if !found {
		p.problems = append(p.problems, adapters.UnknownDestination(adapters.RabbitMQ, c.Address, adapters.Queue, queue))
		return
	}
	if kind == amqp.QueueTypeStream {
		p.streams = append(p.streams, queue)
		return
	}
	var bindings []binding
	for _, b := range known.bindings {
		if b.Destination != queue || b.DestinationType != "queue" || b.Source == "" {
			continue
		}
		if _, err := bindingsOf(Tap{Exchange: b.Source, BindingKey: "any"}, nature{kind: known.typeOf(b.Source)}, known); err != nil && known.typeOf(b.Source) != amqp.ExchangeHeaders {
			p.problems = append(p.problems, note(err))
			continue
		}
		bindings = append(bindings, binding{exchange: b.Source, key: b.RoutingKey, arguments: fromJSON(b.Arguments)})
	}
	cause := "what is sent straight to it through the default exchange is not shown"
	if len(bindings) == 0 {
		cause = "it is bound to nothing but the default exchange, which cannot be tapped"
	}
	p.problems = append(p.problems, c.problem("see all of queue "+quoted(queue), cause,
		"use firehose=true after rabbitmqctl trace_on to see that too", nil))
	p.queues[queue] = bindings
}

func (p *plan) checkTracing(ctx context.Context, m *management) {
	on, err := m.tracing(ctx)
	switch {
	case err != nil:
		p.problems = append(p.problems, err)
	case !on:
		p.problems = append(p.problems, m.config.problem("see the firehose", "message tracing is off in virtual host "+quoted(m.config.VirtualHost),
			"run rabbitmqctl trace_on -p "+m.config.VirtualHost+", which costs the broker a copy of each message", nil))
	}
}

// note is a problem that does not keep the rest from being read.
func note(err error) error {
	var problem *adapters.Problem
	if !errors.As(err, &problem) {
		return err
	}
	noted := *problem
	noted.Kind = nil
	return &noted
}

// fatal is the first problem that makes opening fail: a name that does not exist,
// something that cannot be meant, or any if it leaves nothing to read.
func (p *plan) fatal(c *Config) error {
	for _, err := range p.problems {
		if errors.Is(err, adapters.ErrUnknownDestination) || errors.Is(err, adapters.ErrUsage) {
			return err
		}
	}
	bindings := len(p.exchanges)
	for _, of := range p.queues {
		bindings += len(of)
	}
	if bindings == 0 && len(p.streams) == 0 && !c.Firehose && len(p.problems) > 0 {
		return p.problems[0]
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// quoted shows a name as given, with what a terminal must not get escaped.
func quoted(name string) string { return strconv.Quote(strings.ToValidUTF8(name, "\uFFFD")) }

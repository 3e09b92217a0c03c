package tail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/fieldtable"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/routing"
	"eventscope/adapters/rabbitmq/wording"
)

// plan is what the config asks for, in terms of what the broker has now.
type plan struct {
	exchanges []routing.Binding            // of the tap for exchanges
	queues    map[string][]routing.Binding // of the tap that mirrors each queue
	streams   []string
	missing   []string // exchanges that are named and do not exist
	problems  []error  // of parts that cannot be read
	partial   bool     // the management API did not answer, so something may be missing
	urgent    bool     // something is tapped that has an alternate exchange
}

// same reports whether nothing has changed.
func (p *plan) same(q *plan) bool {
	return p.text() == q.text()
}

func (p *plan) text() string {
	var text strings.Builder
	add := func(bindings []routing.Binding) {
		for _, b := range bindings {
			text.WriteString(b.ID())
		}
	}
	add(p.exchanges)
	for _, queue := range slices.Sorted(maps.Keys(p.queues)) {
		text.WriteString(wording.Quoted(queue))
		add(p.queues[queue])
	}
	fmt.Fprintf(&text, "%q%q%q", p.streams, p.missing, p.problems)
	return text.String()
}

// noteUrgent notes whether what is tapped has an alternate exchange.
func (p *plan) noteUrgent(known *routing.Catalog) {
	if known == nil {
		return
	}
	for _, bindings := range append([][]routing.Binding{p.exchanges}, slices.Collect(maps.Values(p.queues))...) {
		p.urgent = p.urgent || slices.ContainsFunc(bindings, func(b routing.Binding) bool { return known.Exchanges[b.Exchange].Alternate != "" })
	}
}

// plan works out what to read. It fails where nothing can be planned at all.
func (t *Tailer) plan(ctx context.Context, control *connection.Control) (plan, error) {
	c := t
	p := plan{streams: slices.Clone(c.Streams), queues: map[string][]routing.Binding{}}
	known, err := t.catalog(ctx, &p)
	if err != nil {
		return p, err
	}
	if err := t.readTaps(known, control); err != nil {
		return p, err
	}
	switch {
	case !c.named():
		p.exchanges = everyExchange(known, &p)
	case len(c.Taps) > 0:
		for _, tap := range c.Taps {
			bindings, err := t.tapBindings(tap, known, control)
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
	p.noteUrgent(known)
	if c.Firehose && t.Management != nil {
		p.checkTracing(ctx, t.Management, c)
	}
	return p, nil
}

// catalog asks the management API, or is nil where there is none. Without it, some
// configs cannot be served, and others just say less.
func (t *Tailer) catalog(ctx context.Context, p *plan) (*routing.Catalog, error) {
	c := t
	needed := len(c.Queues) > 0 || !c.named()
	if t.Management == nil {
		if needed {
			return nil, missingManagement(c)
		}
		return nil, nil
	}
	known, err := routing.ReadTappable(ctx, t.Management, c.Taps, len(c.Queues) > 0, !c.named())
	if err == nil || needed || ctx.Err() != nil {
		return known, err
	}
	p.problems = append(p.problems, err)
	p.partial = true
	return nil, nil
}

func missingManagement(c *Tailer) error {
	if len(c.Queues) > 0 {
		return wording.Problem(fmt.Sprintf("read queue %s of %s", wording.Quoted(c.Queues[0]), c.Broker.String()),
			"a real queue is never consumed but tapped where it is bound, and only the management API tells its bindings",
			"add management=http://HOST:15672, or name what feeds it with tap=exchange:key; a stream is named with stream=", adapters.ErrUsage)
	}
	return wording.Problem("read "+c.Broker.String(), "there is nothing to read in the URL",
		"add tap=exchange, tap=exchange:key, stream=name or firehose=true, or management=http://HOST:15672 to tap every exchange", adapters.ErrUsage)
}

// everyExchange taps all exchanges of the virtual host but the broker's internal ones.
// Those that a tap would harm are left out in silence if nobody uses them.
func everyExchange(known *routing.Catalog, p *plan) []routing.Binding {
	var all []routing.Binding
	for _, name := range slices.Sorted(maps.Keys(known.Exchanges)) {
		if e := known.Exchanges[name]; name == "" || e.Internal {
			continue
		}
		exchange := known.ExchangeType(name)
		if exchange.Diverts && len(known.LikeBound(name)) == 0 {
			continue // all of it goes to the alternate exchange, which is tapped as well
		}
		bindings, err := routing.BindingsOf(routing.Tap{Exchange: name}, exchange, known)
		if err != nil {
			p.problems = append(p.problems, wording.Note(err))
		}
		all = append(all, bindings...)
	}
	return all
}

// readTaps reads what a tap names as the name of an exchange if there is one of the whole of it:
// names with colons are common, as those of MassTransit. Who means a key of an exchange that
// is called like the first part ends that with a colon of its own. It is read once, by Open.
func (t *Tailer) readTaps(known *routing.Catalog, control *connection.Control) error {
	if t.tapsRead {
		return nil
	}
	taps := slices.Clone(t.Taps)
	for i, tap := range taps {
		whole := routing.Tap{Exchange: tap.Exchange + ":" + tap.BindingKey}
		if tap.BindingKey == "" || routing.IsPattern(tap.BindingKey) {
			continue
		}
		var there bool
		if known != nil {
			_, there = known.Exchanges[whole.Exchange]
		} else {
			err := control.LookUpExchange(whole.Exchange)
			if there = err == nil; err != nil && !errors.Is(err, adapters.ErrUnknownDestination) {
				return err
			}
		}
		if there {
			taps[i] = whole
		}
	}
	t.Taps, t.tapsRead = taps, true
	return nil
}

// tapBindings finds the bindings of a tap that the config names.
func (t *Tailer) tapBindings(tap routing.Tap, known *routing.Catalog, control *connection.Control) ([]routing.Binding, error) {
	if known != nil {
		if _, found := known.Exchanges[tap.Exchange]; !found {
			return nil, t.noExchange(tap)
		}
		return routing.BindingsOf(tap, known.ExchangeType(tap.Exchange), known)
	}
	exchange, asked := t.exchangeTypes[tap.Exchange]
	if !asked {
		var err error
		exchange, err = control.ExchangeType(tap.Exchange)
		if errors.Is(err, adapters.ErrUnknownDestination) {
			err = t.noExchange(tap)
		}
		if err != nil {
			return nil, err
		}
		if t.exchangeTypes == nil {
			t.exchangeTypes = map[string]routing.ExchangeType{}
		}
		t.exchangeTypes[tap.Exchange] = exchange
	}
	return routing.BindingsOf(tap, exchange, nil)
}

// noExchange says that what a tap names is not there, however it is read.
func (t *Tailer) noExchange(tap routing.Tap) error {
	err := adapters.UnknownDestination("rabbitmq", t.Broker.Address, adapters.Exchange, tap.Exchange)
	if problem := (*adapters.Problem)(nil); tap.BindingKey != "" && !routing.IsPattern(tap.BindingKey) && errors.As(err, &problem) {
		problem.Cause += ", nor " + wording.Quoted(tap.Exchange+":"+tap.BindingKey)
	}
	return err
}

// addQueue plans the reading of a queue by what it is bound to.
func (p *plan) addQueue(queue string, known *routing.Catalog, c *Tailer) {
	kind, found := known.Queues[queue]
	if !found {
		p.problems = append(p.problems, adapters.UnknownDestination("rabbitmq", c.Broker.Address, adapters.Queue, queue))
		return
	}
	if kind == amqp.QueueTypeStream {
		p.streams = append(p.streams, queue)
		return
	}
	var bindings []routing.Binding
	for _, b := range known.Bindings {
		if b.Destination != queue || b.DestinationType != "queue" || b.Source == "" {
			continue
		}
		if _, err := routing.BindingsOf(routing.Tap{Exchange: b.Source}, routing.ExchangeType{Kind: known.TypeOf(b.Source)}, known); err != nil {
			p.problems = append(p.problems, wording.Note(err))
			continue
		}
		bindings = append(bindings, routing.Binding{Exchange: b.Source, Key: b.RoutingKey, Arguments: fieldtable.FromJSON(b.Arguments)})
	}
	cause := "what is sent straight to it through the default exchange is not shown"
	if len(bindings) == 0 {
		cause = "it is bound to nothing but the default exchange, which cannot be tapped"
	}
	p.problems = append(p.problems, wording.Problem("see all of queue "+wording.Quoted(queue), cause,
		"use firehose=true after rabbitmqctl trace_on to see that too", nil))
	p.queues[queue] = bindings
}

func (p *plan) checkTracing(ctx context.Context, m *management.Client, c *Tailer) {
	host, err := m.Host(ctx, "read whether message tracing is on")
	switch {
	case err != nil:
		p.problems = append(p.problems, err)
	case !host.Tracing:
		p.problems = append(p.problems, wording.Problem("see the firehose", "message tracing is off in virtual host "+wording.Quoted(c.Broker.VirtualHost),
			"run rabbitmqctl trace_on -p "+c.Broker.VirtualHost+", which costs the broker a copy of each message", nil))
	}
}

// fatal is the first problem that makes opening fail: a name that does not exist,
// something that cannot be meant, or any if it leaves nothing to read.
func (p *plan) fatal(c *Tailer) error {
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
		return p.worst()
	}
	return nil
}

// worst is the first problem that keeps something from being read, or else the first note.
func (p *plan) worst() error {
	for _, err := range p.problems {
		var problem *adapters.Problem
		if !errors.As(err, &problem) || problem.Kind != nil {
			return err
		}
	}
	return p.problems[0]
}

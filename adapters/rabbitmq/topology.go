package rabbitmq

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/dlq"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/tail"
	"eventscope/adapters/rabbitmq/wording"
)

// Destinations implements [adapters.Topology]: all exchanges, queues and streams of the
// virtual host if there is a management API, and otherwise those that are read. Where the
// source names some, it is these and what lies on the ways from them.
func (a *Adapter) Destinations(ctx context.Context) ([]adapters.Destination, error) {
	if a.management == nil {
		return a.named(), nil
	}
	m, err := a.ways(ctx)
	if err != nil {
		return nil, err
	}
	var list []adapters.Destination
	for _, name := range slices.Sorted(maps.Keys(m.Known.Exchanges)) {
		shown := name
		if name == "" {
			shown = delivery.DefaultExchange
		}
		if m.wanted(adapters.Endpoint{Name: name, Kind: adapters.Exchange}) {
			list = append(list, adapters.Destination{Name: shown, Kind: adapters.Exchange, Internal: m.Known.Exchanges[name].Internal || name == ""})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Queues)) {
		if end := m.queueEnd(name); m.wanted(end) {
			list = append(list, adapters.Destination{Name: name, Kind: end.Kind})
		}
	}
	return list, nil
}

func (a *Adapter) named() []adapters.Destination {
	var list []adapters.Destination
	for _, tap := range a.Tailer.Taps {
		list = append(list, adapters.Destination{Name: tap.Exchange, Kind: adapters.Exchange})
	}
	for _, stream := range a.History.Streams {
		list = append(list, adapters.Destination{Name: stream, Kind: adapters.Stream})
	}
	return list
}

// Bindings implements [adapters.Topology] by the management API. The queues of taps, and
// that every queue is bound to the default exchange by its name, are left out.
func (a *Adapter) Bindings(ctx context.Context) ([]adapters.Binding, error) {
	if a.management == nil {
		return nil, wording.Problem("list the bindings of "+a.broker.String(), "only the management API tells them", "add management=http://HOST:15672", errors.ErrUnsupported)
	}
	m, err := a.ways(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(m.bindings, func(b adapters.Binding) bool { return !m.wanted(b.From) || !m.wanted(b.To) }), nil
}

// ways is where messages go within a virtual host.
type ways struct {
	*dlq.Graph
	bindings []adapters.Binding
	within   map[adapters.Endpoint]bool // nil is everything
}

func (a *Adapter) ways(ctx context.Context) (*ways, error) {
	graph, err := dlq.AskGraph(ctx, a.management)
	if err != nil {
		return nil, err
	}
	w := &ways{Graph: graph}
	bound := map[adapters.Binding]bool{} // several may differ by arguments alone
	for i := range graph.Known.Bindings {
		b := &graph.Known.Bindings[i]
		from, to := adapters.Endpoint{Name: b.Source, Kind: adapters.Exchange}, adapters.Endpoint{Name: b.Destination, Kind: adapters.Exchange}
		if b.DestinationType == "queue" {
			to = w.queueEnd(b.Destination)
		}
		way := adapters.Binding{From: from, To: to, Way: adapters.Bound, Key: b.RoutingKey}
		if b.Source != "" && !ofTap(b.Destination) && !bound[way] {
			bound[way] = true
			w.bindings = append(w.bindings, way)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(graph.Known.Exchanges)) {
		if other := graph.Known.Exchanges[name].Alternate; other != "" {
			from, to := adapters.Endpoint{Name: name, Kind: adapters.Exchange}, adapters.Endpoint{Name: other, Kind: adapters.Exchange}
			w.bindings = append(w.bindings, adapters.Binding{From: from, To: to, Way: adapters.Alternate})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(graph.Queues)) {
		if b, ok := w.deadWay(graph.Queues[name]); ok {
			w.bindings = append(w.bindings, b)
		}
	}
	w.narrow(a.Tailer)
	return w, nil
}

// deadWay is where a queue dead-letters to: an exchange, or by the default exchange a queue.
func (w *ways) deadWay(q *management.Queue) (adapters.Binding, bool) {
	exchange, ok := q.Setting("x-dead-letter-exchange", "dead-letter-exchange").(string)
	if !ok || ofTap(q.Name) {
		return adapters.Binding{}, false
	}
	key, _ := q.Setting("x-dead-letter-routing-key", "dead-letter-routing-key").(string)
	b := adapters.Binding{From: w.queueEnd(q.Name), To: adapters.Endpoint{Name: exchange, Kind: adapters.Exchange}, Way: adapters.Dead, Key: key}
	if exchange == "" {
		b.To, b.Key = w.queueEnd(key), ""
	}
	return b, exchange != "" || key != "" && key != q.Name
}

// queueEnd is a queue or stream as an endpoint.
func (w *ways) queueEnd(name string) adapters.Endpoint {
	if q := w.Queues[name]; q != nil && q.Type == amqp.QueueTypeStream {
		return adapters.Endpoint{Name: name, Kind: adapters.Stream}
	}
	return adapters.Endpoint{Name: name, Kind: adapters.Queue}
}

// ofTap reports whether the broker has made the name of a queue, as it does for taps and for
// whoever else wants a copy for himself.
func ofTap(queue string) bool { return strings.HasPrefix(queue, "amq.gen-") }

func (w *ways) wanted(end adapters.Endpoint) bool {
	return (w.within == nil || w.within[end]) && !ofTap(end.Name)
}

// narrow keeps to what a source names: what feeds its queues, and all that lies on the ways
// from there.
func (w *ways) narrow(c *tail.Tailer) {
	if len(c.Taps)+len(c.Queues)+len(c.Streams) == 0 {
		return
	}
	w.within = map[adapters.Endpoint]bool{}
	for _, tap := range c.Taps {
		w.within[adapters.Endpoint{Name: tap.Exchange, Kind: adapters.Exchange}] = true
	}
	for _, name := range slices.Concat(c.Queues, c.Streams) {
		end := w.queueEnd(name)
		w.within[end] = true
		for _, b := range w.bindings {
			if b.To == end && b.Way == adapters.Bound {
				w.within[b.From] = true
			}
		}
	}
	for before := -1; before < len(w.within); {
		before = len(w.within)
		for _, b := range w.bindings {
			if w.within[b.From] {
				w.within[b.To] = true
			}
		}
	}
}

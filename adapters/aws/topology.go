package aws

import (
	"context"
	"errors"
	"slices"
	"strings"

	"eventscope/adapters"
)

// topology is what a source reads, and where that leads: from topics to queues, from queues to
// dead-letter queues.
type topology struct{ *Adapter }

// ways is what is there, and what leads from one to another.
type ways struct {
	there    map[adapters.Endpoint]bool
	bindings []adapters.Binding
}

// Destinations implements adapters.Topology.
func (t topology) Destinations(ctx context.Context) (all []adapters.Destination, err error) {
	w, err := t.ways(ctx)
	if err != nil {
		return nil, err
	}
	for end := range w.there {
		all = append(all, adapters.Destination{Name: end.Name, Kind: end.Kind})
	}
	slices.SortFunc(all, func(a, b adapters.Destination) int {
		return strings.Compare(string(a.Kind)+" "+a.Name, string(b.Kind)+" "+b.Name)
	})
	return all, nil
}

// Bindings implements adapters.Topology.
func (t topology) Bindings(ctx context.Context) ([]adapters.Binding, error) {
	w, err := t.ways(ctx)
	if err != nil {
		return nil, err
	}
	return w.bindings, nil
}

func topicEnd(name string) adapters.Endpoint {
	return adapters.Endpoint{Name: name, Kind: adapters.Topic}
}

func queueEnd(name string) adapters.Endpoint {
	return adapters.Endpoint{Name: name, Kind: adapters.Queue}
}

func (t topology) ways(ctx context.Context) (*ways, error) {
	w := &ways{there: map[adapters.Endpoint]bool{}}
	topics, err := t.client.Topics(ctx)
	if err != nil {
		return nil, err
	}
	subscriptions, err := t.client.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	names, err := t.client.AllNames(ctx)
	if err != nil {
		return nil, err
	}
	for _, topic := range topics {
		w.there[topicEnd(topic.Name)] = true
	}
	if err := t.queues(ctx, w, names); err != nil {
		return nil, err
	}
	for _, s := range subscriptions {
		if from, to := topicEnd(s.Topic.Name), queueEnd(s.Queue.Name); w.there[from] && w.there[to] {
			w.bindings = append(w.bindings, adapters.Binding{From: from, To: to, Way: adapters.Bound})
		}
	}
	t.narrow(w)
	return w, nil
}

// queues asks about queues, and where their dead letters go.
func (t topology) queues(ctx context.Context, w *ways, names []string) error {
	asking, stop := context.WithCancel(ctx)
	defer stop()
	for a := range t.client.Queues(asking, names) {
		if errors.Is(a.Err, adapters.ErrUnknownDestination) { // it was deleted meanwhile
			continue
		}
		if a.Err != nil {
			return a.Err
		}
		w.there[queueEnd(a.Name)] = true
		if a.Queue.HasDeadLetters() {
			w.bindings = append(w.bindings, adapters.Binding{From: queueEnd(a.Name), To: queueEnd(a.Queue.DeadLetters.Name), Way: adapters.Dead})
		}
	}
	return ctx.Err()
}

// narrow keeps to what a source names, what feeds its queues, and where that leads.
func (t topology) narrow(w *ways) {
	if len(t.config.Names) == 0 {
		return
	}
	within := map[adapters.Endpoint]bool{}
	for _, name := range t.config.Names {
		if t.config.Topics {
			within[topicEnd(name)] = true
			continue
		}
		within[queueEnd(name)] = true
		for _, b := range w.bindings {
			if b.To == queueEnd(name) && b.Way == adapters.Bound {
				within[b.From] = true
			}
		}
	}
	for before := -1; before < len(within); {
		before = len(within)
		for _, b := range w.bindings {
			if within[b.From] {
				within[b.To] = true
			}
		}
	}
	for end := range w.there {
		if !within[end] {
			delete(w.there, end)
		}
	}
	w.bindings = slices.DeleteFunc(w.bindings, func(b adapters.Binding) bool { return !within[b.From] || !within[b.To] })
}

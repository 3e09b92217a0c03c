package servicebus

import (
	"context"
	"errors"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/servicebus/client"
)

// topology is what a source reads, and where that leads: from topics to their subscriptions by their
// rules, and from any of them to what it forwards to.
type topology struct{ *Adapter }

// ways is what is there, and what leads from one to another.
type ways struct {
	there    map[adapters.Endpoint]bool
	bindings []adapters.Binding
	told     bool // all of it, rather than what is read
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
	if !w.told {
		return nil, &adapters.Problem{Doing: "tell where messages go in " + t.client.Place(), Cause: "the credentials do not have the right Manage or EntityRead", Remedy: "use a policy with Manage, or the role Azure Service Bus Data Owner", Kind: errors.ErrUnsupported}
	}
	return w.bindings, nil
}

func endOf(s *client.Settings) adapters.Endpoint {
	if s.IsTopic {
		return adapters.Endpoint{Name: s.Name, Kind: adapters.Topic}
	}
	return adapters.Endpoint{Name: s.Entity.String(), Kind: adapters.Queue}
}

func (t topology) ways(ctx context.Context) (*ways, error) {
	w := &ways{there: map[adapters.Endpoint]bool{}}
	all, err := t.client.All(ctx)
	if errors.Is(err, adapters.ErrNotAuthorized) {
		for _, e := range t.Entities {
			w.there[adapters.Endpoint{Name: e.String(), Kind: adapters.Queue}] = true
		}
		return w, nil
	}
	if err != nil {
		return nil, err
	}
	w.told = true
	ends := map[string]adapters.Endpoint{} // by name, in lower case, as settings name them
	for i := range all {
		end := endOf(&all[i])
		w.there[end] = true
		ends[strings.ToLower(all[i].Path())] = end
	}
	for i := range all {
		if err := t.lead(ctx, w, &all[i], ends); err != nil {
			return nil, err
		}
	}
	t.narrow(w)
	return w, nil
}

// lead adds the ways from one entity, and from its topic to it.
func (t topology) lead(ctx context.Context, w *ways, s *client.Settings, ends map[string]adapters.Endpoint) error {
	from := endOf(s)
	for way, target := range map[adapters.Way]string{adapters.Bound: s.ForwardTo, adapters.Dead: s.ForwardLetterTo} {
		if to, there := ends[strings.ToLower(target)]; there {
			w.bindings = append(w.bindings, adapters.Binding{From: from, To: to, Way: way})
		}
	}
	if s.Topic == "" {
		return nil
	}
	rules, err := t.client.Rules(ctx, s.Entity)
	if err != nil && !errors.Is(err, adapters.ErrUnknownDestination) { // it was deleted meanwhile
		return err
	}
	var keys []string
	for _, rule := range rules {
		if !rule.None && !slices.Contains(keys, rule.Text) {
			keys = append(keys, rule.Text)
		}
	}
	if slices.ContainsFunc(rules, func(rule client.Rule) bool { return rule.All }) {
		keys = []string{""} // what the others let through, it does as well
	}
	for _, key := range keys {
		w.bindings = append(w.bindings, adapters.Binding{From: adapters.Endpoint{Name: s.Topic, Kind: adapters.Topic}, To: from, Way: adapters.Bound, Key: key})
	}
	return nil
}

// narrow keeps to what a source names, what feeds it, and where that leads.
func (t topology) narrow(w *ways) {
	if len(t.config.Names) == 0 {
		return
	}
	within := map[adapters.Endpoint]bool{}
	for _, e := range t.Entities {
		end := adapters.Endpoint{Name: e.Of(client.Main).String(), Kind: adapters.Queue}
		within[end] = true
		if e.Part != client.Main {
			w.there[adapters.Endpoint{Name: e.String(), Kind: adapters.Queue}] = true
			within[adapters.Endpoint{Name: e.String(), Kind: adapters.Queue}] = true
		}
		for _, b := range w.bindings {
			if b.To == end && b.Way == adapters.Bound {
				within[b.From] = true
			}
		}
	}
	for _, name := range t.config.Names {
		within[adapters.Endpoint{Name: name, Kind: adapters.Topic}] = true
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

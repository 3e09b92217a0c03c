package servicebus

import (
	"context"
	"errors"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/history"
)

// resolve finds the entities that are read: those that are named, the subscriptions of topics, or all
// that keep what they receive.
func (a *Adapter) resolve(ctx context.Context) (all []client.Entity, err error) {
	if len(a.config.Names) == 0 && len(a.config.Taps) == 0 {
		return a.all(ctx)
	}
	for _, name := range a.config.Names {
		e, err := client.Parse(name)
		if err != nil {
			return nil, &adapters.Problem{Doing: "read the name of an entity", Cause: err.Error(), Remedy: "write it like servicebus://namespace/orders,events/audit", Kind: adapters.ErrUsage}
		}
		found, err := a.named(ctx, e)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// all are the entities that keep what they receive. What forwards it holds nothing.
func (a *Adapter) all(ctx context.Context) (all []client.Entity, err error) {
	there, err := a.client.All(ctx)
	var problem *adapters.Problem
	if errors.Is(err, adapters.ErrNotAuthorized) && errors.As(err, &problem) {
		return nil, &adapters.Problem{Doing: "list what there is in " + a.client.Place(), Cause: problem.Cause, Remedy: "name what to read, as in servicebus://namespace/orders,events/audit, for which Listen is enough", Kind: adapters.ErrNotAuthorized}
	}
	for _, s := range there {
		if !s.IsTopic && s.ForwardTo == "" {
			all = append(all, s.Entity)
		}
	}
	return all, err
}

// named is an entity that a user has named: itself, or the subscriptions of a topic. Who may not ask
// what it is looks into it as it is.
func (a *Adapter) named(ctx context.Context, e client.Entity) ([]client.Entity, error) {
	settings, err := a.client.Settings(ctx, e.Of(client.Main))
	if errors.Is(err, adapters.ErrUnknownDestination) && e.Topic != "" { // a queue whose name has a slash in it
		if queue := (client.Entity{Name: e.Topic + "/" + e.Name, Part: e.Part}); strings.Count(queue.Name, "/") == 1 {
			if known, again := a.client.Settings(ctx, queue.Of(client.Main)); again == nil && !known.IsTopic {
				e, settings, err = queue, known, nil
			}
		}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, adapters.ErrNotAuthorized):
		return a.lookedAt(ctx, e)
	case err != nil:
		return nil, err
	case !settings.IsTopic:
		return []client.Entity{{Topic: settings.Topic, Name: settings.Name, Part: e.Part}}, nil
	}
	subscriptions, err := a.client.Subscriptions(ctx, settings.Name)
	if err != nil {
		return nil, err
	}
	var all []client.Entity
	for _, s := range subscriptions {
		if s.ForwardTo == "" {
			all = append(all, s.Of(e.Part))
		}
	}
	return all, nil
}

// lookedAt is an entity that is there, as a look shows.
func (a *Adapter) lookedAt(ctx context.Context, e client.Entity) ([]client.Entity, error) {
	conn, err := a.client.Shared(ctx)
	if err != nil {
		return nil, err
	}
	_, err = conn.Peek(ctx, e, 0, 1, nil)
	return []client.Entity{e}, err
}

// tap checks the topics that are read by subscriptions of our own. It makes none.
func (a *Adapter) tap(ctx context.Context) error {
	for _, topic := range a.config.Taps {
		if !a.config.Create {
			return &adapters.Problem{Doing: "tap topic " + topic, Cause: "nothing is read of a topic itself without a subscription of our own, and nobody asked for one", Remedy: "add create=true, which makes one and removes it at the end, or name its subscriptions", Kind: errors.ErrUnsupported}
		}
		settings, err := a.client.Settings(ctx, client.Entity{Name: topic})
		switch {
		case err != nil:
			return err
		case !settings.IsTopic:
			return &adapters.Problem{Doing: "tap " + topic, Cause: "it is a queue", Remedy: "name it behind the slash, which takes nothing from it", Kind: adapters.ErrUsage}
		}
		a.Taps = append(a.Taps, history.Tap{Topic: settings.Name, Filter: a.config.Filter})
	}
	return nil
}

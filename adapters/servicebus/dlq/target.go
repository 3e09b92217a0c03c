package dlq

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/figure"
	"eventscope/adapters/servicebus/client"
)

// TargetOf is where a letter goes again: where it died.
func TargetOf(_ *deadletter.Queue, origin deadletter.Origin) deadletter.Target {
	return deadletter.Target(origin.Destination)
}

// Target implements deadletter.Queues.
func (d *DeadLetters) Target(_ context.Context, text string) (deadletter.Target, error) {
	e, err := client.Parse(text)
	if err != nil {
		return "", &adapters.Problem{Doing: "read the name of a target", Cause: err.Error(), Remedy: "name a queue or a topic", Kind: adapters.ErrUsage}
	}
	return deadletter.Target(e.String()), nil
}

// Recipients implements deadletter.Queues.
func (d *DeadLetters) Recipients(ctx context.Context, targets []deadletter.Target) (all []deadletter.Recipients, err error) {
	for _, target := range targets {
		r, err := d.recipients(ctx, target)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// forbidden is why nothing is ever sent to an entity, or empty.
func forbidden(e client.Entity) string {
	switch {
	case e.Part != client.Main:
		return "the service alone puts letters there; what was discarded can be sent to the entity itself, from the archive"
	case e.Topic != "":
		return "nobody can send to one subscription; name its topic " + e.Topic + ", whose other subscriptions receive it as well"
	}
	return ""
}

func (d *DeadLetters) recipients(ctx context.Context, target deadletter.Target) (deadletter.Recipients, error) {
	r := deadletter.Recipients{Kind: adapters.Queue, Name: string(target)}
	e, err := client.Parse(string(target))
	if err != nil {
		return r, nil // nothing is called so
	}
	if r.Forbidden = forbidden(e); r.Forbidden != "" {
		return r, nil
	}
	settings, err := d.Client.Settings(ctx, e)
	told := err == nil
	switch {
	case errors.Is(err, adapters.ErrUnknownDestination):
		return r, nil
	case err != nil && !errors.Is(err, adapters.ErrNotAuthorized):
		return r, err
	}
	if err := d.maySend(ctx, e, &r); err != nil || !r.Exists {
		return r, err
	}
	if !told {
		r.Unknown = "the credentials may not ask who receives it"
		r.Warnings = []string{"whether it drops messages whose id it has seen is not known, so that each copy has its replay id as its id"}
		return r, nil
	}
	if settings.Duplicates {
		r.Warnings = append(r.Warnings, "it drops messages whose id it has seen lately, so that each copy has its replay id as its id")
	}
	if !settings.IsTopic {
		ofQueue(&settings, &r)
		return r, nil
	}
	return r, d.ofTopic(ctx, &settings, &r)
}

// maySend finds out whether one may send there, by a link by which nothing is sent.
func (d *DeadLetters) maySend(ctx context.Context, e client.Entity, r *deadletter.Recipients) error {
	conn, err := d.Client.Shared(ctx)
	if err != nil {
		return err
	}
	sender, err := conn.Sender(ctx, e)
	switch {
	case err == nil:
		r.Exists = true
		return sender.Close(ctx)
	case errors.Is(err, adapters.ErrUnknownDestination):
		return nil
	case errors.Is(err, adapters.ErrNotAuthorized), errors.Is(err, adapters.ErrBusy), errors.Is(err, errors.ErrUnsupported):
		r.Denied = err.Error()
		return nil
	}
	return err
}

func ofQueue(s *client.Settings, r *deadletter.Recipients) {
	r.Readers, r.Unknown = []string{s.Name}, "the service does not tell who consumes it"
	if s.ForwardTo != "" {
		r.Readers = []string{s.ForwardTo}
		r.Warnings = append(r.Warnings, "it forwards what it receives to "+s.ForwardTo)
	}
	if s.Sessions {
		r.Warnings = append(r.Warnings, "it takes messages with a session id only, and each copy waits behind what is in its session")
	}
}

// ofTopic says which subscriptions receive a copy. Where none is known to, it could be lost.
func (d *DeadLetters) ofTopic(ctx context.Context, s *client.Settings, r *deadletter.Recipients) error {
	r.Kind = adapters.Topic
	subscriptions, err := d.Client.Subscriptions(ctx, s.Name)
	if err != nil {
		return err
	}
	certain, maybe := 0, 0
	for i := range subscriptions {
		rules, err := d.Client.Rules(ctx, subscriptions[i].Entity)
		switch {
		case err != nil:
			return err
		case slices.ContainsFunc(rules, func(rule client.Rule) bool { return rule.All }):
			certain++
		case slices.ContainsFunc(rules, func(rule client.Rule) bool { return !rule.None }):
			maybe++
		default:
			continue
		}
		r.Readers = append(r.Readers, subscriptions[i].Entity.String())
	}
	if certain == 0 {
		r.Forbidden = "no subscription is known to take everything, and what none takes is lost"
	}
	if maybe > 0 {
		r.Unknown = fmt.Sprintf("whether the rules of %s let it through is not judged", figure.Plural(int64(maybe), "subscription", "subscriptions"))
	}
	if len(r.Readers) > 1 {
		r.Warnings = append(r.Warnings, "all its subscriptions receive a copy, and not only the one in which the letter died")
	}
	return nil
}

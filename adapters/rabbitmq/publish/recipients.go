package publish

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/routing"
	"eventscope/adapters/rabbitmq/wording"
)

// Recipients implements deadletter.Queues. The queue of a tap is no reader. Without a management API only a queue that is
// named by the default exchange is sure to be the only one.
func (c *Copier) Recipients(ctx context.Context, targets []deadletter.Target) ([]deadletter.Recipients, error) {
	if len(targets) == 0 {
		return nil, nil
	}
	addresses := make([]Address, len(targets))
	for i, target := range targets {
		if target.IsZero() {
			return nil, wording.Problem("look for the readers of a destination", "none is named", "name a queue or exchange:key", adapters.ErrUsage)
		}
		addresses[i] = addressOf(target)
	}
	all, err := c.recipients(ctx, addresses)
	for i := range all {
		all[i].Kind, all[i].Name, all[i].Key = adapters.Exchange, addresses[i].Exchange, addresses[i].Key
		if all[i].Name == "" {
			all[i].Kind, all[i].Name, all[i].Key = adapters.Queue, addresses[i].Key, ""
		}
	}
	return all, err
}

func (c *Copier) recipients(ctx context.Context, addresses []Address) ([]deadletter.Recipients, error) {
	if c.Management == nil {
		return c.recipientsByAMQP(ctx, addresses)
	}
	known, err := routing.Read(ctx, c.Management, true)
	if err != nil {
		return nil, err
	}
	all := make([]deadletter.Recipients, len(addresses))
	for i, to := range addresses {
		all[i] = reached(known, to)
	}
	return all, nil
}

// reached is who receives what is sent to a target.
func reached(known *routing.Catalog, to Address) deadletter.Recipients {
	if why := forbidden(known, to); why != "" {
		return deadletter.Recipients{Forbidden: why}
	}
	r := known.Route(to.Exchange, routing.Message{Key: &to.Key})
	recipients := deadletter.Recipients{Exists: len(r.Queues) > 0, Readers: slices.Sorted(maps.Keys(r.Queues)), Unknown: strings.Join(r.Why, "; ")}
	if !recipients.Exists && len(r.May) > 0 {
		_, recipients.Exists = known.Exchanges[to.Exchange]
	}
	if len(r.May) > 0 {
		recipients.Unknown += ", so these may too: " + strings.Join(slices.Sorted(maps.Keys(r.May)), ", ")
	}
	return recipients
}

// forbidden is why a target is never one by what there is, or empty. What only a tap would take is not there.
func forbidden(known *routing.Catalog, to Address) string {
	switch {
	case to.Exchange != "" && known.Exchanges[to.Exchange].Internal:
		return "exchange " + wording.Quoted(to.Exchange) + " is internal: the broker takes nothing for it from clients"
	case to.Exchange == "" && known.Taps[to.Key]:
		return usedByTap
	}
	return to.forbidden()
}

const (
	ofBroker  = "the broker uses it itself"
	usedByTap = "it is the queue of a tap"
	ofOther   = "it is the queue of one connection alone, as those of taps are"
)

// forbidden is why a target is never one, whatever the broker says, or empty: what the broker
// has names of its own for, as for answers to whoever waits for them, and what taps use.
func (a Address) forbidden() string {
	named := a.Exchange
	if named == "" {
		named = a.Key
	}
	switch {
	case strings.HasPrefix(named, "amq.rabbitmq."):
		return ofBroker
	case a.Exchange == routing.TapMark.Exchange && a.Key == routing.TapMark.Key:
		return "taps of eventscope use it"
	}
	return ""
}

// lookedUp is how many targets are looked up one by one: AMQP has no question for several.
const lookedUp = 1000

func (c *Copier) recipientsByAMQP(ctx context.Context, addresses []Address) ([]deadletter.Recipients, error) {
	l, err := c.Broker.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer l.HangUp()
	control := l.Control(ctx)
	recipients := make([]deadletter.Recipients, len(addresses))
	for i, to := range addresses {
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case i >= lookedUp:
			recipients[i].Forbidden = fmt.Sprintf("without management= no more than %d destinations are looked up for a plan", lookedUp)
		default:
			if recipients[i], err = lookUp(control, to); err != nil {
				return nil, err
			}
		}
	}
	return recipients, nil
}

func lookUp(control *connection.Control, to Address) (deadletter.Recipients, error) {
	if why := to.forbidden(); why != "" {
		return deadletter.Recipients{Forbidden: why}, nil
	}
	recipients := deadletter.Recipients{}
	var err error
	if to.Exchange == "" {
		_, err = control.Depth(to.Key)
		recipients.Readers = []string{to.Key}
	} else {
		err = control.LookUpExchange(to.Exchange)
		recipients.Unknown = "only the management API tells which queues are bound, and management= is not given; nothing is sent there while eventscope taps this virtual host"
	}
	switch {
	case errors.Is(err, adapters.ErrUnknownDestination):
		return deadletter.Recipients{}, nil
	case connection.IsLocked(err):
		return deadletter.Recipients{Forbidden: ofOther}, nil
	case errors.Is(err, adapters.ErrNotAuthorized): // whoever may not look may write all the same
		return deadletter.Recipients{Exists: true, Unknown: "user " + wording.Quoted(control.Conn.Broker.User) + " may not look whether it is there"}, nil
	}
	recipients.Exists = err == nil
	return recipients, err
}

package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/routing"
	"eventscope/adapters/rabbitmq/wording"
)

// The grammar of destinations, for whoever names one:
//
//	queue            a queue, by the default exchange
//	exchange:key     an exchange, with a routing key that may be empty
//	:queue           a queue whose name has colons, for sure
//	a\:b:key         an exchange whose name has colons, for sure: a backslash takes from the
//	                 character behind it any meaning that it has
//
// Colons in names are common, as in MassTransit's exchanges. So a name may be written
// without backslashes too, if the broker has but one destination that it can be. What
// [deadletter.Routed] writes is read back as it was, or refused if it can be another.

// Address is where a message is published: one of the ways in which a name can be read.
type Address struct {
	Exchange, Key string // the default exchange is empty, and the key then is a queue
}

func (a Address) target() deadletter.Target {
	return deadletter.Routed(a.Exchange, a.Key)
}

// explicit is the form that can be read in no other way.
func (a Address) explicit() string {
	written := string(a.target())
	if a.Exchange != "" && written == a.Exchange+":"+a.Key { // nothing in it had to be written otherwise
		written = `\` + written
	}
	return written
}

// readings are all ways to read a name: the whole of it as a queue, as an exchange, then
// divided at each colon. If it is written out, there is only one.
func readings(text string) []Address {
	if queue, written := strings.CutPrefix(text, ":"); written {
		return []Address{{"", queue}}
	}
	exchange, key := deadletter.Target(text).Parts()
	if exchange == "" || len(exchange)+1+len(key) != len(text) { // a queue, or it has backslashes
		return []Address{{exchange, key}}
	}
	all := []Address{{"", text}, {text, ""}}
	for i := range len(text) {
		if text[i] == ':' {
			all = append(all, Address{text[:i], text[i+1:]})
		}
	}
	return all
}

// among chooses the reading that the broker has; has tells whether it has a queue, or else
// an exchange. A queue goes before the exchange of the same name, which often feeds it. If
// there is none, it is the first division, and what is missing will be said.
func among(text string, has func(queue bool, name string) (bool, error)) (Address, error) {
	all := readings(text)
	if len(all) == 1 {
		return all[0], nil
	}
	var there []Address
	for i, r := range all {
		name, queue := r.Exchange, r.Exchange == ""
		if queue {
			name = r.Key
		}
		known, err := has(queue, name)
		switch {
		case err != nil:
			return Address{}, err
		case known && (i != 1 || len(there) == 0):
			there = append(there, r)
		}
	}
	switch len(there) {
	case 0:
		return all[2], nil
	case 1:
		return there[0], nil
	}
	return Address{}, &adapters.Problem{
		Doing: "read the name " + wording.Quoted(text), Cause: "the broker has more than one destination that it can be",
		Remedy: fmt.Sprintf("write %s or %s", there[0].explicit(), there[1].explicit()), Kind: adapters.ErrUsage,
	}
}

// addressOf reads a target, which is written out.
func addressOf(target deadletter.Target) (a Address) {
	a.Exchange, a.Key = target.Parts()
	return a
}

// TargetOf is the queue at which a letter died, if it would be dead-lettered from there again, or
// else what it was published to, from where it reaches every queue that is bound so.
func TargetOf(queue *deadletter.Queue, origin deadletter.Origin) deadletter.Target {
	if origin.Exchange == "" || slices.Contains(queue.Direct, origin.Destination) {
		return deadletter.Routed("", origin.Destination)
	}
	return deadletter.Routed(origin.Exchange, origin.RoutingKey)
}

// Target implements [deadletter.Queues].
func (c *Copier) Target(ctx context.Context, text string) (deadletter.Target, error) {
	if text == "" || text == ":" {
		return "", wording.Problem("read the name of a destination", "it is empty", "name a queue or exchange:key", adapters.ErrUsage)
	}
	if all := readings(text); len(all) == 1 {
		return all[0].target(), nil
	}
	if c.Management != nil {
		known, err := routing.Read(ctx, c.Management, true)
		if err != nil {
			return "", err
		}
		r, err := among(text, func(queue bool, name string) (bool, error) { return has(known, queue, name), nil })
		return r.target(), err
	}
	l, err := c.Broker.Dial(ctx)
	if err != nil {
		return "", err
	}
	defer l.HangUp()
	control := l.Control(ctx)
	r, err := among(text, func(queue bool, name string) (bool, error) { return isThere(control, queue, name) })
	return r.target(), err
}

// has says whether there is a queue, or else an exchange, of a name.
func has(known *routing.Catalog, queue bool, name string) (there bool) {
	if queue {
		_, there = known.Queues[name]
	} else {
		_, there = known.Exchanges[name]
	}
	return there
}

// isThere says the same by AMQP. What the user may not look at counts as there.
func isThere(c *connection.Control, queue bool, name string) (there bool, err error) {
	if queue {
		_, err = c.Depth(name)
	} else {
		err = c.LookUpExchange(name)
	}
	switch {
	case errors.Is(err, adapters.ErrUnknownDestination):
		return false, nil
	case err == nil, errors.Is(err, adapters.ErrNotAuthorized), connection.IsLocked(err):
		return true, nil
	}
	return false, err
}

package routing

import (
	"fmt"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/fieldtable"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/wording"
)

// Binding is one binding of a tap's queue.
type Binding struct {
	Exchange, Key string
	Arguments     amqp.Table
}

// ID tells bindings apart.
func (b Binding) ID() string {
	return wording.Quoted(b.Exchange) + wording.Quoted(b.Key) + string(fieldtable.AppendJSON(nil, fieldtable.Structure(b.Arguments)))
}

// Doubt is a problem of a binding with a pattern, of which it is not known whether the exchange
// looks at patterns. A message by another key than the pattern itself shows that it does.
type Doubt struct {
	Binding Binding
	error
}

// Unwrap gives the problem.
func (d *Doubt) Unwrap() error { return d.error }

// ExchangeType is what decides how an exchange is tapped.
type ExchangeType struct {
	Kind    string // or "" if it cannot be found out
	Diverts bool   // it has an alternate exchange for what no binding takes
}

// BindingsOf says how to bind a queue so that it gets a copy of what a tap asks for,
// or why that cannot be. An unknown type ("") is treated as a topic exchange.
func BindingsOf(tap Tap, exchange ExchangeType, known *Catalog) ([]Binding, error) {
	refuse := func(cause, remedy string) error {
		return &adapters.Problem{Doing: "tap exchange " + wording.Quoted(tap.Exchange), Cause: cause, Remedy: remedy, Kind: adapters.ErrUsage}
	}
	if tap.BindingKey == "#" && exchange.Kind != amqp.ExchangeTopic && exchange.Kind != "" {
		tap.BindingKey = "" // everything, in the words of a topic exchange
	}
	switch exchange.Kind {
	case amqp.ExchangeTopic:
	case amqp.ExchangeFanout, amqp.ExchangeHeaders:
		if tap.BindingKey != "" {
			return nil, refuse(fmt.Sprintf("it is a %s exchange, which does not look at keys", exchange.Kind), "leave the key away to see everything")
		}
	case amqp.ExchangeDirect:
		switch {
		case tap.BindingKey == "" && known == nil:
			return nil, refuse("it is a direct exchange, which has no key for everything",
				"name a key, as in tap=exchange:key, or add management= so that the keys in use are found")
		case IsPattern(tap.BindingKey) && !known.binds(tap):
			return nil, refuse("it is a direct exchange, which knows no patterns", "name a whole key, or leave it away to see everything")
		}
	case "x-delayed-message":
		return nil, refuse("it delays messages, and only the management API tells how it routes them then", "add management=")
	case "":
		bindings := []Binding{{Exchange: tap.Exchange, Key: orEverything(tap.BindingKey)}}
		if tap.BindingKey != "" && !IsPattern(tap.BindingKey) {
			return bindings, nil
		}
		return bindings, &Doubt{bindings[0], wording.Note(refuse("its type cannot be found out, and if it is a direct exchange, nothing will be seen",
			"name a whole key, as in tap=exchange:key, or add management="))}
	default:
		return nil, refuse(fmt.Sprintf("its type %s can give a message to one of its queues alone, so a tap would take messages away from the others", exchange.Kind),
			"tap an exchange behind it or before it")
	}
	switch {
	case exchange.Diverts && known == nil:
		return nil, refuse("it has an alternate exchange for what no queue takes, and a tap would take that away",
			"add management= so that it is tapped as queues are bound to it, or tap the alternate exchange")
	case exchange.Diverts:
		return known.besideQueues(tap, exchange.Kind, refuse)
	case exchange.Kind == amqp.ExchangeHeaders:
		return []Binding{{Exchange: tap.Exchange}}, nil // no header to match: everything matches
	case exchange.Kind == amqp.ExchangeDirect && tap.BindingKey == "":
		return known.LikeBound(tap.Exchange), nil
	}
	return []Binding{{Exchange: tap.Exchange, Key: orEverything(tap.BindingKey)}}, nil
}

// IsPattern reports whether a topic exchange would take a key for more than itself.
func IsPattern(key string) bool {
	return slices.ContainsFunc(strings.Split(key, "."), func(word string) bool { return word == "*" || word == "#" })
}

// binds reports whether something is bound by just the key of a tap.
func (c *Catalog) binds(tap Tap) bool {
	return c != nil && slices.ContainsFunc(c.Bindings, func(b management.Binding) bool {
		return b.Source == tap.Exchange && b.RoutingKey == tap.BindingKey && !c.Taps[b.Destination]
	})
}

// besideQueues taps an exchange that has an alternate one. It gets only what something else
// is bound for as well, so that what nothing takes still goes the other way.
func (c *Catalog) besideQueues(tap Tap, kind string, refuse func(cause, remedy string) error) ([]Binding, error) {
	bound := c.LikeBound(tap.Exchange)
	switch {
	case len(bound) == 0:
		return nil, wording.Note(refuse("no queue is bound to it, and a tap would take away what goes to its alternate exchange", "tap the alternate exchange"))
	case tap.BindingKey == "", tap.BindingKey == "#":
		return bound, nil
	}
	for _, b := range bound {
		if covers(kind, b.Key, tap.BindingKey) {
			return []Binding{{Exchange: tap.Exchange, Key: tap.BindingKey}}, nil
		}
	}
	return nil, wording.Note(refuse(fmt.Sprintf("no queue is bound to it for all of key %s, and a tap would take away what goes to its alternate exchange", wording.Quoted(tap.BindingKey)),
		"leave the key away to see what the queues get"))
}

// covers reports whether a binding takes all that one with another key would take.
func covers(kind, key, other string) bool {
	if key == other || kind == amqp.ExchangeDirect {
		return key == other
	}
	words := strings.Split(other, ".")
	if slices.Contains(words, "#") {
		return key == "#"
	}
	return topicMatches(strings.Split(key, "."), words) // * is a word that only * and # take
}

func orEverything(key string) string {
	if key == "" {
		return "#"
	}
	return key
}

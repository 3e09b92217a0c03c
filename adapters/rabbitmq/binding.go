package rabbitmq

import (
	"fmt"
	"math"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// binding is one binding of a tap's queue.
type binding struct {
	exchange, key string
	arguments     amqp.Table
}

// id tells bindings apart.
func (b binding) id() string {
	return quoted(b.exchange) + quoted(b.key) + string(appendJSON(nil, structure(b.arguments)))
}

// nature is what decides how an exchange is tapped.
type nature struct {
	kind    string // or "" if it cannot be found out
	diverts bool   // it has an alternate exchange for what no binding takes
}

// bindingsOf says how to bind a queue so that it gets a copy of what a tap asks for,
// or why that cannot be. An unknown type ("") is treated as a topic exchange.
func bindingsOf(tap Tap, exchange nature, known *catalog) ([]binding, error) {
	refuse := func(cause, remedy string) error {
		return &adapters.Problem{Doing: "tap exchange " + quoted(tap.Exchange), Cause: cause, Remedy: remedy, Kind: adapters.ErrUsage}
	}
	switch exchange.kind {
	case amqp.ExchangeTopic, amqp.ExchangeFanout:
	case amqp.ExchangeHeaders:
		if tap.BindingKey != "" && tap.BindingKey != "#" {
			return nil, refuse("it is a headers exchange, which does not look at keys", "leave the key away to see everything")
		}
	case amqp.ExchangeDirect:
		if tap.BindingKey == "" && known == nil {
			return nil, refuse("it is a direct exchange, which has no key for everything",
				"name a key, as in tap=exchange:key, or add management= so that the keys in use are found")
		}
	case "":
		bindings := []binding{{exchange: tap.Exchange, key: orEverything(tap.BindingKey)}}
		if tap.BindingKey != "" {
			return bindings, nil
		}
		return bindings, note(refuse("its type cannot be found out, and if it is a direct exchange, nothing will be seen",
			"name a key, as in tap=exchange:key, or add management="))
	default:
		return nil, refuse(fmt.Sprintf("its type %s gives a message to one of its queues, so a tap would take messages away from the others", exchange.kind),
			"tap an exchange behind it or before it")
	}
	switch {
	case exchange.diverts && known == nil:
		return nil, refuse("it has an alternate exchange for what no queue takes, and a tap would take that away",
			"add management= so that it is tapped as queues are bound to it, or tap the alternate exchange")
	case exchange.diverts:
		return known.besideQueues(tap, exchange.kind, refuse)
	case exchange.kind == amqp.ExchangeHeaders:
		return []binding{{exchange: tap.Exchange}}, nil // no header to match: everything matches
	case exchange.kind == amqp.ExchangeDirect && tap.BindingKey == "":
		return known.likeBound(tap.Exchange), nil
	}
	return []binding{{exchange: tap.Exchange, key: orEverything(tap.BindingKey)}}, nil
}

// besideQueues taps an exchange that has an alternate one. It gets only what something else
// is bound for as well, so that what nothing takes still goes the other way.
func (k *catalog) besideQueues(tap Tap, kind string, refuse func(cause, remedy string) error) ([]binding, error) {
	bound := k.likeBound(tap.Exchange)
	switch {
	case len(bound) == 0:
		return nil, note(refuse("no queue is bound to it, and a tap would take away what goes to its alternate exchange", "tap the alternate exchange"))
	case tap.BindingKey == "", tap.BindingKey == "#", kind == amqp.ExchangeFanout:
		return bound, nil
	}
	for _, b := range bound {
		if covers(kind, b.key, tap.BindingKey) {
			return []binding{{exchange: tap.Exchange, key: tap.BindingKey}}, nil
		}
	}
	return nil, note(refuse(fmt.Sprintf("no queue is bound to it for all of key %s, and a tap would take away what goes to its alternate exchange", quoted(tap.BindingKey)),
		"leave the key away to see what the queues get"))
}

// covers says that a binding takes all that one with another key would take.
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

// fromJSON turns binding arguments into what AMQP can carry: whole numbers were
// integers.
func fromJSON(arguments map[string]any) amqp.Table {
	table := amqp.Table{}
	for name, value := range arguments {
		switch v := value.(type) {
		case float64:
			if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
				value = int64(v)
			}
		case map[string]any:
			value = fromJSON(v)
		}
		table[name] = value
	}
	return table
}

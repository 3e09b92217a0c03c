package rabbitmq

import (
	"context"
	"fmt"
	"math"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
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

// catalog is what the management API says about the virtual host.
type catalog struct {
	exchanges map[string]rabbithole.ExchangeInfo
	queues    map[string]string // name to type
	bindings  []rabbithole.BindingInfo
}

func (m *management) catalog(ctx context.Context, queues bool) (*catalog, error) {
	known := &catalog{exchanges: map[string]rabbithole.ExchangeInfo{}, queues: map[string]string{}}
	exchanges, err := m.exchanges(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range exchanges {
		known.exchanges[e.Name] = e
	}
	if queues {
		list, err := m.queues(ctx)
		if err != nil {
			return nil, err
		}
		for _, q := range list {
			known.queues[q.Name] = q.Type
		}
	}
	known.bindings, err = m.bindings(ctx)
	return known, err
}

// typeOf is the type of an exchange, that behind it if it delays.
func (k *catalog) typeOf(name string) string {
	e := k.exchanges[name]
	if e.Type == "x-delayed-message" {
		kind, _ := e.Arguments["x-delayed-type"].(string)
		return kind
	}
	return e.Type
}

// bindingsOf says how to bind a queue so that it gets a copy of what a tap asks for,
// or why that cannot be. An unknown type ("") is treated as a topic exchange.
func bindingsOf(tap Tap, kind string, known *catalog) ([]binding, error) {
	refuse := func(cause, remedy string) error {
		return &adapters.Problem{Doing: "tap exchange " + quoted(tap.Exchange), Cause: cause, Remedy: remedy, Kind: adapters.ErrUsage}
	}
	switch kind {
	case amqp.ExchangeTopic, amqp.ExchangeFanout:
		return []binding{{exchange: tap.Exchange, key: orEverything(tap.BindingKey)}}, nil
	case amqp.ExchangeHeaders:
		if tap.BindingKey != "" && tap.BindingKey != "#" {
			return nil, refuse("it is a headers exchange, which does not look at keys", "leave the key away to see everything")
		}
		return []binding{{exchange: tap.Exchange}}, nil // no header to match: everything matches
	case amqp.ExchangeDirect:
		if tap.BindingKey != "" {
			return []binding{{exchange: tap.Exchange, key: tap.BindingKey}}, nil
		}
		if known == nil {
			return nil, refuse("it is a direct exchange, which has no key for everything",
				"name a key, as in tap=exchange:key, or add management= so that the keys in use are found")
		}
		return known.keysInUse(tap.Exchange), nil
	case "":
		bindings := []binding{{exchange: tap.Exchange, key: orEverything(tap.BindingKey)}}
		if tap.BindingKey != "" {
			return bindings, nil
		}
		return bindings, note(refuse("its type cannot be found out, and if it is a direct exchange, nothing will be seen",
			"name a key, as in tap=exchange:key, or add management="))
	}
	return nil, refuse(fmt.Sprintf("its type %s gives a message to one of its queues, so a tap would take messages away from the others", kind),
		"tap an exchange behind it or before it")
}

func orEverything(key string) string {
	if key == "" {
		return "#"
	}
	return key
}

// keysInUse binds like all that is bound to a direct exchange now.
func (k *catalog) keysInUse(exchange string) []binding {
	var bindings []binding
	seen := map[string]bool{}
	for _, b := range k.bindings {
		if b.Source == exchange && !seen[b.RoutingKey] {
			seen[b.RoutingKey] = true
			bindings = append(bindings, binding{exchange: exchange, key: b.RoutingKey})
		}
	}
	return bindings
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

package routing

import (
	"context"
	"slices"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters/rabbitmq/fieldtable"
	"eventscope/adapters/rabbitmq/management"
)

// TapArgument marks our queues for the management API. The broker does not look at it.
const TapArgument = "x-eventscope"

// TapMark is what the queues of all taps are bound to besides, so that whoever has no
// management API can tell that there are some.
var TapMark = Binding{Exchange: "amq.direct", Key: "eventscope.tap"}

// Catalog is what the management API says about the virtual host.
type Catalog struct {
	Exchanges map[string]management.Exchange
	Queues    map[string]string // name to type
	Taps      map[string]bool   // the queues of taps, of this and every other eventscope
	Bindings  []management.Binding
}

// Read asks for all of it; for queues only if those are wanted.
func Read(ctx context.Context, m *management.Client, queues bool) (*Catalog, error) {
	known, err := catalogOfExchanges(ctx, m)
	if err == nil && queues {
		err = known.addQueues(ctx, m)
	}
	if err == nil {
		err = known.addBindings(ctx, m)
	}
	if err != nil {
		return nil, err
	}
	return known, nil
}

// ReadTappable asks for what decides how taps are bound, those of queues and of every exchange too if
// these are wanted. Bindings are not asked for where exchanges are named of which a tap gets
// everything whatever is bound to them.
func ReadTappable(ctx context.Context, m *management.Client, taps []Tap, queues, every bool) (*Catalog, error) {
	known, err := catalogOfExchanges(ctx, m)
	if err == nil && queues {
		err = known.addQueues(ctx, m)
	}
	follows := func(tap Tap) bool {
		for _, name := range []string{tap.Exchange, tap.Exchange + ":" + tap.BindingKey} {
			if known.TypeOf(name) == amqp.ExchangeDirect && (tap.BindingKey == "" || name != tap.Exchange || IsPattern(tap.BindingKey)) || known.Exchanges[name].Alternate != "" {
				return true
			}
		}
		return false
	}
	if err == nil && (every || queues || slices.ContainsFunc(taps, follows)) {
		err = known.addBindings(ctx, m)
	}
	if err != nil {
		return nil, err
	}
	return known, nil
}

func catalogOfExchanges(ctx context.Context, m *management.Client) (*Catalog, error) {
	known := &Catalog{Exchanges: map[string]management.Exchange{}, Queues: map[string]string{}, Taps: map[string]bool{}}
	exchanges, err := m.Exchanges(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range exchanges {
		known.Exchanges[e.Name] = e
	}
	return known, nil
}

func (c *Catalog) addQueues(ctx context.Context, m *management.Client) error {
	list, err := m.Queues(ctx)
	for i := range list {
		c.Queues[list[i].Name] = list[i].Type
		c.NoteTap(list[i].Name, list[i].Arguments)
	}
	return err
}

func (c *Catalog) addBindings(ctx context.Context, m *management.Client) (err error) {
	c.Bindings, err = m.Bindings(ctx)
	for i := range c.Bindings {
		if b := &c.Bindings[i]; b.Source == TapMark.Exchange && b.RoutingKey == TapMark.Key {
			c.Taps[b.Destination] = true
		}
	}
	return err
}

// NoteTap notes a tap by the argument of its queue.
func (c *Catalog) NoteTap(queue string, arguments map[string]any) {
	if arguments[TapArgument] != nil {
		c.Taps[queue] = true
	}
}

// TypeOf is the type of an exchange, that behind it if it delays.
func (c *Catalog) TypeOf(name string) string {
	e := c.Exchanges[name]
	if e.Type == "x-delayed-message" {
		kind, _ := e.Arguments["x-delayed-type"].(string)
		return kind
	}
	return e.Type
}

// ExchangeType is what decides how an exchange is tapped.
func (c *Catalog) ExchangeType(name string) ExchangeType {
	return ExchangeType{Kind: c.TypeOf(name), Diverts: c.Exchanges[name].Alternate != ""}
}

// LikeBound binds as queues and exchanges are bound to an exchange now. Taps do not count:
// two of them would keep each other.
func (c *Catalog) LikeBound(exchange string) []Binding {
	var bindings []Binding
	seen := map[string]bool{}
	for i := range c.Bindings {
		b := &c.Bindings[i]
		if b.Source != exchange || c.Taps[b.Destination] {
			continue
		}
		like := Binding{Exchange: exchange, Key: b.RoutingKey}
		if c.TypeOf(exchange) == amqp.ExchangeHeaders {
			like.Arguments = fieldtable.FromJSON(b.Arguments)
		}
		if !seen[like.ID()] {
			seen[like.ID()] = true
			bindings = append(bindings, like)
		}
	}
	return bindings
}

// Tap is one binding of a tap's own queue.
type Tap struct {
	Exchange string

	// BindingKey selects messages by routing key, in the words of the exchange's
	// type. Empty is everything: "#" on a topic exchange, the keys of the existing
	// bindings on a direct one.
	BindingKey string
}

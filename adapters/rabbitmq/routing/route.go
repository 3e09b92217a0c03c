package routing

import (
	"fmt"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/wording"
)

// Routes is where a message goes, as far as the management API's bindings tell. The queues
// of taps are not among those that get it.
type Routes struct {
	Queues map[string]bool // those that certainly get it
	May    map[string]bool // those that get it if something unknown is so
	Why    []string        // what is unknown
	Tapped bool            // a tap gets it too, or may
}

// Message is what exchanges look at. A nil key is one that is not known, and so are nil
// headers.
type Message struct {
	Key     *string
	Headers amqp.Table
}

// Route follows a message through an exchange.
func (c *Catalog) Route(exchange string, message Message) *Routes {
	r := &Routes{Queues: map[string]bool{}, May: map[string]bool{}}
	c.follow(r, exchange, message, true, map[string]bool{})
	for name := range r.Queues {
		delete(r.May, name)
	}
	return r
}

func (c *Catalog) follow(r *Routes, exchange string, message Message, certain bool, seen map[string]bool) {
	if exchange == "" {
		c.followDefault(r, message.Key, certain)
		return
	}
	id := fmt.Sprint(certain, exchange)
	if seen[id] {
		return
	}
	seen[id] = true
	kind, matched, unsure := c.TypeOf(exchange), false, false
	for i := range c.Bindings {
		b := &c.Bindings[i]
		if b.Source != exchange {
			continue
		}
		match := matches(kind, b, message)
		if match == never {
			continue
		}
		matched, unsure = matched || match == always, unsure || match == sometimes
		sure := certain && match == always
		if !sure {
			r.unsure(exchange, kind)
		}
		if b.DestinationType == "exchange" {
			c.follow(r, b.Destination, message, sure, seen)
		} else {
			c.reach(r, b.Destination, sure)
		}
	}
	if alternate := c.Exchanges[exchange].Alternate; alternate != "" && !matched {
		c.follow(r, alternate, message, certain && !unsure, seen)
	}
}

func (c *Catalog) followDefault(r *Routes, key *string, certain bool) {
	if key == nil {
		r.Why = append(r.Why, "which queue the default exchange leads to depends on the routing key")
		return
	}
	if _, found := c.Queues[*key]; found {
		c.reach(r, *key, certain)
	}
}

func (c *Catalog) reach(r *Routes, queue string, certain bool) {
	switch {
	case c.Taps[queue]:
		r.Tapped = true
	case certain:
		r.Queues[queue] = true
	default:
		r.May[queue] = true
	}
}

func (r *Routes) unsure(exchange, kind string) {
	why := fmt.Sprintf("exchange %s of type %s chooses by more than the routing key", wording.Quoted(exchange), kind)
	if kind == amqp.ExchangeDirect || kind == amqp.ExchangeTopic {
		why = fmt.Sprintf("exchange %s chooses by routing key", wording.Quoted(exchange))
	}
	if !slices.Contains(r.Why, why) {
		r.Why = append(r.Why, why)
	}
}

// match says whether a binding lets a message through.
type match uint8

const (
	never match = iota
	sometimes
	always
)

// matches says whether a binding of an exchange of that type lets a message through.
func matches(kind string, b *management.Binding, message Message) match {
	switch kind {
	case amqp.ExchangeFanout:
		return always
	case amqp.ExchangeDirect:
		if message.Key == nil {
			return sometimes
		}
		return certainly(b.RoutingKey == *message.Key)
	case amqp.ExchangeTopic:
		if message.Key == nil {
			if b.RoutingKey == "#" {
				return always
			}
			return sometimes
		}
		return certainly(topicMatches(strings.Split(b.RoutingKey, "."), strings.Split(*message.Key, ".")))
	case amqp.ExchangeHeaders:
		if message.Headers != nil {
			return headersMatch(b.Arguments, message.Headers)
		}
	}
	return sometimes
}

func certainly(is bool) match {
	if is {
		return always
	}
	return never
}

// topicMatches matches words against those of a topic pattern: * is one word, # any number.
func topicMatches(pattern, words []string) bool {
	reach := make([]bool, len(words)+1) // which numbers of words the pattern so far can take
	reach[0] = true
	for _, p := range pattern {
		if p == "#" {
			for i := 1; i <= len(words); i++ {
				reach[i] = reach[i] || reach[i-1]
			}
			continue
		}
		for i := len(words); i > 0; i-- {
			reach[i] = reach[i-1] && (p == "*" || p == words[i-1])
		}
		reach[0] = false
	}
	return reach[len(words)]
}

package rabbitmq

import (
	"fmt"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// routes is where a message goes, as far as the management API's bindings tell.
type routes struct {
	queues map[string]bool // those that certainly get it
	may    map[string]bool // those that get it if something unknown is so
	why    []string        // what is unknown
}

// route follows a message with a routing key through an exchange. A nil key is one that
// is not known.
func (k *catalog) route(exchange string, key *string) *routes {
	r := &routes{queues: map[string]bool{}, may: map[string]bool{}}
	k.follow(r, exchange, key, true, map[string]bool{})
	for name := range r.queues {
		delete(r.may, name)
	}
	return r
}

func (k *catalog) follow(r *routes, exchange string, key *string, certain bool, seen map[string]bool) {
	if exchange == "" {
		k.followDefault(r, key, certain)
		return
	}
	id := fmt.Sprint(certain, exchange)
	if seen[id] {
		return
	}
	seen[id] = true
	kind, matched := k.typeOf(exchange), false
	for i := range k.bindings {
		b := &k.bindings[i]
		if b.Source != exchange {
			continue
		}
		match := matches(kind, b.RoutingKey, key)
		if match == never {
			continue
		}
		matched = matched || match == always
		sure := certain && match == always
		if !sure {
			r.unsure(exchange, kind)
		}
		if b.DestinationType == "exchange" {
			k.follow(r, b.Destination, key, sure, seen)
		} else {
			r.add(b.Destination, sure)
		}
	}
	if alternate, _ := k.exchanges[exchange].Arguments["alternate-exchange"].(string); alternate != "" && !matched {
		k.follow(r, alternate, key, certain && kind != amqp.ExchangeHeaders && key != nil, seen)
	}
}

func (k *catalog) followDefault(r *routes, key *string, certain bool) {
	if key == nil {
		r.why = append(r.why, "which queue the default exchange leads to depends on the routing key")
		return
	}
	if _, found := k.queues[*key]; found {
		r.add(*key, certain)
	}
}

func (r *routes) add(queue string, certain bool) {
	if certain {
		r.queues[queue] = true
	} else {
		r.may[queue] = true
	}
}

func (r *routes) unsure(exchange, kind string) {
	why := fmt.Sprintf("exchange %s of type %s chooses by more than the routing key", quoted(exchange), kind)
	if kind == amqp.ExchangeDirect || kind == amqp.ExchangeTopic {
		why = fmt.Sprintf("exchange %s chooses by routing key", quoted(exchange))
	}
	if !slices.Contains(r.why, why) {
		r.why = append(r.why, why)
	}
}

// match says whether a binding lets a message through.
type match uint8

const (
	never match = iota
	sometimes
	always
)

// matches says whether a binding of an exchange of that type lets a routing key through.
// A nil key is one that is not known.
func matches(kind, pattern string, key *string) match {
	switch kind {
	case amqp.ExchangeFanout:
		return always
	case amqp.ExchangeDirect:
		if key == nil {
			return sometimes
		}
		return certainly(pattern == *key)
	case amqp.ExchangeTopic:
		if key == nil {
			if pattern == "#" {
				return always
			}
			return sometimes
		}
		return certainly(topicMatches(strings.Split(pattern, "."), strings.Split(*key, ".")))
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

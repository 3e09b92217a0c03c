package rabbitmq

import (
	"fmt"
	"slices"
	"strings"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"
)

// routes is where a message goes, as far as the management API's bindings tell. The queues
// of taps are not among those that get it.
type routes struct {
	queues map[string]bool // those that certainly get it
	may    map[string]bool // those that get it if something unknown is so
	why    []string        // what is unknown
	tapped bool            // a tap gets it too, or may
}

// routed is what exchanges look at. A nil key is one that is not known, and so are nil
// headers.
type routed struct {
	key     *string
	headers amqp.Table
}

// route follows a message through an exchange.
func (k *catalog) route(exchange string, message routed) *routes {
	r := &routes{queues: map[string]bool{}, may: map[string]bool{}}
	k.follow(r, exchange, message, true, map[string]bool{})
	for name := range r.queues {
		delete(r.may, name)
	}
	return r
}

func (k *catalog) follow(r *routes, exchange string, message routed, certain bool, seen map[string]bool) {
	if exchange == "" {
		k.followDefault(r, message.key, certain)
		return
	}
	id := fmt.Sprint(certain, exchange)
	if seen[id] {
		return
	}
	seen[id] = true
	kind, matched, unsure := k.typeOf(exchange), false, false
	for i := range k.bindings {
		b := &k.bindings[i]
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
			k.follow(r, b.Destination, message, sure, seen)
		} else {
			k.reach(r, b.Destination, sure)
		}
	}
	if alternate := k.exchanges[exchange].alternate; alternate != "" && !matched {
		k.follow(r, alternate, message, certain && !unsure, seen)
	}
}

func (k *catalog) followDefault(r *routes, key *string, certain bool) {
	if key == nil {
		r.why = append(r.why, "which queue the default exchange leads to depends on the routing key")
		return
	}
	if _, found := k.queues[*key]; found {
		k.reach(r, *key, certain)
	}
}

func (k *catalog) reach(r *routes, queue string, certain bool) {
	switch {
	case k.taps[queue]:
		r.tapped = true
	case certain:
		r.queues[queue] = true
	default:
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

// matches says whether a binding of an exchange of that type lets a message through.
func matches(kind string, b *rabbithole.BindingInfo, message routed) match {
	switch kind {
	case amqp.ExchangeFanout:
		return always
	case amqp.ExchangeDirect:
		if message.key == nil {
			return sometimes
		}
		return certainly(b.RoutingKey == *message.key)
	case amqp.ExchangeTopic:
		if message.key == nil {
			if b.RoutingKey == "#" {
				return always
			}
			return sometimes
		}
		return certainly(topicMatches(strings.Split(b.RoutingKey, "."), strings.Split(*message.key, ".")))
	case amqp.ExchangeHeaders:
		if message.headers != nil {
			return headersMatch(b.Arguments, message.headers)
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

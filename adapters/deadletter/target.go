package deadletter

import (
	"encoding/json"
	"strings"

	"eventscope/adapters"
)

// Target is where a copy of a letter is sent: an address in the grammar of the broker's
// driver, which alone writes and reads it, in the one form that can be read in no other way. So
// two are equal if they name the same. It is shown as it is.
type Target string

// IsZero reports whether nothing is named.
func (t Target) IsZero() bool { return t == "" }

// UnmarshalJSON reads a text, or the parts in which the version before wrote a target: a
// topic, or an exchange and a routing key.
func (t *Target) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*t = Target(text)
		return nil
	}
	var parts struct {
		Topic      string `json:"topic"`
		Exchange   string `json:"exchange"`
		RoutingKey string `json:"routing_key"`
	}
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	*t = Routed(parts.Exchange, parts.RoutingKey)
	if parts.Topic != "" {
		*t = Target(parts.Topic)
	}
	return nil
}

// Routed is the address of a queue by its name, with an empty exchange, or of an exchange with
// a routing key: QUEUE, EXCHANGE:KEY, or :QUEUE for one whose name has colons. In the name of an
// exchange a backslash stands before colons and backslashes. It is the grammar of drivers whose
// brokers route so.
func Routed(exchange, key string) Target {
	switch {
	case exchange != "":
		return Target(escapes.Replace(exchange) + ":" + key)
	case strings.Contains(key, ":"):
		return Target(":" + key)
	}
	return Target(key)
}

var escapes = strings.NewReplacer(`\`, `\\`, ":", `\:`)

// Parts is what [Routed] was given.
func (t Target) Parts() (exchange, key string) {
	if !strings.Contains(string(t), ":") {
		return "", string(t)
	}
	var b strings.Builder
	for i := 0; i < len(t); i++ {
		switch {
		case t[i] == ':':
			return b.String(), string(t[i+1:])
		case t[i] == '\\' && i+1 < len(t):
			i++
		}
		b.WriteByte(t[i])
	}
	return "", b.String()
}

// Origin is what is known of where a letter died, or of a destination that is named for it.
type Origin struct {
	// Destination is what is said of it: the name of a topic or queue, or a place in a topic as
	// it is printed, such as orders/2@881. Topic is then the topic alone.
	Destination, Topic string
	// Exchange and RoutingKey are what the original was published to, where there are exchanges.
	Exchange, RoutingKey string
}

// TargetOf is where a letter of a queue goes again that died at an origin.
type TargetOf func(*Queue, Origin) Target

// Recipients is who receives what is sent to a target.
type Recipients struct {
	// Kind and Name are the destination that the target names, and Key the routing key of an
	// exchange.
	Kind      adapters.DestinationKind
	Name, Key string

	// Exists says that the target is there, so that something sent to it arrives.
	Exists bool

	// Forbidden, if not empty, is why no letter is ever sent there, whoever asks for it: one
	// clause. Redrives and publishers refuse to, too.
	Forbidden string

	// Denied, if not empty, is why the user may not send there, and what to do about it.
	// Whether the target exists is then not always known.
	Denied string

	// Readers are the consumer groups of a topic, or the queues that a message is
	// routed to.
	Readers []string

	// Unknown, if not empty, is why there may be more readers than those: one clause.
	Unknown string

	// Warnings are what else an operator should know before something is sent there.
	Warnings []string
}

package adapters

import "context"

// Topology answers what is there: who reads it is for a lag reader to say, and who writes it
// no broker knows. It may be called from several goroutines at once. Where the broker has to be
// asked, the error is ctx's when ctx has ended, and of kind ErrNotConnected when nobody answers:
// no answer is ever a part of one.
type Topology interface {
	// Destinations lists what can be named as a destination, with what the broker says
	// about it, each once: of a source that names some, these and where they lead.
	Destinations(ctx context.Context) ([]Destination, error)
	// Bindings lists the ways between destinations that messages take within the broker, each
	// once. Both ends are among Destinations, unless the broker is set up to send dead letters,
	// or what an exchange has nowhere to send, to what is not there.
	// Where the broker has such ways and does not tell, it answers ErrUnsupported.
	Bindings(ctx context.Context) ([]Binding, error)
}

// Destination is a topic, exchange, queue or stream as its broker describes it.
type Destination struct {
	Name       string
	Kind       DestinationKind
	Partitions int  // Kafka topics; else 0
	Internal   bool // the broker's own
}

// DestinationKind says what a destination is.
type DestinationKind string

const (
	Topic    DestinationKind = "topic"
	Exchange DestinationKind = "exchange"
	Queue    DestinationKind = "queue"
	Stream   DestinationKind = "stream"
)

// Binding is one way that messages take from a destination to another without any service.
type Binding struct {
	From, To Endpoint
	Way      Way
	// Key is the binding key, or the routing key that dead letters are given; empty where
	// none matters or it stays as it is.
	Key string
}

// Endpoint is one end of a binding. An exchange and a queue may have the same name.
type Endpoint struct {
	Name string
	Kind DestinationKind
}

// Way says which messages take a binding.
type Way string

const (
	// Bound: those that the key lets through.
	Bound Way = "binding"
	// Dead: those that die in a queue.
	Dead Way = "dead letters"
	// Alternate: those that an exchange has nowhere else to send to.
	Alternate Way = "alternate exchange"
)

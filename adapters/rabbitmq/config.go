package rabbitmq

import (
	"fmt"
	"net"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/routing"
)

// Config says which broker to read, as whom, and what of it. Taps, Queues, Streams
// and Firehose may be combined; with none of them, every exchange of the virtual host
// is tapped, for which Management is needed.
type Config struct {
	// Name tells this source from others; empty is "rabbitmq".
	Name string

	// Address is host:port of the AMQP listener.
	Address string

	// VirtualHost is the broker's namespace; empty is "/".
	VirtualHost string

	// User and Password are sent by the mechanism PLAIN; an empty User is "guest",
	// whose password is "guest" unless another is given. They also open the management API, unless its URL
	// names a user of its own;
	// a password is never sent to another host than it was given for.
	User, Password string

	// External authenticates by the client certificate of TLS instead (mechanism
	// EXTERNAL, plugin rabbitmq_auth_mechanism_ssl).
	External bool

	// TLS, if not nil, encrypts the connection and the management API's https.
	TLS *driver.TLS

	// Management is the base URL of the management API, such as
	// http://broker:15672, or empty, with a user of its own where that is another host. The
	// user needs the tag "management" and any permission in the virtual host; to see the
	// consumers of others, the tag "monitoring".
	Management string

	// Taps are exchanges of which a copy of everything routed is read.
	Taps []Tap

	// Queues are real queues of which a copy of what they receive is read; they
	// themselves are not touched. A stream among them is read as one of Streams.
	Queues []string

	// Streams are read by offset, from where the reader wants.
	Streams []string

	// Firehose reads what the broker's own message trace publishes, which the
	// operator switches on by rabbitmqctl trace_on. It sees the default exchange too.
	Firehose bool

	// TapMessages is how many messages a tap's own queue keeps on the broker while
	// they are not taken; older ones are dropped and counted. 0 is 10,000.
	TapMessages int

	// TapBytes is the same in bytes of bodies. 0 is 64 MiB.
	TapBytes int64

	// Write opens for writing: without it [Adapter.Redrive] and [Adapter.Publisher] answer
	// adapters.ErrReadOnly, and nothing is ever published.
	Write bool

	// PeeksFile, if not empty, remembers how often the letters of queues that count peeks were
	// handed out, for other processes. It is made when needed, for this
	// user alone. Without it each process counts for itself.
	PeeksFile string

	// AnswerBytes is what one answer of the management API may take in memory. 0 is 32 MiB.
	AnswerBytes int64

	// LettersOnly opens for dead letters and lags alone. Nothing is tapped, so that Queues need no
	// Management, and Run answers [errors.ErrUnsupported].
	LettersOnly bool

	timeouts connection.Timeouts // 0 is the default
}

// Tap is one binding of a tap's own queue.
type Tap = routing.Tap

const (
	defaultTapMessages = 10_000
	defaultTapBytes    = 64 << 20
)

// client is what the client of the management API needs.
func (c *Config) client() management.Config {
	return management.Config{URL: c.Management, Address: c.Address, User: c.User, Password: c.Password, VirtualHost: c.VirtualHost, TLS: c.TLS, AnswerBytes: c.AnswerBytes}
}

// connect is what connections need.
func (c *Config) connect() connection.Config {
	return connection.Config{Source: c.Name, Address: c.Address, VirtualHost: c.VirtualHost, User: c.User, Password: c.Password, External: c.External, TLS: c.TLS, Timeouts: c.timeouts}
}

// String leaves the password out, so that no log or error shows it by accident.
func (c Config) String() string {
	return fmt.Sprintf("rabbitmq %s virtual host %q user %q", c.Address, c.VirtualHost, c.User)
}

// GoString is String, for %#v.
func (c Config) GoString() string { return c.String() }

// withDefaults fills in what is empty and refuses what cannot be meant.
func (c Config) withDefaults() (Config, error) {
	if c.Name == "" {
		c.Name = "rabbitmq"
	}
	if c.VirtualHost == "" {
		c.VirtualHost = "/"
	}
	if c.User == "" && !c.External {
		c.User = "guest"
	}
	if c.User == "guest" && c.Password == "" {
		c.Password = management.DefaultPassword // the broker's own default, good on loopback only
	}
	if c.TapMessages == 0 {
		c.TapMessages = defaultTapMessages
	}
	if c.TapBytes == 0 {
		c.TapBytes = defaultTapBytes
	}
	if c.AnswerBytes == 0 {
		c.AnswerBytes = management.MostAnswer
	}
	return c, c.check()
}

func (c *Config) check() error {
	usage := func(cause, remedy string) error {
		return &adapters.Problem{Doing: "open rabbitmq " + c.Address, Cause: cause, Remedy: remedy, Kind: adapters.ErrUsage}
	}
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		return usage("the address is not host:port", "write it like broker:5672")
	}
	if c.External && (c.TLS == nil || c.TLS.Certificate == "") {
		return usage("EXTERNAL authenticates by a client certificate, and none is named", "use amqps:// with cert= and key=")
	}
	if c.TapMessages < 1 || c.TapBytes < 1 {
		return usage("a tap's queue must have room for a message", "give it a length and a size above 0")
	}
	for _, tap := range c.Taps {
		switch tap.Exchange {
		case "", delivery.DefaultExchange:
			return usage("the default exchange allows no bindings, so it cannot be tapped",
				"use firehose=true after rabbitmqctl trace_on, or tap the exchanges that messages are published to")
		case delivery.TraceExchange:
			return usage("the firehose is not read as a tap", "use firehose=true")
		}
	}
	return nil
}

package connection

import (
	"cmp"
	"context"
	"net/url"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/rabbitmq/wording"
)

// Config says which broker to connect to, and as whom.
type Config struct {
	// Source is the name that the broker shows for connections, behind "eventscope".
	Source string

	// Address is host:port of the AMQP listener, and VirtualHost the namespace there.
	Address, VirtualHost string

	// User and Password are sent by the mechanism PLAIN.
	User, Password string

	// External authenticates by the client certificate of TLS instead.
	External bool

	// TLS, if not nil, encrypts the connections.
	TLS *driver.TLS

	// Timeouts bound what the broker may owe.
	Timeouts Timeouts
}

// Timeouts are how long the broker may owe what it must send: all that it says until a connection
// is open, the answer to a question, deliveries of a stream whose end is not reached, and anything
// but heartbeats where letters are held. Those that are 0 are the defaults.
type Timeouts struct{ Handshake, Answer, Deliveries, Silence time.Duration }

// deliveriesLimit is how long a stream whose end is not reached may deliver nothing.
const deliveriesLimit = 15 * time.Second

// Broker is one virtual host of a broker, to which connections are made.
type Broker struct {
	Config

	mu      sync.Mutex
	shared  *Conn
	cluster string
	closed  bool
}

// New connects to nothing yet.
func New(config Config) *Broker {
	t := &config.Timeouts
	t.Handshake = cmp.Or(t.Handshake, handshakeLimit)
	t.Answer = cmp.Or(t.Answer, answerLimit)
	t.Deliveries = cmp.Or(t.Deliveries, deliveriesLimit)
	t.Silence = cmp.Or(t.Silence, mutedLimit)
	return &Broker{Config: config}
}

// String is how sentences name the broker.
func (b *Broker) String() string { return "rabbitmq " + b.Address }

// Shared is the connection that questions share, made anew if it was lost. It is for whoever
// opens a channel of his own on it.
func (b *Broker) Shared(ctx context.Context) (*Conn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, wording.Problem("read "+b.String(), "it was closed", "open it again", adapters.ErrNotConnected)
	}
	if b.shared != nil && !b.shared.IsClosed() && b.shared.aborted() == nil {
		return b.shared, nil
	}
	l, err := b.Dial(ctx)
	if err != nil {
		return nil, err
	}
	b.shared, b.cluster = l, l.cluster()
	return l, nil
}

// Cluster is the name of the cluster, which its nodes tell every client, and the virtual host; ""
// from brokers that have no name, and before the first connection that is shared.
func (b *Broker) Cluster() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cluster
}

// Close ends the shared connection. There is none after it.
func (b *Broker) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	if b.shared != nil {
		b.shared.HangUp()
		b.shared = nil
	}
}

// cluster is what a connection tells of its broker.
func (c *Conn) cluster() string {
	name, _ := c.Properties["cluster_name"].(string)
	if name == "" {
		return ""
	}
	return "rabbitmq:" + name + "/" + url.PathEscape(c.Broker.VirtualHost)
}

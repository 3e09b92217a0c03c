package adapters

import (
	"context"
	"time"
)

// DeadLetters is implemented by an adapter whose broker keeps dead letters: finding
// them, looking at them, who would receive them again, and, if it was opened for
// writing, acting on them.
type DeadLetters interface {
	// Graves lists the destinations that hold dead letters or are meant for them, with
	// the evidence for that: what the broker is configured to dead-letter to, and what
	// is named like one. Those that were named when the adapter was opened come first,
	// whatever they are called.
	Graves(ctx context.Context) ([]Grave, error)

	// Look reads the letters of one grave in order, from the first, and leaves them
	// where they are. Keep is called with each part before any letter of it is given
	// back to the broker, and owns the messages: what it has not made safe when it
	// returns may be lost by a broker that counts looks. An error of keep ends the look.
	//
	// A look that could lose or reorder letters is refused with ErrUnsafePeek before
	// anything is read. A log is read to the end it had when the look began.
	Look(ctx context.Context, look Look, keep func([]Held) error) error

	// Preserve appends all there is to a letter of a queue, without loss, in a form that
	// the adapter reads back: a line of JSON. It works while the letter is held: within
	// keep, or until a redrive has settled it. It answers [errors.ErrUnsupported] for
	// letters of a log, which stay where they are.
	Preserve(dst []byte, letter *Held) ([]byte, error)

	// Preserved reads what Preserve wrote.
	Preserved(line []byte) (Message, error)

	// Reach says who receives a message that is sent to target.
	Reach(ctx context.Context, target Target) (Reach, error)

	// Redrive begins to act on the letters of one grave. It answers ErrReadOnly if the
	// adapter was not opened for writing, ErrUnsafePeek where taking letters could lose
	// or reorder those that are left, and ErrBusy while somebody else acts on the same
	// grave.
	Redrive(ctx context.Context, order Order) (Redrive, error)

	// Publisher sends copies without taking letters: to another cluster than that of the
	// letters, or back to a queue from an archive. It answers ErrReadOnly if the adapter
	// was not opened for writing.
	Publisher(ctx context.Context) (Publisher, error)

	// Ledger reads what was recorded about letters on the broker itself, the newest
	// entry of each key that is wanted. It answers [errors.ErrUnsupported] where nothing is.
	Ledger(ctx context.Context, wanted func(key []byte) bool, each func(Entry) error) error
}

// Grave is a destination for dead letters.
type Grave struct {
	Name string
	Kind DestinationKind // Topic, Queue or Stream

	// Messages is how many it holds, or -1 when that is not known. Of a topic it is the
	// number of offsets, an upper bound.
	Messages int64

	// Evidence is why it is taken for one, in words: "named like one",
	// "queue inventory dead-letters to it".
	Evidence string

	// Incarnation tells a topic from an earlier one of the same name; empty where the
	// broker has nothing of the kind.
	Incarnation string

	// Configured says that the broker's configuration leads letters here, so that
	// Sources are known rather than guessed.
	Configured bool

	// Sources are the queues that dead-letter to it by configuration.
	Sources []string

	// Direct are those of Sources that would dead-letter a message here too if it had been
	// sent to the queue alone, by the default exchange: they name a routing key of their own
	// for dead letters, or their dead-letter exchange takes any.
	Direct []string

	// Guarantee is what a redrive promises of copies that stay on this cluster.
	Guarantee Guarantee

	// Unsafe is why a look is refused, with what would be safe, or nil.
	Unsafe error
}

// Look is what to look at.
type Look struct {
	Grave string
	// Most bounds how many letters are read; 0 is all. A queue may have to be read further to
	// keep its order; those letters are handed over too.
	Most int
}

// Target is where a copy of a letter is sent.
type Target struct {
	// Topic is a Kafka topic. The partition follows from the key, as for a new message.
	Topic string `json:"topic,omitempty"`

	// Exchange and RoutingKey address a message on RabbitMQ; the default exchange (empty)
	// and a queue's name reach just that queue.
	Exchange   string `json:"exchange,omitempty"`
	RoutingKey string `json:"routing_key,omitempty"`
}

// IsZero says that nothing is named.
func (t Target) IsZero() bool { return t == Target{} }

// String is the target in the words of a plan: a topic, a queue, or exchange:key.
func (t Target) String() string {
	switch {
	case t.Topic != "":
		return t.Topic
	case t.Exchange == "":
		return t.RoutingKey
	}
	return t.Exchange + ":" + t.RoutingKey
}

// Reach is who receives what is sent to a target.
type Reach struct {
	// Exists says that the target is there, so that something sent to it arrives.
	Exists bool

	// Readers are the consumer groups of a topic, or the queues that a message is
	// routed to.
	Readers []string

	// Unknown, if not empty, is why there may be more readers than those: one clause.
	Unknown string
}

// Order is what a redrive is to do, as far as the broker needs to know.
type Order struct {
	Grave string
	// Run names the run. It is the same when a run is resumed.
	Run string
	// Letters are the positions to act on, in the order in which they lie in the grave.
	// Queues hand over others as well, since they can only be read in order.
	Letters []Position
}

// Held is a letter that a look or a redrive holds.
type Held struct {
	Message
	// Handle tells letters apart that share a position. It means something to the look
	// or the redrive that gave it, and to nobody else.
	Handle uint64
}

// Copy is a letter as it is to be sent: its original with these changes. Everything that
// is not named here stays as the broker had it, types of header values included.
type Copy struct {
	// Of is a letter that is held, or Original is one as Preserve wrote it, or neither is
	// there and Message is all there is to it.
	Of       *Held
	Original []byte
	Message  *Message

	To Target

	// Remove are names of headers that go, all of each name.
	Remove []string
	// Add are headers that come, as text, behind the others.
	Add []Header
	// Value, if not nil, replaces the body.
	Value []byte
	// MessageID, if not empty, replaces the AMQP message id.
	MessageID string
}

// Entry is one record of the ledger. An empty Value removes the key.
type Entry struct{ Key, Value []byte }

// Redrive acts on the letters of one grave: it takes them in order, sends copies, and
// removes what is settled. It belongs to one goroutine. At most one redrive of a grave
// is at work; a later one that was allowed in makes the earlier one fail with ErrBusy.
type Redrive interface {
	// Guarantee is what Send promises of the copies and entries of one call.
	Guarantee() Guarantee

	// Next takes the next letters, at most that many, and waits until there are some.
	// It returns none when every letter that was ordered has been handed over, or is
	// not there any more.
	Next(ctx context.Context, most int) ([]Held, error)

	// Send sends the copies and, where the broker keeps a ledger, records the entries,
	// and waits until the broker has confirmed. With guarantee ExactlyOnce (and Atomic)
	// that is all or nothing: when any copy fails, none is there, and those that are not
	// at fault themselves are reported with ErrNotSent. Otherwise copies that were
	// confirmed stay. The slice has the outcome of each copy, nil for one that is
	// confirmed, ErrUnroutable, ErrTooLarge, …; ErrUnknownOutcome for one that may or
	// may not have arrived. The error is why nothing more can be sent over this redrive.
	Send(ctx context.Context, copies []Copy, entries []Entry) ([]error, error)

	// Settle removes letters from a queue for good. On a log it does nothing, since the
	// entry of the ledger says it.
	Settle(ctx context.Context, letters []Held) error

	// Close gives back, in order, what is held and not settled, and ends the redrive.
	Close() error
}

// Poster is implemented by redrives and publishers that can send without waiting, so that
// the next letters are taken, and what was settled is removed, while the broker is at work.
type Poster interface {
	// Post sends copies as Send does. Only one post is under way at a time.
	Post(ctx context.Context, copies []Copy)

	// Posted waits for the outcomes of what was posted, which are those of Send.
	Posted(ctx context.Context) ([]error, error)
}

// Publisher sends copies. It belongs to one goroutine.
type Publisher interface {
	// Publish sends copies and waits until the broker has confirmed them. Its answers
	// are those of [Redrive.Send] with guarantee AtLeastOnce.
	Publish(ctx context.Context, copies []Copy) ([]error, error)

	// Close ends it.
	Close() error
}

// Guarantee is what is promised of copies.
type Guarantee uint8

const (
	// AtLeastOnce: a copy may arrive twice after a crash, and both carry the replay id.
	AtLeastOnce Guarantee = iota
	// Atomic: copy and ledger entry are one transaction, of a cluster whose transactions
	// have known flaws (transaction.version below 2, KIP-890).
	Atomic
	// ExactlyOnce: copy and ledger entry are one transaction.
	ExactlyOnce
)

// LookTime bounds how long a look may hold letters of a queue.
const LookTime = 30 * time.Second

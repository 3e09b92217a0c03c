package deadletter

import (
	"context"

	"eventscope/adapters"
)

// Order is what a redrive is to do, as far as the broker needs to know.
type Order struct {
	DLQ string
	// Incarnation is that of the dead-letter queue when the letters were chosen. In another one their
	// positions are those of other letters: the redrive is refused with ErrGone.
	Incarnation string
	// Run names the run. It is the same when a run is resumed.
	Run string
	// Letters are the positions to act on, in the order in which they lie in the dead-letter queue.
	// Queues hand over others as well, since they can only be read in order.
	Letters []adapters.Position
	// Rate is how many letters are acted on in a second, at most; 0 is as fast as it goes. A queue
	// hands over no more than can be acknowledged before the broker takes letters back.
	Rate float64
}

// Copy is a letter as it is to be sent: its original with these changes. Everything that
// is not named here stays as the broker had it, types of header values included.
type Copy struct {
	// Of is a letter that is held, or Original is one as Encode wrote it, or neither is
	// there and Message is all there is to it.
	Of       *Delivery
	Original []byte
	Message  *adapters.Message

	To Target

	// Remove are names of headers that go, all of each name.
	Remove []string
	// Add are headers that come, as text, behind the others.
	Add []adapters.Header
	// Value, if not nil, replaces the body.
	Value []byte
	// MessageID, if not empty, replaces the AMQP message id.
	MessageID string
}

// Entry is one record of the ledger. An empty Value removes the key.
type Entry struct{ Key, Value []byte }

// Redrive acts on the letters of one dead-letter queue: it takes them in order, sends copies, and
// removes what is acknowledged. It belongs to one goroutine. At most one redrive of a dead-letter queue
// is at work; a later one that was allowed in makes the earlier one fail with ErrBusy.
type Redrive interface {
	Sender

	// Guarantee is what Send promises of the copies and entries of one call.
	Guarantee() Guarantee

	// Next takes the next letters, at most that many, and waits until there are some.
	// It returns none when every letter that was ordered has been handed over, or is
	// not there any more.
	Next(ctx context.Context, most int) ([]Delivery, error)

	// Acknowledge removes letters from a queue for good. On a log it does nothing, since the
	// entry of the ledger says it.
	Acknowledge(ctx context.Context, letters []Delivery) error

	// Overdue reports whether some letter has been held for as long as it should be: brokers allow
	// that for some time only. Whoever redrives then ends the redrive, which gives letters
	// back, and begins another.
	Overdue() bool

	// Close gives back, in order, what is held and not acknowledged, and ends the redrive.
	Close() error
}

// Sender sends copies of letters. It belongs to one goroutine.
type Sender interface {
	// Send hands the copies to the broker and, where the broker keeps a ledger, records the
	// entries with them. It may return before the broker has confirmed anything: the next
	// letters can be taken, and earlier ones acknowledged, while the copies are on their way. The
	// answer must be called before the next Send.
	//
	// With guarantee ExactlyOnce (and Atomic) it is all or nothing: when any copy fails, none
	// is there, and those that are not at fault themselves are reported with ErrNotSent.
	// Otherwise copies that were confirmed stay.
	Send(ctx context.Context, copies []Copy, entries []Entry) Answer
}

// Answer waits until the broker has confirmed what was sent. The slice has the outcome of each
// copy: nil for one that is confirmed, ErrUnroutable, ErrTooLarge, …; ErrUnknownOutcome for one
// that may or may not have arrived. The error is why nothing more can be sent.
type Answer func(ctx context.Context) ([]error, error)

// Answered is the answer of a sender that has waited already.
func Answered(outcomes []error, err error) Answer {
	return func(context.Context) ([]error, error) { return outcomes, err }
}

// Publisher sends copies without a redrive, with guarantee AtLeastOnce and no ledger: entries
// are none.
type Publisher interface {
	Sender

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

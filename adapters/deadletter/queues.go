package deadletter

import (
	"context"

	"eventscope/adapters"
)

// Queues is what can be done about the dead letters of a broker: finding
// them, peeking at them, who would receive them again, and, if it was opened for
// writing, acting on them.
type Queues interface {
	// Cluster says which broker this is, in the broker's own words: the same by whichever
	// address it was reached, and another for another broker or virtual host. It is empty
	// where the broker does not say.
	Cluster(ctx context.Context) (string, error)

	// DLQs lists the destinations that hold dead letters or are meant for them, with
	// the evidence for that: what the broker is configured to dead-letter to, and what
	// is named like one. Those that were named when the adapter was opened come first,
	// whatever they are called.
	DLQs(ctx context.Context) ([]Queue, error)

	// Peek reads the letters of one dead-letter queue in order, from the first, and leaves them
	// where they are. Keep is called with each part before any letter of it is given
	// back to the broker, and owns the messages: what it has not made safe when it
	// returns may be lost by a broker that counts peeks. An error of keep ends the peek.
	//
	// A peek that could lose or reorder letters is refused with ErrUnsafePeek before
	// anything is read. A log is read to the end it had when the peek began.
	Peek(ctx context.Context, peek Peek, keep func([]Delivery) error) error

	// Encode appends all there is to a letter of a queue, without loss, in a form that
	// the adapter reads back: a line of JSON. It works while the letter is held: within
	// keep, or until a redrive has acknowledged it. It answers [errors.ErrUnsupported] for
	// letters of a log, which stay where they are.
	Encode(dst []byte, letter *Delivery) ([]byte, error)

	// Decode reads what Encode wrote.
	Decode(line []byte) (adapters.Message, error)

	// Target reads the name of a destination as people write it, and a [Target].
	// Where it can be read in several ways, what the broker has decides; an error of kind
	// ErrUsage says that it has more than one of these.
	Target(ctx context.Context, text string) (Target, error)

	// Recipients says of each target who receives a message that is sent there. Those that matter
	// most come first: where there are too many to ask about all, of the last it is only
	// known whether they are there.
	Recipients(ctx context.Context, targets []Target) ([]Recipients, error)

	// Lacks are the rights that a redrive needs beside those on letters and targets, and the
	// user is not seen to have, one clause each.
	Lacks(ctx context.Context, dlq string) ([]string, error)

	// Mend ends what an earlier redrive of the dead-letter queue has decided and the broker has
	// not carried out everywhere: in the ledger, and at these targets of its copies. It comes
	// before Redrive, after which nobody knows any more what was decided. Note is told of each,
	// a clause, before it is done; its error ends Mend. The answer is ErrBusy where nobody
	// knows what was decided, and ErrNotAuthorized to a user who may not carry it out.
	Mend(ctx context.Context, dlq string, to []Target, note func(what string) error) error

	// Redrive begins to act on the letters of one dead-letter queue. It answers ErrReadOnly if the
	// adapter was not opened for writing, ErrUnsafePeek where taking letters could lose
	// or reorder those that are left, and ErrBusy while somebody else acts on the same
	// dead-letter queue.
	Redrive(ctx context.Context, order Order) (Redrive, error)

	// Publisher sends copies without taking letters: to another cluster than that of the
	// letters, or back to a queue from an archive. It answers ErrReadOnly if the adapter
	// was not opened for writing.
	Publisher(ctx context.Context) (Publisher, error)

	// Ledger reads what was recorded about letters on the broker itself, the newest
	// entry of each key that is wanted, and returns where the next reading goes on. From the
	// beginning, keys that were removed are left out; behind an earlier reading they come
	// with an empty value. It answers [errors.ErrUnsupported] where nothing is recorded, and
	// ErrGone if the place to go on from is not there any more: read all of it then;
	// ErrNotAuthorized to who may not read it, ErrBusy while a transaction hides what is in it.
	Ledger(ctx context.Context, query LedgerQuery, each func(Entry) error) (LedgerPoint, error)
}

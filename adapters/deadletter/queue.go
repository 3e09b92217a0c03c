package deadletter

import "eventscope/adapters"

// Queue is a destination for dead letters.
type Queue struct {
	Name string
	Kind adapters.DestinationKind // Topic, Queue or Stream

	// Settling is how what was dealt with is told from what was not.
	Settling Settling

	// Cost is what a peek does to its letters.
	Cost Cost

	// Messages is how many it holds, or -1 when that is not known. Of a topic it is the
	// number of offsets, an upper bound.
	Messages int64

	// Partitions says from which offset to which each partition holds messages now, so that
	// what came since is read without the rest. Nil where that is not known, and of queues.
	Partitions map[adapters.Log]Offsets

	// Evidence is why it is taken for one, in words: "named like one",
	// "queue inventory dead-letters to it".
	Evidence string

	// Distinct says that each letter of a queue has a position of its own for good, as where the
	// broker gives each message an id. Else equal letters share one.
	Distinct bool

	// Incarnation tells a topic from an earlier one of the same name; empty where the
	// broker has nothing of the kind.
	Incarnation string

	// Configured says that the broker's configuration leads letters here, so that
	// Sources are known rather than guessed.
	Configured bool

	// Sources are the queues that dead-letter to it by configuration.
	Sources []string

	// Direct are those of Sources that dead-letter a message here whatever its routing key was.
	// A queue does if it sets the routing key of its dead letters itself, or if its dead-letter
	// exchange ignores routing keys, as a fanout does. A copy can then be sent to that queue
	// alone: should the copy die too, it comes back here. From other Sources it would not,
	// since a message that was sent to one queue has the name of that queue as its routing key.
	Direct []string

	// Feeders are all queues that letters may come from by configuration: Sources, those that
	// dead-letter to it for some letters, and those that dead-letter to any of these.
	Feeders []string

	// Guarantee is what a redrive promises of copies that stay on this cluster.
	Guarantee Guarantee

	// Unsafe is why a peek is refused, with what would be safe, or nil.
	Unsafe error
}

// Settling is how a letter that was dealt with is told from one that was not.
type Settling string

const (
	// ByLedger: the letters stay, and the broker keeps a ledger about them, which is written
	// together with copies.
	ByLedger Settling = "ledger"
	// ByRemoval: they are removed from their queue, after our journal says what became of them.
	ByRemoval Settling = "removal"
	// ByJournal: the letters stay, and only our journal says what became of them.
	ByJournal Settling = "journal"
)

// Cost is what a peek does to a letter beside reading it. The zero value is nothing: letters are
// read where they lie, as often as one likes. Else each is taken from its queue, made safe and
// given back, so that nobody looks who was not asked to.
type Cost struct {
	// Marked is how a letter lies there afterwards: "marked as redelivered".
	Marked string
	// Says is the same as a clause: "the broker marks it as redelivered".
	Says string
}

// IsFree reports whether looking does nothing.
func (c Cost) IsFree() bool { return c == Cost{} }

// Offsets are a range of a log: Start is in it, End is not.
type Offsets struct{ Start, End int64 }

package deadletter

import (
	"time"

	"eventscope/adapters"
)

// Peek is what to look at.
type Peek struct {
	DLQ string
	// FromOffsets, if not nil, leaves out what lies before these offsets of the logs that it
	// names. An adapter whose [Queue] has Partitions heeds it.
	FromOffsets map[adapters.Log]int64
	// Most bounds how many letters are read; 0 is all. A queue may have to be read further to
	// keep its order; those letters are handed over too.
	Most int
}

// Delivery is a letter that a peek or a redrive holds.
type Delivery struct {
	adapters.Message
	// Handle tells letters apart that share a position. It means something to the peek
	// or the redrive that gave it, and to nobody else.
	Handle uint64
}

// PeekTime bounds how long a peek may hold letters of a queue.
const PeekTime = 30 * time.Second

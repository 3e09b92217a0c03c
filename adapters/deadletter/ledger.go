package deadletter

import (
	"time"

	"eventscope/adapters"
)

// EntryBytes is what whoever reads a ledger keeps of an entry, at most. Whoever bounds what a ledger
// may take counts it.
const EntryBytes = 112

// LedgerQuery says what to read of a ledger.
type LedgerQuery struct {
	From   LedgerPoint           // where an earlier reading ended; zero is the beginning
	Wanted func(key []byte) bool // nil is every key
	// Patient waits for an open transaction that may still end. Else a moment must do.
	Patient bool
}

// LedgerPoint is a place in a ledger. It means something to the adapter that gave it.
type LedgerPoint struct {
	Incarnation string                 // of the ledger's topic
	Next        map[adapters.Log]int64 // offsets, by partition
	At          time.Time              // when it was read
}

// IsZero reports whether it is the beginning.
func (p LedgerPoint) IsZero() bool { return p.Incarnation == "" && len(p.Next) == 0 }

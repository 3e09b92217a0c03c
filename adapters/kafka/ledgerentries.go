package kafka

import (
	"context"
	"fmt"
	"hash/maphash"
	"iter"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/figure"
)

// ledger keeps the newest value of each key, in the order in which keys appeared. It is an
// intake. A ledger has an entry for each letter that was ever dealt with and is still known, and
// those that went with one transaction say the same; so keys lie one after the other, a value
// is kept once, and a key is found by the seeded hash of it.
type ledger struct {
	wanted func(key []byte) bool // nil is every key
	most   int                   // bytes it may take

	keys    []byte
	entries []ledgerEntry
	at      map[uint64]uint32 // in entries, by the hash of the key
	others  map[string]uint32 // the same of keys whose hash is that of another
	seed    maphash.Seed

	values map[string]uint32 // in texts, of those in use
	texts  []ledgerText
	unused []uint32 // in texts
	text   int      // bytes of texts
}

// ledgerEntry is a key and what was said of it last.
type ledgerEntry struct {
	from   uint32 // where the key begins
	length uint16 // of the key
	value  uint32
}

type ledgerText struct {
	text string
	uses uint32
}

const (
	ledgerEntryBytes = 12 + 24 + deadletter.EntryBytes // of an entry, to find it, and where it is read
	ledgerTextBytes  = 32 + 48                         // of a value, besides its text
	mostLedger       = 1 << 30                         // bytes, where nothing else was said; of keys it is at most 4 GiB
	longestLedgerKey = 1<<16 - 1                       // bytes; a name of a topic has 249 at most
)

func newLedger(wanted func(key []byte) bool, most int) *ledger {
	return &ledger{wanted: wanted, most: most, at: map[uint64]uint32{}, others: map[string]uint32{}, values: map[string]uint32{}, seed: maphash.MakeSeed()}
}

// Put implements [adapters.Intake].
func (l *ledger) Put(_ context.Context, batch *adapters.Batch) error {
	defer batch.Release()
	for i := range batch.Messages {
		m := &batch.Messages[i]
		if l.wanted != nil && !l.wanted(m.Key) || len(m.Key) > longestLedgerKey {
			continue
		}
		l.set(l.entry(m.Key), m.Value)
	}
	if l.bytes() > l.most {
		return &adapters.Problem{
			Doing: "read the ledger", Cause: fmt.Sprintf("what it says of more than %s letters does not fit in the %d MiB that it may take of --memory", figure.Count(len(l.entries)), l.most>>20),
			Remedy: "give more --memory", Kind: adapters.ErrUsage,
		}
	}
	return nil
}

// bytes is what it takes, about, with what whoever reads it keeps meanwhile.
func (l *ledger) bytes() int {
	return len(l.keys) + len(l.entries)*ledgerEntryBytes + l.text + len(l.values)*ledgerTextBytes
}

// entry is the entry of a key, a new one without a value if there was none.
func (l *ledger) entry(key []byte) *ledgerEntry {
	hash := maphash.Bytes(l.seed, key)
	at, known := l.at[hash]
	if known && string(l.key(&l.entries[at])) != string(key) {
		at, known = l.others[string(key)]
		if !known {
			l.others[string(key)] = uint32(len(l.entries))
		}
	} else if !known {
		l.at[hash] = uint32(len(l.entries))
	}
	if !known {
		at = uint32(len(l.entries))
		l.entries = append(l.entries, ledgerEntry{from: uint32(len(l.keys)), length: uint16(len(key)), value: l.use(nil)})
		l.keys = append(l.keys, key...)
	}
	return &l.entries[at]
}

func (l *ledger) key(e *ledgerEntry) []byte { return l.keys[e.from:][:e.length] }

// set says what is said of a key from now on.
func (l *ledger) set(e *ledgerEntry, value []byte) {
	was := e.value
	e.value = l.use(value)
	t := &l.texts[was]
	if t.uses--; t.uses == 0 {
		delete(l.values, t.text)
		l.text -= len(t.text)
		t.text = ""
		l.unused = append(l.unused, was)
	}
}

// use is the number of a value, which is used once more.
func (l *ledger) use(value []byte) uint32 {
	number, known := l.values[string(value)]
	switch n := len(l.unused); {
	case known:
	case n > 0:
		number, l.unused = l.unused[n-1], l.unused[:n-1]
	default:
		number = uint32(len(l.texts))
		l.texts = append(l.texts, ledgerText{})
	}
	t := &l.texts[number]
	if t.uses++; !known {
		t.text = string(value)
		l.values[t.text] = number
		l.text += len(value)
	}
	return number
}

// all are the entries. Those with the same value share it, and nothing may be changed.
func (l *ledger) all() iter.Seq[deadletter.Entry] {
	return func(yield func(deadletter.Entry) bool) {
		values := make([][]byte, len(l.texts))
		for i := range l.entries {
			e := &l.entries[i]
			if values[e.value] == nil {
				values[e.value] = []byte(l.texts[e.value].text)
			}
			if !yield(deadletter.Entry{Key: l.key(e), Value: values[e.value]}) {
				return
			}
		}
	}
}

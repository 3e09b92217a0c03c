package packed

import (
	"encoding/binary"
	"hash/maphash"
)

// Ids are chosen by whoever writes to a topic. The seeds of their hashes are made up when
// the process starts, so that nobody can write ids that all have one hash.
var idSeed, secondSeed = maphash.MakeSeed(), maphash.MakeSeed()

// HashText hashes a text.
func HashText(text string) uint64 { return maphash.String(idSeed, text) }

// HashValue is the hash of a value that is no id.
func HashValue(value []byte) uint64 { return maphash.Bytes(idSeed, value) }

// Hash is the hash of an id in its compact form. Both spellings of a UUID have the same.
func Hash(id []byte) uint64 {
	if IsUUID(id) {
		id = id[1:]
	}
	return maphash.Bytes(idSeed, id)
}

// EventID is the id of an event as the index compares it: a UUID or a text of up to 15
// bytes is in it whole, and of a longer one 128 bits of two seeded hashes. The zero value
// is no id.
type EventID struct {
	High, Low uint64
	Check     uint32 // of the hash of the id, never 0 for an id
}

// longestInline is how long a text may be to be in an EventID whole.
const longestInline = 15

// EventIDOf makes an EventID of an id in its compact form.
func EventIDOf(id []byte) EventID {
	if len(id) == 0 {
		return EventID{}
	}
	hash := Hash(id)
	is := EventID{Check: max(uint32(hash>>32), 1)}
	var room [16]byte
	switch {
	case IsUUID(id):
		copy(room[:], id[1:])
	case len(id) <= longestInline:
		copy(room[:], id)
		room[longestInline] = byte(len(id))
	default:
		is.High, is.Low = hash, maphash.Bytes(secondSeed, id)
		return is
	}
	is.High, is.Low = binary.LittleEndian.Uint64(room[:]), binary.LittleEndian.Uint64(room[8:])
	return is
}

// Known reports whether there is an id.
func (id EventID) Known() bool { return id.Check != 0 }

package tracing

import (
	"encoding/binary"

	"eventscope/adapters"
)

// searchLog is how far a search has read one log, and what it kept of it.
type searchLog struct {
	destination *searchDestination

	last  int64  // the offset that was read last, or -1; of messages without one, their number less one
	whole int64  // everything before this offset was kept
	kept  ascent // offsets of what was kept behind it

	ids      int   // how many that lead on were known when the log was read last
	ignorant int64 // what lies before this offset was read before the last of them was known
}

// know notes that the log is read from an offset on with so many ids known.
func (l *searchLog) know(ids int, from int64) {
	if l.ids != ids {
		l.ids, l.ignorant = ids, from
	}
}

// searchPlace names a log of a source, or with partition 0 a destination.
type searchPlace struct {
	source int
	log    adapters.Log
}

// searchDestination is what a search knows of a destination.
type searchDestination struct {
	messages int64 // read in the present pass
	keyed    bool  // a message that the id leads to had it as its key
	unkeyed  bool  // one of its flow had not
	usage    keyUsage
}

// ascent is a sequence of ascending offsets, of which most take a byte or two.
type ascent struct {
	steps []byte
	next  int64 // the offset behind the last
}

func (a *ascent) add(offset int64) {
	a.steps = binary.AppendUvarint(a.steps, uint64(offset+1-a.next))
	a.next = offset + 1
}

// ascender walks along an ascent.
type ascender ascent

// walk begins before the first offset.
func (a *ascent) walk() *ascender { return &ascender{steps: a.steps} }

// reaches goes on to an offset, which must not be less than the one before, and reports whether
// it is in the sequence.
func (a *ascender) reaches(offset int64) bool {
	for a.next <= offset && len(a.steps) > 0 {
		step, size := binary.Uvarint(a.steps)
		a.next, a.steps = a.next+int64(step), a.steps[size:]
	}
	return a.next == offset+1
}

// hasOffset reports whether a position has an offset in a log.
func hasOffset(position *adapters.Position) bool { return position.Partition != adapters.ByDigest }

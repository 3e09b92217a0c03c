package waiting

import (
	"cmp"
	"maps"
	"slices"

	"eventscope/adapters/schemas"
)

// mostSchemas bounds of how many schemas events wait.
const mostSchemas = 256

// sequenceBytes is what one event takes that waits, and schemaBytes what a schema takes.
const (
	sequenceBytes = 8
	schemaBytes   = 200
)

// For is what an event waits for: a schema of its source, of its value or of its key.
type For struct {
	Source int
	Ref    schemas.Ref
	Key    bool
}

// Waiting is how many events wait for one schema.
type Waiting struct {
	For
	// Destination is of one of them, and has sent the first.
	Destination string
	Events      int
}

// List is what waits. Make one with [New].
type List struct {
	most, events int
	of           map[For]*line
	dropped      map[For]int64
}

// line are the events that wait for a schema, the oldest first, by their sequences.
type line struct {
	destination string
	sequences   []uint64
}

// New returns a list for so many events.
func New(most int) *List {
	return &List{most: max(most, 1), of: map[For]*line{}, dropped: map[For]int64{}}
}

// Add lets an event wait, which came after all others that do.
func (l *List) Add(what For, destination string, sequence uint64) {
	in := l.of[what]
	if in == nil {
		if len(l.of) >= mostSchemas {
			l.drop(what, 1)
			return
		}
		in = &line{destination: destination}
		l.of[what] = in
	}
	in.sequences = append(in.sequences, sequence)
	if l.events++; l.events > l.most {
		l.shorten()
	}
}

// shorten drops the older half of the longest line.
func (l *List) shorten() {
	longest := For{}
	for what, in := range l.of {
		if known := l.of[longest]; known == nil || len(in.sequences) > len(known.sequences) {
			longest = what
		}
	}
	in := l.of[longest]
	n := (len(in.sequences) + 1) / 2
	in.sequences = slices.Clone(in.sequences[n:]) // so that memory comes back
	l.events -= n
	l.drop(longest, int64(n))
	l.tidy(longest)
}

// drop counts events that will not be read again.
func (l *List) drop(what For, events int64) {
	if _, known := l.dropped[what]; known || len(l.dropped) < mostSchemas {
		l.dropped[what] += events
	}
}

// tidy forgets a line in which nobody waits.
func (l *List) tidy(what For) {
	if len(l.of[what].sequences) == 0 {
		delete(l.of, what)
	}
}

// All is for what events wait, in an order that stays.
func (l *List) All() (all []Waiting) {
	for what, in := range l.of {
		all = append(all, Waiting{what, in.destination, len(in.sequences)})
	}
	slices.SortFunc(all, func(a, b Waiting) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(l.of[a.For].sequences[0], l.of[b.For].sequences[0]))
	})
	return all
}

// Take takes the oldest events that wait for a schema, so many at most.
func (l *List) Take(what For, most int) []uint64 {
	in := l.of[what]
	if in == nil {
		return nil
	}
	n := min(len(in.sequences), most)
	taken := in.sequences[:n:n]
	in.sequences = in.sequences[n:]
	l.events -= n
	l.tidy(what)
	return taken
}

// Back lets events wait again that were taken, and are older than all that still wait.
func (l *List) Back(what For, destination string, sequences []uint64) {
	in := l.of[what]
	if in == nil {
		in = &line{destination: destination}
		l.of[what] = in
	}
	in.sequences = append(slices.Clone(sequences), in.sequences...)
	l.events += len(sequences)
	l.tidy(what)
}

// Dropped are the events that had no room since this was asked last, by what they waited for.
func (l *List) Dropped() map[For]int64 {
	dropped := maps.Clone(l.dropped)
	clear(l.dropped)
	return dropped
}

// Events is how many wait.
func (l *List) Events() int { return l.events }

// Bytes is the memory that it takes.
func (l *List) Bytes() int64 {
	n := int64(len(l.of)+len(l.dropped)) * schemaBytes
	for _, in := range l.of {
		n += int64(cap(in.sequences)) * sequenceBytes
	}
	return n
}

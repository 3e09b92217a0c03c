package tracing

import (
	"sort"
	"time"
)

// When an event was seen here is by our own clock; its time is by its producer's, which
// may be wrong. So how late a flow is, is judged by when its events were seen, except for
// those that were in the log before we came: of these nothing but their time is known.

// arrival remembers when the log had reached a sequence.
type arrival struct {
	end Sequence
	at  time.Time
}

// mostArrivals bounds the list of arrivals: there is one a second, and when there are too
// many, every other one of the older half goes.
const mostArrivals = 4096

func (x *index) arrived(now time.Time) {
	x.latest = now.UnixNano()
	n := len(x.arrivals)
	if n > 0 && now.Sub(x.arrivals[n-1].at) < time.Second {
		return
	}
	if n == mostArrivals {
		kept := x.arrivals[:0]
		for i, a := range x.arrivals {
			if i%2 == 1 || i > n/2 {
				kept = append(kept, a)
			}
		}
		x.arrivals = kept
	}
	x.arrivals = append(x.arrivals, arrival{x.log.end, now})
}

// timeOf is the time that a record gets in the index: its own, or if it has none, that of
// its arrival, or of the record before it in its log if it was there before we came.
func (x *index) timeOf(place uint32, r *record) int64 {
	switch before := x.places.Times[place]; {
	case r.marks&untimed == 0:
		x.places.Times[place] = r.time
		return r.time
	case r.marks&past != 0 && before != 0:
		return before
	}
	return x.latest
}

// seen is when an event was seen here, or when it happened, if it was in the log before.
// It is no earlier than the truth, and at most a second or two later.
func (x *index) seen(m *member) int64 {
	arrived := x.latest
	i := sort.Search(len(x.arrivals), func(i int) bool { return x.arrivals[i].end > m.sequence })
	if i < len(x.arrivals) {
		arrived = x.arrivals[i].at.UnixNano()
	}
	if m.marks&past != 0 {
		return min(m.time, arrived)
	}
	return arrived
}

// pastProgress is what the index knows of reading the past.
type pastProgress struct {
	held int64    // entries of it that are in the index
	last Sequence // the latest of them
	read Sequence // the latest of them that a source has read, not a search
	at   int64    // when the latest of them came; 0 when there is nothing more to come
}

// pastRead is how long nothing of the past must have come for it to have been read.
const pastRead = time.Second

// reading reports whether a flow has events of the past, and more of these are still coming, so
// that what is missing of it may be among them.
func (x *index) reading(list []member, now int64) bool {
	if x.pastProgress.at == 0 || now-x.pastProgress.at >= int64(pastRead) && x.settled > x.pastProgress.last {
		return false
	}
	for i := range list {
		if list[i].marks&past != 0 {
			return true
		}
	}
	return false
}

// silentFor is the end of what came that long ago or longer.
func (x *index) silentFor(silence time.Duration, now time.Time) Sequence {
	i := sort.Search(len(x.arrivals), func(i int) bool { return now.Sub(x.arrivals[i].at) < silence })
	if i == 0 {
		return 0
	}
	return x.arrivals[i-1].end
}

package tracing

// entry is one event in the index: 48 bytes without a pointer, so that the garbage
// collector never looks at millions of them. What it does not hold is read again from
// the broker when somebody looks.
type entry struct {
	time    int64  // broker time, nanoseconds since 1970
	offset  int64  // Position.Offset
	id      uint32 // hash of the event id, 0 when unknown
	cause   uint32 // hash of the cause's id, 0 when unknown
	payload uint32 // hash of the value
	flow    uint32 // number of the flow, 0 is none
	next    uint32 // low bits of the sequence of the flow's next event, 0 is none
	place   uint32 // number of source, destination and partition
	kind    uint16 // number of the type
	service uint16
	marks   Marks
	entity  entityMark
}

const (
	entryBytes   = 48
	segmentBits  = 10
	segmentSize  = 1 << segmentBits
	segmentMask  = segmentSize - 1
	segmentBytes = segmentSize * entryBytes
)

// log is the sequence of all entries, in segments; the oldest segments go first.
type log struct {
	segments []*[segmentSize]entry
	base     Sequence // sequence of segments[0][0]
	first    Sequence // the oldest that is still there: in segments[0], or base
	end      Sequence // the next sequence to be given
	spare    *[segmentSize]entry
}

func newLog() *log { return &log{base: segmentSize, first: segmentSize, end: segmentSize} }

// append gives an entry its sequence. Sequences begin at a multiple of the segment
// size, so that their low bits are the index in the segment, and never at 0.
func (l *log) append(e entry) Sequence {
	i := int(l.end-l.base) >> segmentBits
	if i == len(l.segments) {
		segment := l.spare
		if l.spare = nil; segment == nil {
			segment = new([segmentSize]entry)
		}
		l.segments = append(l.segments, segment)
	}
	l.segments[i][l.end&segmentMask] = e
	l.end++
	if uint32(l.end) == 0 { // 0 means none in entry.next
		l.end++ // the entry passed over is empty: see at
	}
	return l.end - 1
}

// at returns the entry of a sequence that holds says is there.
func (l *log) at(sequence Sequence) *entry {
	i := sequence - l.base
	return &l.segments[i>>segmentBits][sequence&segmentMask]
}

func (l *log) holds(sequence Sequence) bool { return sequence >= l.first && sequence < l.end }

// widen gives a sequence back its high bits: the newest one with these low bits.
func (l *log) widen(low uint32) Sequence {
	if low == 0 {
		return 0
	}
	s := l.end&^0xffffffff | Sequence(low)
	if s >= l.end {
		s -= 1 << 32
	}
	return s
}

// dropFirst forgets the oldest entry; with the last of a segment goes the segment, whose
// memory is kept for the next one.
func (l *log) dropFirst() {
	if l.first++; l.first&segmentMask != 0 {
		return
	}
	l.spare = l.segments[0]
	*l.spare = [segmentSize]entry{}
	copy(l.segments, l.segments[1:])
	l.segments[len(l.segments)-1] = nil
	l.segments = l.segments[:len(l.segments)-1]
	l.base = l.first
}

func (l *log) len() int64 { return int64(l.end - l.first) }

func (l *log) bytes() int64 {
	n := int64(len(l.segments)) * segmentBytes
	if l.spare != nil {
		n += segmentBytes
	}
	return n
}

// evictedAtOnce is how many entries go in one piece, for a question may be waiting: a
// part of a millisecond.
const evictedAtOnce = 1 << 10

// evict drops the oldest entries, some of the oldest segment or all that are left of it.
func (x *index) evict() {
	for range evictedAtOnce {
		if x.evictOldest(); x.log.first == x.log.base {
			return
		}
	}
}

func (x *index) evictOldest() {
	e := x.log.at(x.log.first)
	x.evicted++
	if e.marks&past != 0 {
		x.pastProgress.held--
	}
	if e.flow != 0 {
		x.unlink(e.flow, e)
	}
	x.log.dropFirst()
}

// unlink takes the oldest entry of the log from its flow, and forgets the flow with its
// last entry.
func (x *index) unlink(number uint32, e *entry) {
	record := x.flows.at(number)
	record.evicted++
	record.flags |= flowEvicted
	if record.head != uint32(x.log.first) {
		record.unlinked-- // it was only counted
	} else if record.head = e.next; record.head == 0 {
		record.tail = 0
	}
	if record.head == 0 && record.unlinked == 0 {
		x.flows.remove(number)
	}
}

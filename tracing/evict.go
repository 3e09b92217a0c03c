package tracing

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
	record.flags |= flowBeganBefore
	if record.head != uint32(x.log.first) {
		record.unlinked-- // it was only counted
	} else if record.head = e.next; record.head == 0 {
		record.tail = 0
	}
	if record.head == 0 && record.unlinked == 0 {
		x.flows.remove(number)
	}
}

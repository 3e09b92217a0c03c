package tracing

// evict drops the oldest segment.
func (x *index) evict() {
	first := x.log.first
	end := min(first+segmentSize, x.log.end)
	for sequence := first; sequence < end; sequence++ {
		e := x.log.at(sequence)
		x.evicted++
		if e.flow == 0 {
			continue
		}
		record := x.flows.at(e.flow)
		record.evicted++
		record.flags |= flowBeganBefore
		if record.head != uint32(sequence) {
			record.unlinked-- // it was only counted
		} else if record.head = e.next; record.head == 0 {
			record.tail = 0
		}
		if record.head == 0 && record.unlinked == 0 {
			x.flows.remove(e.flow)
		}
	}
	x.log.dropFirst()
}

package tracing

// An index of millions of events is far larger than the caches of a processor: to take one
// record in is to wait for memory some ten times, each time for what the last wait showed the
// way to. So what the next records will need is touched before, for all of them at once: in
// each round the loads do not depend on each other, and the processor waits for many at a
// time. Nothing is decided here. Where a guess is wrong, a line was loaded for nothing.

// warmAhead is how many records are prepared at once: more than the processor can have
// loads on their way, and few enough to stay in the first cache.
const warmAhead = 32

// warm touches what the next records will need, those from at on, every so many records.
func (x *index) warm(records []record, at int) {
	if at%warmAhead != 0 {
		return
	}
	records = records[at:min(at+warmAhead, len(records))]
	f := x.flows
	var byID, byEntity, byTrace [warmAhead]uint32
	sum := uint32(0) // so that no load is left out
	for i := range records {
		r := &records[i]
		sum += f.byID.Touch(r.flowHash) + f.byEntity.Touch(r.entityHash) + f.byTrace.Touch(r.traceHash)
		sum += x.recent.Touch(&r.id) + x.awaited.Touch(&r.id) + x.recent.Touch(&r.cause)
	}
	for i := range records {
		r := &records[i]
		byID[i], byEntity[i], byTrace[i] = f.byID.Guess(r.flowHash), f.byEntity.Guess(r.entityHash), f.byTrace.Guess(r.traceHash)
		sum += f.touch(byID[i]) + f.touch(byEntity[i]) + f.touch(byTrace[i])
	}
	for i := range records {
		for _, number := range [...]uint32{byID[i], byEntity[i], byTrace[i]} {
			if number == 0 {
				continue
			}
			record := f.at(number)
			sum += f.texts.Touch(record.id) + f.texts.Touch(record.entity) + f.texts.Touch(record.trace) + f.touch(record.parent)
			if tail := x.log.widen(record.tail); x.log.holds(tail) {
				sum += x.log.at(tail).next
			}
		}
	}
	x.touched += sum
}

// touch loads a flow.
func (f *flows) touch(number uint32) uint32 {
	if number == 0 {
		return 0
	}
	return f.at(number).count
}

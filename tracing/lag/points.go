package lag

import "slices"

// point is a number at a time, in nanoseconds since 1970.
type point struct{ at, n int64 }

// points are numbers over time, oldest first. Those nearer to each other than a distance
// are merged, so that the oldest reach back some minutes.
type points struct{ list []point }

// add appends a number. The newest is always kept; it takes the place of the one before
// if that is too near to the one before it.
func (p *points) add(at, n, distance int64) { p.addUpTo(point{at, n}, distance, totalsKept) }

func (p *points) addUpTo(next point, distance int64, most int) {
	last := len(p.list) - 1
	switch {
	case last >= 0 && next.at <= p.list[last].at:
		return
	case last >= 1 && p.list[last].at-p.list[last-1].at < distance:
		p.list[last] = next
	case last >= 1 && p.list[last].n == next.n && p.list[last-1].n == next.n: // flat: its two ends are enough
		p.list[last].at = next.at
	default:
		if len(p.list) == most {
			p.list = slices.Delete(p.list, 0, 1)
		}
		p.list = append(p.list, next)
	}
}

func (p *points) last() point {
	if len(p.list) == 0 {
		return point{}
	}
	return p.list[len(p.list)-1]
}

// since are the points from the last one at or before a time on.
func (p *points) since(at int64) []point {
	first := 0
	for i, q := range p.list {
		if q.at <= at {
			first = i
		}
	}
	return p.list[first:]
}

// rate is the growth a second since a time; ok is false with less than two points.
func (p *points) rate(since int64) (perSecond float64, ok bool) {
	list := p.since(since)
	if len(list) < 2 {
		return 0, false
	}
	first, last := list[0], list[len(list)-1]
	n := float64(first.n)
	if first.at < since && len(list) > 1 { // between this point and the next
		n += float64(list[1].n-first.n) * float64(since-first.at) / float64(list[1].at-first.at)
		first.at = since
	}
	return (float64(last.n) - n) / (float64(last.at-first.at) / 1e9), last.at > first.at
}

// endSeries are the ends of a log.
type endSeries struct{ points }

// add takes in the end of a log; several consumers of it may bring the same.
func (e *endSeries) add(at, end, distance int64) {
	if len(e.list) > 0 && end < e.last().n { // the log was made again, or lost its end
		e.list = e.list[:0]
	}
	e.addUpTo(point{at, end}, distance, endsKept)
}

// reached is when the end passed an offset, that is when the message at it came, between
// the points that are known; before is one older than all, or the zero point.
func (e *endSeries) reached(offset int64, before point, isTold bool) (at int64, ok bool) {
	previous, have := before, isTold
	for i, next := range e.list {
		if next.n > offset {
			if !have || previous.n > offset {
				return 0, false
			}
			part := float64(offset+1-previous.n) / float64(next.n-previous.n)
			if i == 0 && isTold { // it is the time of the message itself
				part = float64(offset-previous.n) / float64(next.n-previous.n)
			}
			return previous.at + int64(part*float64(next.at-previous.at)), true
		}
		previous, have = next, true
	}
	return 0, false
}

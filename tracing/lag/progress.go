package lag

import (
	"slices"
	"time"

	"eventscope/adapters/consumer"
)

// commit is a change of what a consumer has committed in one log, and the lag then.
type commit struct{ at, done, lag int64 }

// progress is what was seen of one consumer in one log.
type progress struct {
	began   int64    // first look
	commits []commit // when it was found changed, oldest first; the first is the first look
	done    points   // at each look, for rates

	latest  commit // at the last look
	changed int64  // when what is committed was last found changed
	caught  int64  // when there was last nothing to read, or 0
	// behind is since when there was something to read at every look, or 0.
	behind int64
	// highest is the most that was ever committed before it went back, or 0.
	highest int64

	member bool // somebody reads it
	// deserted says that the group has no member, and alone that it was seen to commit all
	// the same: whoever reads by itself, outside of the group's balance, does so.
	deserted, alone bool

	frozen bool // all that is left waits for a transaction

	told    point // the next message: its time and offset
	nothing bool  // there was no next message when the log ended at toldEnd
	toldEnd int64
	isTold  bool
}

// empty reports whether there is no message from an offset to the end of the log.
func (p *progress) empty(next, end int64) bool {
	return p.isTold && p.nothing && p.told.n == next && p.toldEnd == end
}

// unixNano is [time.Time.UnixNano] of any time: one before 1678 or after 2262 is the first or the last
// that there is.
func unixNano(t time.Time) int64 {
	epoch := time.Unix(0, 0)
	return int64(t.Sub(epoch)) // which is the least or the most of a Duration then
}

// before is the message that was told of last, if it lies at or before an offset.
func (p *progress) before(next int64) (at point, ok bool) {
	return p.told, p.isTold && !p.nothing && p.told.n <= next
}

// add takes in a look. Commits nearer to each other than distance are merged.
func (p *progress) add(now, done int64, l *consumer.LogLag, isDeserted bool, allowed, distance int64) {
	changed := len(p.commits) == 0 || p.latest.done != done
	p.alone = isDeserted && (p.alone || p.deserted && p.latest.done != done)
	p.deserted = isDeserted
	if len(p.commits) > 0 && done < p.latest.done {
		p.highest = max(p.highest, p.latest.done)
	}
	if done >= p.highest {
		p.highest = 0
	}
	p.latest = commit{now, done, l.Lag}
	p.done.addUpTo(point{now, done}, distance/2, doneKept)
	p.member = l.Member >= 0
	p.frozen = l.Open != nil && l.LastStable >= 0 && l.Committed >= l.LastStable
	switch {
	case l.Lag <= allowed:
		p.behind, p.caught = 0, now
	case p.behind == 0:
		p.behind = now
	}
	if !changed {
		return
	}
	p.changed = now
	switch last := len(p.commits) - 1; {
	case last >= 1 && p.commits[last].at-p.commits[last-1].at < distance:
		p.commits[last] = p.latest
		return
	case len(p.commits) == commitsKept:
		p.commits = slices.Delete(p.commits, 0, 1)
	}
	p.commits = append(p.commits, p.latest)
}

// quiet is for how long nothing was committed while there was something to read.
func (p *progress) quiet(now int64) int64 {
	if p.behind == 0 {
		return 0
	}
	return now - max(p.behind, p.changed)
}

// usual is how long there usually is between two commits, or 0. The first look is none.
func (p *progress) usual() int64 {
	if len(p.commits) < 3 {
		return 0
	}
	real := p.commits[1:]
	return (real[len(real)-1].at - real[0].at) / int64(len(real)-1)
}

// neverFell reports whether the lag did not shrink from commit to commit, over a time of at
// least window.
func (p *progress) neverFell(window int64) bool {
	if len(p.commits) < 3 || p.latest.at-p.commits[0].at < window {
		return false
	}
	for i := 1; i < len(p.commits); i++ {
		if p.commits[i].lag < p.commits[i-1].lag {
			return false
		}
	}
	return true
}

// grows reports whether the lag was clearly larger after the later half of the commits that are
// kept than after the earlier half.
func (p *progress) grows() bool {
	const clearly = 1.1
	half := len(p.commits) / 2
	if half < 2 {
		return false
	}
	mean := func(list []commit) float64 {
		sum := int64(0)
		for _, c := range list {
			sum += c.lag
		}
		return float64(sum) / float64(len(list))
	}
	return mean(p.commits[len(p.commits)-half:]) > clearly*mean(p.commits[:half])
}

// caughtUp reports whether there was nothing to read a moment ago, or two usual commits ago.
func (p *progress) caughtUp(now, moment int64) bool {
	return p.caught > 0 && now-p.caught <= max(moment, 2*p.usual())
}

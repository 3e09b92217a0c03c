package registry

import (
	"math/rand/v2"
	"time"
)

const (
	// A registry that failed is asked again after firstPause, and after twice as long with
	// each failure, up to longestPause.
	firstPause   = time.Second
	longestPause = time.Minute
	// An id that the registry does not know is asked for again after firstMiss, and after
	// twice as long each time, up to longestMiss: a follower may learn of it later.
	firstMiss   = 10 * time.Second
	longestMiss = 10 * time.Minute
)

// outage is the time in which a registry is not asked.
type outage struct {
	why   error
	until time.Time
	count int
}

// on says why the registry is not asked now, or nil.
func (o *outage) on(now time.Time) error {
	if now.Before(o.until) {
		return o.why
	}
	return nil
}

// fail begins an outage, for the time that the registry asks for, if it does.
func (o *outage) fail(why error, now time.Time, asked time.Duration) {
	if now.Before(o.until) && asked == 0 {
		return // of several questions at once the first has told
	}
	pause := doubled(firstPause, o.count, longestPause)
	pause -= rand.N(pause/4 + 1) // so that many observers do not come at once
	o.why, o.until = why, now.Add(max(pause, min(asked, longestPause)))
	o.count++
}

// end is an answer.
func (o *outage) end() { *o = outage{} }

// doubled is a time that has doubled so often, up to a bound.
func doubled(first time.Duration, times int, most time.Duration) time.Duration {
	return min(first<<min(times, 20), most)
}

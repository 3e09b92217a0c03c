package budget

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// programBytes is what the pages of the program itself take, which the runtime
	// does not count as its own.
	programBytes = 35 << 20
	// leastLimit leaves the collector room to breathe beside the [Bytes.Index] of a small budget:
	// with less it would never rest, since some 12 MiB are in use however small the budget.
	leastLimit = 36 << 20
	// leastBesideScreen is that beside a screen, whose index is smaller.
	leastBesideScreen = 35 << 20
)

// Limit holds a process with an index to the budget.
func (b Bytes) Limit() {
	b.limitHeap(leastLimit)
	collectAsItGrows()
}

// LimitBesideScreen is Limit for a screen.
func (b Bytes) LimitBesideScreen() {
	b.limitHeap(leastBesideScreen)
	collectAsItGrows()
}

// LimitWithoutIndex is Limit for a command that has so little in use that it would collect
// garbage all the time if that could only double it.
func (b Bytes) LimitWithoutIndex() {
	b.limitHeap(leastBesideScreen)
	debug.SetGCPercent(400)
}

func (b Bytes) limitHeap(least int64) { debug.SetMemoryLimit(max(int64(b)-programBytes, least)) }

// collectAsItGrows lets garbage take about as much memory as garbageBytes, however much is in
// use. Without it, a process would grow to twice its index before it comes to its limit; and
// since the collector does not look into an index, collecting more often costs next to nothing.
// It is looked at anew after each collection.
// It leaves a user's own GOGC as it is.
func collectAsItGrows() {
	if os.Getenv("GOGC") != "" {
		return
	}
	type collection struct{ _ *byte } // one is garbage when the next begins
	percent := percentOf(0)
	var arm func()
	arm = func() {
		runtime.SetFinalizer(&collection{}, func(*collection) {
			live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
			metrics.Read(live)
			if now := percentOf(live[0].Value.Uint64()); now != percent {
				percent = now
				debug.SetGCPercent(now)
			}
			arm()
		})
	}
	arm()
}

// percentOf is how much garbage there may be, in percent of what is in use.
func percentOf(live uint64) int {
	const garbageBytes, least, most = 64 << 20, 15, 100
	return int(min(max(garbageBytes*100/max(live, 1), least), most))
}

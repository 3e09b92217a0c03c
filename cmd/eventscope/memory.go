package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"eventscope/tracing"
)

const (
	// programBytes is what the pages of the program itself take, which the runtime
	// does not count as its own.
	programBytes = 20 << 20
	// inFlightBytes is room for what is on its way from the brokers, packed and
	// unpacked, and for garbage that was not collected yet.
	inFlightBytes = 40 << 20
	// screenBytes is that with all that a screen shows besides the index.
	screenBytes = 64 << 20
	// leastLimit leaves the collector room to breathe: with less it would never rest,
	// since some 15 MiB are in use besides the index however small the budget.
	leastLimit = 48 << 20
)

// limitMemory holds the process to the budget, as far as 64 MiB: smaller ones still make
// a smaller index.
func (s *settings) limitMemory() {
	s.limitHeap()
	collectAsItGrows()
}

// limitHeap is that of a command without an index, which says itself how often garbage is collected.
func (s *settings) limitHeap() { debug.SetMemoryLimit(max(s.memory-programBytes, leastLimit)) }

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

// collectSeldom is for a command without an index. It has so little in use that it would
// collect garbage all the time if that could only double it.
func collectSeldom() { debug.SetGCPercent(400) }

// tracing is the configuration of an index that has the command to itself.
func (s *settings) tracing() tracing.Config {
	return tracing.Config{Memory: indexBytes(s.memory), Rules: s.rules, Paths: s.paths, Settle: s.settle}
}

// besideScreen is that of an index that shares the budget with the lists of a screen.
func (s *settings) besideScreen() tracing.Config {
	config := s.tracing()
	config.Memory = min(s.memory/4*3, max(s.memory/4, s.memory-screenBytes))
	return config
}

// indexBytes is the index's share of a budget.
func indexBytes(budget int64) int64 {
	return min(budget/4*3, max(budget/2, budget-inFlightBytes))
}

// share tells every source what it shares with the others, so that a small budget fetches
// little at once.
func (s *settings) share() {
	for i := range s.sources {
		s.sources[i].Memory, s.sources[i].Sources = s.memory, len(s.sources)
	}
}

// mostPlanned is how many letters a plan may have: each takes some 700 bytes while it is
// planned, written down and carried out.
func mostPlanned(budget int64) int {
	const each, least, besides = 700, 1000, 28 << 20
	return int(max((budget-besides)/each, least))
}

// mostListed is how many letters the screen lists, in an eighth of the budget.
func mostListed(budget int64) int {
	const each, part = 1300, 8
	return int(budget / part / each)
}

// mostWatched is how many partitions of consumers are watched over time, in a fifth of the
// budget: each takes up to 1.9 kB, as lag.Config says.
func mostWatched(budget int64) int {
	const each, part, most = 1900, 5, 50_000
	return int(min(budget/part/each, most))
}

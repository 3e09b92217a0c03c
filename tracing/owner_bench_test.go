package tracing

import (
	"os"
	"slices"
	"strconv"
	"testing"
)

// eventsOf is how many events the benchmarks of the owner fill an index with.
func eventsOf() int {
	if n, err := strconv.Atoi(os.Getenv("EVENTSCOPE_BENCH_EVENTS")); err == nil {
		return n
	}
	return 1_000_000
}

// BenchmarkOwner shows how long the goroutine that owns the index is busy at one stretch
// with each of the things it does: what a question may have to wait for.
func BenchmarkOwner(b *testing.B) {
	x := New(Config{}).newIndex()
	x.sources = []Source{{Name: "kafka"}}
	taken := fill(x, 0, eventsOf(), 5)
	b.Run("slab", func(b *testing.B) {
		for range b.N {
			slices.Sort(taken)
		}
		b.ReportMetric(float64(taken[len(taken)*99/100].Microseconds()), "p99-us")
		b.ReportMetric(float64(taken[len(taken)-1].Microseconds()), "max-us")
	})
	b.Run("sorted", func(b *testing.B) {
		for range b.N {
			(&flowWalk{query: FlowQuery{Sort: ByTrouble, Limit: 50}, before: ^Sequence(0)}).next(x)
		}
	})
	b.Run("far", func(b *testing.B) {
		for range b.N {
			(&flowWalk{query: FlowQuery{Limit: 50}, plain: true, skip: x.flows.live - 50, before: ^Sequence(0)}).next(x)
		}
	})
	b.Run("timeline", func(b *testing.B) {
		for i := range 2 * EventsPerFlow {
			e := made{id: strconv.Itoa(i), cause: strconv.Itoa(i - 1 - i%7), flow: true, order: i % 2}
			e.into(x, i)
		}
		number := x.flows.resolve(x.log.at(x.log.end - 1).flow)
		b.ResetTimer()
		for range b.N {
			x.timeline(number, 0)
		}
	})
	b.Run("evict", func(b *testing.B) {
		for range min(b.N, len(x.log.segments)-1) {
			x.evict()
		}
	})
}

package tracing

import (
	"fmt"
	"math"
	"runtime"
	"runtime/metrics"
	"testing"
)

// BenchmarkCollection is one collection of garbage with an index in memory, while events
// come in. What matters is how long it stops the program: an index of pointers would have
// that grow with what is stored. The figures without events at the beginning are what the
// machine itself does to such times.
func BenchmarkCollection(b *testing.B) {
	for _, events := range []int{0, 5_000_000} {
		b.Run(fmt.Sprintf("events=%d", events), func(b *testing.B) {
			x := New(Config{}).newIndex()
			fill(x, 0, events, 5)
			before := pauses()
			b.ResetTimer()
			next := events
			for range b.N {
				collectWhile(func() { fill(x, next, 100, 5); next += 100 })
			}
			b.StopTimer()
			after := pauses()
			b.ReportMetric(quantile(before, after, 0.5)*1e6, "pause-p50-us")
			b.ReportMetric(quantile(before, after, 0.99)*1e6, "pause-p99-us")
			runtime.KeepAlive(x)
		})
	}
}

// collectWhile collects garbage and works until that is done.
func collectWhile(work func()) {
	done := make(chan struct{})
	go func() { runtime.GC(); close(done) }()
	for {
		select {
		case <-done:
			return
		default:
			work()
		}
	}
}

// pauses is how often the collector has stopped the program for how long.
func pauses() *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(sample)
	return sample[0].Value.Float64Histogram()
}

// quantile of the pauses between two counts, in seconds, rounded up by the histogram.
func quantile(before, after *metrics.Float64Histogram, q float64) float64 {
	all := uint64(0)
	for i := range after.Counts {
		all += after.Counts[i] - before.Counts[i]
	}
	left := uint64(math.Ceil(q * float64(all)))
	for i := range after.Counts {
		if n := after.Counts[i] - before.Counts[i]; n >= left {
			return min(after.Buckets[i+1], math.MaxFloat64)
		} else {
			left -= n
		}
	}
	return 0
}

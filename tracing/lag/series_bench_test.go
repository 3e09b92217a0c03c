package lag_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
)

// BenchmarkLagSeries takes in looks at 5,000 groups of 10 partitions each, all of them
// different and moving, until all memory is in use.
func BenchmarkLagSeries(b *testing.B) {
	const groups, looks = 5000, 70
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	series := lag.NewSeries(lag.Config{})
	now := time.Now()
	look := func(n int64) {
		now = now.Add(2 * time.Second)
		reading := consumer.Lag{Kind: consumer.ClassicGroup, At: now, Logs: make([]consumer.LogLag, 10)}
		for g := range groups {
			reading.Group = fmt.Sprint("group-", g)
			for p := range reading.Logs {
				l := &reading.Logs[p]
				*l = consumer.LogLag{Log: adapters.Log{Destination: reading.Group, Partition: int32(p)}, Committed: n * 7, End: n*8 + 1, Member: -1}
				l.Classify()
			}
			series.Add("kafka", &reading)
		}
	}
	for n := range int64(looks) {
		look(n)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	for n := int64(looks); b.Loop(); n++ {
		look(n)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
	runtime.KeepAlive(series)
}

package budget

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// TestWatchedPartitionsFitTheBudget: however small it is, their share is a fifth at most, and
// the usual one has room for thousands of groups.
func TestWatchedPartitionsFitTheBudget(t *testing.T) {
	for _, budget := range []int64{16 << 20, 64 << 20, 512 << 20, 8 << 30} {
		if taken := int64(Bytes(budget).Watched()) * 1900; taken > budget/5 || taken == 0 {
			t.Errorf("of a budget of %d watched partitions take %d", budget, taken)
		}
	}
	if n := Default.Watched(); n != 50_000 {
		t.Errorf("%d partitions are watched by default", n)
	}
}

// TestGarbageTakesLittleBesideALargeIndex: as much as was usual while little is in use, then some
// 64 MiB, and of an index of gigabytes a part that the collector can keep up with.
func TestGarbageTakesLittleBesideALargeIndex(t *testing.T) {
	for live, want := range map[uint64]int{0: 100, 10: 100, 64: 100, 128: 50, 256: 25, 1 << 10: 15, 3 << 10: 15} {
		if got := percentOf(live << 20); got != want {
			t.Errorf("beside %d MiB there may be garbage of %d %%, want %d", live, got, want)
		}
	}
}

// TestCollectingFollowsWhatIsInUse: more often when that grows, and as seldom as before when it has gone.
func TestCollectingFollowsWhatIsInUse(t *testing.T) {
	t.Cleanup(func() { debug.SetGCPercent(100) })
	collectAsItGrows()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	until := func(says string, is func(percent uint64) bool) {
		for gogc := []metrics.Sample{{Name: "/gc/gogc:percent"}}; ; runtime.Gosched() { // a collection is told of after it
			runtime.GC()
			if metrics.Read(gogc); is(gogc[0].Value.Uint64()) {
				return
			}
			if ctx.Err() != nil {
				t.Fatal(says)
			}
		}
	}
	index := make([]byte, 300<<20)
	until("a large index lets as much garbage be as a small one", func(percent uint64) bool { return percent <= 25 })
	runtime.KeepAlive(index)
	until("what has gone is still counted", func(percent uint64) bool { return percent > 25 })
}

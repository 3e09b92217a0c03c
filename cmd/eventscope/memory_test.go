package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/cmd/internal/source"
)

func TestMemoryIsShared(t *testing.T) {
	for budget, want := range map[int64]struct{ alone, besideScreen int64 }{
		16: {8, 4}, 64: {32, 16}, 128: {88, 64}, 256: {192, 192}, 512: {384, 384}, 4096: {3072, 3072},
	} {
		s := &settings{memory: budget << 20}
		if alone, beside := s.tracing().Memory>>20, s.besideScreen().Memory>>20; alone != want.alone || beside != want.besideScreen {
			t.Errorf("of %d MiB the index gets %d MiB, or %d beside a screen, want %v", budget, alone, beside, want)
		}
	}
}

func TestIndexAndFetchesFitTheBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &settings{
			memory:  rapid.Int64Range(64<<20, 1<<40).Draw(t, "budget"),
			sources: make([]source.Source, rapid.IntRange(1, 9).Draw(t, "sources")),
		}
		s.share()
		const fetches = 20 // a part of the budget: what answers of all sources take while they are on their way
		for _, source := range s.sources {
			if source.Memory != s.memory || source.Sources != len(s.sources) {
				t.Errorf("a source is told of %d and %d sources", source.Memory, source.Sources)
			}
		}
		if sum := s.tracing().Memory + s.memory/fetches; sum > s.memory {
			t.Errorf("of a budget of %d, index and fetches take %d", s.memory, sum)
		}
	})
}

// TestWatchedPartitionsFitTheBudget: however small it is, their share is a fifth at most, and
// the usual one has room for thousands of groups.
func TestWatchedPartitionsFitTheBudget(t *testing.T) {
	for _, budget := range []int64{16 << 20, 64 << 20, 512 << 20, 8 << 30} {
		if taken := int64(mostWatched(budget)) * 1900; taken > budget/5 || taken == 0 {
			t.Errorf("of a budget of %d watched partitions take %d", budget, taken)
		}
	}
	if n := mostWatched(defaultMemory); n != 50_000 {
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

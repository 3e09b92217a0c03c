package main

import (
	"testing"

	"pgregory.net/rapid"

	"eventscope/cmd/internal/source"
)

func TestMemoryIsShared(t *testing.T) {
	for budget, want := range map[int64]struct{ alone, besideScreen int64 }{
		16: {8, 4}, 64: {35, 16}, 128: {88, 64}, 256: {192, 192}, 512: {384, 384}, 4096: {3072, 3072},
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

package main

import (
	"testing"

	"pgregory.net/rapid"

	"eventscope/cmd/internal/budget"
	"eventscope/cmd/internal/source"
)

func TestMemoryIsShared(t *testing.T) {
	for mebibytes, want := range map[int64]struct{ alone, besideScreen int64 }{
		16: {5, 4}, 64: {21, 16}, 128: {85, 64}, 256: {192, 192}, 512: {384, 384}, 4096: {3072, 3072},
	} {
		s := &settings{memory: budget.Bytes(mebibytes << 20)}
		if alone, beside := s.tracing().Memory>>20, s.besideScreen().Memory>>20; alone != want.alone || beside != want.besideScreen {
			t.Errorf("of %d MiB the index gets %d MiB, or %d beside a screen, want %v", mebibytes, alone, beside, want)
		}
	}
}

func TestIndexAndFetchesFitTheBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &settings{
			memory:  budget.Bytes(rapid.Int64Range(64<<20, 1<<40).Draw(t, "budget")),
			sources: make([]source.Source, rapid.IntRange(1, 9).Draw(t, "sources")),
		}
		s.share()
		const fetches = 20 // a part of the budget: what answers of all sources take while they are on their way
		for _, source := range s.sources {
			if source.Memory != int64(s.memory) || source.Sources != len(s.sources) {
				t.Errorf("a source is told of %d and %d sources", source.Memory, source.Sources)
			}
		}
		if sum := s.tracing().Memory + int64(s.memory/fetches); sum > int64(s.memory) {
			t.Errorf("of a budget of %d, index and fetches take %d", s.memory, sum)
		}
	})
}

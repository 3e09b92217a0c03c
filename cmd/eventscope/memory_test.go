package main

import (
	"testing"

	"pgregory.net/rapid"

	"eventscope/cmd/internal/source"
)

func TestMemoryIsShared(t *testing.T) {
	for budget, want := range map[int64]int64{
		16: 4, 64: 16, 128: 64, 256: 192, 512: 384, 4096: 3072,
	} {
		if got := indexBytes(budget << 20); got != want<<20 {
			t.Errorf("of %d MiB the index gets %d MiB, want %d", budget, got>>20, want)
		}
	}
}

func TestIndexAndFetchesFitTheBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &settings{
			memory:  rapid.Int64Range(64<<20, 1<<40).Draw(t, "budget"),
			sources: make([]source.Source, rapid.IntRange(1, 9).Draw(t, "sources")),
		}
		s.limitFetches()
		fetches := int64(0)
		for _, source := range s.sources {
			fetches += 3 * int64(source.FetchBytes) // as kafka.Config says
		}
		if sum := s.tracing().Memory + fetches; sum > s.memory {
			t.Errorf("of a budget of %d, index and fetches take %d", s.memory, sum)
		}
	})
}

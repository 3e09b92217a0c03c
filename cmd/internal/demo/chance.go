package demo

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/cespare/xxhash/v2" // a fixed hash of good quality, so that a seed means the same everywhere
)

// chance gives the numbers for one decision. They depend on the seed and on what is
// decided about, and on nothing else: neither on the order in which services happen
// to run nor on what was drawn before.
func chance(seed uint64, about ...string) *rand.Rand {
	var digest xxhash.Digest
	digest.Reset()
	for _, part := range about {
		digest.WriteString(part)
		digest.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(seed, digest.Sum64()))
}

// identifier makes an id such as evt-7f3a91c0d2e4 from what it is about.
func identifier(prefix string, digits int, seed uint64, about ...string) string {
	text := fmt.Sprintf("%016x", chance(seed, append(about, prefix)...).Uint64())
	return prefix + "-" + text[:digits]
}

// between draws a time from least to most.
func between(numbers *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(numbers.Float64()*float64(most-least))
}

// oneOf draws one of choices.
func oneOf[T any](numbers *rand.Rand, choices []T) T { return choices[numbers.IntN(len(choices))] }

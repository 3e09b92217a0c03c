package kafka

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPartitionsOfKey checks against hashes that other projects publish: Kafka's own
// tests for murmur2, the check value of CRC-32, and FNV-1a's reference vectors.
func TestPartitionsOfKey(t *testing.T) {
	negative := func(h int32) uint32 { return uint32(h) }
	for _, test := range []struct {
		key       string
		partition func(n uint32) uint32
	}{
		{"21", func(n uint32) uint32 { return negative(-973932308) & 0x7fffffff % n }},
		{"foobar", func(n uint32) uint32 { return negative(-790332482) & 0x7fffffff % n }},
		{"a-little-bit-long-string", func(n uint32) uint32 { return negative(-985981536) & 0x7fffffff % n }},
		{"abc", func(n uint32) uint32 { return 479470107 % n }},
		{"123456789", func(n uint32) uint32 { return 0xCBF43926 % n }},
		{"foobar", func(n uint32) uint32 { return (1<<32 - 0xbf9cf968) % n }}, // FNV-1a, negative as int32
		{"b", func(n uint32) uint32 { return (1<<32 - 0xe70c2de5) % n }},
	} {
		for _, n := range []int32{1, 6, 7, 12, 1000} {
			if want := int32(test.partition(uint32(n))); !slices.Contains(PartitionsOfKey([]byte(test.key), n), want) {
				t.Errorf("%q of %d: %v lacks %d", test.key, n, PartitionsOfKey([]byte(test.key), n), want)
			}
		}
	}
}

func TestPartitionsOfKeyAreFewAndInRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "key")
		n := rapid.Int32Range(1, 10_000).Draw(t, "partitions")
		found := PartitionsOfKey(key, n)
		sorted := slices.Sorted(slices.Values(found))
		once := len(slices.Compact(slices.Clone(sorted))) == len(found)
		if len(found) < 1 || len(found) > 3 || !once || sorted[0] < 0 || sorted[len(sorted)-1] >= n {
			t.Fatalf("%q of %d: %v", key, n, found)
		}
	})
	if PartitionsOfKey(nil, 6) != nil || PartitionsOfKey([]byte{}, 6) != nil || PartitionsOfKey([]byte("k"), 0) != nil {
		t.Error("nobody can say where messages without a key are")
	}
}

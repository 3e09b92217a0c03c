package kafka_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/kafka"
)

// Large messages are read as they are taken: a small budget holds a few of them, in whatever
// order they are wanted.
func TestFetchReadsLargeMessagesAsTheyAreTaken(t *testing.T) {
	const each, size, logs = 12, 64 << 10, 3
	c, k := fake(t)
	topic := c.topic(t, logs)
	var positions []adapters.Position
	for i := range each * logs {
		at := adapters.Position{Destination: topic, Partition: int32(i / each), Offset: int64(i % each)}
		c.publish(t, topic, adapters.Message{Position: at, Value: bytes.Repeat([]byte{byte(i)}, size)})
		positions = append(positions, at)
	}
	adapter := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{topic}, FetchBytes: size})
	defer adapter.Close()
	var requests atomic.Int64
	k.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		requests.Add(1)
		k.KeepControl()
		return nil, nil, false
	})
	check := func(name string, wanted []adapters.Position) {
		i, atFirst := 0, int64(0)
		requests.Store(0)
		for m, err := range adapter.Fetch(t.Context(), wanted) {
			if i == 0 {
				atFirst = requests.Load()
			}
			number := int64(wanted[i].Partition)*each + wanted[i].Offset
			if err != nil || m.Position != wanted[i] || len(m.Value) != size || m.Value[0] != byte(number) {
				t.Errorf("%s: at %s came %s of %d bytes, %v", name, wanted[i], m.Position, len(m.Value), err)
			}
			i++
		}
		if all := requests.Load(); i != len(wanted) || atFirst > 2 || all <= atFirst {
			t.Errorf("%s: %d of %d messages, %d of %d requests before the first", name, i, len(wanted), atFirst, all)
		}
	}
	check("in order", positions)
	slices.Reverse(positions)
	check("backwards", positions)
	positions = append(positions, positions[:each]...) // some twice
	for seed := range uint64(3) {
		rand.New(rand.NewPCG(seed, seed)).Shuffle(len(positions), func(i, j int) { positions[i], positions[j] = positions[j], positions[i] })
		check(fmt.Sprint("shuffled ", seed), positions)
	}
}

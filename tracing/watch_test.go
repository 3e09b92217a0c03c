package tracing

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"eventscope/adapters"
	"eventscope/tracing/query"
)

// counted is a broker that counts what it is asked for.
type counted struct {
	memory
	asked *[][]adapters.Position
}

func (b counted) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	*b.asked = append(*b.asked, positions)
	return b.memory.Fetch(ctx, positions)
}

// TestAFilterReadsEachStretchOfALogOnce: the past is asked for once, in few and long
// stretches of each log, whatever is found.
func TestAFilterReadsEachStretchOfALogOnce(t *testing.T) {
	const events, logs = 60_000, 12
	for _, text := range []string{"nowhere", `json("n") == 77`} {
		b := newBench(t, Config{})
		var asked [][]adapters.Position
		intake := b.Attach(Source{Name: "counted", Broker: "kafka", Fetch: counted{b.broker, &asked}})
		batch := &adapters.Batch{Past: true}
		for i := range events {
			m := told{destination: "d", partition: int32(i % logs), offset: int64(i / logs), value: fmt.Sprintf(`{"n":%d}`, i)}.message()
			b.broker[m.Position] = m
			batch.Messages = append(batch.Messages, m)
		}
		if err := intake.Put(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		filter, err := query.Compile(text, query.Flows)
		if err != nil {
			t.Fatal(err)
		}
		w := b.Watch(filter)
		if err := w.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen, stretches := map[adapters.Position]int{}, 0
		for _, positions := range asked {
			for i, position := range positions {
				seen[position]++
				if i == 0 || positions[i-1].Partition != position.Partition || positions[i-1].Offset+1 != position.Offset {
					stretches++
				}
			}
		}
		for position, times := range seen {
			if times > 1 {
				t.Fatalf("%s was read %d times", position, times)
			}
		}
		if p := w.Progress(); len(seen) != events || p.Searched != events || p.Unread != 0 || stretches > 20*logs {
			t.Errorf("%s: %d of %d messages were read in %d stretches, %+v", text, len(seen), events, stretches, p)
		}
		w.Close()
	}
}

func TestTheOldestOfTooManyFiltersMakesRoom(t *testing.T) {
	b := newBench(t, Config{})
	b.tell(order(1, "ord-1", happy...)...)
	var watches []*Watch
	for i := range mostWatches + 3 {
		filter, err := query.Compile("payment", query.Events)
		if err != nil {
			t.Fatal(err)
		}
		w := b.Watch(filter)
		defer w.Close()
		if err := w.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		watches = append(watches, w)
		if i == mostWatches-1 {
			watches[3].Close() // the next one takes its place, not that of the oldest
		}
	}
	for i, w := range watches {
		rows := len(mustPage(t, b, PageQuery{Watch: w, Backward: true, Limit: 10}).Events)
		if there := i != 0 && i != 1 && i != 3; there != (rows > 0) {
			t.Errorf("filter %d of %d has %d rows", i, len(watches), rows)
		}
	}
}

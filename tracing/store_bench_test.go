package tracing

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing/packed"
)

// uuidText is a made-up id in the usual spelling.
func uuidText(n uint64) []byte {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:], n*0x9E3779B97F4A7C15)
	binary.BigEndian.PutUint64(raw[8:], n)
	return packed.AppendSpelled(nil, append([]byte{packed.WithHyphens}, raw[:]...))
}

// fill puts n events, counted from from, in flows of perFlow into an index, interleaved 10,000
// wide. It returns how long each slab of them took.
func fill(x *index, from, n, perFlow int) (taken []time.Duration) {
	return fillWide(x, from, n, perFlow, 10_000)
}

// fillWide does that with as many flows at a time as it is wide.
func fillWide(x *index, from, n, perFlow, wide int) (taken []time.Duration) {
	s := &slab{}
	for i := from; i < from+n; i++ {
		if len(s.records) == slabRecords {
			taken = append(taken, takeAll(x, s))
		}
		flow := uint64(i/(wide*perFlow)*wide + i%wide)
		id, entity := uuidText(flow), []byte(fmt.Sprintf("ord-%07d", flow))
		r := record{
			destination: "orders", partition: int32(flow % 6), offset: int64(i), time: int64(i) * int64(time.Millisecond),
			id: packed.EventID{High: uint64(i), Low: uint64(i), Check: uint32(uint64(i)*0x9E3779B97F4A7C15>>32) | 1}, payload: uint32(i), kind: s.keep([]byte("OrderPlaced")), service: s.keep([]byte("order")),
			flowEvidence: s.keep([]byte("header correlation_id")),
		}
		r.flow, r.flowHash = s.keepID(id)
		r.entity, r.entityHash = s.keepID(entity)
		s.records = append(s.records, r)
	}
	return append(taken, takeAll(x, s))
}

// takeAll takes the records of a slab in, empties it, and returns how long that took.
func takeAll(x *index, s *slab) time.Duration {
	began := time.Now()
	for i := range s.records {
		x.warm(s.records, i)
		x.take(0, s, &s.records[i])
	}
	taken := time.Since(began)
	s.reset()
	return taken
}

// perEvent is the time of an event, in nanoseconds, where the machine disturbed least: in the
// quickest of many runs of slabs, each of which has flows begin, go on and end.
func perEvent(slabs []time.Duration) float64 {
	const run = 25
	least := time.Duration(math.MaxInt64)
	for ; len(slabs) >= run; slabs = slabs[run:] {
		sum := time.Duration(0)
		for _, taken := range slabs[:run] {
			sum += taken
		}
		least = min(least, sum)
	}
	return float64(least.Nanoseconds()) / (run * slabRecords)
}

// BenchmarkIndex shows what one event costs in the index, in time (ns/op is with making up
// the ids, take-ns without) and in bytes.
func BenchmarkIndex(b *testing.B) {
	for _, perFlow := range []int{2, 5, 20} {
		b.Run(fmt.Sprintf("perFlow=%d", perFlow), func(b *testing.B) {
			x := New(Config{}).newIndex()
			b.ReportAllocs()
			b.ReportMetric(perEvent(fill(x, 0, b.N, perFlow)), "take-ns")
			b.ReportMetric(float64(x.bytes())/float64(b.N), "B/event")
		})
	}
}

// BenchmarkFullIndex shows what one event costs in an index that is full, so that one goes
// for each that comes: in time to take it in, and to evict the other.
func BenchmarkFullIndex(b *testing.B) {
	for _, held := range []int{200_000, 1_000_000} {
		b.Run(fmt.Sprintf("held=%d", held), func(b *testing.B) {
			x := New(Config{}).newIndex()
			fill(x, 0, held, 5)
			var taken, evicted []time.Duration
			b.ResetTimer()
			for from := held; from < held+b.N; from += slabRecords {
				taken = append(taken, fill(x, from, slabRecords, 5)[0])
				began := time.Now()
				for x.log.len() > int64(held) {
					x.evict()
				}
				evicted = append(evicted, time.Since(began))
			}
			b.ReportMetric(perEvent(taken), "take-ns")
			b.ReportMetric(perEvent(evicted), "evict-ns")
		})
	}
}

// BenchmarkSmallBudget shows how many events a small budget keeps when those of a flow are
// half a million apart, so that most flows in it have one: of as much as a command has of
// 64 MiB and of 128 MiB, and of what else it takes.
func BenchmarkSmallBudget(b *testing.B) {
	for _, budget := range []int64{35, 88} {
		b.Run(fmt.Sprintf("MiB=%d", budget), func(b *testing.B) {
			const events = 2_000_000
			for range b.N {
				s := New(Config{Memory: budget << 20})
				x := s.newIndex()
				for from := 0; from < events; from += slabRecords {
					fillWide(x, from, slabRecords, 5, 500_000)
					for s.overBudget(x) {
						x.evict()
					}
				}
				b.ReportMetric(float64(x.log.len()), "kept")
				b.ReportMetric(float64(x.bytes())/float64(x.log.len()), "B/event")
			}
		})
	}
}

func BenchmarkPageOfStream(b *testing.B) {
	bench := newBench(b, Config{})
	for n := range 2000 {
		bench.tell(order(n, fmt.Sprint("ord-", n), happy...)...)
	}
	b.ResetTimer()
	for b.Loop() {
		if _, err := bench.Page(context.Background(), PageQuery{Backward: true, Limit: 50}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPageOfFlows(b *testing.B) {
	bench := newBench(b, Config{})
	for n := range 2000 {
		bench.tell(order(n, fmt.Sprint("ord-", n), happy...)...)
	}
	for _, sort := range FlowSorts {
		b.Run(string(sort), func(b *testing.B) {
			for b.Loop() {
				if _, err := bench.Flows(context.Background(), FlowQuery{Sort: sort, Limit: 50}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkIngest takes messages of 1 KB in, from batch to index, five to a flow.
func BenchmarkIngest(b *testing.B) {
	padding := strings.Repeat("x", 850)
	messages := make([]adapters.Message, 100_000)
	for i := range messages {
		order := fmt.Sprintf("ord-%06d", i/5)
		messages[i] = told{
			destination: "orders", partition: int32(i / 5 % 6), offset: int64(i), key: order,
			headers: []string{"correlation_id", string(uuidText(uint64(i / 5))), "event_type", "OrderPlaced", "event_id", fmt.Sprint("e-", i)},
			value:   fmt.Sprintf(`{"type":"OrderPlaced","payload":{"order_id":%q,"customer_id":"c-1","note":%q}}`, order, padding),
		}.message()
	}
	bench := newBench(b, Config{})
	b.SetBytes(1000)
	b.ReportAllocs()
	b.ResetTimer()
	const size = 2000
	for taken := 0; taken < b.N; taken += size {
		from := taken % len(messages)
		batch := &adapters.Batch{Messages: messages[from : from+size : from+size]}
		if err := bench.intake.Put(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := bench.Sync(context.Background()); err != nil {
		b.Fatal(err)
	}
}

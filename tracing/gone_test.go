package tracing

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

// TestWhatWasEvictedIsCutAndCountedOnce holds an index against a model: a flow is counted
// once however often it is evicted whole, and what is left of one says that it is cut.
func TestWhatWasEvictedIsCutAndCountedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := New(Config{Memory: leastMemory}).newIndex()
		x.sources = []Source{{Name: "s"}}
		had := map[int]int{} // order -> events that it ever had
		orderOf := map[Sequence]int{}
		for i := range rapid.IntRange(1, 200).Draw(t, "events") {
			e := made{order: rapid.IntRange(0, 12).Draw(t, "order"), id: fmt.Sprint("e", i)}
			e.flow = rapid.Bool().Draw(t, "flow")
			e.entity = !e.flow
			if e.flow {
				e.order += 100 // flows with an id, and flows of an order alone
			}
			orderOf[e.into(x, i)] = e.order
			had[e.order]++
			for rapid.IntRange(0, 2).Draw(t, "evict") == 0 && x.log.len() > 0 {
				x.evictOldest()
			}
		}
		if int(x.begun) != len(had) {
			t.Fatalf("%d flows are counted, %d there were", x.begun, len(had))
		}
		held := map[uint32]int{}
		for sequence := x.log.first; sequence < x.log.end; sequence++ {
			held[x.log.at(sequence).flow]++
		}
		for number, n := range held {
			var s FlowSummary
			x.summarise(&s, number, noon.UnixNano())
			order := orderOf[Sequence(x.log.widen(x.flows.at(number).tail))]
			if whole := n == had[order]; s.Cut == whole || s.Cut && s.Status == Complete || s.Events < n {
				t.Fatalf("%d of %d events of flow %s are held, and it is %s, cut %v, with %d", n, had[order], s.ID, s.Status, s.Cut, s.Events)
			}
		}
	})
}

// TestARestIsOneRowWhileSomethingInTheIndexLinksIt: events name their flow, their order or
// both, the first of each both. Whatever was evicted in between, a flow is counted once, what
// is held of it is one row if one event of that names both, and no row that is cut is
// complete or passes for whole.
func TestARestIsOneRowWhileSomethingInTheIndexLinksIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := New(Config{Memory: leastMemory}).newIndex()
		x.sources = []Source{{Name: "s"}}
		had, told := map[int]int{}, map[Sequence]made{}
		for i := range rapid.IntRange(1, 200).Draw(t, "events") {
			e := made{order: rapid.IntRange(0, 8).Draw(t, "order"), id: fmt.Sprint("e", i)}
			names := rapid.SampledFrom([]string{"both", "flow", "order"}).Draw(t, "names")
			e.flow, e.entity = names != "order" || had[e.order] == 0, names != "flow" || had[e.order] == 0
			had[e.order]++
			told[e.into(x, i)] = e
			for rapid.IntRange(0, 2).Draw(t, "evict") == 0 && x.log.len() > 0 {
				x.evictOldest()
			}
		}
		if int(x.begun) != len(had) {
			t.Fatalf("%d flows are counted, %d there were", x.begun, len(had))
		}
		rows, linked, held := map[int]map[uint32]bool{}, map[int]bool{}, map[int]int{}
		for sequence := x.log.first; sequence < x.log.end; sequence++ {
			e := told[sequence]
			if rows[e.order] == nil {
				rows[e.order] = map[uint32]bool{}
			}
			rows[e.order][x.flows.resolve(x.log.at(sequence).flow)] = true
			linked[e.order] = linked[e.order] || e.flow && e.entity
			held[e.order]++
		}
		for order, numbers := range rows {
			if linked[order] && len(numbers) != 1 {
				t.Fatalf("order %d is %d rows", order, len(numbers))
			}
			for number := range numbers {
				var s FlowSummary
				x.summarise(&s, number, noon.UnixNano())
				if whole := held[order] == had[order]; s.Cut == whole || s.Cut && s.Status == Complete {
					t.Fatalf("%d of %d events of order %d are held, and it is %s, cut %v", held[order], had[order], order, s.Status, s.Cut)
				}
			}
		}
	})
}

func TestMostOfAFullIndexIsSaidToBeCut(t *testing.T) {
	b := newBench(t, Config{Memory: leastMemory})
	const flows, perFlow = 50_000, 4
	b.flood(flows*perFlow, func(i int) told {
		return told{destination: "a", offset: int64(i), headers: []string{"correlation_id", fmt.Sprintf("%08d", i%flows+1), "event_type", fmt.Sprint("Step", i/flows)}}
	})
	if err := b.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for flow, err := range b.All(t.Context(), FlowQuery{}) {
		if rows++; err != nil || !flow.Cut || flow.Status == Complete {
			t.Fatalf("%+v, %v", flow, err)
		}
	}
	c := b.Counters()
	if rows < 40_000 || c.Evicted == 0 || c.Begun < flows*99/100 || c.Begun > flows*101/100 {
		t.Errorf("%d rows; of %d flows %d are counted, %d events evicted", rows, flows, c.Begun, c.Evicted)
	}
}

func TestAFlowThatWasFoundAgainIsNotCut(t *testing.T) {
	b := newBench(t, Config{})
	story := order(1, "ord-1", happy...)
	history := &scanned{}
	for _, one := range story {
		history.messages = append(history.messages, one.message())
		b.broker[one.message().Position] = one.message()
	}
	b.tell(story[:2]...)
	if err := b.ask(t.Context(), func(x *index) { x.evictOldest(); x.evictOldest() }); err != nil {
		t.Fatal(err)
	}
	b.tell(story[2:]...)
	if flow := b.flow("ord-1"); !flow.Cut || flow.Status == Complete {
		t.Errorf("%s, cut %v", flow.Status, flow.Cut)
	}
	found, err := Search(t.Context(), SearchConfig{
		ID: "ord-1", From: adapters.Beginning,
		Sources: []SearchSource{{Source: Source{Name: "kafka", Broker: "kafka", Fetch: b.broker}, Scanner: history}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	if _, err := b.Adopt(t.Context(), found, found.Matches[0].Key); err != nil {
		t.Fatal(err)
	}
	if flow := b.flow("ord-1"); flow.Cut || len(flow.Steps) != len(story) {
		t.Errorf("found again, with %d events, and cut %v", len(flow.Steps), flow.Cut)
	}
}

package tracing

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// alternating are events of one flow and of ever new ones by turns: each of the flow is the cause of
// the one before, which waits for it, so that each joins a flow to the middle of a chain.
func alternating(n, flows int) func(i int) told {
	each := n / flows
	return func(i int) told {
		flow, at := i/each, i%each
		headers := []string{"event_type", "T", "correlation_id", fmt.Sprintf("large-%d", flow), "event_id", fmt.Sprintf("e-%d-%d", flow, at-1)}
		if at%2 == 1 {
			headers = []string{"event_type", "T", "correlation_id", fmt.Sprintf("small-%d-%d", flow, at), "causation_id", fmt.Sprintf("e-%d-%d", flow, at)}
		}
		return told{destination: "d", offset: int64(i), headers: headers}
	}
}

// byTurns are such events of many flows, one of each at a time, so that those of one flow lie apart.
func byTurns(n, flows int) func(i int) told {
	one := alternating(n, flows)
	return func(i int) told {
		e := one(i%flows*(n/flows) + i/flows)
		e.offset = int64(i)
		return e
	}
}

// inOrder requires that each flow links all of its events in the order in which they came.
func (b *bench) inOrder() (largest int) {
	b.t.Helper()
	err := b.ask(b.t.Context(), func(x *index) {
		came := map[uint32][]Sequence{}
		for s := x.log.first; s < x.log.end; s++ {
			if number := x.log.at(s).flow; number != 0 {
				came[number] = append(came[number], s)
			}
		}
		for number, want := range came {
			var got []Sequence
			record := x.flows.at(number)
			for at := record.head; at != 0 && len(got) <= len(want); at = x.log.at(x.log.widen(at)).next {
				got = append(got, x.log.widen(at))
			}
			if !slices.Equal(got, want) || x.flows.resolve(number) != number || int(record.count) != len(want) || x.log.widen(record.tail) != want[len(want)-1] {
				b.t.Fatalf("flow %d links %d of %d events, counts %d, and ends at %d of %d", number, len(got), len(want), record.count, x.log.widen(record.tail), want[len(want)-1])
			}
			largest = max(largest, len(want))
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return largest
}

// TestEndlessJoinsKeepTheOrder of flows that are as large as they become.
func TestEndlessJoinsKeepTheOrder(t *testing.T) {
	b := newBench(t, Config{})
	b.flood(3*EventsPerFlow, alternating(3*EventsPerFlow, 3))
	if largest := b.inOrder(); largest < EventsPerFlow-1 {
		t.Errorf("the largest flow has %d events", largest)
	}
	b = newBench(t, Config{})
	b.flood(2*EventsPerFlow, byTurns(2*EventsPerFlow, 100))
	if largest := b.inOrder(); largest < 2*EventsPerFlow/100-1 {
		t.Errorf("the largest of those by turns has %d events", largest)
	}
}

// TestJoinsAnywhereKeepTheOrder: flows of any size join at their beginning, in the middle, at their
// end and across each other.
func TestJoinsAnywhereKeepTheOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := newBench(t, Config{})
		flows, causes := rapid.IntRange(1, 8).Draw(r, "flows"), rapid.IntRange(1, 20).Draw(r, "causes")
		n := rapid.IntRange(1, 300).Draw(r, "events")
		b.flood(n, func(i int) told {
			headers := []string{"event_type", "T", "correlation_id", fmt.Sprint("flow-", rapid.IntRange(1, flows).Draw(r, "flow"))}
			switch cause := fmt.Sprint("e-", rapid.IntRange(1, causes).Draw(r, "cause")); rapid.IntRange(0, 9).Draw(r, "kind") {
			case 0:
				headers = append(headers, "event_id", cause)
			case 1, 2:
				headers = append(headers, "causation_id", cause)
			case 3, 4, 5: // by itself, until somebody knows better
				headers = []string{"event_type", "T", "correlation_id", fmt.Sprint("alone-", i), "causation_id", cause}
			}
			return told{destination: "d", offset: int64(i), headers: headers}
		})
		b.inOrder()
	})
}

// BenchmarkHostileJoins tells what an event costs that joins a flow to the middle of one that is as
// large as flows become, beside one that joins nothing.
func BenchmarkHostileJoins(b *testing.B) {
	for name, one := range map[string]func(int) told{
		"joins":          alternating(10*EventsPerFlow, 10),
		"joins by turns": byTurns(10*EventsPerFlow, 65),
		"none": func(i int) told {
			return told{destination: "d", offset: int64(i), headers: []string{"event_type", "T", "correlation_id", fmt.Sprint("flow-", i/5), "event_id", fmt.Sprint("e-", i), "causation_id", fmt.Sprint("c-", i)}}
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				newBench(b, Config{}).flood(10*EventsPerFlow, one)
			}
		})
	}
}

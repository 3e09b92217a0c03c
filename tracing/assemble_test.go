package tracing

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// world makes orders whose events carry a flow id, or an entity, or only the id of their
// cause, and together show that they are one.
func world(t *rapid.T) (events []made) {
	for order := range rapid.IntRange(1, 8).Draw(t, "orders") {
		for i := range rapid.IntRange(1, 8).Draw(t, "events") {
			e := made{order: order, id: fmt.Sprintf("o%d-e%d", order, i)}
			e.flow = rapid.Bool().Draw(t, "names flow") || i == 0
			e.entity = rapid.Bool().Draw(t, "names entity") || i == 0
			if i > 0 && (!e.flow && !e.entity || rapid.Bool().Draw(t, "names cause")) {
				e.cause = fmt.Sprintf("o%d-e%d", order, rapid.IntRange(0, i-1).Draw(t, "cause"))
			}
			events = append(events, e)
		}
	}
	return events
}

type made struct {
	order        int
	id, cause    string
	flow, entity bool
	trace        string
	dialect      uint16
	weak         bool // the entity is a message key
	tenant       string
	kind         string // "T" if empty
}

func (e made) flowID() []byte {
	if e.dialect != 0 {
		return fmt.Appendf(nil, "flow-%d-%d", e.order, e.dialect)
	}
	return fmt.Appendf(nil, "flow-%d", e.order)
}

func (e made) into(x *index, offset int) Sequence {
	s := &slab{}
	r := e.record(s, offset)
	return x.take(0, s, &r)
}

// record is what a worker makes of it.
func (e made) record(s *slab, offset int) record {
	r := record{destination: "d", offset: int64(offset), time: int64(offset), id: s.eventID([]byte(e.id)), cause: s.eventID([]byte(e.cause)), kind: s.keep([]byte(cmp.Or(e.kind, "T")))}
	r.tenant = s.keep([]byte(e.tenant))
	if trace := []byte(e.trace); e.trace != "" && e.flow {
		r.trace, r.traceHash = s.keepID(trace)
	} else if e.trace != "" {
		r.flow, r.flowHash = s.keepID(trace)
		r.byTrace = true
	}
	if e.flow {
		id := e.flowID()
		r.dialect = e.dialect
		r.flow, r.flowHash = s.keepID(id)
		r.flowEvidence = s.keep([]byte("header correlation_id"))
	}
	if e.entity {
		entity := fmt.Appendf(nil, "ord-%d", e.order)
		r.entity, r.entityHash = s.keepID(entity)
		r.weakEntity = e.weak
	}
	if !e.flow && !e.entity && e.trace == "" && e.cause != "" {
		r.flow, r.flowHash = s.keepID([]byte(e.cause))
		r.byCause = true
	}
	return r
}

// groups puts events into an index in that order and says which are together.
func groups(t *rapid.T, events []made) string {
	x := New(Config{Memory: leastMemory}).newIndex()
	x.sources = []Source{{Name: "s"}}
	at := map[Sequence]made{}
	for i, e := range events {
		at[e.into(x, i)] = e
	}
	byFlow := map[uint32][]string{}
	for sequence, e := range at {
		number := x.flows.resolve(x.log.at(sequence).flow)
		byFlow[number] = append(byFlow[number], e.id)
	}
	var all []string
	for number, ids := range byFlow {
		slices.Sort(ids)
		all = append(all, strings.Join(ids, " "))
		var chained []string
		last := Sequence(0)
		for sequence := range x.chain(number) {
			if sequence <= last {
				t.Fatalf("a chain goes back from %d to %d", last, sequence)
			}
			last = sequence
			chained = append(chained, at[sequence].id)
		}
		slices.Sort(chained)
		if !slices.Equal(ids, chained) || int(x.flows.at(number).count) != len(ids) {
			t.Fatalf("flow %d has entries %v, chains %v, counts %d", number, ids, chained, x.flows.at(number).count)
		}
	}
	if x.flows.live != len(byFlow) {
		t.Fatalf("%d flows are counted, %d have events", x.flows.live, len(byFlow))
	}
	slices.Sort(all)
	return strings.Join(all, " | ")
}

func TestAnyInterleavingGivesTheSameFlows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := world(t)
		want := groups(t, events)
		if orders := len(slices.Collect(maps.Keys(ordersOf(events)))); strings.Count(want, "|")+1 != orders {
			t.Fatalf("%d orders became %s", orders, want)
		}
		if got := groups(t, rapid.Permutation(events).Draw(t, "order")); got != want {
			t.Fatalf("in another order:\n%s\nwant\n%s", got, want)
		}
	})
}

func ordersOf(events []made) map[int]bool {
	orders := map[int]bool{}
	for _, e := range events {
		orders[e.order] = true
	}
	return orders
}

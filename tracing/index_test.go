package tracing

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"eventscope/tracing/packed"
)

// sound fails unless everything in an index agrees with everything else.
func sound(t *rapid.T, x *index) {
	linked := soundFlows(t, x)
	entries := map[uint32]int{}
	for sequence := x.log.first; sequence < x.log.end; sequence++ {
		if number := x.log.at(sequence).flow; number != 0 {
			entries[number]++
		}
	}
	for number, n := range entries {
		record := x.flows.at(number)
		if record.flags&flowInUse == 0 || record.parent != 0 || n != linked[number]+int(record.unlinked) {
			t.Fatalf("%d entries are of flow %d, which links %d: %+v", n, number, linked[number], record)
		}
	}
	if x.flows.live != len(entries) || int64(x.taken-x.evicted) != x.log.len() {
		t.Fatalf("%d flows live, %d have entries; taken %d, evicted %d, held %d", x.flows.live, len(entries), x.taken, x.evicted, x.log.len())
	}
	soundTable(t, x, &x.flows.byID, func(record *flow) packed.Ref { return record.id })
	soundTable(t, x, &x.flows.byEntity, func(record *flow) packed.Ref { return record.entity })
	soundTable(t, x, &x.flows.byTrace, func(record *flow) packed.Ref { return record.trace })
}

// soundFlows checks chains, aliases and the free list, and says how many entries each
// flow links.
func soundFlows(t *rapid.T, x *index) map[uint32]int {
	linked, listed, used := map[uint32]int{}, map[uint32]bool{}, 0
	for number := uint32(1); number < x.flows.end; number++ {
		record := x.flows.at(number)
		if record.flags&flowInUse == 0 {
			continue
		}
		if used++; record.parent != 0 {
			continue
		}
		last := Sequence(0)
		for sequence := range x.chain(number) {
			if sequence <= last || !x.log.holds(sequence) || x.log.at(sequence).flow != number {
				t.Fatalf("the chain of flow %d goes from %d to %d", number, last, sequence)
			}
			last = sequence
			linked[number]++
		}
		if uint32(last) != record.tail || int(record.count) != linked[number]+int(record.unlinked+record.evicted) {
			t.Fatalf("flow %d links %d entries up to %d: %+v", number, linked[number], last, record)
		}
		for at := record.aliases; at != 0; at = x.flows.at(at).aliases {
			if listed[at] || x.flows.resolve(at) != number {
				t.Fatalf("alias %d of flow %d is listed twice, or leads to %d", at, number, x.flows.resolve(at))
			}
			listed[at] = true
		}
	}
	if used != x.flows.live+len(listed) || used+len(x.flows.free) != int(x.flows.end-1) {
		t.Fatalf("%d flows in use, %d live and %d aliases; %d free of %d", used, x.flows.live, len(listed), len(x.flows.free), x.flows.end-1)
	}
	return linked
}

// soundTable checks that a table leads only to flows in use that have that text.
func soundTable(t *rapid.T, x *index, table *packed.Table, text func(*flow) packed.Ref) {
	used := 0
	for check, number := range table.All() {
		used++
		record := x.flows.at(number)
		if record.flags&flowInUse == 0 || text(record) == 0 || uint32(x.flows.hash(text(record))) != check {
			t.Fatalf("a table leads to flow %d: %+v", number, record)
		}
	}
	if used != table.Len() {
		t.Fatalf("%d buckets are used, %d counted", used, table.Len())
	}
}

// anyEvent draws an event that names some of what there is of one order: its flow id in
// two dialects, its order id, one of its traces, and one of few event ids, some of which
// come twice, as its own and as its cause.
func anyEvent(t *rapid.T) made {
	order := rapid.IntRange(0, 5).Draw(t, "order")
	name := func(what string) string {
		return fmt.Sprintf("o%d-%s%d", order, what, rapid.IntRange(0, 9).Draw(t, what))
	}
	e := made{order: order, id: name("e"), flow: rapid.Bool().Draw(t, "flow"), entity: rapid.Bool().Draw(t, "entity")}
	e.dialect = uint16(rapid.IntRange(0, 1).Draw(t, "dialect"))
	if rapid.Bool().Draw(t, "cause") {
		e.cause = name("e")
	}
	if rapid.Bool().Draw(t, "traced") {
		e.trace = fmt.Sprintf("o%d-t%d", order, rapid.IntRange(0, 2).Draw(t, "trace"))
	}
	e.weak = rapid.Bool().Draw(t, "weak")
	return e
}

// poor draws how little of an event may be known before its schema is.
func (e made) poor(t *rapid.T) made {
	e.flow, e.entity = e.flow && rapid.Bool().Draw(t, "header"), e.entity && rapid.Bool().Draw(t, "key")
	e.weak = e.entity
	if rapid.Bool().Draw(t, "unread") {
		e.id, e.cause, e.trace = "", "", ""
	}
	return e
}

// TestAnIndexStaysSound takes any events in, reads some again of which little was known, and drops
// the oldest at any time. Whatever
// happens, the index agrees with itself, no flow has events of two orders, and an event
// that is held is found by the flow id, and the order id, that it names.
func TestAnIndexStaysSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := New(Config{Memory: leastMemory}).newIndex()
		x.sources = []Source{{Name: "s"}}
		told, later := map[Sequence]made{}, map[Sequence]made{}
		for i := range rapid.IntRange(1, 150).Draw(t, "events") {
			e := anyEvent(t)
			if rapid.IntRange(0, 3).Draw(t, "lacking") == 0 {
				later[e.poor(t).into(x, i)] = e
			} else {
				told[e.into(x, i)] = e
			}
			for _, sequence := range slices.Sorted(maps.Keys(later)) {
				e := later[sequence]
				if told[sequence] = e; rapid.Bool().Draw(t, "again") && x.log.holds(sequence) {
					s := &slab{}
					r := e.record(s, int(x.log.at(sequence).offset))
					x.amend(sequence, s, &r)
					sound(t, x)
					delete(later, sequence)
				} else {
					delete(told, sequence)
				}
			}
			for rapid.IntRange(0, 2).Draw(t, "evict") == 0 && x.log.len() > 0 {
				delete(told, x.log.first)
				delete(later, x.log.first)
				x.evictOldest()
			}
			sound(t, x)
		}
		orderOf := map[uint32]int{}
		for sequence, e := range told {
			number := x.log.at(sequence).flow
			if number == 0 {
				if e.flow || e.entity || e.trace != "" || e.cause != "" {
					t.Fatalf("%+v is of no flow", e)
				}
				continue
			}
			if order, known := orderOf[number]; known && order != e.order {
				t.Fatalf("flow %d has events of the orders %d and %d", number, order, e.order)
			}
			orderOf[number] = e.order
			tenant := x.tenants.Number([]byte(e.tenant))
			if id := e.flowID(); e.flow && x.flows.resolve(x.flows.findID(packed.Hash(id), id, &tenant)) != number {
				t.Fatalf("%s leads elsewhere than to flow %d", id, number)
			}
			if x.flows.lookup(x.flows.key(number)) != number {
				t.Fatalf("the key of flow %d leads elsewhere", number)
			}
		}
	})
}

package tracing

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

// historyOf puts the events of a world into the logs of a few destinations, in any order. Tangled
// ones may be caused by an event of another order.
func historyOf(t *rapid.T, events []made, tangled bool) *scanned {
	history, next := &scanned{}, map[adapters.Log]int64{}
	for _, e := range rapid.Permutation(events).Draw(t, "order") {
		log := adapters.Log{Destination: rapid.SampledFrom([]string{"orders", "payments"}).Draw(t, "destination"), Partition: rapid.Int32Range(0, 2).Draw(t, "partition")}
		one := told{destination: log.Destination, partition: log.Partition, offset: next[log], headers: []string{"event_id", e.id, "event_type", "T"}, value: "{}"}
		next[log]++
		if e.flow {
			one.headers = append(one.headers, "correlation_id", string(e.flowID()))
		}
		if tangled && rapid.IntRange(0, 9).Draw(t, "cause of another") == 0 {
			e.cause = rapid.SampledFrom(events).Draw(t, "event").id
		}
		if e.cause != "" {
			one.headers = append(one.headers, "causation_id", e.cause)
		}
		if e.entity {
			one.value = fmt.Sprintf(`{"order_id":"ord-%d"}`, e.order)
		}
		history.messages = append(history.messages, one.message())
	}
	return history
}

// idIn is an id that leads to something in a world.
func idIn(t *rapid.T, events []made) string {
	e := rapid.SampledFrom(events).Draw(t, "searched")
	return rapid.SampledFrom([]string{e.id, string(e.flowID()), fmt.Sprint("ord-", e.order)}).Draw(t, "id")
}

// searched are the positions of the flow that an id leads to, and of all flows that are kept, and
// whether the search says that it found all.
func searched(t *rapid.T, history *scanned, id string, whole int64) (flow, kept []string, all bool) {
	history.passes = 0
	found, err := newSearch(SearchConfig{
		ID: id, From: adapters.Beginning, Sources: []SearchSource{{Source: Source{Name: "kafka", Broker: "kafka"}, Scanner: history}},
	}, whole).run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	if history.passes > 2*mostRounds {
		t.Fatalf("%d passes", history.passes)
	}
	steps := func(key FlowKey) (positions []string) {
		flow, err := found.Flow(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		for i := range flow.Steps {
			positions = append(positions, flow.Steps[i].Position.String())
		}
		return positions
	}
	for one, err := range found.All(t.Context(), FlowQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, steps(one.Key)...)
	}
	if len(found.Matches) > 0 {
		flow = steps(found.Matches[0].Key)
	}
	slices.Sort(flow)
	slices.Sort(kept)
	return flow, kept, len(found.Problems) == 0
}

// TestASearchFindsWhatAnIndexOfEverythingHas: however little of a history is kept at first, in
// whatever order it lies, a search finds the same events, each once.
func TestASearchFindsWhatAnIndexOfEverythingHas(t *testing.T) {
	again := 0
	rapid.Check(t, func(t *rapid.T) {
		events := world(t)
		history, id := historyOf(t, events, false), idIn(t, events)
		want, _, _ := searched(t, history, id, int64(len(events)))
		got, _, all := searched(t, history, id, rapid.Int64Range(0, int64(len(events))).Draw(t, "whole"))
		if again += history.passes - 1; !slices.Equal(got, want) && all {
			t.Fatalf("%s leads to %q, of %q", id, got, want)
		}
	})
	if again == 0 {
		t.Error("nothing was read again")
	}
}

// TestASearchFollowsKeys: what has nothing but its key belongs to the flow that an event of that key
// names; what names a flow of its own does not.
func TestASearchFollowsKeys(t *testing.T) {
	named := func(flow string) []string { return []string{"event_type", "T", "correlation_id", flow} }
	history := &scanned{}
	for offset, one := range []told{
		{key: "ord-1", headers: []string{"event_type", "T"}, value: "{}"},
		{key: "ord-1", headers: named("flow-1"), value: "{}"},
		{key: "ord-1", headers: named("flow-2"), value: "{}"},
		{key: "ord-2", headers: []string{"event_type", "T"}, value: "{}"},
		{key: "else", headers: named("flow-1"), value: "{}"},
	} {
		one.destination, one.offset = "orders", int64(offset)
		history.messages = append(history.messages, one.message())
	}
	rapid.Check(t, func(t *rapid.T) {
		_, kept, _ := searched(t, history, "flow-1", rapid.Int64Range(0, 1).Draw(t, "whole"))
		if want := []string{"orders/0@0", "orders/0@1", "orders/0@4"}; !slices.Equal(kept, want) {
			t.Fatalf("kept are %q, want %q", kept, want)
		}
	})
}

// TestASearchFindsRowsByTheirKeys: by the key, in whatever table, and by both, as they are shown.
func TestASearchFindsRowsByTheirKeys(t *testing.T) {
	history := &scanned{}
	for offset, one := range []told{
		{destination: "orders", key: `{"id":1004}`, value: `{"id":1004}`}, {destination: "orders", key: `{"id":1005}`, value: `{"id":1005}`},
		{destination: "customers", key: `{"id":1004}`, value: `{}`}, {destination: "orders", key: `{"id":1004}`},
	} {
		one.offset = int64(offset)
		history.messages = append(history.messages, one.message())
	}
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Int64Range(0, 1).Draw(t, "whole")
		for id, want := range map[string][]string{
			"orders/1004": {"orders/0@0", "orders/0@3"}, "1004": {"customers/0@2", "orders/0@0", "orders/0@3"},
		} {
			if _, kept, _ := searched(t, history, id, whole); !slices.Equal(kept, want) {
				t.Fatalf("%s: kept are %q, want %q", id, kept, want)
			}
		}
	})
}

// TestASearchKeepsWhatMayBelong: where flows hang together in ways that depend on the order in which
// they come, a search keeps at least what an index of everything puts into the flow, each once.
func TestASearchKeepsWhatMayBelong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := world(t)
		history, id := historyOf(t, events, true), idIn(t, events)
		want, _, _ := searched(t, history, id, int64(len(events)))
		_, kept, all := searched(t, history, id, rapid.Int64Range(0, int64(len(events))).Draw(t, "whole"))
		for _, position := range want {
			if _, there := slices.BinarySearch(kept, position); !there && all {
				t.Fatalf("%s leads to %q, of which %q were kept", id, want, kept)
			}
		}
		if len(slices.Compact(slices.Clone(kept))) != len(kept) {
			t.Fatalf("something was kept twice: %q", kept)
		}
	})
}

// TestASearchKeepsWhatNobodyCanReadYet: a message whose schema is not known may belong, and is read
// again when it is.
func TestASearchKeepsWhatNobodyCanReadYet(t *testing.T) {
	history := &scanned{}
	for offset := range int64(6) {
		m := told{destination: "orders", offset: offset, headers: []string{"event_type", "T", "correlation_id", "flow-2"}, value: "{}"}.message()
		m.Lacking = offset%2 == 0
		history.messages = append(history.messages, m)
	}
	found, err := newSearch(SearchConfig{
		ID: "flow-1", From: adapters.Beginning, Sources: []SearchSource{{Source: Source{Name: "kafka", Broker: "kafka"}, Scanner: history}},
	}, 0).run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	if kept := found.Counters().Indexed; kept != 3 {
		t.Errorf("%d messages are kept, want 3", kept)
	}
}

package tracing

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

// historyOf puts the events of a world into the logs of a few destinations, in any order.
func historyOf(t *rapid.T, events []made) *scanned {
	history, next := &scanned{}, map[adapters.Log]int64{}
	for _, e := range rapid.Permutation(events).Draw(t, "order") {
		log := adapters.Log{Destination: rapid.SampledFrom([]string{"orders", "payments"}).Draw(t, "destination"), Partition: rapid.Int32Range(0, 2).Draw(t, "partition")}
		one := told{destination: log.Destination, partition: log.Partition, offset: next[log], headers: []string{"event_id", e.id, "event_type", "T"}, value: "{}"}
		next[log]++
		if e.flow {
			one.headers = append(one.headers, "correlation_id", string(e.flowID()))
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

// searched are the positions of the flow that an id leads to, and how often history was read.
func searched(t *rapid.T, history *scanned, id string, whole int64) (positions []string, passes int) {
	history.passes = 0
	found, err := newSearch(SearchConfig{
		ID: id, From: adapters.Beginning, Sources: []SearchSource{{Source: Source{Name: "kafka", Broker: "kafka"}, Scanner: history}},
	}, whole).run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	if len(found.Matches) == 0 {
		return nil, history.passes
	}
	flow, err := found.Flow(t.Context(), found.Matches[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	for i := range flow.Steps {
		positions = append(positions, flow.Steps[i].Position.String())
	}
	slices.Sort(positions)
	return positions, history.passes
}

// TestASearchFindsWhatAnIndexOfEverythingHas: however little of a history is kept at first, in
// whatever order it lies, a search finds the same events, each once.
func TestASearchFindsWhatAnIndexOfEverythingHas(t *testing.T) {
	again := 0
	rapid.Check(t, func(t *rapid.T) {
		events := world(t)
		history := historyOf(t, events)
		e := rapid.SampledFrom(events).Draw(t, "searched")
		id := rapid.SampledFrom([]string{e.id, string(e.flowID()), fmt.Sprint("ord-", e.order)}).Draw(t, "id")
		want, _ := searched(t, history, id, int64(len(events)))
		got, passes := searched(t, history, id, rapid.Int64Range(0, int64(len(events))).Draw(t, "whole"))
		if again += passes - 1; strings.Join(got, " ") != strings.Join(want, " ") || passes > 2*mostRounds {
			t.Fatalf("%s leads to %q in %d passes, of %q", id, got, passes, want)
		}
	})
	if again == 0 {
		t.Error("nothing was read again")
	}
}

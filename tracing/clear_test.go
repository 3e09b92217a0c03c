package tracing

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing/query"
)

// TestAClearedIndexKnowsNothing of before, and mistakes nothing of it for what comes afterwards.
func TestAClearedIndexKnowsNothing(t *testing.T) {
	b := newBench(t, Config{})
	order := func(n, offset int) told {
		return told{destination: "orders", offset: int64(offset), at: time.Duration(offset) * time.Second, headers: []string{"correlation_id", fmt.Sprint("flow-", n)}, value: "{}"}
	}
	var before []told
	for n := range 20 {
		before = append(before, order(n, n))
	}
	b.tell(before...)
	filter, err := query.Compile(`flow == "flow-3"`, query.Events)
	if err != nil {
		t.Fatal(err)
	}
	watch := b.Watch(filter)
	defer watch.Close()
	if err := watch.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	old, err := b.Page(t.Context(), PageQuery{Backward: true, Limit: 100})
	if err != nil || len(old.Events) != 20 {
		t.Fatalf("%d events: %v", len(old.Events), err)
	}
	if past := b.Counters().LastPast; past != old.Events[19].Sequence {
		t.Errorf("the latest of the past is %d", past)
	}
	if err := b.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectNone := func() {
		t.Helper()
		for _, e := range old.Events {
			if _, err := b.Event(t.Context(), e.Sequence); !errors.Is(err, ErrUnknown) {
				t.Errorf("event %d: %v", e.Sequence, err)
			}
			if _, err := b.Flow(t.Context(), e.FlowKey); !errors.Is(err, ErrUnknown) {
				t.Errorf("flow of event %d: %v", e.Sequence, err)
			}
		}
	}
	expectNone()
	if c := b.Counters(); c.Indexed != 0 || c.Flows != 0 || c.LastPast != 0 || watch.Progress().Matched != 0 {
		t.Errorf("left are %+v, %+v", c, watch.Progress())
	}
	b.past = false
	b.tell(order(3, 0), order(4, 1), order(3, 2))
	expectNone()
	found, err := b.Page(t.Context(), PageQuery{Watch: watch, Backward: true, Limit: 100})
	if err != nil || len(found.Events) != 2 || watch.Progress().Matched != 2 {
		t.Errorf("the filter has %d, says %+v: %v", len(found.Events), watch.Progress(), err)
	}
	if c := b.Counters(); c.Flows != 2 || c.LastPast != 0 {
		t.Errorf("there are %+v", c)
	}
}

// TestWhatIsPutInOrderIsTakenInOrder, whichever log and source it is of.
func TestWhatIsPutInOrderIsTakenInOrder(t *testing.T) {
	b := newBench(t, Config{})
	var intakes []adapters.Intake
	for i := range 3 {
		past, _ := b.AttachInOrder(Source{Name: fmt.Sprint("source", i), Broker: "kafka"})
		intakes = append(intakes, past)
	}
	const all = 500
	for i := range all {
		m := told{destination: fmt.Sprint("topic", i%7), partition: int32(i % 5), offset: int64(i), value: "{}"}.message()
		if err := intakes[i%len(intakes)].Put(t.Context(), &adapters.Batch{Messages: []adapters.Message{m}, Past: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	page, err := b.Page(t.Context(), PageQuery{Backward: true, Limit: all})
	if err != nil || len(page.Events) != all {
		t.Fatalf("%d events: %v", len(page.Events), err)
	}
	if !slices.IsSortedFunc(page.Events, func(a, b Event) int { return int(a.Position.Offset - b.Position.Offset) }) {
		t.Error("they are in another order")
	}
}

package tracing

import (
	"errors"
	"testing"

	"eventscope/adapters"
)

func TestAPositionIsLocatedHoweverFarBack(t *testing.T) {
	b := newBench(t, Config{})
	b.tell(order(1, "ord-1", happy...)...)
	far := &adapters.Batch{Messages: make([]adapters.Message, entriesAtOnce+10)}
	for i := range far.Messages {
		far.Messages[i] = told{destination: "far", partition: 1, offset: int64(i), value: "{}"}.message()
	}
	if err := b.intake.Put(t.Context(), far); err != nil {
		t.Fatal(err)
	}
	b.tell(told{destination: "orders", partition: 7, offset: 3, value: "again"}, told{destination: "orders", partition: 7, offset: 3, value: "and again"})
	newest, err := b.Locate(t.Context(), adapters.Position{Destination: "orders", Partition: 7, Offset: 3})
	if err != nil || newest != sequencesOf(mustPage(t, b, PageQuery{Backward: true, Limit: 1}))[0] {
		t.Errorf("the newest of two at one position: %d, %v", newest, err)
	}
	for _, position := range []string{"orders/1@103", "far/1@0", "far/1@131081"} {
		at, err := adapters.ParsePosition(position)
		if err != nil {
			t.Fatal(err)
		}
		sequence, err := b.Locate(t.Context(), at)
		if err != nil {
			t.Errorf("%s: %v", position, err)
			continue
		}
		if event, err := b.Event(t.Context(), sequence); err != nil || event.Position != at {
			t.Errorf("%s led to %s, %v", position, event.Position, err)
		}
	}
	for _, position := range []adapters.Position{{Destination: "orders", Partition: 1, Offset: 9999}, {Destination: "nowhere"}, adapters.DigestPosition("orders", 103)} {
		if sequence, err := b.Locate(t.Context(), position); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %d, %v", position, sequence, err)
		}
	}
}

func mustPage(t *testing.T, b *bench, query PageQuery) Page {
	t.Helper()
	page, err := b.Page(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

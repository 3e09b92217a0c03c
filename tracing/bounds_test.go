package tracing

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing/packed"
	"eventscope/tracing/query"
)

// flood puts n messages in, in batches.
func (b *bench) flood(n int, one func(i int) told) {
	b.t.Helper()
	for from := 0; from < n; from += 10_000 {
		batch := &adapters.Batch{}
		for i := from; i < min(from+10_000, n); i++ {
			batch.Messages = append(batch.Messages, one(i).message())
		}
		if err := b.intake.Put(b.t.Context(), batch); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := b.Sync(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// TestHostileNamesStayWithinTheBudget: types, services, evidence, destinations, order
// ids and flow ids that never come again.
func TestHostileNamesStayWithinTheBudget(t *testing.T) {
	b := newBench(t, Config{Memory: leastMemory})
	b.flood(300_000, func(i int) told {
		return told{
			destination: fmt.Sprint("topic-", i%100_000), partition: int32(i % 7), offset: int64(i), key: fmt.Sprint("k", i),
			headers: []string{"correlation_id", fmt.Sprintf("%0500d", i), "event_type", fmt.Sprintf("%0190d", i), "source", fmt.Sprint("s", i)},
		}
	})
	c := b.Counters()
	if c.IndexBytes+c.PayloadBytes > c.Budget+8<<20 || c.Events != 300_000 {
		t.Errorf("%d events take %d of %d bytes", c.Events, c.IndexBytes, c.Budget)
	}
	page, err := b.Page(t.Context(), PageQuery{Backward: true, Limit: 1})
	if err != nil || page.Events[0].Type != packed.OtherNames || page.Events[0].Position.Destination != packed.OtherPlaces {
		t.Errorf("%+v, %v", page.Events, err)
	}
}

func TestAWatchThatMatchesEverythingIsBounded(t *testing.T) {
	b := newBench(t, Config{Memory: leastMemory})
	tick := func(i int) told {
		return told{destination: "a", offset: int64(i), headers: []string{"event_type", "Tick"}}
	}
	b.flood(50_000, tick)
	filter, err := query.Compile(`type == "Tick"`, query.Events)
	if err != nil {
		t.Fatal(err)
	}
	w := b.Watch(filter)
	defer w.Close()
	if err := w.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.flood(150_000, tick)
	page, err := b.Page(t.Context(), PageQuery{Watch: w, Backward: true, Limit: 10})
	if rows := page.Older + page.Newer + int64(len(page.Events)); err != nil || rows == 0 || rows > int64(b.mostMatches()) || !slices.IsSorted(sequencesOf(page)) {
		t.Errorf("%d rows, %v", rows, err)
	}
	if newest, err := b.Page(t.Context(), PageQuery{Backward: true, Limit: 1}); err != nil || newest.Events[0].Sequence != page.Events[len(page.Events)-1].Sequence {
		t.Errorf("the newest match is not the newest event: %v", err)
	}
	if p := w.Progress(); p.Searched != p.ToSearch {
		t.Errorf("%+v", p)
	}
}

// TestListsOfFlowsMeetWhereverTheyBegin walks many flows, which takes the owner of the
// index many pieces, with some that have many events among them.
func TestListsOfFlowsMeetWhereverTheyBegin(t *testing.T) {
	b := newBench(t, Config{})
	const many = 30_000
	b.flood(many, func(i int) told {
		flow := fmt.Sprint("corr-", i)
		if i%2 == 0 {
			flow = fmt.Sprint("large-", i/10_000)
		}
		return told{destination: "a", offset: int64(i), at: time.Duration(i) * time.Millisecond, headers: []string{"correlation_id", flow, "event_type", "Tick"}}
	})
	for _, sort := range []FlowSort{ByActivity, ByEvents} {
		seen := map[string]bool{}
		total := 0
		for offset := 0; ; offset += 4000 {
			page, err := b.Flows(t.Context(), FlowQuery{Sort: sort, Offset: offset, Limit: 4000})
			if err != nil {
				t.Fatal(err)
			}
			for _, flow := range page.Flows {
				seen[flow.ID] = true
			}
			if total = page.Total; len(page.Flows) == 0 {
				break
			}
		}
		if want := many/2 + 3; len(seen) != want || total != want {
			t.Errorf("by %s %d flows are listed, %d there, want %d", sort, len(seen), total, want)
		}
	}
}

// TestWhatWasEvictedComesBackOnce: a flow that lost its beginning has it again, and
// nothing twice, when a search found it.
func TestWhatWasEvictedComesBackOnce(t *testing.T) {
	b := newBench(t, Config{Memory: 2 * leastMemory})
	story := order(1, "ord-1", happy...)
	b.tell(story[:2]...)
	others := int64(0)
	for n := 0; n < 80 && b.flow("ord-1").Evicted == 0; n++ {
		b.flood(5000, func(int) told {
			others++
			return told{destination: "a", offset: others, headers: []string{"correlation_id", fmt.Sprintf("%08d", others/2), "event_type", "Tick"}}
		})
		if n == 28 { // two segments of the log later: two go at a time
			b.tell(story[2:]...)
		}
	}
	before := b.flow("ord-1")
	if before.Evicted == 0 || !before.BeganBefore || before.Events != 4 {
		t.Fatalf("nothing was evicted: %+v", before.FlowSummary)
	}
	history := &scanned{}
	for _, one := range story {
		history.messages = append(history.messages, one.message())
		b.broker[one.message().Position] = one.message()
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
	if flow := b.flow("ord-1"); flow.Events != 4 || flow.Evicted != 0 || flow.BeganBefore || len(flow.Steps) != 4 {
		t.Errorf("%+v", flow.FlowSummary)
	}
}

// hasty is a broker that stops answering.
type hasty struct{ memory }

func (b hasty) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		n := 0
		for m, err := range b.memory.Fetch(ctx, positions) {
			if n++; n > 3 || !yield(m, err) {
				return
			}
		}
	}
}

func TestMessagesComeInOrderEachWithItsOwnError(t *testing.T) {
	b := newBench(t, Config{})
	quick := b.Attach(Source{Name: "quick", Broker: "kafka", Fetch: hasty{b.broker}})
	tap := b.Attach(Source{Name: "tap", Broker: "rabbitmq"})
	for i := range 60 {
		m := told{destination: "d", offset: int64(i), value: fmt.Sprint("value ", i)}.message()
		if i != 7 {
			b.broker[m.Position] = m
		}
		into := []adapters.Intake{b.intake, quick, tap}[i%3]
		if err := into.Put(t.Context(), &adapters.Batch{Messages: []adapters.Message{m}}); err != nil {
			t.Fatal(err)
		}
		if err := b.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	page, err := b.Page(t.Context(), PageQuery{Backward: true, Limit: 60})
	if err != nil {
		t.Fatal(err)
	}
	i, silent := 0, 0
	for m, err := range b.Messages(t.Context(), page.Events) {
		switch {
		case m.Position != page.Events[i].Position:
			t.Fatalf("message %d is that at %s, not at %s", i, m.Position, page.Events[i].Position)
		case i%3 == 2 || i == 7:
			if !errors.Is(err, adapters.ErrGone) {
				t.Errorf("message %d, which nobody has: %v", i, err)
			}
			if problem := (*adapters.Problem)(nil); i%3 == 2 && !errors.As(err, &problem) {
				t.Errorf("message %d of a tap was taken by nobody, and its error is %v", i, err)
			}
		case i%3 == 1 && errors.Is(err, adapters.ErrNotConnected):
			silent++
		case err != nil || string(m.Value) != fmt.Sprint("value ", i):
			t.Errorf("message %d is %q, %v", i, m.Value, err)
		}
		i++
	}
	if i != 60 || silent == 0 {
		t.Errorf("%d messages, %d that the broker did not answer", i, silent)
	}
}

// yielding counts what a broker handed on.
type yielding struct {
	memory
	n *int
}

func (b yielding) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		for m, err := range b.memory.Fetch(ctx, positions) {
			if *b.n++; !yield(m, err) {
				return
			}
		}
	}
}

// Behind a small message may be thousands of large ones: none is read before it is wanted.
func TestMessagesAreReadAsTheyAreTaken(t *testing.T) {
	b := newBench(t, Config{})
	handed := 0
	slow := b.Attach(Source{Name: "slow", Broker: "kafka", Fetch: yielding{b.broker, &handed}})
	batch := &adapters.Batch{}
	for i := range 200 {
		m := told{destination: "d", offset: int64(i), value: fmt.Sprint("value ", i)}.message()
		b.broker[m.Position] = m
		batch.Messages = append(batch.Messages, m)
	}
	if err := errors.Join(slow.Put(t.Context(), batch), b.Sync(t.Context())); err != nil {
		t.Fatal(err)
	}
	page, err := b.Page(t.Context(), PageQuery{Backward: true, Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for m, err := range b.Messages(t.Context(), page.Events) {
		if taken++; handed != taken || err != nil {
			t.Fatalf("%d were read when %d were taken: %s, %v", handed, taken, m.Position, err)
		}
	}
	if taken != 200 {
		t.Errorf("%d of 200 messages", taken)
	}
}

// Kept copies are copied a part of the budget at a time.
func TestKeptCopiesAreTakenInParts(t *testing.T) {
	b := newBench(t, Config{Memory: leastMemory})
	tap := b.Attach(Source{Name: "tap", Broker: "rabbitmq"})
	batch := &adapters.Batch{Volatile: true}
	for i := range 10 {
		batch.Messages = append(batch.Messages, told{destination: "d", offset: int64(i), value: fmt.Sprintf("%0150000d", i)}.message())
	}
	if err := errors.Join(tap.Put(t.Context(), batch), b.Sync(t.Context())); err != nil {
		t.Fatal(err)
	}
	page, err := b.Page(t.Context(), PageQuery{From: 1, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if r := b.rereading(t.Context(), page.Events, b.bytesAtOnce()); len(r.events) != 4 {
		t.Errorf("of messages of 150 kB %d are copied at once, want 4, for 512 KiB", len(r.events))
	}
	i := 0
	for m, err := range b.Messages(t.Context(), page.Events) {
		if err != nil || string(m.Value) != fmt.Sprintf("%0150000d", i) {
			t.Errorf("message %d has %d bytes, %v", i, len(m.Value), err)
		}
		i++
	}
	if i != 10 {
		t.Errorf("%d of 10 messages", i)
	}
}

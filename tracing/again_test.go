package tracing

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
	"eventscope/tracing/query"
	"eventscope/tracing/waiting"
)

const placedSchema = `{"type":"record","name":"OrderPlaced","fields":[{"name":"order_id","type":"string"},{"name":"correlation_id","type":"string"},{"name":"event_id","type":"string"},{"name":"type","type":"string"}]}`

// absent is a registry that has no answer until it is back, and the broker of its messages.
type absent struct {
	broker memory
	away   bool
	slow   time.Duration // for each message
	mu     sync.Mutex
	why    error
	schema *schemas.Schema
	again  map[schemas.Ref]int64
	given  map[schemas.Ref]string
}

func newAbsent(t *testing.T) *absent {
	a := &absent{why: errors.New("it cannot be reached"), again: map[schemas.Ref]int64{}, given: map[schemas.Ref]string{}}
	a.schema = &schemas.Schema{Ref: idRef(7), Format: "AVRO", Text: placedSchema}
	if err := payload.Compile(a.schema, nil); err != nil {
		t.Fatal(err)
	}
	return a
}

func idRef(n uint64) schemas.Ref { return schemas.Ref{By: schemas.ByID, ID: n} }

func (a *absent) answer(why error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.why = why
}

// Fetch implements [adapters.Fetcher].
func (a *absent) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		for m, err := range a.broker.Fetch(ctx, positions) {
			a.mu.Lock()
			if m.Schemas, m.Lacking = a, false; a.away {
				err = adapters.ErrNotConnected
			}
			slow := a.slow
			a.mu.Unlock()
			if slow > 0 {
				select {
				case <-time.After(slow):
				case <-ctx.Done():
					err = ctx.Err()
				}
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

func (a *absent) Registry() string { return "registry:8081" }

func (a *absent) Find(_ string, ref schemas.Ref) (*schemas.Schema, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.why != nil || ref.ID != 7 {
		return nil, a.why
	}
	return a.schema, nil
}

func (a *absent) ReadAgain(ref schemas.Ref, values int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.again[ref] += values
}

func (a *absent) GivenUp(ref schemas.Ref, why string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.given[ref] = why
}

// told is what became of the values of schema 7.
func (a *absent) told() (again int64, given string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.again[idRef(7)], a.given[idRef(7)]
}

func text(s string) string { return string(rune(2*len(s))) + s }

// placed is the n-th event of an order, whose value is written with schema 7.
func placed(n int, order string) adapters.Message {
	value := "\x00\x00\x00\x00\x07" + text(order) + text("corr-"+order) + text(fmt.Sprint("e", n)) + text("OrderPlaced")
	return adapters.Message{Position: adapters.Position{Destination: "orders", Partition: 0, Offset: int64(n)}, Time: noon.Add(time.Duration(n) * time.Second), Value: []byte(value)}
}

// lacking is a bench whose second source has no schemas yet.
func lacking(t *testing.T, config Config) (*bench, *absent) {
	b, registry := newBench(t, config), newAbsent(t)
	registry.broker = b.broker
	b.intake = b.Attach(Source{Name: "kafka", Broker: "kafka", Fetch: registry, Schemas: registry})
	return b, registry
}

// come lets messages come whose schemas are not known.
func (b *bench) come(registry *absent, messages ...adapters.Message) {
	b.t.Helper()
	for _, m := range messages {
		if m.Lacking = registry != nil; m.Lacking {
			m.Schemas = registry
		}
		b.broker[m.Position] = m.Clone()
		if err := b.intake.Put(b.t.Context(), &adapters.Batch{Messages: []adapters.Message{m}}); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := b.Sync(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// TestWhatCameBeforeItsSchemaIsReadAgain: by itself when the schema is there, each event once, in
// its place in the log and in its flow, and a filter that asks for what it says finds it.
func TestWhatCameBeforeItsSchemaIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, registry := lacking(t, Config{})
		filter, err := query.Compile(`json("order_id") == "ord-1"`, query.Events)
		if err != nil {
			t.Fatal(err)
		}
		watch := b.Watch(filter)
		defer watch.Close()
		if err := watch.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		keyed := placed(2, "ord-2")
		keyed.Key = []byte("ord-2")
		b.come(registry, placed(0, "ord-1"), keyed, placed(5, "ord-1"))
		b.tell(told{destination: "payments", offset: 1, at: time.Second, headers: []string{"event_type", "PaymentProcessed", "correlation_id", "corr-ord-1", "event_id", "p1"}})
		if _, err := b.Find(t.Context(), "ord-1"); err != ErrUnknown || watch.Progress().Matched != 0 {
			t.Fatalf("it was known before its schema: %v", err)
		}
		registry.answer(nil)
		time.Sleep(2 * againEvery)
		synctest.Wait()
		if flow := b.flow("ord-1"); types(flow) != "OrderPlaced PaymentProcessed OrderPlaced" || flow.ID != "corr-ord-1" {
			t.Errorf("%s has %s", flow.ID, types(flow))
		}
		if flow := b.flow("ord-2"); types(flow) != "OrderPlaced" || flow.ID != "corr-ord-2" {
			t.Errorf("%s has %s", flow.ID, types(flow))
		}
		if again, given := registry.told(); again != 3 || given != "" {
			t.Errorf("%d were read again, %q", again, given)
		}
		if c := b.Counters(); c.Events != 4 || c.Flows != 2 {
			t.Errorf("%d events, %d flows", c.Events, c.Flows)
		}
		page, err := b.Page(t.Context(), PageQuery{Watch: watch, Limit: 10, Backward: true})
		if err != nil || len(page.Events) != 2 || page.Events[0].Position.Offset != 0 || page.Events[1].Position.Offset != 5 {
			t.Errorf("the filter finds %v, %v", page.Events, err)
		}
		versions, err := b.Versions(t.Context())
		if err != nil || len(versions) != 2 || versions[0].Type != "OrderPlaced" || versions[0].Events != 3 {
			t.Errorf("%+v, %v", versions, err)
		}
	})
}

// TestAKeyThatCameBeforeItsSchema leads to what it is about, too.
func TestAKeyThatCameBeforeItsSchema(t *testing.T) {
	b, registry := lacking(t, Config{})
	m := adapters.Message{Position: adapters.Position{Destination: "orders", Offset: 1}, Value: []byte(`{"type":"OrderPlaced"}`), Time: noon}
	m.Key = placed(1, "ord-9").Value
	b.come(registry, m)
	registry.answer(nil)
	if err := b.ReadAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if flow := b.flow("ord-9"); types(flow) != "OrderPlaced" {
		t.Error(types(flow))
	}
	if again, _ := registry.told(); again != 0 {
		t.Errorf("%d values were told to be read again", again)
	}
}

// TestWhatMayWaitIsBounded, and how many had no room is told; what is gone is not waited for.
func TestWhatMayWaitIsBounded(t *testing.T) {
	b, registry := lacking(t, Config{Memory: leastMemory})
	most := b.mostWaiting()
	var all []adapters.Message
	for i := range 3 * most {
		all = append(all, placed(i, fmt.Sprint("ord-", i)))
	}
	b.come(registry, all...)
	var list *waiting.List
	if err := b.ask(t.Context(), func(x *index) { list = x.waiting }); err != nil || list.Events() > most || list.Bytes() > int64(most*16+1000) {
		t.Fatalf("%d of %d wait, in %d bytes", list.Events(), most, list.Bytes())
	}
	waits := list.Events()
	delete(b.broker, all[len(all)-1].Position)
	registry.answer(nil)
	if err := b.ReadAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again, given := registry.told(); again != int64(waits-1) || given == "" {
		t.Errorf("%d of %d were read again, %q", again, waits, given)
	}
	if flow := b.flow(fmt.Sprint("ord-", 3*most-2)); types(flow) != "OrderPlaced" {
		t.Error(types(flow))
	}
}

// TestWhatCannotBeReadAgainNowWaits for its broker, and what has no schema for good does not.
func TestWhatCannotBeReadAgainNowWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, registry := lacking(t, Config{})
		b.come(registry, placed(1, "ord-1"))
		registry.away = true
		registry.answer(nil)
		time.Sleep(10 * againEvery)
		synctest.Wait()
		if again, _ := registry.told(); again != 0 {
			t.Fatalf("%d were read of a broker that is away", again)
		}
		registry.mu.Lock()
		registry.away = false
		registry.mu.Unlock()
		time.Sleep(longestAgain)
		synctest.Wait()
		if again, _ := registry.told(); again != 1 || types(b.flow("ord-1")) != "OrderPlaced" {
			t.Errorf("%d were read again", again)
		}
		registry.answer(errors.ErrUnsupported)
		m := placed(2, "ord-2")
		m.Value[4] = 8 // a schema that cannot be used
		b.come(registry, m)
		if err := b.ask(t.Context(), func(x *index) {
			if x.waiting.Events() != 0 {
				t.Errorf("%d wait for what will never come", x.waiting.Events())
			}
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestWhatIsReadAgainIsAsIfItHadBeenKnown: the later of two of one id is the duplicate, whichever was
// read first; a flow that had it and nothing else leaves no rest; lines made of it are made anew; and
// what is usual is learned from flows that ended before.
func TestWhatIsReadAgainIsAsIfItHadBeenKnown(t *testing.T) {
	b, registry := lacking(t, Config{Settle: time.Nanosecond})
	keyed := placed(1, "ord-1")
	keyed.Key = []byte("another-key")
	b.come(registry, keyed)
	second := placed(1, "ord-1")
	second.Position.Offset = 9
	registry.answer(nil)
	second.Schemas = registry // which knows its schema
	b.come(nil, second)
	if err := b.ask(t.Context(), func(x *index) {
		x.summaries.put(x.log.first, line{summary: []byte("schema 7")})
		x.settleTo(x.log.end, 100)
	}); err != nil {
		t.Fatal(err)
	}
	if err := b.ReadAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	flow := b.flow("ord-1")
	if len(flow.Steps) != 2 || flow.Steps[0].Marks.Has(Duplicate) || !flow.Steps[1].Marks.Has(Duplicate) {
		t.Errorf("%+v", flow.Steps)
	}
	again := adapters.Message{Position: adapters.Position{Destination: "orders", Offset: 10}, Key: []byte("another-key"), Value: []byte("{}"), Time: noon}
	b.come(nil, again)
	if other := b.flow("another-key"); other.Cut || other.Events != 1 {
		t.Errorf("the key alone: %+v", other)
	}
	if err := b.ask(t.Context(), func(x *index) {
		if text := x.summaries.texts[x.log.first].summary; text != nil {
			t.Errorf("its line is still %q", text)
		}
		if number := x.log.at(x.log.first).flow; x.flows.at(number).flags&flowLearned == 0 {
			t.Error("nothing was learned of its flow")
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// TestAFilterThatSearchesThePastFindsWhatIsReadAgain once, whatever comes first.
func TestAFilterThatSearchesThePastFindsWhatIsReadAgain(t *testing.T) {
	w := &watchState{boundary: 100, searched: 50}
	for _, c := range []struct {
		sequence Sequence
		is       bool
	}{{120, true}, {110, true}, {120, false}, {70, true}, {60, true}, {70, false}, {49, false}} {
		if (w.insert([]Sequence{c.sequence}) == 1) != c.is {
			t.Errorf("%d is put there: %v", c.sequence, !c.is)
		}
	}
	if !slices.Equal(w.live, []Sequence{110, 120}) || !slices.Equal(w.past, []Sequence{70, 60}) || !w.again || !w.has(60) {
		t.Errorf("%+v", w)
	}
}

// TestAnEndDoesNotWaitForASlowBroker for ever: what was not read in time is told, and read later.
func TestAnEndDoesNotWaitForASlowBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slabs = 6
		b, registry := lacking(t, Config{})
		var all []adapters.Message
		for i := range slabs * againAtOnce {
			all = append(all, placed(i, fmt.Sprint("ord-", i)))
		}
		b.come(registry, all...)
		registry.mu.Lock()
		registry.slow = againLimit / 2 / againAtOnce
		registry.mu.Unlock()
		registry.answer(nil)
		began := time.Now()
		if err := b.ReadAgain(t.Context()); err != nil {
			t.Fatal(err)
		}
		again, given := registry.told()
		if took := time.Since(began); took > againLimit+time.Second || again < againAtOnce || again > 2*againAtOnce || given == "" {
			t.Errorf("in %v %d of %d were read, %q", took, again, len(all), given)
		}
		time.Sleep(slabs * againLimit)
		synctest.Wait()
		if again, _ := registry.told(); again != int64(len(all)) {
			t.Errorf("%d of %d were read in the end", again, len(all))
		}
	})
}

// TestThePastHasEachMatchOnce, newest first, whatever is read again while it is searched.
func TestThePastHasEachMatchOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const boundary = 60
		w, want, matched := &watchState{boundary: boundary, searched: boundary}, map[Sequence]bool{}, 0
		for end := Sequence(boundary); end > 0; {
			from := end - min(end, Sequence(rapid.IntRange(1, 20).Draw(t, "chunk")))
			w.searched = from
			var again []Sequence
			for _, sequence := range rapid.SliceOfN(rapid.Uint64Range(0, boundary-1), 0, 8).Draw(t, "again") {
				again = append(again, Sequence(sequence))
				if Sequence(sequence) >= from {
					want[Sequence(sequence)] = true
				}
			}
			matched += w.insert(again)
			var found []Sequence
			for sequence := end; sequence > from; sequence-- {
				if rapid.Bool().Draw(t, "matches") {
					found = append(found, sequence-1)
					want[sequence-1] = true
				}
			}
			matched += len(w.add(found))
			if !slices.Equal(w.past, slices.SortedFunc(maps.Keys(want), newestFirst)) || matched != len(want) {
				t.Fatalf("the past has %v, and %d are counted", w.past, matched)
			}
			end = from
		}
	})
}

// What is read again while a large past is searched is looked for among all that was found.
func BenchmarkFoundBesideWhatWasReadAgain(b *testing.B) {
	const most = 1 << 20
	var past, found []Sequence
	for sequence := Sequence(2 * most); sequence > most; sequence-- {
		past = append(past, sequence)
	}
	for sequence := Sequence(most); sequence > most-mostSearched; sequence-- {
		found = append(found, sequence)
	}
	w := &watchState{past: slices.Grow(past, len(found)+1), boundary: 2*most + 1}
	for b.Loop() {
		w.again = true
		w.past = w.past[:most]
		w.add(found)
	}
}

// What is read again belongs between what was found before, of which there may be much.
func BenchmarkPutBetweenWhatWasFound(b *testing.B) {
	const most = 1 << 20
	w, again := &watchState{boundary: 1, live: make([]Sequence, 0, most+againAtOnce)}, make([]Sequence, againAtOnce)
	for b.Loop() {
		w.live = w.live[:0]
		for sequence := Sequence(1); sequence < most; sequence++ {
			w.live = append(w.live, 2*sequence)
		}
		for i := range again {
			again[i] = Sequence(2*i + 3)
		}
		if w.insert(again) != len(again) {
			b.Fatal("not all were put there")
		}
	}
}

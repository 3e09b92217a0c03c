package tracing

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"eventscope/adapters"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is when the stories of these tests begin.
var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// told is a message as the tests tell it.
type told struct {
	destination string
	partition   int32
	offset      int64
	at          time.Duration // after noon
	key         string
	headers     []string // name, value, name, value
	value       string
}

func (t told) message() adapters.Message {
	m := adapters.Message{
		Position: adapters.Position{Destination: t.destination, Partition: t.partition, Offset: t.offset},
		Time:     noon.Add(t.at), Value: []byte(t.value),
	}
	if t.key != "" {
		m.Key = []byte(t.key)
	}
	for i := 0; i+1 < len(t.headers); i += 2 {
		m.Headers = append(m.Headers, adapters.Header{Name: t.headers[i], Value: []byte(t.headers[i+1])})
	}
	return m
}

// memory is a broker that has the messages that were put through it.
type memory map[adapters.Position]adapters.Message

func (b memory) Fetch(_ context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		for _, position := range positions {
			m, ok := b[position]
			err := error(nil)
			if !ok {
				err = fmt.Errorf("%s: %w", position, adapters.ErrGone)
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

// bench is a running store and its one source.
type bench struct {
	*Store
	t      testing.TB
	intake adapters.Intake
	broker memory
	past   bool // what is told was in its log before
}

func newBench(t testing.TB, config Config) *bench {
	t.Helper()
	b := &bench{Store: New(config), t: t, broker: memory{}, past: true}
	b.intake = b.Attach(Source{Name: "kafka", Broker: "kafka", Fetch: b.broker})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return b
}

// tell puts messages in, one batch each, and waits until they are indexed. They are told
// long after they happened, and nothing more of that time is to come.
func (b *bench) tell(story ...told) {
	b.t.Helper()
	b.put(story...)
	if err := b.ask(b.t.Context(), func(x *index) { x.pastProgress.at = 0 }); err != nil {
		b.t.Fatal(err)
	}
}

// put is tell, with more to come.
func (b *bench) put(story ...told) {
	b.t.Helper()
	for _, one := range story {
		m := one.message()
		b.broker[m.Position] = m.Clone()
		if err := b.intake.Put(b.t.Context(), &adapters.Batch{Messages: []adapters.Message{m}, Past: b.past}); err != nil {
			b.t.Fatal(err)
		}
		if err := b.Sync(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bench) flow(id string) *Flow {
	b.t.Helper()
	matches, err := b.Find(b.t.Context(), id)
	if err != nil {
		b.t.Fatalf("find %s: %v", id, err)
	}
	flow, err := b.Flow(b.t.Context(), matches[0].Key)
	if err != nil {
		b.t.Fatal(err)
	}
	return flow
}

func types(flow *Flow) string {
	var names []string
	for _, step := range flow.Steps {
		names = append(names, step.Type)
	}
	return strings.Join(names, " ")
}

// order tells the usual story of an order, n seconds after noon.
func order(n int, id string, kinds ...string) []told {
	var story []told
	cause := ""
	for i, kind := range kinds {
		event := fmt.Sprintf("%s-e%d", id, i)
		headers := []string{"correlation_id", "corr-" + id, "event_type", kind, "event_id", event, "source", "service" + kind[:3]}
		if cause != "" {
			headers = append(headers, "causation_id", cause)
		}
		cause = event
		story = append(story, told{
			destination: "orders", partition: int32(n % 3), offset: int64(n*100 + i), key: id,
			at: time.Duration(n)*time.Second + time.Duration(i)*100*time.Millisecond, headers: headers,
			value: fmt.Sprintf(`{"type":%q,"payload":{"order_id":%q}}`, kind, id),
		})
	}
	return story
}

var happy = []string{"OrderPlaced", "PaymentProcessed", "InventoryReserved", "ShipmentPrepared"}

func TestAFlowIsFoundByEveryIDOfIt(t *testing.T) {
	b := newBench(t, Config{})
	b.tell(order(1, "ord-1001", happy...)...)
	b.tell(order(2, "ord-1002", happy[:2]...)...)
	for id, by := range map[string]string{"corr-ord-1001": "flow id", "ord-1001": "entity", "ord-1001-e2": "event id"} {
		matches, err := b.Find(t.Context(), id)
		if err != nil || len(matches) != 1 || matches[0].By != by {
			t.Fatalf("%s: %v, %v; want one match by %s", id, matches, err, by)
		}
		flow, err := b.Flow(t.Context(), matches[0].Key)
		if err != nil || types(flow) != strings.Join(happy, " ") {
			t.Errorf("%s leads to %q, %v", id, types(flow), err)
		}
	}
	if _, err := b.Find(t.Context(), "ord-9999"); err != ErrUnknown {
		t.Errorf("an id nobody used: %v", err)
	}
}

func TestEdgesAreKnownByCauseAndElseInferred(t *testing.T) {
	b := newBench(t, Config{})
	story := order(1, "ord-1", happy...)
	story[3].headers = story[3].headers[:8] // the last one names no cause
	b.tell(story...)
	flow := b.flow("ord-1")
	for i, want := range []struct {
		parent int
		edge   Edge
	}{{-1, NoEdge}, {0, Known}, {1, Known}, {2, Inferred}} {
		if got := flow.Steps[i]; got.Parent != want.parent || got.Edge != want.edge {
			t.Errorf("step %d: parent %d by %q, want %v", i, got.Parent, got.Edge, want)
		}
	}
}

func TestAnEventWithoutFlowIDJoinsByItsOrderID(t *testing.T) {
	forgetful := told{destination: "shipping", offset: 1, at: 2 * time.Second, value: `{"type":"ShipmentPrepared","payload":{"order_id":"ord-1","event_id":"s1"}}`}
	for _, first := range []bool{false, true} {
		b := newBench(t, Config{})
		story := order(1, "ord-1", happy[:3]...)
		if first {
			story = append([]told{forgetful}, story...)
		} else {
			story = append(story, forgetful)
		}
		b.tell(story...)
		flow := b.flow("corr-ord-1")
		if len(flow.Steps) != 4 || flow.From != "header correlation_id" || flow.Entity != "ord-1" {
			t.Errorf("forgetful first %v: %q, id from %q, entity %q", first, types(flow), flow.From, flow.Entity)
		}
		if last := flow.Steps[3]; !first && (!last.Marks.Has(ByKey) || last.Note != "no flow id; matched by ord-1") {
			t.Errorf("%v, %q", last.Marks.Names(), last.Note)
		}
		if first && (len(flow.Joins) != 1 || !strings.Contains(flow.Joins[0].Reason, "ord-1")) {
			t.Errorf("the join keeps no reason: %+v", flow.Joins)
		}
	}
}

func TestAFlowOfSeveralOrdersIsFoundByEach(t *testing.T) {
	b := newBench(t, Config{})
	for n := range 5 {
		order := fmt.Sprint("ord-", n)
		b.tell(told{destination: "orders", offset: int64(n), key: order, headers: []string{"correlation_id", "import-7", "event_type", "OrderPlaced", "event_id", fmt.Sprint("e", n)}})
	}
	b.tell(told{destination: "shipping", offset: 1, value: `{"type":"ShipmentPrepared","payload":{"order_id":"ord-3"}}`})
	for n := range 5 {
		if flow := b.flow(fmt.Sprint("ord-", n)); flow.ID != "import-7" || len(flow.Steps) != 6 {
			t.Errorf("ord-%d leads to %s with %d events", n, flow.ID, len(flow.Steps))
		}
	}
}

func TestRepeatsAreGraded(t *testing.T) {
	b := newBench(t, Config{})
	story := order(1, "ord-1", happy...)
	again, reused, dead := story[1], story[2], story[3]
	again.offset, reused.offset, dead.offset = 150, 151, 152
	reused.value = `{"type":"InventoryReserved","payload":{"order_id":"ord-1","note":"other"}}`
	dead.destination, dead.headers = "shipping.dlq", append(dead.headers, "kafka_dlt-original-topic", "orders", "kafka_dlt-exception-message", "boom")
	b.tell(append(story, again, reused, dead)...)
	flow := b.flow("ord-1")
	marks := map[int64]Marks{}
	for _, step := range flow.Steps {
		marks[step.Position.Offset] = step.Marks
	}
	if marks[150] != Duplicate || marks[151] != IDReused || !marks[152].Has(DeadLetter) || marks[152].Has(Duplicate) {
		t.Errorf("duplicate %v, reused %v, dead %v", marks[150].Names(), marks[151].Names(), marks[152].Names())
	}
	if flow.Duplicates != 2 || flow.DeadLetters != 1 || flow.Status != Failed {
		t.Errorf("%d duplicates, %d dead letters, %s", flow.Duplicates, flow.DeadLetters, flow.Status)
	}
}

func TestStatusFollowsWhatIsUsual(t *testing.T) {
	b := newBench(t, Config{})
	for n := range 20 {
		b.tell(order(n, fmt.Sprintf("usual-%d", n), happy...)...)
		b.tell(order(n, fmt.Sprintf("undone-%d", n), "OrderPlaced", "PaymentProcessed", "InventoryFailed", "PaymentRefunded")...)
	}
	if err := b.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.tell(order(30, "whole", happy...)...)
	b.tell(order(30, "halted", happy[:2]...)...)
	b.tell(order(30, "undone", "OrderPlaced", "PaymentProcessed", "InventoryFailed", "PaymentRefunded")...)
	b.tell(order(30, "broken", "OrderPlaced", "PaymentProcessed", "InventoryFailed")...)
	for id, want := range map[string]Status{"whole": Complete, "halted": Complete, "undone": Compensated, "broken": Failed} {
		if id == "halted" {
			want = Stuck // long ago, and nothing came of it
		}
		if got := b.flow(id); got.Status != want {
			t.Errorf("%s is %s, want %s; expected %+v", id, got.Status, want, got.Expected)
		}
	}
	for _, e := range b.flow("undone").Expected {
		if e.Type == "ShipmentPrepared" && (e.State != NotExpected || e.Why != "not expected after InventoryFailed") {
			t.Errorf("after a failure the shipment is %s: %s", e.State, e.Why)
		}
	}
}

func TestADeclaredPathNamesWhatIsMissing(t *testing.T) {
	b := newBench(t, Config{Paths: []Path{{Name: "order", Types: happy}}})
	b.tell(order(1, "ord-1", happy[:3]...)...)
	flow := b.flow("ord-1")
	if last := flow.Expected[3]; last.Type != "ShipmentPrepared" || last.State != Missing || flow.Status != Stuck {
		t.Errorf("%s, %+v", flow.Status, flow.Expected)
	}
}

func TestFailuresSayWhy(t *testing.T) {
	b := newBench(t, Config{})
	story := order(1, "ord-1", "OrderPlaced", "InventoryFailed", "PaymentRefunded")
	story[1].value = `{"type":"InventoryFailed","payload":{"order_id":"ord-1","reason":"Out of \"stock\""}}`
	dead := story[2]
	dead.destination, dead.at = "payments.dlq", dead.at+time.Second
	dead.headers = append(dead.headers, "kafka_dlt-exception-fqcn", "com.shop.RefundException", "kafka_dlt-exception-message", "bank said no", "kafka_dlt-original-topic", "orders")
	b.tell(append(story, dead)...)
	for range 2 { // read, then remembered
		steps := b.flow("ord-1").Steps
		if steps[1].Note != `Out of "stock"` || steps[3].Note != "RefundException: bank said no" {
			t.Errorf("%q, %q", steps[1].Note, steps[3].Note)
		}
		clear(b.broker)
	}
}

func TestSkewIsShownAndDoesNotReorder(t *testing.T) {
	b := newBench(t, Config{})
	story := order(1, "ord-1", happy...)
	story[2].at -= 5 * time.Second // its clock is behind
	b.tell(story...)
	flow := b.flow("ord-1")
	if types(flow) != strings.Join(happy, " ") || !flow.Steps[2].Marks.Has(ClockSkew) {
		t.Errorf("%s, marks %v", types(flow), flow.Steps[2].Marks.Names())
	}
}

func TestAConstantIDIsCappedAndCounted(t *testing.T) {
	b := newBench(t, Config{})
	const many = EventsPerFlow + 500
	batch := &adapters.Batch{}
	for i := range many {
		one := told{destination: "a", offset: int64(i), headers: []string{"correlation_id", "constant", "event_type", "Tick"}}
		batch.Messages = append(batch.Messages, one.message())
	}
	if err := b.intake.Put(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if err := b.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	flow := b.flow("constant")
	if flow.Events != many || flow.Capped != 500 || len(flow.Steps) != EventsPerFlow {
		t.Errorf("%d events, %d capped, %d steps", flow.Events, flow.Capped, len(flow.Steps))
	}
}

func TestEvictionKeepsTheBudgetAndSaysSo(t *testing.T) {
	b := newBench(t, Config{Memory: leastMemory})
	long := order(0, "long", "OrderPlaced")[0]
	b.tell(long)
	batch := func(from int) *adapters.Batch {
		batch := &adapters.Batch{}
		for i := from; i < from+10_000; i++ {
			one := told{destination: "a", offset: int64(i), headers: []string{"correlation_id", fmt.Sprintf("%08d", i/2), "event_type", "Tick"}}
			batch.Messages = append(batch.Messages, one.message())
		}
		return batch
	}
	for from := 0; from < 400_000; from += 10_000 {
		if err := b.intake.Put(t.Context(), batch(from)); err != nil {
			t.Fatal(err)
		}
		if from == 50_000 {
			again := long
			again.offset, again.at = 1, time.Minute
			b.tell(again)
		}
	}
	if err := b.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := b.Counters()
	if c.Evicted == 0 || c.IndexBytes > leastMemory+4<<20 || c.Indexed+c.Evicted != c.Events {
		t.Errorf("%+v", c)
	}
	if _, err := b.Find(t.Context(), "00000000"); err != ErrUnknown {
		t.Errorf("an evicted flow is still found: %v", err)
	}
	if flow := b.flow("00199999"); len(flow.Steps) != 2 || flow.BeganBefore {
		t.Errorf("the newest flow: %+v", flow.FlowSummary)
	}
}

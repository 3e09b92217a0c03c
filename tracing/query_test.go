package tracing

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/tracing/query"
)

func sequencesOf(page Page) (list []Sequence) {
	for i := range page.Events {
		list = append(list, page.Events[i].Sequence)
	}
	return list
}

func TestPagesOfTheStreamMeetWithoutHoleOrOverlap(t *testing.T) {
	b := newBench(t, Config{})
	for n := range 40 {
		b.tell(order(n, fmt.Sprint("ord-", n), happy...)...)
	}
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.IntRange(1, 50).Draw(rt, "rows")
		var walked []Sequence
		query := PageQuery{Backward: true, Limit: limit}
		for {
			page, err := b.Page(t.Context(), query)
			if err != nil {
				rt.Fatal(err)
			}
			if total := page.Older + page.Newer + int64(len(page.Events)); total != 160 {
				rt.Fatalf("%d rows in all", total)
			}
			walked = append(sequencesOf(page), walked...)
			if page.Older == 0 {
				break
			}
			query.From = page.Events[0].Sequence - 1
		}
		if len(walked) != 160 || !slices.IsSorted(walked) || len(slices.Compact(slices.Clone(walked))) != 160 {
			rt.Fatalf("walked %d rows", len(walked))
		}
		from := rapid.IntRange(0, 159).Draw(rt, "from")
		page, err := b.Page(t.Context(), PageQuery{From: walked[from], Limit: limit})
		if want := walked[from:min(from+limit, 160)]; err != nil || !slices.Equal(sequencesOf(page), want) {
			rt.Fatalf("from %d: %v, %v", from, sequencesOf(page), err)
		}
	})
}

func TestAPageShowsWhatItsEventsSay(t *testing.T) {
	b := newBench(t, Config{KeepRecent: true})
	b.tell(order(1, "ord-1", happy...)...)
	page, err := b.Page(t.Context(), PageQuery{Backward: true, Limit: 1})
	if err != nil || len(page.Events) != 1 {
		t.Fatal(page, err)
	}
	e := page.Events[0]
	if e.Type != "ShipmentPrepared" || e.FlowID != "corr-ord-1" || e.Entity != "ord-1" || e.Service != "serviceShi" ||
		e.Position.String() != "orders/1@103" || !e.Time.Equal(noon.Add(1300*time.Millisecond)) || e.Source != "kafka" {
		t.Errorf("%+v", e)
	}
}

// until asks again and again, and gives up after a time that is long for any machine.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !ok() {
		if err := ctx.Err(); err != nil {
			t.Fatal("what was waited for did not come: ", err)
		}
		runtime.Gosched()
	}
}

func TestAWatchFindsPastAndPresentOnce(t *testing.T) {
	for _, text := range []string{`type == "PaymentProcessed"`, `json("payload.order_id") == "ord-7" && type == "PaymentProcessed"`} {
		b := newBench(t, Config{})
		for n := range 10 {
			b.tell(order(n, fmt.Sprint("ord-", n), happy...)...)
		}
		filter, err := query.Compile(text, query.Flows)
		if err != nil {
			t.Fatal(err)
		}
		w := b.Watch(filter)
		defer w.Close()
		want := int64(10)
		if filter.NeedsMessage() {
			want = 1
		}
		until(t, func() bool { p := w.Progress(); return p.ToSearch == 40 && p.Searched == 40 && p.Matched == want })
		b.tell(order(50, "ord-7", happy...)...)
		page, err := b.Page(t.Context(), PageQuery{Watch: w, Backward: true, Limit: 100})
		if err != nil || int64(len(page.Events)) != want+1 || !slices.IsSorted(sequencesOf(page)) {
			t.Fatalf("%s: %d rows, %v", text, len(page.Events), err)
		}
		flows, err := b.Flows(t.Context(), FlowQuery{Watch: w, Limit: 100})
		if err != nil || len(flows.Flows) != int(want) {
			t.Errorf("%s: %d flows, %v", text, len(flows.Flows), err)
		}
		w.Close()
		if page, err := b.Page(t.Context(), PageQuery{Watch: w, Backward: true, Limit: 100}); err != nil || len(page.Events) != 0 {
			t.Errorf("a closed watch has %d rows, %v", len(page.Events), err)
		}
	}
}

// TestFlowsAreFilteredAsAWhole: a filter asks about a flow and about its events, and its status is
// that of the moment of asking.
func TestFlowsAreFilteredAsAWhole(t *testing.T) {
	for i := range query.Fields {
		if f := &query.Fields[i]; f.Name == "status" && !slices.Equal(f.Values[query.Flows], namesOf(Statuses)) {
			t.Fatalf("filters know the statuses %v, and flows have %v", f.Values[query.Flows], Statuses)
		}
	}
	b := newBench(t, Config{})
	b.tell(order(1, "good", happy...)...)
	b.tell(order(2, "bad", "OrderPlaced", "PaymentFailed")...)
	b.tell(order(3, "worse", "OrderPlaced", "PaymentFailed", "InventoryFailed")...)
	for text, want := range map[string]string{
		`status == "failed"`: "bad worse", `status != "failed"`: "good", `"serviceInv" in services`: "good worse", `len(services) == 2 && services[0] == "serviceOrd"`: "bad",
		`status == "failed" && "serviceInv" in services`: "worse", `status == "failed" && type == "InventoryFailed"`: "worse", `status == "failed" && type == "ShipmentPrepared"`: "",
		`status == "failed" && json("payload.order_id") == "bad"`: "bad", `"serviceOrd" in services && serviceInv`: "", `type == "PaymentFailed"`: "bad worse", `"nobody" in services`: "",
	} {
		filter, err := query.Compile(text, query.Flows)
		if err != nil {
			if want != "" {
				t.Fatal(text, err)
			}
			continue
		}
		w := b.Watch(filter)
		if err := w.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		var all []string
		for flow, err := range b.All(t.Context(), FlowQuery{Watch: w}) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, flow.Entity)
		}
		page, err := b.Flows(t.Context(), FlowQuery{Watch: w, Sort: ByStart, Limit: 9})
		if err != nil || strings.Join(all, " ") != want || page.Matched != len(all) {
			t.Errorf("%s: %v, and on a page %d, %v", text, all, page.Matched, err)
		}
		w.Close()
	}
	filter, err := query.Compile(`status == "failed"`, query.Flows)
	if err != nil {
		t.Fatal(err)
	}
	w := b.Watch(filter)
	defer w.Close()
	if p := w.Progress(); p != (Progress{}) || b.watching.Load().any {
		t.Errorf("a filter of flows as a whole collects events: %+v", p)
	}
	b.tell(order(4, "late", "OrderPlaced", "PaymentFailed")...)
	if page, err := b.Flows(t.Context(), FlowQuery{Watch: w, Limit: 2}); err != nil || page.Matched != 3 || len(page.Flows) != 2 || page.Flows[0].Entity != "late" {
		t.Errorf("the newest of three: %+v, %v", page, err)
	}
}

func namesOf(statuses []Status) (names []string) {
	for _, status := range statuses {
		names = append(names, string(status))
	}
	return names
}

func TestFlowsSortAndAreChosenByStatus(t *testing.T) {
	b := newBench(t, Config{})
	b.tell(order(1, "short", happy[:2]...)...)
	b.tell(order(2, "long", happy...)...)
	b.tell(order(3, "bad", "OrderPlaced", "PaymentFailed")...)
	for sort, first := range map[FlowSort]string{ByActivity: "bad", ByStart: "bad", ByDuration: "long", ByEvents: "long", ByTrouble: "bad", ByName: "bad", ByType: "bad", ByServices: ""} {
		page, err := b.Flows(t.Context(), FlowQuery{Sort: sort, Limit: 2})
		if err != nil || len(page.Flows) != 2 || page.Total != 3 || first != "" && page.Flows[0].Entity != first {
			t.Errorf("%s: %+v, %v", sort, page, err)
		}
		whole, _ := b.Flows(t.Context(), FlowQuery{Sort: sort, Limit: 9})
		turned, err := b.Flows(t.Context(), FlowQuery{Sort: sort, Reversed: true, Limit: 9})
		if err != nil || len(turned.Flows) != 3 || turned.Flows[2].Entity != whole.Flows[0].Entity || turned.Flows[0].Entity != whole.Flows[2].Entity {
			t.Errorf("%s, reversed: %+v, %v", sort, turned, err)
		}
	}
	page, err := b.Flows(t.Context(), FlowQuery{Status: []Status{Failed}, Limit: 9})
	if err != nil || len(page.Flows) != 1 || page.Flows[0].FailedAt != "PaymentFailed" || page.Matched != 1 || page.Considered != 3 {
		t.Errorf("failed ones: %+v, %v", page, err)
	}
	var all []string
	for flow, err := range b.All(t.Context(), FlowQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, flow.Entity)
	}
	if strings.Join(all, " ") != "short long bad" {
		t.Errorf("all flows: %v", all)
	}
}

func TestVolatileMessagesAreKept(t *testing.T) {
	b := newBench(t, Config{})
	intake := b.Attach(Source{Name: "tap", Broker: "rabbitmq"})
	m := told{destination: "inventory", headers: []string{"correlation_id", "c"}, value: "hello"}.message()
	m.Position = adapters.DigestPosition("inventory", m.Digest())
	for range 2 {
		if err := intake.Put(t.Context(), &adapters.Batch{Messages: []adapters.Message{m}, Volatile: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	flow := b.flow("c")
	for got, err := range b.Messages(t.Context(), []Event{flow.Steps[0].Event, flow.Steps[1].Event}) {
		if err != nil || string(got.Value) != "hello" || got.Position != m.Position {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// scanned is a history to search in.
type scanned struct {
	messages []adapters.Message
	passes   int
	read     int
}

func (s *scanned) Scan(ctx context.Context, span adapters.Range, intake adapters.Intake) error {
	s.passes++
	for _, m := range s.messages {
		inPartition := len(span.Key) == 0 || m.Position.Partition == int32(len(span.Key)%3)
		log := adapters.Log{Destination: m.Position.Destination, Partition: m.Position.Partition}
		if slices.Contains(span.Except, m.Position.Destination) || !inPartition || m.Position.Offset < span.FromOffsets[log] {
			continue
		}
		if until, named := span.UntilOffsets[log]; span.UntilOffsets != nil && (!named || m.Position.Offset >= until) {
			continue
		}
		s.read++
		if err := intake.Put(ctx, &adapters.Batch{Messages: []adapters.Message{m}}); err != nil {
			return err
		}
	}
	return nil
}

func TestASearchReadsOnlyThePartitionOfItsKey(t *testing.T) {
	history := &scanned{}
	const orders = 900
	for n := range orders {
		for _, one := range order(n, fmt.Sprintf("o-%04d", n), happy...) {
			one.partition = int32(n % 3) // the keys of this story are six bytes long: partition 0
			if n == 42 {
				one.partition = 0
			}
			history.messages = append(history.messages, one.message())
		}
	}
	for _, byKey := range []bool{true, false} {
		history.read = 0
		found, err := Search(t.Context(), SearchConfig{
			ID: "o-0042", From: adapters.Beginning,
			Sources: []SearchSource{{Source: Source{Name: "kafka", Broker: "kafka"}, Scanner: history, ByKey: byKey}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if part := history.read <= 4*orders/2; len(found.Matches) != 1 || part != byKey || len(found.Searched) != 1 || found.Searched[0].ByKey != byKey {
			t.Errorf("by key %v: %d matches after reading %d messages: %+v", byKey, len(found.Matches), history.read, found.Searched)
		}
		flow, err := found.Flow(t.Context(), found.Matches[0].Key)
		if err != nil || types(flow) != strings.Join(happy, " ") {
			t.Error(flow, err)
		}
		found.Close()
	}
}

// TestAPartitionIsNotTakenForAllThereIs: in the partition of the id everything of its flow
// has it as its key, and elsewhere lies more of that. It is found where the topic is
// small, and where others in that partition are keyed by something else or not at all.
func TestAPartitionIsNotTakenForAllThereIs(t *testing.T) {
	placed := func(order string, offset int64) told {
		return told{destination: "t", partition: int32(len(order) % 3), offset: offset, key: order, value: fmt.Sprintf(`{"type":"Placed","payload":{"order_id":%q}}`, order)}
	}
	paid := func(order, key string, partition int32, offset int64) told {
		return told{destination: "t", partition: partition, offset: offset, key: key, value: fmt.Sprintf(`{"type":"Paid","payload":{"order_id":%q}}`, order)}
	}
	for name, others := range map[string]func(i int) told{
		"a small topic":     func(i int) told { return placed(fmt.Sprintf("s-%03d", i), int64(i)) },
		"keyed by payments": func(i int) told { return paid(fmt.Sprintf("o-%03d", i/2), fmt.Sprintf("p-%03d", i/2), 2, int64(i)) },
		"one flow, two keys": func(i int) told {
			one := paid("", fmt.Sprintf("p-%03d", i), 2, int64(i))
			one.headers = []string{"correlation_id", fmt.Sprint("c", i/2), "event_id", fmt.Sprint("e", i), "event_type", "Paid"}
			return one
		},
		"without a key": func(i int) told { return paid(fmt.Sprintf("o-%03d", i/2), "", 2, int64(i)) },
	} {
		n := 2 * keysSampled
		if name == "a small topic" {
			n = 20
		}
		history := &scanned{}
		for i := range n {
			history.messages = append(history.messages, others(i).message())
		}
		story := []told{placed("o-999", 5000), paid("o-999", "", 0, 5000), paid("o-999", "pay-1", 1, 5000)}
		for _, one := range story {
			history.messages = append(history.messages, one.message())
		}
		found, err := Search(t.Context(), SearchConfig{
			ID: "o-999", From: adapters.Beginning,
			Sources: []SearchSource{{Source: Source{Name: "kafka", Broker: "kafka"}, Scanner: history, ByKey: true}},
		})
		if err != nil {
			t.Fatal(err)
		}
		flow, err := found.Flow(t.Context(), found.Matches[0].Key)
		if err != nil || flow.Events != len(story) || found.Searched[0].ByKey {
			t.Errorf("%s: %d of %d events, %+v, %v", name, flow.Events, len(story), found.Searched, err)
		}
		found.Close()
	}
}

// TestAKeyOfSomethingElseNarrowsNothing: a message may have the id as its key and be
// about something else, so that the rest of the topic is still to be read.
func TestAKeyOfSomethingElseNarrowsNothing(t *testing.T) {
	parcel := order(1, "parcel-7", "ParcelSent")[0]
	parcel.key, parcel.partition, parcel.headers = "ord-42", 0, nil // in the partition that six bytes lead to
	history := &scanned{messages: []adapters.Message{parcel.message()}}
	for _, one := range order(2, "ord-42", happy...) {
		one.key, one.partition, one.headers = "customer", 1, nil
		history.messages = append(history.messages, one.message())
	}
	found, err := Search(t.Context(), SearchConfig{
		ID: "ord-42", From: adapters.Beginning,
		Sources: []SearchSource{{Source: Source{Name: "kafka", Broker: "kafka"}, Scanner: history, ByKey: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	const again = partitioners - 1 // reads of the partition of the key: the source does not tell partitioners apart
	if len(found.Matches) != 1 || found.Searched[0].ByKey || history.read != len(history.messages)+again {
		t.Fatalf("%d matches: %+v; %d messages read", len(found.Matches), found.Searched, history.read)
	}
	flow, err := found.Flow(t.Context(), found.Matches[0].Key)
	if err != nil || types(flow) != strings.Join(happy, " ") {
		t.Error(flow, err)
	}
}

// TestAFlowUnderTwoKeysIsReadWhole: the id is the key of some events of a flow, and of
// others not; what lies in the partitions that its key does not lead to must be read.
func TestAFlowUnderTwoKeysIsReadWhole(t *testing.T) {
	story := order(1, "ord-42", happy...)
	broker, history := memory{}, &scanned{}
	for i := range story {
		if story[i].partition = 0; i > 0 {
			story[i].key = "customer-1"
		}
		if i == 3 {
			story[i].partition = 1
		}
		m := story[i].message()
		broker[m.Position] = m
		history.messages = append(history.messages, m)
	}
	found, err := Search(t.Context(), SearchConfig{
		ID: "ord-42", From: adapters.Beginning,
		Sources: []SearchSource{{Source: Source{Name: "kafka", Broker: "kafka", Fetch: broker}, Scanner: history, ByKey: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	flow, err := found.Flow(t.Context(), found.Matches[0].Key)
	if err != nil || types(flow) != strings.Join(happy, " ") || found.Searched[0].ByKey {
		t.Errorf("%v, %v; %+v", types(flow), err, found.Searched)
	}
}

// broken is a source whose history ends in the middle with an error.
type broken struct{ scanned }

var errBroken = errors.New("the broker went away")

func (b *broken) Scan(ctx context.Context, span adapters.Range, intake adapters.Intake) error {
	return errors.Join(b.scanned.Scan(ctx, span, intake), errBroken)
}

func TestASearchSaysWhichSourceBrokeOff(t *testing.T) {
	history := &broken{}
	for _, one := range order(1, "ord-1", happy[:2]...) {
		history.messages = append(history.messages, one.message())
	}
	found, err := Search(t.Context(), SearchConfig{
		ID: "ord-1", From: adapters.Beginning,
		Sources: []SearchSource{{Source: Source{Name: "kafka", Broker: "kafka"}, Scanner: history}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	if len(found.Problems) != 1 || !errors.Is(found.Problems[0], errBroken) || len(found.Matches) != 1 {
		t.Errorf("problems %v, %d matches", found.Problems, len(found.Matches))
	}
}

func TestASearchEndsWhenItIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	history := &scanned{messages: []adapters.Message{order(1, "ord-1", happy...)[0].message()}}
	cancel()
	found, err := Search(ctx, SearchConfig{
		ID: "ord-1", From: adapters.Beginning,
		Sources: []SearchSource{{Source: Source{Name: "kafka", Broker: "kafka"}, Scanner: history}},
	})
	if found != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", found, err)
	}
}

func TestWhatIsMetAgainIsNoProgress(t *testing.T) {
	s := &search{config: SearchConfig{ID: "ord-1", Sources: []SearchSource{{Source: Source{Name: "kafka", Broker: "kafka"}}}}}
	s.again()
	found := s.open()
	defer found.Close()
	for range 3 {
		m := order(1, "ord-1", happy[:1]...)[0].message()
		if err := s.intake(found, 0).Put(t.Context(), &adapters.Batch{Messages: []adapters.Message{m}}); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.count.Load(); n != 1 {
		t.Errorf("%d messages read, of one that was met three times", n)
	}
}

func TestASearchLargerThanMemoryKeepsWhatBelongs(t *testing.T) {
	for name, first := range map[string]int{"kept with the first": 0, "passed over": 2 * wholeFirst} {
		t.Run(name, func(t *testing.T) { searchLargerThanMemory(t, first) })
	}
}

// searchLargerThanMemory looks for an order whose first event comes long before what tells of its
// flow id, which is all that links it.
func searchLargerThanMemory(t *testing.T, first int) {
	history := &scanned{}
	story := order(1, "ord-1", happy...)
	story[2].headers, story[2].value = []string{"correlation_id", "corr-ord-1", "event_type", "InventoryReserved"}, "{}"
	story[2].destination = "inventory"
	long := strings.Repeat("x", 300) // so long that the first fill the index
	for n := range 250_000 {
		history.messages = append(history.messages, told{destination: "a", offset: int64(n), headers: []string{"correlation_id", fmt.Sprint(long, n), "event_type", "Tick"}}.message())
		if n == first {
			history.messages = append(history.messages, story[2].message())
		}
		if n == 2*wholeFirst+250 {
			history.messages = append(history.messages, story[0].message(), story[1].message(), story[3].message())
		}
	}
	found, err := Search(t.Context(), SearchConfig{
		ID: "ord-1", From: adapters.Beginning, Store: Config{Memory: leastMemory},
		Sources: []SearchSource{{Source: Source{Name: "kafka", Broker: "kafka"}, Scanner: history}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	if len(found.Matches) == 0 {
		t.Fatal("not found")
	}
	flow, err := found.Flow(t.Context(), found.Matches[0].Key)
	if err != nil || len(flow.Steps) != 4 || flow.Cut || history.passes > 3 {
		t.Errorf("%q after %d passes, cut %v, %v", types(flow), history.passes, flow.Cut, err)
	}
}

// TestALargeSearchFollowsCauses: what has nothing but its cause to belong by is found in a
// third pass, and what is nowhere in one.
func TestALargeSearchFollowsCauses(t *testing.T) {
	history := &scanned{}
	add := func(destination string, offset int, headers ...string) {
		history.messages = append(history.messages, told{destination: destination, offset: int64(offset), headers: headers}.message())
	}
	add("mail", 0, "event_id", "m1", "causation_id", "p1", "event_type", "MailSent") // before its cause, which is before what names the flow
	add("pay", 0, "event_id", "p1", "correlation_id", "corr-1", "event_type", "Paid")
	add("orders", 0, "event_id", "o1", "correlation_id", "corr-1", "event_type", "OrderPlaced")
	for n := range 300_000 {
		add("a", n, "correlation_id", fmt.Sprint("x", n), "event_type", "Tick")
	}
	for id, want := range map[string]struct{ events, passes int }{"o1": {3, 3}, "corr-1": {3, 3}, "nowhere": {0, 1}} {
		history.passes = 0
		found, err := Search(t.Context(), SearchConfig{
			ID: id, From: adapters.Beginning, Store: Config{Memory: leastMemory},
			Sources: []SearchSource{{Source: Source{Name: "kafka", Broker: "kafka"}, Scanner: history}},
		})
		if err != nil {
			t.Fatal(err)
		}
		events := 0
		if len(found.Matches) > 0 {
			flow, err := found.Flow(t.Context(), found.Matches[0].Key)
			if err != nil {
				t.Fatal(err)
			}
			events = len(flow.Steps)
		}
		if events != want.events || history.passes > want.passes {
			t.Errorf("%s leads to %d events in %d passes", id, events, history.passes)
		}
		found.Close()
	}
}

func TestWhatASearchFoundIsAdoptedOnce(t *testing.T) {
	b := newBench(t, Config{})
	story := order(1, "ord-1", happy...)
	b.tell(story[2:]...) // the screen began in the middle
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
	if flow := b.flow("ord-1"); types(flow) != strings.Join(happy, " ") || flow.Events != 4 {
		t.Errorf("%q, %d events", types(flow), flow.Events)
	}
}

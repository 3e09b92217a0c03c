package adaptertest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"eventscope/adapters"
)

func testTailFromEnd(t *testing.T, broker Broker) {
	destination := broker.Make(t, 1)
	broker.Publish(t, destination, text(0, "before"))
	run := tail(t, open(t, broker, destination), adapters.End)
	broker.Publish(t, destination, numbered("after", 3, 1)...)
	sameSet(t, broker, run.await(t, 3), numbered("after", 3, 1), 1)
}

func testTailFromBeginning(t *testing.T, broker Broker) {
	destination := broker.Make(t, 1)
	adapter := open(t, broker, destination)
	broker.Publish(t, destination, numbered("old", 5, 1)...)
	run := tail(t, adapter, adapters.Beginning)
	run.awaitValue(t, "old 4")
	broker.Publish(t, destination, text(0, "new"))
	sameValues(t, run.awaitValue(t, "new"), append(numbered("old", 5, 1), text(0, "new")), 1)
}

func testTailFromTime(t *testing.T, broker Broker) {
	destination := broker.Make(t, 1)
	adapter := open(t, broker, destination)
	now := time.Now().Truncate(time.Millisecond)
	old, young := text(0, "old"), text(0, "young")
	old.Time, young.Time = now.Add(-2*time.Hour), now.Add(-time.Minute)
	broker.Publish(t, destination, old, young)
	for _, start := range []adapters.Start{adapters.At(young.Time), adapters.Ago(time.Hour)} {
		t.Run(start.String(), func(t *testing.T) {
			run := tail(t, adapter, start)
			sameValues(t, run.awaitValue(t, "young"), []adapters.Message{young}, 1)
			run.stop(t)
		})
	}
}

// testTailFromNewest: so many of all logs together, each with a part of its own, and what was
// there before is told from what comes.
func testTailFromNewest(t *testing.T, broker Broker) {
	logs := min(3, broker.MaxLogs)
	destination := broker.Make(t, logs)
	adapter := open(t, broker, destination)
	old := numbered("old", 10*logs, logs)
	broker.Publish(t, destination, old...)
	r := newReader()
	past := make(chan bool, 100*logs)
	run := tailInto(t, adapter, adapters.Newest(3*logs), adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		for range batch.Messages {
			past <- batch.Past
		}
		return r.Put(ctx, batch)
	}), r)
	sameValues(t, r.await(t, 3*logs), old[7*logs:], logs)
	run.awaitStatus(t, func(s adapters.Status) bool { return !s.Past })
	broker.Publish(t, destination, text(0, "new"))
	sameValues(t, r.awaitValue(t, "new"), append(old[7*logs:], text(0, "new")), logs)
	for i := range 3*logs + 1 {
		if was := <-past; was != (i < 3*logs) {
			t.Errorf("message %d: past is %v", i, was)
		}
	}
}

func testTailAgain(t *testing.T, broker Broker) {
	destination := broker.Make(t, 1)
	adapter := open(t, broker, destination)
	for _, value := range []string{"first", "second"} {
		run := tail(t, adapter, adapters.End)
		broker.Publish(t, destination, text(0, value))
		sameValues(t, run.awaitValue(t, value), []adapters.Message{text(0, value)}, 1)
		run.stop(t)
	}
}

func testOrderWithinLog(t *testing.T, broker Broker) {
	logs := min(4, broker.MaxLogs)
	destination := broker.Make(t, logs)
	run := tail(t, open(t, broker, destination), adapters.End)
	published := numbered("message", 5000, logs)
	for i := 0; i < len(published); i += 1000 {
		broker.Publish(t, destination, published[i:i+1000]...)
	}
	got := run.await(t, len(published))
	sameSet(t, broker, got, published, logs)
	for log, messages := range byLog(got) {
		last := int64(-1)
		for _, m := range messages {
			if _, digest := m.Position.Digest(); !digest && m.Position.Offset <= last {
				t.Fatalf("%v: offset %d after %d", log, m.Position.Offset, last)
			}
			last = m.Position.Offset
		}
	}
}

func testHeaders(t *testing.T, broker Broker) {
	headers := []adapters.Header{
		{Name: "z-first", Value: []byte("1")},
		{Name: "a-second", Value: []byte{0, 0, 0, 0, 0, 0, 1, 255}},
		{Name: "empty", Value: []byte{}},
		{Name: "not utf-8", Value: []byte{0xff, 0xfe, 0x1b, '[', '3', '1', 'm'}},
	}
	if broker.Multimap {
		headers = append(headers,
			adapters.Header{Name: "a-second", Value: []byte("again")},
			adapters.Header{Name: "z-first", Value: nil},
			adapters.Header{Name: "", Value: []byte("no name")},
			adapters.Header{Name: "päivää\x1b]0;", Value: []byte("odd name")},
		)
	}
	message := text(0, "with headers")
	if message.Headers = headers; broker.Largest > 0 {
		message.Headers = slices.Delete(headers, 2, 3)
		message.Headers[2].Name = "not-utf-8"
	}
	got := there(t, broker, message, text(0, "without headers"))
	same(t, broker, &got[0], &message)
	if broker.Multimap && len(got[1].Headers) != 0 {
		t.Errorf("headers %q appeared from nowhere", got[1].Headers)
	}
}

// there publishes the messages to a tail and returns what it saw.
func there(t *testing.T, broker Broker, messages ...adapters.Message) []adapters.Message {
	t.Helper()
	destination := broker.Make(t, 1)
	run := tail(t, open(t, broker, destination), adapters.End)
	broker.Publish(t, destination, messages...)
	got := run.await(t, len(messages))
	if len(got) != len(messages) {
		t.Fatalf("got %d messages, want %d", len(got), len(messages))
	}
	if broker.Unordered {
		slices.SortFunc(got, func(a, b adapters.Message) int { return placeOf(messages, &a) - placeOf(messages, &b) })
	}
	for i := range got {
		if got[i].Position.Destination != destination {
			t.Errorf("position %v names another destination than %q", got[i].Position, destination)
		}
		if got[i].Time.IsZero() {
			t.Errorf("message %d has no time", i)
		}
	}
	return got
}

// placeOf is where among messages one of the same value is.
func placeOf(messages []adapters.Message, m *adapters.Message) int {
	return slices.IndexFunc(messages, func(published adapters.Message) bool { return bytes.Equal(published.Value, m.Value) })
}

func testNilAndEmpty(t *testing.T, broker Broker) {
	bytesOf := map[string][]byte{"nil": nil, "empty": {}, "some": []byte("x")}
	var published []adapters.Message
	for _, key := range []string{"nil", "empty", "some"} {
		for _, value := range []string{"nil", "empty", "some"} {
			published = append(published, adapters.Message{Key: bytesOf[key], Value: bytesOf[value]})
		}
	}
	got := there(t, broker, published...)
	for i := range published {
		same(t, broker, &got[i], &published[i])
	}
}

func testProperties(t *testing.T, broker Broker) {
	want := adapters.Properties{
		ContentType: "application/json", ContentEncoding: "utf-8", CorrelationID: "c-1", ReplyTo: "answers",
		Expiration: "600000", MessageID: "m-1", Type: "OrderPlaced", AppID: "shop",
		Timestamp: time.Unix(1700000000, 0), DeliveryMode: 2, Priority: 3,
	}
	message := text(0, "{}")
	message.Properties = &want
	properties := there(t, broker, message)[0].Properties
	if properties == nil {
		t.Fatal("no properties")
	}
	got := *properties
	if !got.Timestamp.Equal(want.Timestamp) {
		t.Errorf("timestamp %v, want %v", got.Timestamp, want.Timestamp)
	}
	got.Timestamp = want.Timestamp
	got.Exchange, got.RoutingKey, got.Queue = "", "", "" // the broker's own
	if got != want {
		t.Errorf("properties %+v, want %+v", got, want)
	}
}

func testLargeAndHostile(t *testing.T, broker Broker) {
	large := make([]byte, 5<<20)
	for i := range large {
		large[i] = byte(i * i >> 7)
	}
	published := []adapters.Message{
		{Key: []byte("k\x00\x1b[2J"), Value: large},
		{Key: bytes.Repeat([]byte("long key "), 10_000), Value: []byte("\x1b]52;c;aGk=\x07\r\n\u202e\xff\xfe")},
		{Value: bytes.Repeat([]byte(`{"a":[`), 50_000)},
		{Value: []byte("\x00")},
	}
	if broker.Largest > 0 {
		published = []adapters.Message{
			{Value: bytes.Repeat([]byte("<&\"\\\r\n\t\u202e€"), broker.Largest/16)}, {Value: []byte("\u202e\u2028]]>&amp;%00\\u0000")}, {Value: bytes.Repeat([]byte(`{"a":[`), broker.Largest/8)}, {Value: []byte(" ")},
		}
	}
	got := there(t, broker, published...)
	for i := range published {
		same(t, broker, &got[i], &published[i])
	}
}

func testManyDestinations(t *testing.T, broker Broker) {
	a, b := broker.Make(t, 1), broker.Make(t, 1)
	run := tail(t, open(t, broker, a, b), adapters.End)
	if n := run.adapter.Status().Destinations; n != 2 {
		t.Errorf("status counts %d destinations, want 2", n)
	}
	broker.Publish(t, a, text(0, "to a"))
	broker.Publish(t, b, text(0, "to b"))
	where := make(map[string]string)
	for _, m := range run.await(t, 2) {
		where[string(m.Value)] = m.Position.Destination
	}
	if where["to a"] != a || where["to b"] != b {
		t.Errorf("messages came from %q, want %q and %q", where, a, b)
	}
}

// gate is an intake that says when a batch has come and takes it only when told.
type gate struct {
	*reader
	came chan int      // sizes of the batches that wait; room for all of them
	open chan struct{} // closed to let them through
}

func newGate() *gate {
	return &gate{reader: newReader(), came: make(chan int, 1000), open: make(chan struct{})}
}

func (g *gate) Put(ctx context.Context, batch *adapters.Batch) error {
	select {
	case g.came <- len(batch.Messages):
	default:
	}
	select {
	case <-g.open:
		return g.reader.Put(ctx, batch)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func testBackPressure(t *testing.T, broker Broker) {
	const rounds, round = 20, 100
	destination := broker.Make(t, 1)
	g := newGate()
	run := tailInto(t, open(t, broker, destination), adapters.End, g, g.reader)
	var published []adapters.Message
	body := string(bytes.Repeat([]byte("0123456789"), 1000))
	for i := range rounds {
		messages := numbered(fmt.Sprintf("round %d %s", i, body), round, 1)
		broker.Publish(t, destination, messages...)
		published = append(published, messages...)
	}
	size := <-g.came
	if status := run.adapter.Status(); status.Messages != 0 {
		t.Errorf("a blocked intake has taken nothing, but status says %d messages were delivered", status.Messages)
	}
	if waiting := size + len(g.came)*size; waiting > len(published)/2 {
		t.Errorf("%d of %d messages wait at the intake: one batch at a time is the bound", waiting, len(published))
	}
	close(g.open)
	status := run.awaitStatus(t, func(s adapters.Status) bool {
		return s.Messages+s.Dropped >= int64(len(published)) || s.DroppedUnknown
	})
	if got := run.seen(); status.Dropped == 0 && !status.DroppedUnknown {
		sameSet(t, broker, got, published, 1)
	} else if int64(len(got)) < status.Messages {
		t.Errorf("status counts %d delivered, the intake has %d", status.Messages, len(got))
	}
}

func testCancelIdle(t *testing.T, broker Broker) {
	destination := broker.Make(t, 1)
	run := tail(t, open(t, broker, destination), adapters.End)
	run.stop(t)
}

func testCancelBlocked(t *testing.T, broker Broker) {
	destination := broker.Make(t, 1)
	g := newGate()
	run := tailInto(t, open(t, broker, destination), adapters.End, g, g.reader)
	broker.Publish(t, destination, numbered("stuck", 10, 1)...)
	<-g.came
	run.stop(t)
	if seen := g.seen(); len(seen) != 0 {
		t.Errorf("%d messages came through a closed gate", len(seen))
	}
}

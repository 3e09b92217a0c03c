package output

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/tracing"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	noon     = time.Date(2026, 1, 31, 12, 4, 31, 204e6, time.UTC)
	messages = map[string]adapters.Message{
		"plain": {
			Position: adapters.Position{Destination: "orders", Partition: 2, Offset: 881}, Time: noon, Key: []byte("ord-1009"),
			Value:   []byte(`{ "type": "OrderPlaced", "payload": {"order_id": "ord-1009", "total": 129.900, "big": 12345678901234567890123, "tab": "a\tb\u00e9"} }`),
			Headers: []adapters.Header{{Name: "correlation_id", Value: []byte("flow-7")}, {Name: "event_id", Value: []byte("e-1")}, {Name: "x", Value: []byte("1")}, {Name: "x", Value: []byte("2")}},
		},
		"binary": {
			Position: adapters.Position{Destination: "a topic/with #signs", Partition: 0, Offset: 0}, Time: noon, Key: []byte{0xff, 0},
			Value:   []byte("\x00\xff\x01"),
			Headers: []adapters.Header{{Name: "raw", Value: []byte{0, 0, 0, 0xfe}}, {Name: "empty", Value: []byte{}}, {Name: "nil"}},
		},
		"tombstone": {Position: adapters.Position{Destination: "users", Partition: 1, Offset: 5}, Time: noon, Key: []byte("u-1")},
		"empty":     {Position: adapters.Position{Destination: "users", Partition: 1, Offset: 6}, Key: []byte{}, Value: []byte{}},
		"half JSON": {Position: adapters.Position{Destination: "orders", Partition: 0, Offset: 7}, Time: noon, Value: []byte(`{"type":"Order`)},
		"hostile":   {Position: adapters.Position{Destination: "orders", Partition: 0, Offset: 8}, Time: noon, Key: []byte("\x1b[31mred"), Value: []byte("\"\u202e\u009b31m\u2028\x7f\"")},
		"dead letter": {
			Position: adapters.Position{Destination: "orders.DLT", Partition: 0, Offset: 9}, Time: noon, Value: []byte("text"), Redelivered: true,
			Headers: []adapters.Header{
				{Name: "kafka_dlt-original-topic", Value: []byte("orders")}, {Name: "kafka_dlt-original-partition", Value: []byte{0, 0, 0, 2}},
				{Name: "kafka_dlt-original-offset", Value: []byte{0, 0, 0, 0, 0, 0, 3, 0x71}}, {Name: "kafka_dlt-exception-fqcn", Value: []byte("java.lang.IllegalStateException")},
				{Name: "kafka_dlt-exception-message", Value: []byte("no stock")},
			},
		},
		"tap": {
			Position: adapters.DigestPosition("shipping", 0x4f1c9a2b0d3e5f67), Time: noon, Value: []byte(`[1,2]`),
			Properties: &adapters.Properties{Exchange: "shipping", RoutingKey: "shipment.prepared", MessageID: "m-1", CorrelationID: "flow-7", Type: "ShipmentPrepared", AppID: "shipping"},
		},
	}
	order = []string{"plain", "binary", "tombstone", "empty", "half JSON", "hostile", "dead letter", "tap"}
)

func format(t testing.TB, options Options) Format {
	t.Helper()
	if options.Now == nil {
		options.Now = func() time.Time { return time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC) } // that of the messages
	}
	f, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func appendMessage(f Format, dst []byte, m *adapters.Message) []byte {
	var id envelope.Identity
	envelope.NewReader(nil).Read(m, &id)
	return f.AppendEvent(dst, &Event{Source: "kafka", Broker: "kafka", Message: m, Identity: &id})
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// The lines are a promise to scripts: names, order and forms of fields.
func TestEventLines(t *testing.T) {
	for name, options := range map[string]Options{
		"events.jsonl": {Kind: "json"}, "events-terminal.jsonl": {Kind: "json", Terminal: true, NoValue: false},
		"events-no-value.jsonl": {Kind: "json", NoValue: true}, "events.txt": {Kind: "text"},
		"events-narrow.txt": {Kind: "text", Terminal: true, Width: 100, ASCII: true},
	} {
		t.Run(name, func(t *testing.T) {
			time.Local = time.UTC
			f, lines := format(t, options), []byte(nil)
			for _, key := range order {
				m := messages[key]
				lines = appendMessage(f, lines, &m)
			}
			golden(t, name, lines)
		})
	}
}

// An event of another day has its date.
func TestAnEventOfAnotherDayHasItsDate(t *testing.T) {
	time.Local = time.UTC
	m := messages["plain"]
	for today, want := range map[string]string{"2026-01-31T00:00:00Z": "09:30:00.", "2026-02-01T00:00:00Z": "2026-01-31 09:30:00.", "2027-01-31T09:30:00Z": "2026-01-31 09:30:00."} {
		now, err := time.Parse(time.RFC3339, today)
		if err != nil {
			t.Fatal(err)
		}
		m.Time = time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)
		line := string(appendMessage(format(t, Options{Kind: "text", Now: func() time.Time { return now }}), nil, &m))
		if !strings.HasPrefix(line, want) {
			t.Errorf("on %s: %s", today, line)
		}
	}
}

// A message without a time has none in any form, and the number that can be none is told.
func TestATimeThatCannotBeIsNotShown(t *testing.T) {
	for _, ms := range []int64{-1, 1795876283950123, 253402300800000, math.MaxInt64} {
		m := messages["plain"]
		m.Time, m.TimeRaw = adapters.MessageTime(ms)
		want := `"time":null,"key"`
		if ms > 0 {
			want = fmt.Sprintf(`"time":null,"time_raw":%d,"key"`, ms)
		}
		if line := string(appendMessage(format(t, Options{Kind: "json"}), nil, &m)); !strings.Contains(line, want) {
			t.Errorf("%d: no %s in %s", ms, want, line)
		}
		if line := string(appendMessage(format(t, Options{Kind: "text"}), nil, &m)); !strings.HasPrefix(line, strings.Repeat(" ", len("15:04:05.000"))) {
			t.Errorf("%d has a time: %s", ms, line)
		}
	}
}

// aFlow is a small flow with everything a flow can have.
func aFlow() *Trace {
	first, second := messages["plain"], messages["tap"]
	event := func(m adapters.Message, kind, service string) tracing.Event {
		return tracing.Event{Source: "kafka", Broker: "kafka", Position: m.Position, Time: m.Time, Type: kind, Service: service, FlowID: "flow-7", Entity: "ord-1009"}
	}
	flow := &tracing.Flow{
		FlowSummary: tracing.FlowSummary{
			ID: "flow-7", From: "header correlation_id", Entity: "ord-1009", Status: tracing.Failed, Events: 3,
			Services: []string{"order", "shipping"}, Brokers: []adapters.Broker{"kafka", "rabbitmq"},
			Types: []string{"OrderPlaced", "ShipmentPrepared", "Gone"}, Started: noon, Last: noon.Add(2310 * time.Millisecond),
			FailedAt: "Gone", DeadLetters: 1, Duplicates: 2,
		},
		Steps: []tracing.Step{
			{Event: event(first, "OrderPlaced", "order"), Parent: -1},
			{Event: event(second, "ShipmentPrepared", "shipping"), Offset: 173 * time.Millisecond, Depth: 1, Edge: tracing.Inferred, Note: "out of order"},
			{Event: event(messages["tombstone"], "Gone", ""), Offset: 2310 * time.Millisecond, Parent: 0, Depth: 1, Edge: tracing.Known},
		},
		Expected: []tracing.Expectation{
			{Type: "OrderPlaced", State: tracing.Seen, Seen: 1},
			{Type: "InvoiceSent", State: tracing.Missing, Usual: 800 * time.Millisecond, Late: 1500 * time.Millisecond, Seen: 0.98, Why: "usually within 1.5 s"},
		},
		Joins: []tracing.Join{{Into: "flow-7", Other: "flow-8", Reason: "same order id ord-1009"}},
		Gaps:  []tracing.SourceGap{{Source: "rabbitmq", Gap: adapters.Gap{From: noon, To: noon.Add(8 * time.Second), Reason: "connection lost"}}},
	}
	flow.Steps[1].Marks = tracing.OutOfOrder | tracing.Redelivered
	return &Trace{Flow: flow, Messages: func(yield func(adapters.Message, error) bool) {
		_ = yield(first, nil) && yield(second, nil) && yield(adapters.Message{}, adapters.ErrGone)
	}}
}

func TestFlowAndTraceLines(t *testing.T) {
	time.Local = time.UTC
	for name, options := range map[string]Options{"flow.jsonl": {Kind: "json"}, "flow.txt": {Kind: "text"}, "flow-narrow.txt": {Kind: "text", Terminal: true, Width: 80, ASCII: true}} {
		t.Run(name, func(t *testing.T) {
			f, trace := format(t, options), aFlow()
			lines := f.AppendFlow(nil, &trace.Flow.FlowSummary)
			golden(t, name, append(lines, traceLines(t, f, trace)...))
		})
	}
}

// TestLargeValuesSayTheirSize: a line that holds a beginning says of how much.
func TestLargeValuesSayTheirSize(t *testing.T) {
	for _, size := range []int{1000, 20_000_000} {
		m := adapters.Message{Position: adapters.Position{Destination: "files"}, Value: bytes.Repeat([]byte("x"), size)}
		_, line, _ := strings.Cut(string(appendMessage(newText(Options{Kind: "text", Terminal: true, Width: 100}), nil, &m)), "\n") // below the heading
		if strings.Contains(line, "20 MB") != (size > 1000) || len(line) > 110 {
			t.Errorf("%d bytes: %s", size, line)
		}
	}
}

// traceLines are the lines of a flow.
func traceLines(t *testing.T, f Format, trace *Trace) string {
	t.Helper()
	var lines strings.Builder
	w := NewWriter(&lines)
	if err := f.WriteTrace(w, trace); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return lines.String()
}

// TestAFlowIsWrittenWhileItIsRead: of thousands of messages, each of which may be large, no more is held
// than the writer's buffer and a message.
func TestAFlowIsWrittenWhileItIsRead(t *testing.T) {
	const steps, size = 1000, 10_000
	var out bytes.Buffer
	w := NewWriter(&out)
	value := bytes.Repeat([]byte("x"), size)
	trace := &Trace{Flow: &tracing.Flow{Steps: make([]tracing.Step, steps)}, Messages: func(yield func(adapters.Message, error) bool) {
		for i := range steps {
			if held := i*size - out.Len(); held > w.buffer.Size()+size {
				t.Fatalf("%d bytes are held before message %d", held, i)
			}
			if !yield(adapters.Message{Value: value}, nil) {
				return
			}
		}
	}}
	if err := format(t, Options{Kind: "json"}).WriteTrace(w, trace); err != nil {
		t.Fatal(err)
	}
}

func TestEvidenceIsAClause(t *testing.T) {
	for from, want := range map[string]string{"by key": "flow id by key", "header correlation_id": "flow id from header correlation_id"} {
		trace := aFlow()
		trace.Flow.From = from
		if lines := traceLines(t, newText(Options{Kind: "text"}), trace); !strings.Contains(lines, want) {
			t.Errorf("no %q in %s", want, lines)
		}
	}
}

func drawMessage(t *rapid.T) adapters.Message {
	bytesOf := rapid.OneOf(
		rapid.SliceOf(rapid.Byte()), rapid.Map(rapid.String(), func(s string) []byte { return []byte(s) }),
		rapid.Just[[]byte](nil), rapid.SampledFrom([][]byte{[]byte(`{"a":[1,2,{"b":null}]}`), []byte(" [1.000, 2e400]\n"), []byte(`"x" "y"`), []byte("{}{}"), []byte(`{"a":1,"a":2}`)}))
	m := adapters.Message{
		Position: adapters.Position{Destination: "t" + rapid.String().Draw(t, "destination"), Offset: rapid.Int64Min(0).Draw(t, "offset")},
		Time:     time.UnixMilli(rapid.Int64Range(-1e14, 1e15).Draw(t, "time")),
		Key:      bytesOf.Draw(t, "key"), Value: bytesOf.Draw(t, "value"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "headers") {
		m.Headers = append(m.Headers, adapters.Header{Name: rapid.String().Draw(t, "name"), Value: bytesOf.Draw(t, "content")})
	}
	return m
}

// Whatever a message holds, its line is one JSON object from which the key, the headers
// and the value come back byte by byte, and on a terminal nothing of it acts.
func TestAnyEventIsOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMessage(t)
		raw := appendMessage(&jsonLines{options: Options{Kind: "json"}}, nil, &m)
		terminal := appendMessage(&jsonLines{options: Options{Kind: "json", Terminal: true}}, nil, &m)
		checkLine(t, &m, raw)
		checkLine(t, &m, terminal)
		checkDrawn(t, terminal)
		checkDrawn(t, appendMessage(newText(Options{Kind: "text"}), nil, &m))
	})
}

type fatal interface{ Fatalf(string, ...any) }

func checkLine(t fatal, m *adapters.Message, line []byte) {
	if bytes.Count(line, []byte("\n")) != 1 || line[len(line)-1] != '\n' || !utf8.Valid(line) {
		t.Fatalf("not one line of UTF-8: %q", line)
	}
	var fields struct {
		Position    string
		Key         any
		Headers     [][2]any
		Size        int
		Value       json.RawMessage
		ValueText   *string `json:"value_text"`
		ValueBase64 []byte  `json:"value_base64"`
	}
	if err := json.Unmarshal(line, &fields); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	if !bytes.Equal(unpack(t, fields.Key), m.Key) || fields.Size != m.Size() || len(fields.Headers) != len(m.Headers) {
		t.Fatalf("key %q, size %d or headers %v in %s", m.Key, m.Size(), m.Headers, line)
	}
	for i, header := range fields.Headers {
		if strings.ToValidUTF8(m.Headers[i].Name, "\ufffd") != header[0] || !bytes.Equal(unpack(t, header[1]), m.Headers[i].Value) {
			t.Fatalf("header %d of %s", i, line)
		}
	}
	switch {
	case fields.ValueText != nil:
		if *fields.ValueText != string(m.Value) {
			t.Fatalf("value %q in %s", m.Value, line)
		}
	case fields.ValueBase64 != nil:
		if !bytes.Equal(fields.ValueBase64, m.Value) {
			t.Fatalf("value %q in %s", m.Value, line)
		}
	case m.Value != nil:
		var compact bytes.Buffer
		if err := json.Compact(&compact, m.Value); err != nil {
			t.Fatalf("value %q became JSON in %s", m.Value, line)
		}
		var want, got any
		if json.Unmarshal(m.Value, &want) == nil && json.Unmarshal(fields.Value, &got) == nil && !cmp.Equal(want, got) {
			t.Fatalf("value %q became %s", m.Value, fields.Value)
		}
	}
}

func unpack(t fatal, field any) []byte {
	switch field := field.(type) {
	case string:
		return []byte(field)
	case map[string]any:
		data, err := base64.StdEncoding.DecodeString(field["base64"].(string))
		if err != nil {
			t.Fatalf("%v", err)
		}
		return data
	}
	return nil
}

// checkDrawn says that a terminal would only draw the line.
func checkDrawn(t fatal, line []byte) {
	for _, r := range strings.TrimSuffix(string(line), "\n") {
		if r < ' ' || r >= 0x7f && r < 0xa0 || strings.ContainsRune("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2028\u2029\u2066\u2067\u2068\u2069\u061c\ufeff", r) {
			t.Fatalf("%U reaches the terminal in %q", r, line)
		}
	}
}

func FuzzEvent(f *testing.F) {
	for _, m := range messages {
		f.Add(m.Key, m.Value, "name", []byte("content"))
	}
	f.Add([]byte("k"), []byte(strings.Repeat("[", 20000)), "\x1b]0;title\a", []byte("\u202e"))
	f.Add([]byte("k"), []byte("\x1f\x8b\x08\x00bad gzip"), "content-encoding", []byte("gzip"))
	f.Fuzz(func(t *testing.T, key, value []byte, name string, content []byte) {
		m := adapters.Message{Position: adapters.Position{Destination: "t"}, Key: key, Value: value, Headers: []adapters.Header{{Name: name, Value: content}}}
		checkDrawn(t, appendMessage(&jsonLines{options: Options{Terminal: true}}, nil, &m))
		checkDrawn(t, appendMessage(newText(Options{}), nil, &m))
		if line := appendMessage(&jsonLines{}, nil, &m); !json.Valid(line) {
			t.Fatalf("no JSON: %s", line)
		}
	})
}

func TestUnknownFormat(t *testing.T) {
	if _, err := New(Options{Kind: "xml"}); !errors.Is(err, adapters.ErrUsage) || !strings.Contains(err.Error(), "text or -o json") {
		t.Error(err)
	}
}

// A pipe whose reader is gone is told apart from other failures.
func TestWriterClosed(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	w := NewWriter(writer)
	if err := errors.Join(w.Write([]byte("line\n")), w.Flush()); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func BenchmarkAppendEvent(b *testing.B) {
	m := messages["plain"]
	m.Value = []byte(`{"type":"OrderPlaced","payload":{"order_id":"ord-1009","items":[{"sku":"A-1","quantity":2}],"note":"` + strings.Repeat("word ", 170) + `"}}`)
	var id envelope.Identity
	envelope.NewReader(nil).Read(&m, &id)
	for _, kind := range Kinds {
		b.Run(kind, func(b *testing.B) {
			f, line := format(b, Options{Kind: kind}), []byte(nil)
			b.ReportAllocs()
			b.SetBytes(int64(len(m.Value)))
			for b.Loop() {
				line = f.AppendEvent(line[:0], &Event{Source: "kafka", Broker: "kafka", Message: &m, Identity: &id})
			}
		})
	}
}

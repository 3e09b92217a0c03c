package eventpage_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/payload"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/schemas"
	"eventscope/tracing"
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// facts are the facts that the page of a message shows, each as "label value source", blanks as one.
func facts(t *testing.T, marks tracing.Marks, written time.Time, m adapters.Message) string {
	t.Helper()
	e := of(t, 109, 60, marks, nil)
	e.page = e.config.NewLoading(tracing.Event{Source: "s", Broker: "kafka", Position: position, Time: written, Marks: marks}, text.Own("reading"), load(m))
	e.Show(e.page)
	e.Press("tab")
	var all []string
	for line := range strings.SplitSeq(e.Text(), "\n") {
		all = append(all, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(all, "\n") + "\n"
}

// TestEveryFactSaysWhereItIsFrom, line by line, of a message that says all that can be said.
func TestEveryFactSaysWhereItIsFrom(t *testing.T) {
	got := facts(t, tracing.DeadLetter, time.Time{}, adapters.Message{Position: position, Key: []byte("ord-7"), Value: []byte(`{"x":1}`), Headers: headers(
		"event_type", "OrderPlaced", "service", "order", "event_id", "e-7", "correlation_id", "flow-7", "causation_id", "e-6",
		"kafka_dlt-original-topic", "orders.v1", "kafka_dlt-exception-fqcn", "com.example.Timeout", "kafka_dlt-exception-message", "no answer", "kafka_dlt-original-consumer-group", "billing",
	)})
	for _, want := range []string{
		"position Kafka orders/0@7", "source s", "written nobody says when", "marks ☠ dead letter", "Identity", "type OrderPlaced header event_type", "service order header service", "id e-7 header event_id",
		"flow flow-7 header correlation_id", "cause e-6 header causation_id", "Death", "exception com.example.Timeout", "message no answer", "group billing", "writer spring-kafka",
		"key ord-7", "Headers 9", "event_type OrderPlaced", "Value", "is json, 7 B",
	} {
		if !strings.Contains("\n"+got, "\n"+want+"\n") && !strings.Contains("\n"+got, "\n▸"+want+"\n") {
			t.Errorf("no line is %q:\n%s", want, got)
		}
	}
	if !regexp.MustCompile(`(?m)^origin orders\.v1 header kafka_dlt-original-topic, \w+$`).MatchString(got) {
		t.Errorf("the origin does not say how sure it is:\n%s", got)
	}
}

// TestAMessageThatSaysNothingSaysSo, and has no line for what it has not.
func TestAMessageThatSaysNothingSaysSo(t *testing.T) {
	got := facts(t, 0, time.Time{}, adapters.Message{Value: []byte("hello")})
	for _, unwanted := range []string{"marks", "flow", "Death", "Headers", "Properties", "key", "occurred", "time "} {
		if strings.Contains(got, "\n"+unwanted) {
			t.Errorf("there is a line of %q:\n%s", unwanted, got)
		}
	}
	if want := "none the message says nothing of itself that is understood"; !strings.Contains(got, want) {
		t.Errorf("%q is not said:\n%s", want, got)
	}
}

// TestAnEmptyKeyIsNoMissingKey, and neither looks like trouble; nor does an empty header.
func TestAnEmptyKeyIsNoMissingKey(t *testing.T) {
	e := of(t, 140, 30, 0, func() (adapters.Message, error) {
		return adapters.Message{Key: []byte{}, Value: []byte("x"), Headers: headers("tenant", "")}, nil
	})
	e.Show(e.page)
	e.Sees("key        (empty)", "tenant     (empty)").Looks(theme.Dim, "(empty)")
	e = of(t, 140, 30, 0, func() (adapters.Message, error) { return adapters.Message{Value: []byte("x")}, nil })
	e.Show(e.page)
	e.Misses("(empty)", "key  ")
}

// TestClocksThatDifferAreSaidByMoreThanASecond: the service's when it happened, and the broker's when
// it was written.
func TestClocksThatDifferAreSaidByMoreThanASecond(t *testing.T) {
	occurred := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for late, says := range map[time.Duration]string{
		0: "", time.Second: "", -time.Second: "", 1001 * time.Millisecond: ", written 1.00 s later", -1001 * time.Millisecond: ", written 1.00 s earlier", time.Minute: ", written 1m 00s later", -time.Hour: ", written 1h 00m earlier",
	} {
		got := facts(t, 0, occurred.Add(late), adapters.Message{Value: []byte("x"), Headers: headers("event_type", "A", "timestamp", occurred.Format(time.RFC3339Nano), "correlation_id", "f")})
		line := regexp.MustCompile(`(?m)^▸?occurred .*`).FindString(got)
		if line == "" || strings.Contains(line, "written") != (says != "") || !strings.Contains(line, says) {
			t.Errorf("written %s later: %q\n%s", late, line, got)
		}
	}
}

// TestAWordOfARawValueIsFoundWhereItStands: at its very beginning, in its last line, and over the end of
// a line; each line of it once.
func TestAWordOfARawValueIsFoundWhereItStands(t *testing.T) {
	e := valued(t, 140, 20, "one two\ntwo one one\nlast one", 0)
	e.Sees("raw line 1 of 3").Press("/").Write("one").Sees("raw line 2 of 3").Press("n").Sees("raw line 3 of 3").Press("n").Sees("raw line 1 of 3")
	e.Press("N").Sees("raw line 3 of 3").Press("N").Sees("raw line 2 of 3").Press("N").Sees("raw line 1 of 3")
	e.Press("/").Write("LAST").Sees("LAST is not in the value", "raw line 1 of 3").Press("/").Write("last").Sees("raw line 3 of 3").Press("n").Sees("raw line 3 of 3")
}

// TestALineOfAValueIsNoWiderThanThePage: it goes on in the next one, and what is found there is found
// in its own line.
func TestALineOfAValueIsNoWiderThanThePage(t *testing.T) {
	e := valued(t, 60, 30, strings.Repeat("a", 58)+strings.Repeat("b", 58)+"\r\nshort", 0)
	e.Sees("raw line 1 of 3").Sees(strings.Repeat("a", 58)).Misses("aabb", `\r`).Press("/").Write("ab").Sees("raw line 1 of 3").Press("/").Write("b").Sees("raw line 2 of 3")
	e.Press("/").Write("short").Sees("raw line 3 of 3").Resize(70, 30).Sees(strings.Repeat("a", 58)+strings.Repeat("b", 10), "of 3")
}

// TestATimeOfAnotherMillenniumIsShown, though it is further away than durations can say: what a message
// claims must not end the screen.
func TestATimeOfAnotherMillenniumIsShown(t *testing.T) {
	written := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for claimed, says := range map[string]string{"9999-12-31T23:59:59Z": "9999-12-31 23:59:59.000 +00:00, written 106751d 23h earlier", "1000-01-01T00:00:00Z": "1000-01-01 00:00:00.000 +00:00, written 106751d 23h later"} {
		got := facts(t, 0, written, adapters.Message{Value: []byte("x"), Headers: headers("event_type", "A", "timestamp", claimed, "correlation_id", "f")})
		if line := regexp.MustCompile(`(?m)^▸?occurred .*`).FindString(got); !strings.Contains(line, says) {
			t.Errorf("%s: %q, want %s", claimed, line, says)
		}
	}
}

// masked are schemas that know nothing but what is masked.
type masked struct{ rules *mask.Rules }

func (masked) Find(string, schemas.Ref) (*schemas.Schema, error) { return nil, schemas.ErrPending }
func (masked) Registry() string                                  { return "" }
func (m masked) Mask(destination string) *mask.Mask              { return m.rules.Of(destination) }

// TestNoFactIsMasked: neither a property, nor what a table in a header says.
func TestNoFactIsMasked(t *testing.T) {
	rules, err := mask.Compile([]mask.Rule{{Destination: "*", Headers: []string{"x-death", "user-id"}}})
	if err != nil {
		t.Fatal(err)
	}
	got := facts(t, tracing.DeadLetter, time.Time{}, adapters.Message{
		Position: position, Value: []byte(`{"x":1}`), Schemas: masked{rules}, Properties: &adapters.Properties{UserID: "secret", AppID: "billing"},
		Headers: []adapters.Header{{Name: "x-death", Value: []byte("secret"), Structured: []any{map[string]any{"queue": "orders", "reason": "secret", "exchange": "secret"}}}},
	})
	if strings.Contains(got, "secret") {
		t.Error(got)
	}
	for _, want := range []string{"user ***", "app billing", "x-death ***", "writer rabbitmq"} {
		if !strings.Contains("\n"+got, "\n"+want+"\n") {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestAChangeOfARowShowsWhatChanged, column by column, and no others.
func TestAChangeOfARowShowsWhatChanged(t *testing.T) {
	got := facts(t, 0, time.Time{}, adapters.Message{Position: adapters.Position{Destination: "shop.orders"}, Key: []byte(`{"id":7}`), Value: []byte(
		`{"before":{"id":7,"total":"10.00","gone":true},"after":{"id":7,"total":"12.00","note":"x"},"source":{"name":"shop","table":"orders","ts_ms":1769851800000},"op":"u","ts_ms":1769851800120}`)})
	for _, want := range []string{"type orders.update body op", "entity shop.orders/7 key", "Row", "update orders", `total "10.00" → "12.00"`, `note (not there) → "x"`, "gone true → (not there)", "others 1 column is as before", "occurred 2026-01-31"} {
		if !strings.Contains(got, "\n"+want) && !strings.Contains(got, "\n▸"+want) {
			t.Errorf("no line is %q:\n%s", want, got)
		}
	}
	got = facts(t, 0, time.Time{}, adapters.Message{Value: []byte(`{"before":null,"after":{"id":7},"source":{"table":"orders"},"op":"c"}`)})
	if !strings.Contains(got, "\ncreate orders\n") || strings.Contains(got, "\nothers") {
		t.Errorf("a new row:\n%s", got)
	}
	rules, err := mask.Compile([]mask.Rule{{Destination: "*", Paths: []string{"/**/card"}}})
	if err != nil {
		t.Fatal(err)
	}
	got = facts(t, 0, time.Time{}, adapters.Message{Schemas: masked{rules}, Value: []byte(`{"before":{"id":7,"card":"1"},"after":{"id":7,"card":"2"},"source":{"table":"orders"},"op":"u"}`)})
	if !strings.Contains(got, "\nothers 1 column is as before, 1 masked column is not compared") {
		t.Errorf("a row with a masked column:\n%s", got)
	}
}

// TestJSONThatDoesNotFitItsSchemaSaysWhere, in one line.
func TestJSONThatDoesNotFitItsSchemaSaysWhere(t *testing.T) {
	schema := &schemas.Schema{Ref: schemas.Ref{By: schemas.ByID, ID: 1}, Format: "JSON", Text: `{"properties":{"total":{"type":"number"}}}`}
	if err := payload.Compile(schema, nil); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{`{"total":"x"}`: "misfit got string, want number at total", `{"total":1}`: "fits yes", `{"total":1e9999}`: "fits nobody can say whether it fits: it has a number that is too large, or too small"} {
		got := facts(t, 0, time.Time{}, adapters.Message{Value: []byte("\x00\x00\x00\x00\x01" + value), Schemas: one{schema}})
		if !strings.Contains(got, "\n"+want+"\n") {
			t.Errorf("%s: no line is %q:\n%s", value, want, got)
		}
	}
}

// TestAnEventSaysByWhichSchemaItWasRead: its id, of which subject it is which version, and whose registry.
func TestAnEventSaysByWhichSchemaItWasRead(t *testing.T) {
	schema := &schemas.Schema{Ref: schemas.Ref{By: schemas.ByID, ID: 12}, Format: "AVRO", Name: "shop.OrderPlaced", Text: `{"type":"record","name":"OrderPlaced","namespace":"shop","fields":[{"name":"order_id","type":"string"}]}`}
	if err := payload.Compile(schema, nil); err != nil {
		t.Fatal(err)
	}
	schema.PutAt(schemas.Place{Subject: "orders-value", Version: 3})
	got := facts(t, 0, time.Time{}, adapters.Message{Value: []byte("\x00\x00\x00\x00\x0c\x0aord-1"), Schemas: one{schema}})
	for _, want := range []string{"names id 12", "is orders-value v3", "type shop.OrderPlaced", "format Avro", "registry registry", "entity ord-1 body order_id (Avro, schema 12)"} {
		if !strings.Contains(got, "\n"+want+"\n") {
			t.Errorf("no line is %q:\n%s", want, got)
		}
	}
}

// one is a registry of one schema.
type one struct{ schema *schemas.Schema }

func (one) Registry() string { return "registry" }

func (o one) Find(string, schemas.Ref) (*schemas.Schema, error) { return o.schema, nil }

// TestXMLIsATree that folds, and the text that was sent.
func TestXMLIsATree(t *testing.T) {
	e := of(t, 109, 40, 0, nil)
	e.page = e.config.NewLoading(tracing.Event{Source: "s", Broker: "kafka", Position: position}, text.Own("reading"), load(adapters.Message{Value: []byte(`<order id="ord-1"><line>a</line><line>b</line></order>`)}))
	e.Show(e.page)
	e.Sees("tree", "@id", "ord-1", "[2]").Press("v").Sees("raw", `<order id="ord-1">`)
}

// TestBytesThatLookLikeProtobufShowTheirFields first, and then the bytes.
func TestBytesThatLookLikeProtobufShowTheirFields(t *testing.T) {
	m := adapters.Message{Value: []byte("\x00\x00\x00\x00\x07\x00\x0a\x03abc\x10\x05")}
	got := facts(t, 0, time.Time{}, m)
	for _, want := range []string{"\nlooks like Protobuf, whose schema is not known", "fields line 1 of 3"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q:\n%s", want, got)
		}
	}
}

package query

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/deadheader"
)

const filterBody = `{"type":"PaymentFailed","payload":{"order_id":"ord-1009","amount":129.90,"count":3,"text":"12","paid":false,"retried":true,` +
	`"items":[{"sku":"A-1","price":5},{"sku":"B-2","price":50}],"tags":["vip","Eu"],"at":"2026-01-31T09:30:00Z","reason":"Out of stock","nothing":null}}`

// payment is what the filters of these tests are asked about.
func payment() *Subject {
	m := &adapters.Message{
		Position: adapters.Position{Destination: "payments", Partition: 2, Offset: 881}, Key: []byte("key-7"), Value: []byte(filterBody), Time: time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC),
		Headers: []adapters.Header{{Name: "Tenant", Value: []byte("a")}, {Name: "retries", Value: []byte("4")}, {Name: "bytes", Value: []byte{0xff}}, {Name: "correlation_id", Value: []byte("Flow-1")}, {Name: "service", Value: []byte("payment")}},
	}
	id := &envelope.Identity{}
	envelope.NewReader(nil).Read(m, id)
	return &Subject{Source: "kafka", Broker: "kafka", Message: m, Identity: id}
}

func compile(t testing.TB, text string) *Filter {
	t.Helper()
	f, err := Compile(text, Letters)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return f
}

func TestFilters(t *testing.T) {
	s := payment()
	for text, want := range map[string]bool{
		"": true, "  ": true,
		"paymentfailed": true, "PaymentFailed": true, "Paymentfailed": false, "payments payment": true, "payments nowhere": false,
		"flow-1": true, "Flow-1": true, "FLOW": false, "key-7": true, "STOCK": false, "stock": true, "ord-1009": true, `"Out of stock"`: true, `"out of  stock"`: false, "out of stock": true,
		`type == "PaymentFailed"`: true, `type == "x"`: false, `service in ["payment","fraud"]`: true, `type ~ "^Pay.*d$"`: true, `type !~ "^Pay"`: false, `not (type ~ "x")`: true,
		`broker == "kafka" && source == "kafka" && destination == "payments" && partition == 2 && offset > 880`:  true,
		`key == "key-7" && flow == "Flow-1" && entity == "ord-1009" && id == "" && cause == "" && version == ""`: true,
		`size > 100 && size < 1000`: true, `time > date("2026-01-31T09:00:00Z")`: true, `time < ago("10m")`: true, `now() - time > duration("1h")`: true,
		`redelivered`: false, `not redelivered`: true, `!dead_letter`: true, `dead_letter || type != ""`: true,
		`value contains "Out of"`: true, `value startsWith "{"`: true,
		`type == "PaymentFailed" && json("payload.amount") > 100`: true, `json("payload.amount") > 200`: false, `json("payload.amount") == 129.9`: true,
		`json("payload.count") == 3`: true, `json("payload.count") in [1,2,3]`: true, `json("payload.text") >= 12`: true, `json("payload.paid")`: false, `!json("payload.paid")`: true, `json("payload.retried")`: true,
		`json("payload.retried") && type != ""`: true, `json("payload.items.1.sku") == "B-2"`: true, `len(json("payload.items")) == 2`: true, `any(json("payload.items"), .price > 20)`: true, `"vip" in json("payload.tags")`: true,
		`json("payload.amount") * 2 > 250`: true, `json("payload.at") == time`: true, `json("payload.reason") contains "stock"`: true, `json("payload.count") contains "3"`: true,
		`header("tenant") == "a"`: true, `header("retries") > 3`: true, `header("bytes") == "/w=="`: true, `has("tenant") && has("payload.amount") && !has("nowhere")`: true, `has("payload.nothing")`: true,
		// What is missing compares as false, and never ends the evaluation.
		`json("x") > 5`: false, `json("x") < 5`: false, `json("x") == 5`: false, `json("x") != 5`: true, `json("x") == nil`: true, `json("x") > 5 || type == "PaymentFailed"`: true, `json("x") contains "a" || true`: true,
		`json("x") ~ "a" || true`: true, `json("x") in ["a"] || true`: true, `1 in json("x") || true`: true, `json("x") * 2 + 1 > 5 || true`: true, `len(json("x")) > 3 || true`: true, `json("x") && true || true`: true, `!json("x")`: true,
		`header("x") > 3`: false, `json("payload.items") > 3 || true`: true, `json("payload.reason") > 3`: false, `json("payload.reason") / 2 > 3 || true`: true, `(json("x") ?? 7) == 7`: true, `json("x")`: false, `(json("x") ? 1 : 2) == 2`: true,
	} {
		f := compile(t, text)
		if got, err := f.Match(s); err != nil || got != want {
			t.Errorf("%s: %v %v, want %v", text, got, err, want)
		}
		if f.String() != text {
			t.Errorf("%s prints as %s", text, f)
		}
	}
}

func TestFilterOfAnIndexEntry(t *testing.T) {
	s := &Subject{Source: "kafka", Broker: "kafka", Entry: &Entry{Position: adapters.Position{Destination: "payments", Partition: 2, Offset: 881}, Type: "PaymentFailed", Service: "payment", Flow: "Flow-1", Entity: "ord-1009", DeadLetter: true, Redelivered: true}}
	for text, want := range map[string][2]bool{ // matches, needs the message
		`type == "PaymentFailed"`: {true, false}, `service in ["payment"] && flow == "Flow-1" && entity == "ord-1009"`: {true, false}, `destination ~ "pay" && offset == 881 && partition == 2 && source == "kafka"`: {true, false},
		`dead_letter && redelivered`: {true, false}, `time < now()`: {true, false}, `key == ""`: {false, true}, `value == ""`: {false, true}, `json("a") == nil`: {false, true}, `header("a") == nil`: {false, true}, `has("a") || true`: {false, true},
		`id == ""`: {false, true}, `size >= 0`: {false, true}, "payment": {true, true}, "Flow": {true, true}, "nowhere": {false, true}, "": {true, false},
	} {
		f := compile(t, text)
		got, err := f.Match(s)
		if err != nil || got != want[0] || f.NeedsMessage() != want[1] {
			t.Errorf("%s: %v %v, needs the message: %v", text, got, err, f.NeedsMessage())
		}
	}
}

// A dead letter has parts that its own headers tell, or whoever has found them out.
func TestFilterOfADeadLetter(t *testing.T) {
	died := payment()
	died.Message.Headers = append(died.Message.Headers, adapters.Header{Name: "kafka_dlt-exception-fqcn", Value: []byte("java.net.SocketTimeout")}, adapters.Header{Name: "kafka_dlt-original-topic", Value: []byte("orders")},
		adapters.Header{Name: "kafka_dlt-original-consumer-group", Value: []byte("billing")}, adapters.Header{Name: "retry_topic-attempts", Value: []byte{0, 0, 0, 3}})
	told := payment()
	told.DeadLetter = &deadheader.Info{Reason: "card declined", Origin: "orders", Message: "no Funds", Writer: "acme"}
	told.Status, told.Shown = "replayed", []string{"orders.dlq/0@17"}
	alive := payment()
	for text, want := range map[string][3]bool{ // of died, told and alive
		`dead_letter.exception ~ "Timeout$"`: {true, false, false}, `dead_letter.origin == "orders" && type != ""`: {true, true, false}, `dead_letter.group == "billing"`: {true, false, false},
		`dead_letter.attempts >= 3`: {true, false, false}, `dead_letter.attempts < 3`: {false, false, false}, `dead_letter.attempts == nil`: {false, true, true},
		`dead_letter.reason contains "declined"`: {false, true, false}, `dead_letter.writer == "acme" || dead_letter.message ~ "Funds"`: {false, true, false}, `status == "replayed"`: {false, true, false},
		`"dead_letter.reason" == value`: {false, false, false}, "declined acme": {false, true, false}, "funds dlq/0@17": {false, true, false}, "replayed": {false, false, false}, "nowhere": {false, false, false},
	} {
		f := compile(t, text)
		for i, s := range []*Subject{died, told, alive} {
			if got, err := f.Match(s); err != nil || got != want[i] {
				t.Errorf("%s of %d: %v %v, want %v", text, i, got, err, want[i])
			}
		}
		if got := f.Uses("status"); got != strings.HasPrefix(text, "status") {
			t.Errorf("%s uses status: %v", text, got)
		}
	}
	entry := &Subject{Entry: &Entry{DeadLetter: true}}
	f := compile(t, `dead_letter && dead_letter.reason != "x"`)
	if got, err := f.Match(entry); got || err != nil || !f.NeedsMessage() {
		t.Errorf("an index entry alone: %v, %v", got, err)
	}
}

func TestFlowByKey(t *testing.T) {
	s := payment()
	s.Identity.Flow = envelope.Field{}
	for _, text := range []string{`flow == "ord-1009"`, "ord-1009 payment"} {
		if got, err := compile(t, text).Match(s); err != nil || !got {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
}

func TestFilterErrors(t *testing.T) {
	for text, want := range map[string]struct {
		column int
		says   string
	}{
		`tpye == "x"`:                            {1, "unknown field tpye; did you mean type?"},
		`exception == "x"`:                       {1, "unknown field exception; did you mean dead_letter.exception?"},
		`type == "" && dead_letter.reson == "x"`: {15, "unknown field dead_letter.reson; did you mean dead_letter.reason?"},
		`type == "é" && jsn("a") > 1`:            {16, "did you mean json?"},
		`type ~ "a" && nosuchthing > 1`:          {15, "The fields are source, broker"},
		`type = "x"`:                             {6, "use == to compare"},
		`type == "x`:                             {9, "is not closed"},
		`(type == "x"`:                           {12, "incomplete expression"},
		`type ~ "("`:                             {6, "missing closing"},
		`partition + 1 > "x"`:                    {15, "mismatched types int and string"},
		`error (timeout)`:                        {1, "put text in quotes"},
		`"a" "b"`:                                {5, "one pair of double quotes"},
		`size + (1)`:                             {1, "gives int, and a filter must be true or false"},
		`time < ago("10 minutes")`:               {12, "is no length of time"},
		`json() == 1`:                            {1, "not enough arguments"},
		`json(1) == 1`:                           {6, "cannot use int as argument"},
		strings.Repeat("x", MaxLength) + "y":     {1, "longer than 4096 bytes"},
	} {
		f, err := Compile(text, Letters)
		var fault *Error
		if f != nil || !errors.As(err, &fault) || !strings.Contains(fault.Reason, want.says) || strings.Contains(fault.Reason, "\n") || strings.Contains(fault.Reason, "$") || fault.Column != want.column {
			t.Errorf("%.40s: %+v, want column %d, %q", text, err, want.column, want.says)
		}
	}
}

// TestWrongFieldsAndValues: each of what a filter can choose among has its own fields, and a status
// is never a word that is none.
func TestWrongFieldsAndValues(t *testing.T) {
	for _, c := range []struct {
		text   string
		of     Of
		column int
		says   string // "" is nothing wrong
	}{
		{`status == "failed"`, Flows, 0, ""}, {`status == "open"`, Letters, 0, ""}, {`"payment" in services && type == "x"`, Flows, 0, ""},
		{`type == "é" && status == "failed"`, Events, 16, "status is that of a dead letter or of a flow, not of an event"},
		{`type == "" || "payment" in services`, Events, 28, "services is that of a flow, not of an event"},
		{`"payment" in services`, Letters, 14, "services is that of a flow, not of a dead letter"},
		{`status == "fialed"`, Flows, 11, `status is never "fialed"; it is one of failed, stuck, late, compensated, running, unknown, complete`},
		{`type == "x" && "stcuk" != status`, Flows, 16, `status is never "stcuk"`},
		{`not (status in ["failed", "replayed"])`, Flows, 27, `status is never "replayed"`},
		{`status == "failed"`, Letters, 11, `status is never "failed"; it is one of open, planned, sent, confirmed, replayed, discarded, unknown`},
		{`status == "failed" || type == "x"`, Flows, 1, "status is of the flow as a whole"},
		{`type == "x" && (json("a") == 1 || "fraud" in services)`, Flows, 46, "services is of the flow as a whole"},
		{`status == "late" || "a" in services || type == "x"`, Flows, 1, "status is of the flow as a whole"},
		{`status == "fialed" || status == "stcuk"`, Flows, 11, `status is never "fialed"`},
		{`!(type == "x" && status == "late")`, Flows, 18, "join the two by && alone"},
		{`servces == []`, Flows, 1, "did you mean services?"}, {`servces == []`, Events, 1, "did you mean service?"},
		{`statu == ""`, Events, 1, "unknown field statu. The fields are"},
	} {
		_, err := Compile(c.text, c.of)
		var fault *Error
		if c.says == "" && err == nil {
			continue
		}
		if !errors.As(err, &fault) || c.says == "" || !strings.Contains(fault.Reason, c.says) || fault.Column != c.column {
			t.Errorf("%s of %s: %+v, want column %d, %q", c.text, c.of.one(), err, c.column, c.says)
		}
	}
}

// TestFilterOfAFlow: what is asked of the flow as a whole, and of its events, is asked apart.
func TestFilterOfAFlow(t *testing.T) {
	s := payment()
	for text, want := range map[string]struct{ ofFlow, flow, ofEvents, event, message bool }{
		"": {flow: true, event: true}, "payment": {flow: true, ofEvents: true, event: true, message: true}, `type == "x" || type == "y"`: {flow: true, ofEvents: true},
		`status == "failed"`: {ofFlow: true, flow: true, event: true}, `status == "late"`: {ofFlow: true, event: true},
		`"payment" in services`: {ofFlow: true, flow: true, event: true}, `"fraud" in services`: {ofFlow: true, event: true}, `len(services) > 1 && services[1] == "payment"`: {ofFlow: true, flow: true, event: true},
		`services[2] == "payment"`: {ofFlow: true, event: true}, `status in ["stuck", "failed"] && !("fraud" in services)`: {ofFlow: true, flow: true, event: true},
		`status == "late" || any(services, # ~ "^pay")`: {ofFlow: true, flow: true, event: true}, `status ~ "^f" && now() > date("2026-01-01T00:00:00Z")`: {ofFlow: true, flow: true, event: true},
		`status == "failed" && type == "PaymentFailed"`: {ofFlow: true, flow: true, ofEvents: true, event: true}, `type == "x" && status != "failed"`: {ofFlow: true, ofEvents: true},
		`"payment" in services && (json("payload.amount") > 100 and header("tenant") == "a") and status == "failed"`: {ofFlow: true, flow: true, ofEvents: true, event: true, message: true},
		`status == "failed" && !(json("payload.amount") > 200 || dead_letter.reason == "x")`:                         {ofFlow: true, flow: true, ofEvents: true, event: true, message: true},
		`status == "failed" && value !~ "stock" && "~" != key`:                                                       {ofFlow: true, flow: true, ofEvents: true, message: true},
	} {
		f, err := Compile(text, Flows)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		event, err := f.Match(s)
		flow := f.MatchFlow("failed", []string{"order", "payment"})
		if err != nil || event != want.event || flow != want.flow || f.OfFlow() != want.ofFlow || f.OfEvents() != want.ofEvents || f.NeedsMessage() != want.message {
			t.Errorf("%s: event %v %v, flow %v, of flow %v, of events %v, needs the message %v", text, event, err, flow, f.OfFlow(), f.OfEvents(), f.NeedsMessage())
		}
		if f.Uses("status") != strings.Contains(text, "status") || f.String() != text {
			t.Errorf("%s: uses status %v, prints as %s", text, f.Uses("status"), f)
		}
	}
}

func TestFilterWordSearch(t *testing.T) {
	alphabet := rapid.SampledFrom([]rune("aAbBéÉ-1 "))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(alphabet, 0, 40, -1).Draw(t, "text")
		word := rapid.StringOfN(rapid.SampledFrom([]rune("aAbBé-1")), 1, 4, -1).Draw(t, "word")
		w := newWord(word)
		want := strings.Contains(text, word)
		if strings.ToLower(word) == word { // É is no ASCII, and stays itself
			want = strings.Contains(strings.Map(func(r rune) rune {
				if 'A' <= r && r <= 'Z' {
					return r + 'a' - 'A'
				}
				return r
			}, text), word)
		}
		if got := w.inBytes([]byte(text)); got != want || w.in(text) != want {
			t.Fatalf("%q in %q: %v, want %v", word, text, got, want)
		}
	})
}

func TestFilterFromSeveralGoroutines(t *testing.T) {
	f := compile(t, `json("payload.amount") > 100 && header("tenant") == "a" && type ~ "Failed"`)
	done := make(chan bool)
	for range 4 {
		go func() {
			ok := true
			s := payment()
			for range 200 {
				got, err := f.Match(s)
				ok = ok && got && err == nil
			}
			done <- ok
		}()
	}
	for range 4 {
		if !<-done {
			t.Error("no match")
		}
	}
}

func TestWordsDoNotAllocate(t *testing.T) {
	s := payment()
	f := compile(t, "ord-1009 payment Out")
	if n := testing.AllocsPerRun(100, func() { _, _ = f.Match(s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzCompile(f *testing.F) {
	for _, text := range []string{"", "a b", `type == "x"`, `json("a.0") > 1 || !has("b")`, `type ~ "a+"`, `any(json("a"), .b > 1)`, `x in 1..3`, `"phrase here"`, `ago("1m") < time`, "((((", `a ?? b ? c : d`, `let x = 1; x == 1`, "`raw` == key", `type !~ 'x'`, `status == "failed" && type ~ "x" && "a" in services`, `header("a") + 1 in [json("b")]`, `$env == nil`} {
		f.Add(text)
	}
	s := payment()
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 200 || strings.Contains(text, "..") {
			return // a long range is the writer's own time
		}
		if _, err := Compile(text, Flows); err != nil {
			var fault *Error
			if !errors.As(err, &fault) || fault.Column < 1 || fault.Column > len(text)+1 || fault.Reason == "" {
				t.Fatalf("%q of flows: %+v", text, err)
			}
		}
		filter, err := Compile(text, Letters)
		if err != nil {
			var fault *Error
			if !errors.As(err, &fault) || fault.Column < 1 || fault.Column > len(text)+1 || fault.Reason == "" {
				t.Fatalf("%q: %+v", text, err)
			}
			return
		}
		again, err := Compile(filter.String(), Letters)
		if err != nil {
			t.Fatalf("%q compiles once: %v", text, err)
		}
		first, firstErr := filter.Match(s)
		second, secondErr := again.Match(s)
		if first != second || (firstErr == nil) != (secondErr == nil) {
			t.Fatalf("%q: %v %v, then %v %v", text, first, firstErr, second, secondErr)
		}
		if matched, err := filter.Match(&Subject{Entry: &Entry{}}); matched && err != nil {
			t.Fatalf("%q: a match with an error", text)
		}
	})
}

func BenchmarkFilter(b *testing.B) {
	s := payment()
	for _, c := range []struct{ name, text string }{
		{"word that is not there", "nowhere"}, {"three words", "ord-1009 payment stock"}, {"type", `type == "PaymentFailed"`},
		{"type and json", `type == "PaymentFailed" && json("payload.amount") > 100`}, {"header", `header("tenant") == "a"`}, {"regular expression", `type ~ "^Pay"`},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := compile(b, c.text)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = f.Match(s)
			}
		})
	}
}

// TestPartsOfXML are found by the names of its elements.
func TestPartsOfXML(t *testing.T) {
	m := adapters.Message{Value: []byte(`<order id="ord-1"><total currency="EUR">12.50</total><line>a</line><line>b</line></order>`)}
	for text, want := range map[string]bool{
		`json("order.@id") == "ord-1"`: true, `json("order.line.1") == "b"`: true, `json("order.total.#text") > 12`: true, `has("order.total")`: true, `has("order.none")`: false, `value contains "currency"`: true,
	} {
		filter, err := Compile(text, Events)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := filter.Match(&Subject{Message: &m}); got != want || err != nil {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

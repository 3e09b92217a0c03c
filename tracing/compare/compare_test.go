package compare_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/schemas"
	"eventscope/tracing"
	"eventscope/tracing/compare"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// side is an event with a body, of which an order has a number.
func side(order int, value string, headers ...string) *compare.Side {
	m := &adapters.Message{Position: adapters.Position{Destination: "orders", Partition: int32(order % 3), Offset: int64(order)}, Value: []byte(value), Time: noon.Add(time.Duration(order) * time.Minute)}
	for i := 0; i+1 < len(headers); i += 2 {
		m.Headers = append(m.Headers, adapters.Header{Name: headers[i], Value: []byte(headers[i+1])})
	}
	return &compare.Side{Event: &tracing.Event{Position: m.Position, Time: m.Time, FlowID: fmt.Sprintf("ord-%04d", order)}, Message: m}
}

// lines are fields as a person would note them.
func lines(fields []compare.Field) (list []string) {
	text := func(b []byte) string {
		if b == nil {
			return "-"
		}
		return string(b)
	}
	for _, f := range fields {
		line := strings.TrimSpace(fmt.Sprintf("%s %s", f.In, f.Name)) + ": " + text(f.A) + " | " + text(f.B)
		if f.Varies != "" {
			line += " (" + string(f.Varies) + ")"
		}
		list = append(list, line)
	}
	return list
}

func checkLines(t *testing.T, fields []compare.Field, want ...string) {
	t.Helper()
	if got := lines(fields); !slices.Equal(got, want) {
		t.Errorf("told is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What matters comes apart from ids, times and positions.
func TestWhatDiffersBetweenTwoEvents(t *testing.T) {
	a := side(1, `{"order_id":"ord-0001","note":"of ord-0001","amount":10,"at":"2026-05-04T12:01:00Z","ship_by":"2026-06-01T00:00:00Z","request":"9f3b1c6e-58a1-4a2b-9a52-0c5a1d7e3f10","sku":"a","tx":"tx-a7f8de37"}`,
		"correlation_id", "ord-0001", "tenant", "x", "tenant", "y", "old", "1")
	b := side(2, `{"order_id":"ord-0002","note":"of ord-0002","amount":12,"at":1777896120000,"ship_by":"2026-07-01T00:00:00Z","request":"1b5e2c6e-58a1-4a2b-9a52-0c5a1d7e3f11","sku":"a","gift":true,"tx":"tx-0eddbc48"}`,
		"correlation_id", "ord-0002", "tenant", "x", "tenant", "z", "original-offset", "7")
	a.Message.Headers = append(a.Message.Headers, adapters.Header{Name: "original-offset", Value: []byte("6")})
	r := compare.New(nil).Events(a, b)
	checkLines(t, r.Differs, "header tenant: y | z", "header old: 1 | -", "value amount: 10 | 12", `value ship_by: "2026-06-01T00:00:00Z" | "2026-07-01T00:00:00Z"`, "value gift: - | true")
	checkLines(t, r.Varies, "event position: orders/1@1 | orders/2@2 (position)", "event time: 2026-05-04T12:01:00.000Z | 2026-05-04T12:02:00.000Z (time)",
		"header correlation_id: ord-0001 | ord-0002 (id)", "header original-offset: 6 | 7 (position)",
		`value order_id: "ord-0001" | "ord-0002" (id)`, `value note: "of ord-0001" | "of ord-0002" (id)`, `value at: "2026-05-04T12:01:00Z" | 1777896120000 (time)`,
		`value request: "9f3b1c6e-58a1-4a2b-9a52-0c5a1d7e3f10" | "1b5e2c6e-58a1-4a2b-9a52-0c5a1d7e3f11" (id)`, `value tx: "tx-a7f8de37" | "tx-0eddbc48" (id)`)
	if r.Same != 4 || r.Equal() { // destination, format, tenant, sku
		t.Errorf("%d fields are the same", r.Same)
	}
}

// Values that are no JSON are compared by their lines, bytes in hexadecimal.
func TestValuesThatAreNoJSONAreComparedByLines(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want []string
	}{
		{"one\ntwo\nthree", "one\n2\nthree\nfour", []string{"value line 2: two | 2", "value line 4: - | four"}},
		{"a\nb", "b", []string{"value line 1: a | -"}},
		{"x", `{"a":1}`, []string{"event format: text | json", `value line 1: x | {"a":1}`}},
		{"\x00\x01\xff", "\x00\x02\xff", []string{"value line 1: 00000000  00 01 ff                                          |...| | 00000000  00 02 ff                                          |...|"}},
		{"x", "", []string{"event format: text | empty", "value line 1: x | -"}},
	} {
		checkLines(t, compare.New(nil).Events(side(1, c.a), side(1, c.b)).Differs, c.want...)
	}
	tombstone := side(1, "")
	tombstone.Message.Value = nil
	checkLines(t, compare.New(nil).Events(side(1, ""), tombstone).Differs, "event format: empty | tombstone")
}

// Properties of AMQP are compared by their names.
func TestPropertiesAreCompared(t *testing.T) {
	a, b := side(1, "{}"), side(1, "{}")
	a.Message.Properties = &adapters.Properties{Exchange: "shop", RoutingKey: "order.placed", MessageID: "m-000001", Priority: 3}
	b.Message.Properties = &adapters.Properties{Exchange: "shop", RoutingKey: "order.paid", MessageID: "m-000002", Timestamp: noon}
	r := compare.New(nil).Events(a, b)
	checkLines(t, r.Differs, "property routing_key: order.placed | order.paid", "property timestamp: - | 2026-05-04T12:00:00.000Z", "property priority: 3 | -")
	checkLines(t, r.Varies, "property message_id: m-000001 | m-000002 (id)")
	checkLines(t, compare.New(nil).Events(a, side(1, "{}")).Differs, "property exchange: shop | -", "property routing_key: order.placed | -", "property message_id: m-000001 | -", "property priority: 3 | -")
}

// A message that cannot be read is compared by what the index knows, and says why.
func TestAMessageThatIsGoneIsSaid(t *testing.T) {
	gone := side(2, "")
	gone.Message, gone.Err = nil, adapters.ErrGone
	for _, r := range []*compare.Result{compare.New(nil).Events(side(1, "{}"), gone), compare.New(nil).Events(gone, side(1, "{}"))} {
		if !errors.Is(r.Err, adapters.ErrGone) || r.Equal() || len(r.Differs) > 0 || len(r.Varies) != 2 {
			t.Errorf("%+v", r)
		}
	}
}

// masked hides parts of messages.
type masked struct{ rules *mask.Rules }

func (m masked) Mask(destination string) *mask.Mask              { return m.rules.Of(destination) }
func (masked) Find(string, schemas.Ref) (*schemas.Schema, error) { return nil, errors.New("none") }
func (masked) Registry() string                                  { return "" }

// What is masked is not shown, and not compared either: nobody learns whether it is the same.
func TestWhatIsMaskedIsNotCompared(t *testing.T) {
	rules, err := mask.Compile([]mask.Rule{{Destination: "orders", Paths: []string{"/card", "/person"}, Headers: []string{"token"}, Key: true}})
	if err != nil {
		t.Fatal(err)
	}
	for _, values := range [][2]string{{"SECRET1", "SECRET1"}, {"SECRET1", "SECRET2"}} {
		var sides []*compare.Side
		for i, value := range values {
			s := side(1, `{"card":"`+value+`","person":{"name":"`+value+`"},"n":`+fmt.Sprint(i)+`}`, "token", value)
			s.Message.Key, s.Message.Schemas = []byte(value), masked{rules}
			sides = append(sides, s)
		}
		r := compare.New(nil).Events(sides[0], sides[1])
		checkLines(t, r.Differs, "value n: 0 | 1")
		if r.Masked != 4 {
			t.Errorf("%d fields are masked", r.Masked)
		}
	}
	checkLines(t, compare.New(nil).Events(side(1, `{"n":"***"}`, "h", "***"), side(1, `{"n":1}`, "h", "x")).Differs, "header h: *** | x", `value n: "***" | 1`) // which nothing masks
	text := side(1, "SECRET1")
	text.Message.Schemas = masked{rules}
	r := compare.New(nil).Events(text, side(1, `{"n":1}`))
	if told := strings.Join(lines(r.Differs), " "); strings.Contains(told, "SECRET") || r.Masked != 1 {
		t.Errorf("%d masked, told is %s", r.Masked, told)
	}
}

// event draws an event with few names, so that two have some in common.
func event(t *rapid.T, label string) *compare.Side {
	value := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprintf(`{"order_id":"ord-%04d","n":%d,"list":[%d,"x"]}`, rapid.IntRange(1, 3).Draw(t, "order"), rapid.IntRange(0, 2).Draw(t, "n"), rapid.IntRange(0, 2).Draw(t, "first"))
		}),
		rapid.StringMatching(`([ab]\n){0,4}`), rapid.SampledFrom([]string{"", "\x00\xff", "null", "{}", `"`}),
	).Draw(t, label)
	var headers []string
	for range rapid.IntRange(0, 4).Draw(t, label+" headers") {
		headers = append(headers, rapid.SampledFrom([]string{"a", "b", "id"}).Draw(t, "name"), rapid.SampledFrom([]string{"", "1", "9f3b1c6e-58a1-4a2b-9a52-0c5a1d7e3f10", "1777896120000"}).Draw(t, "header"))
	}
	return side(rapid.IntRange(1, 3).Draw(t, label+" order"), value, headers...)
}

// turned are fields the other way round.
func turned(fields []compare.Field) []compare.Field {
	list := slices.Clone(fields)
	for i := range list {
		list[i].A, list[i].B = list[i].B, list[i].A
	}
	return list
}

// An event has no difference to itself, two have the same both ways, and each header is told once.
func TestEachFieldIsToldOnceAndBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := event(t, "a"), event(t, "b")
		c := compare.New(nil)
		if r := c.Events(a, a); !r.Equal() || len(r.Varies) > 0 {
			t.Fatalf("an event differs from itself: %v %v", lines(r.Differs), lines(r.Varies))
		}
		forth, back := c.Events(a, b), c.Events(b, a)
		if forth.Same != back.Same || forth.Masked != back.Masked || forth.More != back.More {
			t.Fatalf("forth %+v, back %+v", forth, back)
		}
		for _, f := range [][2][]compare.Field{{forth.Differs, back.Differs}, {forth.Varies, back.Varies}} {
			x, y := lines(f[0]), lines(turned(f[1]))
			slices.Sort(x)
			slices.Sort(y)
			for i := range min(len(x), len(y)) { // a line has the number that it has in A
				if strings.HasPrefix(x[i], "value line") {
					x, y = nil, nil
					break
				}
			}
			if !slices.Equal(x, y) {
				t.Fatalf("forth %q, back %q", x, y)
			}
		}
		told := 0
		for _, f := range append(forth.Differs, forth.Varies...) {
			if f.In == compare.InHeader && f.A != nil {
				told++
			}
		}
		same := c.Events(bare(a, true), bare(b, true)).Same - c.Events(bare(a, false), bare(b, false)).Same
		if told+same != len(a.Message.Headers) {
			t.Fatalf("of %d headers %d are told and %d are the same", len(a.Message.Headers), told, same)
		}
	})
}

// bare is an event without its value, and with its headers or without.
func bare(s *compare.Side, headers bool) *compare.Side {
	m := *s.Message
	m.Value = []byte{}
	if !headers {
		m.Headers = nil
	}
	return &compare.Side{Event: s.Event, Message: &m}
}

// Large values and many lines are compared in bounded time and memory; what is not listed is
// counted, and what is not compared is said.
func TestLargeValuesAreBounded(t *testing.T) {
	c := compare.New(nil)
	body := func(word string) string {
		return `{"items":[` + strings.Repeat(`{"sku":"`+word+`","text":"`+strings.Repeat("x", 100)+`"},`, 16_000) + `0]}`
	}
	if r := c.Events(side(1, body("a")), side(1, body("b"))); len(r.Differs) != 1000 || r.More != 15_000 || r.Same != 16_005 {
		t.Errorf("%d are listed, %d more, %d the same", len(r.Differs), r.More, r.Same)
	}
	text := func(word string) string { return strings.Repeat(word+"\n", 1_000_000) }
	if r := c.Events(side(1, text("a")), side(1, text("b"))); len(r.Differs) != 1000 || r.More != 4000 || !r.Beyond {
		t.Errorf("%d are listed, %d more", len(r.Differs), r.More)
	}
	long := strings.Repeat("é", 1<<20)
	if r := c.Events(side(1, `"`+long+`"`), side(1, `"b"`)); len(r.Differs) != 1 || len(r.Differs[0].A) > 2100 || !strings.HasSuffix(string(r.Differs[0].A), "é…") {
		t.Errorf("%d are listed", len(r.Differs))
	}
}

// Values that are small as they were sent and large when they are read are compared as far as there
// is room: by their lines, in little memory, and it is said that this is not all.
func TestValuesThatSwellAreBounded(t *testing.T) {
	const most = 256 << 20 // bytes made, most of them at different times
	rules, err := mask.Compile([]mask.Rule{{Destination: "orders", Paths: []string{"/card"}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		array   bool
		count   int
		masked  int  // parts that are not compared
		whole   bool // all of it is masked, since its parts are not known
		differs bool
	}{
		"many numbers":        {array: true, count: 6 << 20, differs: true},
		"many members":        {count: 3 << 20, differs: true},
		"some members":        {count: 700_000, differs: true},
		"some with masks":     {count: 700_000, masked: 1, differs: true},
		"too many with masks": {count: 2 << 20, masked: 1, whole: true},
		"the same":            {array: true, count: 6 << 20},
		"the same, less":      {array: true, count: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			var sides []*compare.Side
			for i := range 2 {
				if !c.differs && c.masked == 0 {
					i = 0
				}
				value := fmt.Sprintf(`{"n":%d,"card":"SECRET",%s"end":0}`, i, strings.Repeat(`"":0,`, c.count))
				if c.array {
					value = fmt.Sprintf("[%d,%s0]", i, strings.Repeat("0,", c.count))
				}
				s := side(1, compressed(t, value))
				if c.masked > 0 {
					s.Message.Schemas = masked{rules}
				}
				sides = append(sides, s)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r := compare.New(nil).Events(sides[0], sides[1])
			runtime.ReadMemStats(&after)
			if made := after.TotalAlloc - before.TotalAlloc; made > most {
				t.Errorf("%d MB were made to compare %d bytes", made>>20, len(sides[0].Message.Value))
			}
			if !c.whole && (!r.Beyond || r.Equal()) {
				t.Errorf("it is not said that not all is compared: %d differ, %d the same", len(r.Differs), r.Same)
			}
			told := strings.Join(lines(r.Differs), " ")
			if c.masked > 0 && strings.Contains(told, "SECRET") || r.Masked != c.masked || (told != "") != c.differs {
				t.Errorf("%d masked, told is %.200q", r.Masked, told)
			}
		})
	}
}

// compressed is a text as a producer may send it.
func compressed(t *testing.T, s string) string {
	t.Helper()
	var b strings.Builder
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// flow is a flow of steps, each "service type destination" and when it was in milliseconds.
func flow(id string, steps ...string) *tracing.Flow {
	f := &tracing.Flow{FlowSummary: tracing.FlowSummary{ID: id}}
	for _, s := range steps {
		var e tracing.Step
		var at int
		if _, err := fmt.Sscan(s, &e.Service, &e.Type, &e.Position.Destination, &at); err != nil {
			panic(err)
		}
		e.Offset, e.Position.Offset = time.Duration(at)*time.Millisecond, int64(len(f.Steps))
		if n := len(f.Steps); n > 0 {
			e.Hop = e.Offset - f.Steps[n-1].Offset
		}
		f.Steps = append(f.Steps, e)
	}
	return f
}

func TestStepsArePairedByWhatHappened(t *testing.T) {
	a := flow("a", "order Placed orders 0", "payment Paid payments 100", "stock Reserved stock 200", "payment Paid payments 300")
	b := flow("b", "order Placed orders 0", "stock Reserved stock 50", "payment Failed payments 900", "payment Paid payments 1000", "order Closed orders 1100")
	steps := compare.Steps(a, b)
	if want := []compare.Step{{0, 0}, {-1, 2}, {1, 3}, {2, 1}, {3, -1}, {-1, 4}}; !slices.Equal(steps, want) {
		t.Fatalf("the steps are %v, want %v", steps, want)
	}
	if later, took := steps[2].Later(a, b), steps[2].Took(a, b); later != 900*time.Millisecond || took != 0 {
		t.Errorf("the payment is later by %v and took %v longer", later, took)
	}
	if steps[1].Later(a, b) != 0 || steps[4].Took(a, b) != 0 {
		t.Error("what happened in one alone has a difference")
	}
}

// Each step of either flow is there once, those of one flow with itself are all paired, and the
// same are paired both ways.
func TestEachStepIsThereOnce(t *testing.T) {
	drawn := func(t *rapid.T, label string) *tracing.Flow {
		return flow(label, rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom([]string{"a", "b"}).Draw(t, "service") + " " + rapid.SampledFrom([]string{"X", "Y"}).Draw(t, "type") + " t 1"
		}), 0, 8).Draw(t, label)...)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawn(t, "a"), drawn(t, "b")
		var ofA, ofB []int
		var pairs, back []compare.Step
		for _, s := range compare.Steps(a, b) {
			if s.A >= 0 {
				ofA = append(ofA, s.A)
			}
			if s.B >= 0 {
				ofB = append(ofB, s.B)
			}
			pairs = append(pairs, s)
		}
		slices.Sort(ofB)
		for i, n := range ofA {
			if i != n {
				t.Fatalf("the steps of A are %v", ofA)
			}
		}
		for i, n := range ofB {
			if i != n {
				t.Fatalf("the steps of B are %v", ofB)
			}
		}
		if len(ofA) != len(a.Steps) || len(ofB) != len(b.Steps) {
			t.Fatalf("%d of %d and %d of %d steps are told", len(ofA), len(a.Steps), len(ofB), len(b.Steps))
		}
		for _, s := range compare.Steps(b, a) {
			back = append(back, compare.Step{A: s.B, B: s.A})
		}
		order := func(x, y compare.Step) int { return (x.A-y.A)*100 + x.B - y.B }
		slices.SortFunc(pairs, order)
		slices.SortFunc(back, order)
		if !slices.Equal(pairs, back) {
			t.Fatalf("forth %v, back %v", pairs, back)
		}
		for _, s := range compare.Steps(a, a) {
			if s.A != s.B {
				t.Fatalf("a flow differs from itself: %v", s)
			}
		}
	})
}

// Ten thousand steps of which none is in the other flow, and as many that all are.
func TestManyStepsAreCompared(t *testing.T) {
	many := func(service string) *tracing.Flow {
		f := &tracing.Flow{}
		for i := range 10_000 {
			f.Steps = append(f.Steps, tracing.Step{Event: tracing.Event{Service: service, Type: fmt.Sprint(i % 7)}})
		}
		return f
	}
	if steps := compare.Steps(many("a"), many("b")); len(steps) != 20_000 || steps[0] != (compare.Step{A: 0, B: -1}) || steps[19_999] != (compare.Step{A: -1, B: 9_999}) {
		t.Errorf("there are %d steps", len(steps))
	}
	if steps := compare.Steps(many("a"), many("a")); len(steps) != 10_000 {
		t.Errorf("there are %d steps", len(steps))
	}
}

// The messages of what happened in both are read in pairs, and no others.
func TestPairsAreRead(t *testing.T) {
	a, b := flow("a", "order Placed orders 0", "x Only a 1", "stock Reserved stock 2"), flow("b", "order Placed orders 0", "stock Reserved stock 2")
	messages := func(values map[string]string) compare.Messages {
		return func(_ context.Context, events []tracing.Event) iter.Seq2[adapters.Message, error] {
			return func(yield func(adapters.Message, error) bool) {
				for _, e := range events {
					value, ok := values[e.Type]
					var err error
					if !ok {
						err = adapters.ErrGone
					}
					if !yield(adapters.Message{Value: []byte(value)}, err) {
						return
					}
				}
			}
		}
	}
	told := map[int]*compare.Result{}
	for i, r := range compare.New(nil).Pairs(t.Context(), a, b, messages(map[string]string{"Placed": `{"n":1}`, "Reserved": "{}"}), messages(map[string]string{"Placed": `{"n":2}`}), compare.Steps(a, b)) {
		told[i] = r
	}
	if len(told) != 2 || told[2] == nil || !errors.Is(told[2].Err, adapters.ErrGone) {
		t.Fatalf("told is %v", told)
	}
	checkLines(t, told[0].Differs, "value n: 1 | 2")
}

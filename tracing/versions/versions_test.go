package versions_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/envelope"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/schemas"
	"eventscope/tracing/lag"
	"eventscope/tracing/versions"
)

// log is a topic of one partition that is counted as it is written.
type log struct {
	t       interface{ Helper() }
	counter *versions.Counter
	census  *versions.Census
	reader  *envelope.Reader
	at      time.Time
	offset  int64
	finder  schemas.Finder
	part    int32
}

func newLog(t interface{ Helper() }) *log {
	return &log{t: t, counter: versions.NewCounter(), census: versions.NewCensus(32 << 20), reader: envelope.NewReader(nil), at: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}

// write counts messages of one batch, a second apart.
func (l *log) write(messages ...adapters.Message) *log {
	var id envelope.Identity
	for i := range messages {
		m := &messages[i]
		if m.Position.Destination == "" {
			m.Position = adapters.Position{Destination: "orders", Partition: l.part, Offset: l.offset}
			l.offset++
		}
		if m.Time.IsZero() {
			m.Time = l.at
		}
		m.Schemas = l.finder
		l.at = l.at.Add(time.Second)
		l.reader.Read(m, &id)
		l.counter.Count(m, &id)
	}
	l.census.Take(0, l.counter.Take(nil))
	return l
}

// many is so many messages made by a function.
func many(n int, make func(i int) adapters.Message) []adapters.Message {
	var all []adapters.Message
	for i := range n {
		all = append(all, make(i))
	}
	return all
}

func event(value string) adapters.Message { return adapters.Message{Value: []byte(value)} }

func (l *log) versions(consumers ...*lag.Consumer) []*versions.Version {
	return versions.Build(&versions.Known{Seen: l.census.Seen(l.at), Consumers: consumers})
}

// told is all versions in a line each: type, name, events, state, and what changed.
func (l *log) told(consumers ...*lag.Consumer) string {
	var said strings.Builder
	for _, v := range l.versions(consumers...) {
		fmt.Fprintf(&said, "%s %s %d %s", v.Type, v.Name, v.Events, v.State)
		for _, c := range v.Changes {
			fmt.Fprintf(&said, " [%s]", c.Text)
			if c.Breaking {
				said.WriteString("!")
			}
		}
		for _, b := range v.Broke {
			fmt.Fprintf(&said, " broke %s", b.Told(v))
		}
		said.WriteByte('\n')
	}
	return said.String()
}

func (l *log) tells(t *testing.T, want string) *log {
	t.Helper()
	if got := strings.TrimSpace(l.told()); got != strings.TrimSpace(want) {
		t.Errorf("told:\n%s\nwant:\n%s", got, want)
	}
	return l
}

// TestADeclaredVersionIsOneOfItsType, whether it stands in the name of the type or beside it.
func TestADeclaredVersionIsOneOfItsType(t *testing.T) {
	l := newLog(t)
	for _, kind := range []string{"OrderPlaced_v1", "OrderPlaced_v2", "order.placed.v3", "ShippedV2", "Ipv4", "IPV4", "shipment-v1"} {
		l.write(event(`{"type":"` + kind + `","order_id":"ord-1"}`))
	}
	l.write(event(`{"type":"Paid","schema_version":"2","order_id":"ord-1"}`), event(`{"type":"Paid","schema_version":"10","order_id":"ord-1"}`))
	l.tells(t, `
IPV4  1 current
Ipv4  1 current
OrderPlaced v2 1 new
OrderPlaced v1 1 old
Paid v10 1 new
Paid v2 1 old
Shipped v2 1 current
order.placed v3 1 current
shipment v1 1 current`)
}

// TestAVersionThatCountsSomethingElseIsNone: that of an order, which rises with each change.
func TestAVersionThatCountsSomethingElseIsNone(t *testing.T) {
	l := newLog(t).write(many(500, func(i int) adapters.Message {
		return event(fmt.Sprintf(`{"type":"OrderChanged","version":%d,"order_id":"ord-1"}`, i))
	})...)
	l.tells(t, "OrderChanged  500 current")
}

// TestStatesOfVersions as time goes on: the second comes, the first goes, and comes again.
func TestStatesOfVersions(t *testing.T) {
	of := func(version int) func(int) adapters.Message {
		return func(int) adapters.Message {
			return event(fmt.Sprintf(`{"type":"Paid_v%d","order_id":"ord-1"}`, version))
		}
	}
	l := newLog(t).write(many(10, of(1))...).tells(t, "Paid v1 10 current")
	l.write(many(20, of(2))...).tells(t, "Paid v2 20 new\nPaid v1 10 old")
	l.write(many(150, of(2))...).tells(t, "Paid v2 170 new\nPaid v1 10 gone")
	l.write(of(1)(0)).tells(t, "Paid v2 170 new\nPaid v1 11 back")
	l.write(many(700, of(2))...).tells(t, "Paid v2 870 current\nPaid v1 11 gone")
}

// TestVersionsThatComeSeldom are not back each time: nothing of their type came meanwhile.
func TestVersionsThatComeSeldom(t *testing.T) {
	l := newLog(t)
	for i := range 10 {
		l.at = l.at.Add(2 * time.Minute)
		l.write(event(fmt.Sprintf(`{"type":"Paid_v%d","order_id":"ord-1"}`, 1+i%2)))
	}
	l.at = l.at.Add(-2 * time.Minute)
	if found := l.versions(); len(found) != 2 || found[1].State == versions.Back || !found[1].Back.Time.IsZero() {
		t.Fatal(l.told())
	}
}

// TestWhatDeclaredVersionsHave is compared, where enough values of both were seen.
func TestWhatDeclaredVersionsHave(t *testing.T) {
	l := newLog(t)
	l.write(many(20, func(i int) adapters.Message {
		return event(`{"type":"Paid_v1","order":{"id":"ord-1","note":"x"},"amount":12.5}`)
	})...)
	l.write(many(20, func(i int) adapters.Message {
		return event(`{"type":"Paid_v2","order":{"id":"ord-1","channel":"web"},"amount":"12.50"}`)
	})...)
	l.tells(t, "Paid v2 20 new [amount: number → string]! [+ order.channel string] [- order.note string]!\nPaid v1 20 old")
}

// TestShapesOfJSON: a member that comes, goes or becomes another kind is another shape.
func TestShapesOfJSON(t *testing.T) {
	before := func(i int) adapters.Message {
		return event(fmt.Sprintf(`{"type":"Paid","order":{"id":"ord-%d","note":"x"},"amount":%d,"items":[{"sku":"a"}]}`, i, i))
	}
	after := func(i int) adapters.Message {
		return event(fmt.Sprintf(`{"type":"Paid","order":{"id":"ord-%d"},"amount":"%d","items":[{"sku":"a"}],"channel":"web"}`, i, i))
	}
	l := newLog(t).write(many(300, before)...).tells(t, "Paid  300 current")
	for range 30 {
		l.write(many(10, after)...)
	}
	found := l.versions()
	if len(found) != 2 || found[0].Name != "shape 2" || found[0].Before != found[1] || found[0].First.Position.Offset < 300 || found[0].First.Position.Offset > 364 {
		t.Fatalf("%+v", found)
	}
	var said []string
	for _, c := range found[0].Changes {
		said = append(said, c.Text)
	}
	slices.Sort(said)
	if want := []string{"+ channel string", "- order.note string", "amount: number → string"}; !slices.Equal(said, want) {
		t.Errorf("changed %q, want %q", said, want)
	}
}

// masked are schemas that know nothing but what is masked.
type masked struct{ rules *mask.Rules }

func (masked) Find(string, schemas.Ref) (*schemas.Schema, error) { return nil, schemas.ErrPending }
func (masked) Registry() string                                  { return "" }
func (m masked) Mask(destination string) *mask.Mask              { return m.rules.Of(destination) }

// TestAShapeHasNoNamesThatAreMasked: a member may be called by what must not be shown.
func TestAShapeHasNoNamesThatAreMasked(t *testing.T) {
	rules, err := mask.Compile([]mask.Rule{{Destination: "*", Paths: []string{"/customers"}}})
	if err != nil {
		t.Fatal(err)
	}
	l := newLog(t)
	l.finder = masked{rules}
	l.write(many(300, func(int) adapters.Message { return event(`{"type":"Paid","amount":1}`) })...)
	for range 30 {
		l.write(many(10, func(int) adapters.Message {
			return event(`{"type":"Paid","amount":1,"customers":{"ann@example.org":{"age":7}},"channel":"web"}`)
		})...)
	}
	found := l.versions()
	if len(found) != 2 {
		t.Fatalf("%+v", found)
	}
	var changes []string
	for _, c := range found[0].Changes {
		changes = append(changes, c.Text)
	}
	slices.Sort(changes)
	if want := []string{"+ channel string", "+ customers string"}; !slices.Equal(changes, want) {
		t.Errorf("changed %q, want %q", changes, want)
	}
}

// TestADeathSaysNothingThatIsMasked.
func TestADeathSaysNothingThatIsMasked(t *testing.T) {
	rules, err := mask.Compile([]mask.Rule{{Destination: "*", Headers: []string{"kafka_dlt-exception-fqcn"}}})
	if err != nil {
		t.Fatal(err)
	}
	m := event(`{"type":"Paid"}`)
	m.Position.Destination, m.Schemas = "orders.dlq", masked{rules}
	m.Headers = []adapters.Header{{Name: "kafka_dlt-original-topic", Value: []byte("orders")}, {Name: "kafka_dlt-exception-fqcn", Value: []byte("ann@example.org")}}
	var id envelope.Identity
	envelope.NewReader(nil).Read(&m, &id)
	counter := versions.NewCounter()
	counter.Count(&m, &id)
	if rows := counter.Take(nil); len(rows) != 1 || rows[0].Key.Death != (versions.Death{Dead: true, Origin: "orders", Exception: mask.Shown}) {
		t.Errorf("%+v", rows)
	}
}

// TestWhatIsNoChange: maps by id, empty and mixed arrays, null, members that only some have, types
// of several forms, whatever the order in which they come.
func TestWhatIsNoChange(t *testing.T) {
	for name, make := range map[string]func(r *rand.Rand, i int) string{
		"ids as names": func(r *rand.Rand, i int) string {
			return fmt.Sprintf(`{"type":"Paid","by":{"ord-%d":{"n":1},"u%x":{"n":2}}}`, i, r.Uint64()|1<<63)
		},
		"names of people": func(r *rand.Rand, i int) string { return fmt.Sprintf(`{"type":"Paid","by":{"%s":{"n":1}}}`, word(r)) },
		"empty arrays": func(r *rand.Rand, i int) string {
			return `{"type":"Paid","items":` + pick(r, `[]`, `[{"sku":"a"}]`, `null`) + `}`
		},
		"mixed arrays": func(r *rand.Rand, i int) string {
			return `{"type":"Paid","items":[` + pick(r, `1`, `"a"`, `{"x":1}`, `1,"a"`) + `]}`
		},
		"null": func(r *rand.Rand, i int) string { return `{"type":"Paid","note":` + pick(r, `null`, `"a"`) + `}` },
		"optional members": func(r *rand.Rand, i int) string {
			return `{"type":"Paid"` + pick(r, ``, `,"a":1`, `,"b":"x"`, `,"a":1,"b":"x"`) + `}`
		},
		"rare members": func(r *rand.Rand, i int) string {
			return `{"type":"Paid"` + map[bool]string{true: `,"voucher":"x"`}[r.IntN(12) == 0] + `}`
		},
		"several forms": func(r *rand.Rand, i int) string {
			return `{"type":"Paid","by":` + pick(r, `{"card":{"no":"1","cvc":"2"}}`, `{"cash":{"coins":3}}`, `{"bank":{"iban":"x"}}`) + `}`
		},
		"number or text": func(r *rand.Rand, i int) string { return `{"type":"Paid","n":` + pick(r, `1`, `"1"`) + `}` },
		"many kinds": func(r *rand.Rand, i int) string {
			return `{"type":"Paid","n":` + pick(r, `1`, `1`, `1`, `1`, `1`, `1`, `"1"`, `"1"`, `"1"`, `"1"`, `true`) + `}`
		},
		"nothing but paths": func(r *rand.Rand, i int) string {
			return fmt.Sprintf(`{"type":"Paid","%s":{"%s":1}}`, word(r), word(r))
		},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(20) {
				r := rand.New(rand.NewPCG(seed, 1))
				l := newLog(t)
				for range 20 {
					l.write(many(100, func(i int) adapters.Message { return event(make(r, i)) })...)
				}
				for _, v := range l.versions() {
					if len(v.Changes) > 0 || v.Name != "" {
						t.Fatalf("seed %d: %s", seed, l.told())
					}
				}
			}
		})
	}
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func word(r *rand.Rand) string {
	word := make([]byte, 6)
	for i := range word {
		word[i] = byte('a' + r.IntN(26))
	}
	return string(word)
}

// TestAShapeThatBeginsWithinABatch divides it: all may be read in one.
func TestAShapeThatBeginsWithinABatch(t *testing.T) {
	l := newLog(t).write(many(400, func(i int) adapters.Message {
		if i >= 100 {
			return event(`{"type":"Paid","amount":1,"channel":"web"}`)
		}
		return event(`{"type":"Paid","amount":1}`)
	})...)
	found := l.versions()
	if len(found) != 2 || found[0].Events+found[1].Events != 400 || found[1].Events < 100 || found[1].Events > 228 || len(found[0].Changes) != 1 || found[0].Before != found[1] {
		t.Fatal(l.told())
	}
}

// TestARareMemberIsNoChange, whenever it is met first.
func TestARareMemberIsNoChange(t *testing.T) {
	l := newLog(t)
	for batch := range 40 {
		l.write(many(50, func(i int) adapters.Message {
			if n := batch*50 + i; n > 40 && n%12 == 0 {
				return event(`{"type":"Paid","amount":1,"voucher":"x"}`)
			}
			return event(`{"type":"Paid","amount":1}`)
		})...)
	}
	l.tells(t, "Paid  2000 current")
}

// TestWhatIsMissingForAWhileIsNotGone, nor is what was seldom there.
func TestWhatIsMissingForAWhileIsNotGone(t *testing.T) {
	l := newLog(t)
	for _, run := range []struct {
		n    int
		with string
	}{{50, `,"a":1,"b":1`}, {10, `,"b":1`}, {470, `,"a":1,"b":1`}} {
		l.write(many(run.n, func(i int) adapters.Message { return event(`{"type":"Paid"` + run.with + `}`) })...)
	}
	l.tells(t, "Paid  530 current")
	l = newLog(t)
	for batch := range 30 {
		l.write(many(100, func(i int) adapters.Message {
			if batch == 0 && i < 34 && i%8 == 0 {
				return event(`{"type":"Paid","voucher":"x","n":1}`)
			}
			return event(`{"type":"Paid","n":1}`)
		})...)
	}
	l.tells(t, "Paid  3000 current")
}

// TestALogThatBeganWithTheNewShape is counted to it, if another log has told of it.
func TestALogThatBeganWithTheNewShape(t *testing.T) {
	after := func(i int) adapters.Message { return event(`{"type":"Paid","amount":1,"channel":"web"}`) }
	l := newLog(t)
	l.write(many(100, func(i int) adapters.Message { return event(`{"type":"Paid","amount":1}`) })...)
	l.write(many(100, after)...)
	l.part, l.offset = 1, 0
	for range 10 {
		l.write(many(100, after)...)
	}
	if found := l.versions(); len(found) != 2 || found[0].Events < 1000 {
		t.Fatal(l.told())
	}
}

// TestLogsAreLookedAtApart: that one is read after the other is no change, and the same change in
// both is one.
func TestLogsAreLookedAtApart(t *testing.T) {
	l := newLog(t)
	for part := range int32(3) {
		l.part, l.offset = part, 0
		l.write(many(100, func(i int) adapters.Message { return event(`{"type":"Paid","amount":1}`) })...)
		l.write(many(100, func(i int) adapters.Message { return event(`{"type":"Paid","amount":1,"channel":"web"}`) })...)
	}
	found := l.versions()
	if len(found) != 2 || len(found[0].Changes) != 1 || found[0].Changes[0].Text != "+ channel string" {
		t.Fatal(l.told())
	}
}

// framed is a value that names schema id, as Confluent's serialisers write it.
func framed(id byte) adapters.Message {
	return adapters.Message{Value: []byte{0, 0, 0, 0, id, 2, 'x'}, Headers: []adapters.Header{{Name: "type", Value: []byte("OrderPlaced")}, {Name: "source", Value: []byte("order")}}}
}

// standing is a group that is to read an offset next.
func standing(group string, next, end int64) *lag.Consumer {
	c := &lag.Consumer{Lag: consumer.Lag{Group: group, Logs: []consumer.LogLag{{Log: adapters.Log{Destination: "orders"}, Committed: next, End: end}}}}
	c.Lag.Logs[0].Classify()
	c.Logs = []lag.Standing{{State: c.Lag.Logs[0].State}}
	if next < end {
		c.Logs[0].State = consumer.LagStall
	}
	return c
}

// TestWhoStandsWhereAVersionBegins is told: not who has read some of it, is not there yet, or moves.
func TestWhoStandsWhereAVersionBegins(t *testing.T) {
	l := newLog(t)
	for i := range 30 {
		l.write(framed(7))
		if i >= 20 {
			l.write(framed(12)) // the first at 21
		}
	}
	moves := standing("moves", 21, 40)
	moves.Logs[0].Out = adapters.Rate{PerSecond: 3, Known: true}
	found := l.versions(standing("payment", 21, 40), standing("fraud", 40, 40), standing("past", 23, 40), standing("before", 20, 40), moves, standing("none", 0, 40))
	if len(found) != 2 || found[0].Ref.ID != 12 || len(found[1].Broke) != 0 || len(found[0].Broke) != 1 {
		t.Fatalf("%+v", found)
	}
	if b := found[0].Broke[0]; b.Group != "payment" || b.At.String() != "orders/0@21" || b.State != consumer.LagStall || b.Lag != 19 {
		t.Errorf("%+v", b)
	}
}

// TestWhoStandsBeforeWhatWasRead is told as not known, once, with the version that was read first.
func TestWhoStandsBeforeWhatWasRead(t *testing.T) {
	l := newLog(t)
	l.offset = 100
	l.write(many(10, func(int) adapters.Message { return framed(7) })...).write(many(10, func(int) adapters.Message { return framed(12) })...)
	moves := standing("moves", 50, 120)
	moves.Logs[0].Out = adapters.Rate{PerSecond: 3, Known: true}
	found := l.versions(standing("billing", 99, 120), standing("first", 100, 120), standing("in", 105, 120), standing("done", 120, 120), moves)
	if len(found) != 2 || len(found[0].Earlier) != 0 || len(found[1].Earlier) != 1 || len(found[1].Broke) != 0 {
		t.Fatalf("%+v", found)
	}
	if told := found[1].Earlier[0].ToldEarlier(); told != "billing: STALL at orders/0@99, before what was read, so that it is not known whether a version stopped it: read from earlier" {
		t.Error(told)
	}
}

// TestDeadLettersThatNameAVersion are told, where they died of reading it.
func TestDeadLettersThatNameAVersion(t *testing.T) {
	l := newLog(t).write(many(10, func(int) adapters.Message { return framed(7) })...).write(many(5, func(int) adapters.Message { return framed(12) })...)
	letter := func(id byte, exception, message string) adapters.Message {
		m := framed(id)
		m.Position = adapters.Position{Destination: "orders.dlq", Offset: l.offset}
		for name, value := range map[string]string{"kafka_dlt-original-topic": "orders", "kafka_dlt-exception-fqcn": exception, "kafka_dlt-exception-message": message, "kafka_dlt-original-consumer-group": "billing"} {
			m.Headers = append(m.Headers, adapters.Header{Name: name, Value: []byte(value)})
		}
		return m
	}
	l.write(letter(12, "org.apache.kafka.common.errors.SerializationException", "no"), letter(12, "org.apache.kafka.common.errors.SerializationException", "no"), letter(7, "CardDeclined", "no money"))
	bare := letter(12, "SerializationException", "Error deserializing Avro message for id 7")
	bare.Value = []byte("{}")
	l.write(bare)
	got := l.told()
	for _, want := range []string{"OrderPlaced schema 12 5 new broke billing: 2 dead letters since orders.dlq/0@15, org.apache.kafka.common.errors.SerializationException\n", "schema 7 10 old broke billing: 1 dead letters since orders.dlq/0@15, SerializationException\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("told:\n%s\nwant %s", got, want)
		}
	}
}

// TestEveryMessageIsCountedOnce, of whatever types, services and versions, in whatever batches.
func TestEveryMessageIsCountedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLog(t)
		total := int64(0)
		for range rapid.IntRange(1, 8).Draw(t, "batches") {
			batch := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) adapters.Message {
				m := framed(rapid.ByteRange(1, 4).Draw(t, "schema"))
				m.Headers[0].Value = []byte(rapid.SampledFrom([]string{"A", "A_v1", "A_v2", "B", strings.Repeat("x", 300)}).Draw(t, "type"))
				if rapid.Bool().Draw(t, "json") {
					m.Value = []byte(`{"n":1}`)
				}
				return m
			}), 1, 50).Draw(t, "batch")
			total += int64(len(batch))
			l.part = rapid.Int32Range(0, 2).Draw(t, "partition")
			l.write(batch...)
		}
		var events int64
		for _, s := range l.census.Seen(l.at) {
			events += s.Events
			var writers int64
			for _, w := range s.Writers {
				writers += w.Events
			}
			if writers+s.Others != s.Events {
				t.Fatalf("%d events by %d of writers", s.Events, writers)
			}
		}
		if events+l.census.Uncounted != total || l.census.Uncounted != 0 {
			t.Fatalf("%d of %d were counted", events, total)
		}
	})
}

// TestHostileNamesAreBounded: types, versions, services and members without end.
func TestHostileNamesAreBounded(t *testing.T) {
	l := newLog(t)
	for batch := range 60 {
		l.write(many(200, func(i int) adapters.Message {
			n := batch*200 + i
			m := event(fmt.Sprintf(`{"type":"T%d%s","m%d":{"n":1}}`, n%4000, strings.Repeat("y", n%400), n))
			m.Headers = []adapters.Header{{Name: "source", Value: fmt.Appendf(nil, "service-%d", n)}}
			return m
		})...)
	}
	seen := l.census.Seen(l.at)
	var events int64
	for _, s := range seen {
		events += s.Events
		if len(s.Writers) > 16 || len(s.Type) > 200 {
			t.Fatalf("%d writers of %s", len(s.Writers), s.Type)
		}
	}
	if len(seen) > 8000 || events+l.census.Uncounted != 60*200 {
		t.Errorf("%d versions, %d events and %d uncounted", len(seen), events, l.census.Uncounted)
	}
}

// TestHostilePathsAreBounded: long names in one another, of which no two values have the same, of
// declared versions and of none.
func TestHostilePathsAreBounded(t *testing.T) {
	const mostTaken = 24 << 20
	l := newLog(t)
	before := heap()
	for n := range 160 {
		var value strings.Builder
		fmt.Fprintf(&value, `{"type":"T%d"`, n/2)
		if n%2 == 0 {
			value.WriteString(`,"schema_version":"3"`)
		}
		for range 15 {
			fmt.Fprintf(&value, `,"%s":{"a":1`, strings.Repeat("n", 200))
		}
		for i := range 256 {
			kind := []string{"1", `""`}[i%2] // else they would be those of a map
			fmt.Fprintf(&value, `,"%s_%c%c%c%c":%s`, strings.Repeat("m", 190), 'a'+n%26, 'a'+n/26, 'g'+i%16, 'g'+i/16, kind)
		}
		value.WriteString(strings.Repeat("}", 16))
		l.write(event(value.String()))
	}
	if taken := heap() - before; taken > mostTaken {
		t.Errorf("%d MiB are taken", taken>>20)
	}
	if seen := l.census.Seen(l.at); len(seen) == 0 {
		t.Error("nothing is counted")
	}
}

// TestWhatHasManyMembersIsBounded: of very many types, in very many logs.
func TestWhatHasManyMembersIsBounded(t *testing.T) {
	const mostTaken = 32 << 20
	l := newLog(t)
	before := heap()
	for n := range 1500 {
		var value strings.Builder
		fmt.Fprintf(&value, `{"type":"T%d"`, n)
		for i := range 256 {
			if i%30 == 0 {
				fmt.Fprintf(&value, `,"o%c":{"a":1`, 'g'+i/30)
			}
			fmt.Fprintf(&value, `,"m%c%c_%c%c":1`, 'g'+n%16, 'g'+n/16%16, 'g'+i%16, 'g'+i/16)
			if i%30 == 29 {
				value.WriteString("}")
			}
		}
		value.WriteString("}}")
		l.write(event(value.String()))
	}
	if taken := heap() - before; taken > mostTaken {
		t.Errorf("%d MiB are taken", taken>>20)
	}
	runtime.KeepAlive(l)
}

// TestWhatIsCountedIsBoundedInBytes: versions without end, of many writers with long names, in many
// partitions; what is told to be taken is about what is, and all of it comes back.
func TestWhatIsCountedIsBoundedInBytes(t *testing.T) {
	const most = 4 << 20
	l := newLog(t)
	l.census = versions.NewCensus(most)
	before := heap()
	var rows []versions.Row
	events := int64(0)
	count := func(kind, schema, writer, partition int) *versions.Key {
		key := &versions.Key{Destination: "orders", Type: fmt.Sprint("T", kind), Service: fmt.Sprint(strings.Repeat("s", 180), writer), Schema: schemas.Ref{By: schemas.ByID, ID: uint64(schema)}}
		at := versions.Sighting{Position: adapters.Position{Destination: "orders", Partition: int32(partition)}, Time: l.at}
		rows = append(rows[:0], versions.Row{Key: key, Events: 1, First: at, Last: at})
		l.census.Take(0, rows)
		events++
		return key
	}
	for n := range 200_000 {
		count(n%150, n/150%40, n%23, n%250)
	}
	counted := int64(0)
	for _, s := range l.census.Seen(l.at) {
		counted += s.Events
	}
	if taken := heap() - before; l.census.Bytes() > most || l.census.Bytes() < most/2 || taken > 2*most {
		t.Errorf("%d KiB are taken, and %d are told", taken>>10, l.census.Bytes()>>10)
	}
	if counted+l.census.Uncounted != events || counted == 0 {
		t.Errorf("%d of %d are counted, and %d are not", counted, events, l.census.Uncounted)
	}
	for _, s := range l.census.Seen(l.at) {
		for range s.Others {
			l.census.Withdraw(0, "orders", s.Type, "one of others", s.Ref)
		}
		for _, w := range s.Writers {
			for range w.Events {
				l.census.Withdraw(0, "orders", s.Type, w.Service, s.Ref)
			}
		}
	}
	if l.census.Bytes() != 0 || len(l.census.Seen(l.at)) != 0 {
		t.Errorf("%d bytes of nothing are taken, by %d versions", l.census.Bytes(), len(l.census.Seen(l.at)))
	}
}

// heap is what is in use, in bytes.
func heap() int64 {
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return int64(now.HeapAlloc)
}

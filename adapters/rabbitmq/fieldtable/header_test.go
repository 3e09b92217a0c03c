package fieldtable

import (
	"math"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

func convert(table amqp.Table) []adapters.Header { return new(Headers).Append(table, "") }

func TestHeadersOfEveryType(t *testing.T) {
	at := time.Date(2026, 1, 31, 9, 30, 0, 0, time.FixedZone("", 3600))
	for _, test := range []struct {
		value      any
		text       string
		structured any
	}{
		{nil, "", nil},
		{true, "true", true},
		{false, "false", false},
		{byte(200), "200", int64(200)},
		{int8(-3), "-3", int64(-3)},
		{int16(-300), "-300", int64(-300)},
		{uint16(60000), "60000", int64(60000)},
		{int32(-70000), "-70000", int64(-70000)},
		{uint32(4000000000), "4000000000", int64(4000000000)},
		{int64(math.MinInt64), "-9223372036854775808", int64(math.MinInt64)},
		{float32(0.1), "0.1", float64(float32(0.1))},
		{1e21, "1e+21", 1e21},
		{math.Inf(1), `"+Inf"`, math.Inf(1)},
		{amqp.Decimal{Scale: 2, Value: 12345}, "123.45", 123.45},
		{amqp.Decimal{Scale: 3, Value: -5}, "-0.005", -0.005},
		{amqp.Decimal{Value: 7}, "7", 7.0},
		{"text", "text", nil},
		{"\xff\x1b[31m", "\xff\x1b[31m", nil},
		{[]byte{0, 1, 255}, "\x00\x01\xff", []byte{0, 1, 255}},
		{at, "2026-01-31T08:30:00Z", at.UTC()},
		{[]any{}, "[]", []any{}},
		{[]any{int32(1), "a\"b", nil, at}, `[1,"a\"b",null,"2026-01-31T08:30:00Z"]`, []any{int64(1), "a\"b", nil, at.UTC()}},
		{amqp.Table{"b": int32(1), "a": []byte("hi")}, `{"a":"aGk=","b":1}`, map[string]any{"a": []byte("hi"), "b": int64(1)}},
	} {
		want := []adapters.Header{{Name: "h", Value: []byte(test.text), Structured: test.structured}}
		got := convert(amqp.Table{"h": test.value})
		if string(got[0].Value) != test.text {
			t.Errorf("%T %v: text %q, want %q", test.value, test.value, got[0].Value, test.text)
		}
		if diff := cmp.Diff(want[0].Structured, got[0].Structured); diff != "" {
			t.Errorf("%T %v (-want +got):\n%s", test.value, test.value, diff)
		}
	}
}

// TestDeathHeaderKeepsItsOrder: the newest death comes first, and must stay there.
func TestDeathHeaderKeepsItsOrder(t *testing.T) {
	at := time.Unix(1700000000, 0)
	death := func(queue string, count int64) amqp.Table {
		return amqp.Table{"count": count, "exchange": "", "queue": queue, "reason": "rejected", "routing-keys": []any{"k"}, "time": at}
	}
	got := convert(amqp.Table{"x-death": []any{death("newest", 1), death("older", 3)}, "a": "1"})
	want := `[{"count":1,"exchange":"","queue":"newest","reason":"rejected","routing-keys":["k"],"time":"2023-11-14T22:13:20Z"},` +
		`{"count":3,"exchange":"","queue":"older","reason":"rejected","routing-keys":["k"],"time":"2023-11-14T22:13:20Z"}]`
	if got[0].Name != "a" || got[1].Name != "x-death" || string(got[1].Value) != want {
		t.Errorf("got %q", got)
	}
	deaths, ok := got[1].Structured.([]any)
	if !ok || deaths[0].(map[string]any)["queue"] != "newest" || deaths[0].(map[string]any)["count"] != int64(1) {
		t.Errorf("structured: %v", got[1].Structured)
	}
}

// FuzzHeaders builds tables out of bytes and requires what every header must be.
func FuzzHeaders(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x0b\x02ab\x01\x09\x03xyz"))
	f.Add([]byte("\x0a\x0b\x03\xff\xfe\xfd\x0c\x04\x01\x08\x00\x00\x00\x00\x00\x00\xf0\x7f\x0d\x07"))
	f.Add([]byte("\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c"))
	f.Add([]byte("1900928\xaa1000000000\x88"))
	f.Fuzz(func(t *testing.T, data []byte) {
		build := builder{data}
		table := build.table(0)
		s := new(Headers)
		first, again := s.Append(table, ""), s.Append(table, "")
		if len(first) != len(table) {
			t.Fatalf("%d headers of %d", len(first), len(table))
		}
		sorted := slices.IsSortedFunc(first, func(a, b adapters.Header) int { return compare(a.Name, b.Name) })
		if !sorted {
			t.Fatalf("not sorted: %q", first)
		}
		for i, h := range first {
			if string(h.Value) != string(again[i].Value) {
				t.Fatalf("%q is once %q and once %q", h.Name, h.Value, again[i].Value)
			}
			switch h.Structured.(type) {
			case nil, bool, int64, float64, []byte, time.Time:
			case []any, map[string]any:
				// Two names that are not UTF-8 can look the same as text.
				if !jsontext.Value(h.Value).IsValid(jsontext.AllowDuplicateNames(true)) || !utf8.Valid(h.Value) {
					t.Fatalf("%q is no JSON", h.Value)
				}
			default:
				t.Fatalf("%q has type %T", h.Name, h.Structured)
			}
		}
	})
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// builder makes field values out of bytes.
type builder struct{ data []byte }

func (b *builder) take(n int) []byte {
	n = min(n, len(b.data))
	taken := b.data[:n]
	b.data = b.data[n:]
	return taken
}

func (b *builder) one() byte {
	if taken := b.take(1); len(taken) == 1 {
		return taken[0]
	}
	return 0
}

func (b *builder) eight() uint64 {
	n := uint64(0)
	for range 8 {
		n = n<<8 | uint64(b.one())
	}
	return n
}

func (b *builder) table(depth int) amqp.Table {
	table := amqp.Table{}
	for range b.one() % 6 {
		table[string(b.take(int(b.one()%5)))] = b.value(depth + 1)
	}
	return table
}

func (b *builder) value(depth int) any {
	kind := b.one() % 15
	if depth > 8 {
		kind %= 12
	}
	switch kind {
	case 0:
		return nil
	case 1:
		return b.one()%2 == 0
	case 2:
		return b.one()
	case 3:
		return int8(b.one())
	case 4:
		return int16(b.eight())
	case 5:
		return uint16(b.eight())
	case 6:
		return int32(b.eight())
	case 7:
		return uint32(b.eight())
	case 8:
		return math.Float64frombits(b.eight())
	case 9:
		return string(b.take(int(b.one())))
	case 10:
		return b.take(int(b.one()))
	case 11:
		return amqp.Decimal{Scale: b.one(), Value: int32(b.eight())}
	case 12:
		return b.table(depth)
	case 13:
		list := []any{}
		for range b.one() % 6 {
			list = append(list, b.value(depth+1))
		}
		return list
	}
	return time.Unix(int64(b.eight()), 0)
}

// TestAHeaderWithoutAValueIsNoEmptyText, as in Kafka.
func TestAHeaderWithoutAValueIsNoEmptyText(t *testing.T) {
	for _, first := range []string{"", "text"} {
		s := new(Headers)
		headers := s.Append(amqp.Table{"a": first, "b": "", "c": nil}, "")
		if headers[0].Value == nil || headers[1].Value == nil || headers[2].Value != nil {
			t.Errorf("%q", headers)
		}
	}
}

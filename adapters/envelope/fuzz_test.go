package envelope

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/envelope/dialect"
	"eventscope/adapters/envelope/spelling"
)

// headerNames are names that mean something, for messages that are nearly right.
var headerNames = func() []string {
	names := []string{"x-death", "content-type", "x-replay-id", "", "\xff", "traceparent", "b3"}
	for _, d := range dialect.All {
		for _, e := range d.Headers {
			names = append(names, e.Name)
		}
	}
	for _, a := range dialect.Common {
		names = append(names, a.Name)
	}
	for _, c := range deathCases {
		for _, h := range c.m.Headers {
			names = append(names, h.Name)
		}
	}
	return names
}()

// check is what holds for every message.
func check(t interface{ Fatalf(string, ...any) }, m *adapters.Message) {
	shared := NewReader(nil)
	var first, again, fresh Identity
	shared.Read(m, &first)
	wanted := factsOf(&first)
	for role := dialect.Flow; role < dialect.RoleCount; role++ {
		if f := first.field(role); f != nil && f.Known() && (len(f.Value) > spelling.MaxID || f.From.Place == Nowhere || !utf8.Valid(f.Value)) {
			t.Fatalf("role %d: %q from %v", role, f.Value, f.From)
		}
	}
	shared.Read(m, &again)
	NewReader(nil).Read(m, &fresh)
	for _, other := range []*Identity{&again, &fresh} {
		if diff := cmp.Diff(wanted, factsOf(other)); diff != "" {
			t.Fatalf("not the same again:\n%s", diff)
		}
	}
	d, ok := deadheader.Read(m)
	if !ok && d != (deadheader.Info{}) {
		t.Fatalf("no dead letter, and yet %+v", d)
	}
	if ok && first.DeadLetter && d.Writer == "" {
		t.Fatalf("a dead letter without a writer: %+v", d)
	}
	for _, s := range []string{d.Origin, d.OriginFrom, d.Reason, d.Exception, d.Message, d.Writer} {
		if len(s) > 3*spelling.MaxID+64 && len(s) > 4096 || !utf8.ValidString(s) {
			t.Fatalf("%d bytes: %q", len(s), s)
		}
	}
}

func TestAnyMessage(t *testing.T) {
	value := rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 0, 40), rapid.Map(rapid.SampledFrom([]string{"f-1", "0", "null", orderBody, `{"op":"c","source":{},"after":{"order_id":1}}`, "application/vnd.masstransit+json",
		"00-" + traceID + "-00f067aa0ba902b7-01", "1769851800", "\x00\x00\x00\x01", "urn:message:A:B;x", "A, B, Version=1"}), func(s string) []byte { return []byte(s) }))
	headers := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) adapters.Header {
		header := adapters.Header{Name: rapid.SampledFrom(headerNames).Draw(t, "name"), Value: value.Draw(t, "value")}
		if header.Name == "x-death" {
			header.Structured = []any{map[string]any{"queue": rapid.String().Draw(t, "queue"), "reason": "rejected", "count": rapid.Int64().Draw(t, "count")}, "no table", nil}
		}
		return header
	}), 0, 12)
	rapid.Check(t, func(t *rapid.T) {
		m := adapters.Message{Position: adapters.Position{Destination: rapid.String().Draw(t, "destination")}, Key: value.Draw(t, "key"), Value: value.Draw(t, "body"), Headers: headers.Draw(t, "headers")}
		if rapid.Bool().Draw(t, "amqp") {
			m.Properties = &adapters.Properties{CorrelationID: string(value.Draw(t, "correlation")), MessageID: rapid.String().Draw(t, "id"), RoutingKey: rapid.String().Draw(t, "routing")}
		}
		check(t, &m)
	})
}

func FuzzRead(f *testing.F) {
	for _, c := range append(append([]goldenCase{}, dialectCases...), commonCases...) {
		name, value := "", []byte(nil)
		if len(c.m.Headers) > 0 {
			name, value = c.m.Headers[0].Name, c.m.Headers[0].Value
		}
		if len(c.m.Value) < 4096 && len(value) < 4096 {
			f.Add(name, value, c.m.Key, c.m.Value)
		}
	}
	for _, c := range deathCases {
		for _, header := range c.m.Headers {
			f.Add(header.Name, header.Value, []byte("inventory"), []byte("{}"))
		}
	}
	f.Fuzz(func(t *testing.T, name string, value, key, body []byte) {
		m := adapters.Message{Position: orders, Key: key, Value: body, Headers: []adapters.Header{{Name: name, Value: value}, {Name: "x-first-death-queue", Value: key}, {Name: name, Value: body}}}
		check(t, &m)
	})
}

package adapters_test

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

// positions draws any position that a broker can have.
func positions() *rapid.Generator[adapters.Position] {
	return rapid.Custom(func(t *rapid.T) adapters.Position {
		name := string(rapid.SliceOfN(rapid.Byte(), 1, 30).Draw(t, "destination"))
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return adapters.DigestPosition(name, rapid.Uint64().Draw(t, "digest"))
		case 1:
			return adapters.Position{Destination: name, Partition: adapters.NoPartition, Offset: rapid.Int64Range(0, math.MaxInt64).Draw(t, "offset")}
		}
		return adapters.Position{
			Destination: name, Partition: rapid.Int32Range(0, math.MaxInt32).Draw(t, "partition"),
			Offset: rapid.Int64Range(0, math.MaxInt64).Draw(t, "offset"),
		}
	})
}

func TestPositionRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := positions().Draw(t, "position")
		text := want.String()
		if strings.ContainsAny(text, " \t\r\n\x1b\x7f") {
			t.Fatalf("%q is not one word", text)
		}
		got, err := adapters.ParsePosition(text)
		if err != nil || got != want {
			t.Fatalf("%#v prints as %q, which reads as %#v, %v", want, text, got, err)
		}
	})
}

func TestPositionsPrintDifferently(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := positions().Draw(t, "a"), positions().Draw(t, "b")
		if (a == b) != (a.String() == b.String()) {
			t.Fatalf("%#v and %#v print as %q and %q", a, b, a, b)
		}
	})
}

func TestPositionTexts(t *testing.T) {
	for text, want := range map[string]adapters.Position{
		"orders/2@881":               {Destination: "orders", Partition: 2, Offset: 881},
		"events@5512":                {Destination: "events", Partition: adapters.NoPartition, Offset: 5512},
		"inventory#4f1c9a2b0d3e5f67": adapters.DigestPosition("inventory", 0x4f1c9a2b0d3e5f67),
		"a%2fb%40c%23d%25/0@0":       {Destination: "a/b@c#d%"},
		"#ffffffffffffffff":          {},
		"":                           {},
		"orders":                     {},
		"orders/2@":                  {},
		"orders/2@-1":                {},
		"orders/02@1":                {},
		"orders/2@01":                {},
		"orders/-1@1":                {},
		"orders/2147483648@1":        {},
		"orders@9223372036854775808": {},
		"queue#4F1C9A2B0D3E5F67":     {},
		"queue#1234":                 {},
		"or ders/0@1":                {},
		"a%2F/0@1":                   {},
		"a%41/0@1":                   {},
		"a%2/0@1":                    {},
		"/2@1":                       {},
	} {
		got, err := adapters.ParsePosition(text)
		if want == (adapters.Position{}) {
			if err == nil || !strings.Contains(err.Error(), "orders/2@881") {
				t.Errorf("%q reads as %#v, %v; want an error that shows an example", text, got, err)
			}
			continue
		}
		if err != nil || got != want || got.String() != text {
			t.Errorf("%q reads as %#v, %v; want %#v", text, got, err, want)
		}
	}
}

func TestPositionAppendDoesNotAllocate(t *testing.T) {
	p := adapters.Position{Destination: "orders", Partition: 2, Offset: 881}
	buffer := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { buffer = p.AppendTo(buffer[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzParsePosition: what can be read prints as the same text.
func FuzzParsePosition(f *testing.F) {
	for _, seed := range []string{"orders/2@881", "events@5512", "q#4f1c9a2b0d3e5f67", "a%2fb/0@0", "@", "#", "/", "%", "a%", "a%2", "a/b/c@1", "\x00@1", "é@1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := adapters.ParsePosition(text)
		if err != nil {
			return
		}
		if back := p.String(); back != text {
			t.Errorf("%q reads as %#v, which prints as %q", text, p, back)
		}
	})
}

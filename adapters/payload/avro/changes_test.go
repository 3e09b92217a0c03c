package avro

import (
	"eventscope/adapters/payload/encoded"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/avro"
)

// changeCases are fields of a record before and after, and what is said of that. Two that are the
// same have no change.
var changeCases = []struct{ from, to, want string }{
	{`"int"`, `"int"`, ``},
	{`"int"`, `"string"`, `v: int → string!`},
	{`"int"`, `"long"`, `v: int → long!`},
	{`"string"`, `"bytes"`, `v: string → bytes`},
	{`["null","int"]`, `["null","int"]`, ``},
	{`["null","int"]`, `["null","int","string"]`, `v: null or int → null or int or string!`},
	{`"int"`, `["null","int"]`, `v: int → null or int!`},
	{`{"type":"array","items":"int"}`, `{"type":"array","items":"string"}`, `v[]: int → string!`},
	{`{"type":"map","values":"int"}`, `{"type":"map","values":"long"}`, `v{}: int → long!`},
	{`{"type":"enum","name":"E","symbols":["A","B"]}`, `{"type":"enum","name":"E","symbols":["A","C"]}`, `v: + symbol C!|v: - symbol B!`},
	{`{"type":"enum","name":"E","symbols":["A","B"],"default":"A"}`, `{"type":"enum","name":"E","symbols":["A","B","C"],"default":"A"}`, `v: + symbol C`},
	{`{"type":"fixed","name":"F","size":4}`, `{"type":"fixed","name":"F","size":8}`, `v: 4 bytes → 8 bytes!`},
	{`{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}`, `{"type":"bytes","logicalType":"decimal","precision":9,"scale":3}`, `v: decimal of scale 2 → decimal of scale 3!`},
	{`{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}`, `{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"string","default":"x"}]}`, `+ b string = "x"`},
	{`{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}`, `{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"string"}]}`, `+ b string, without a default!`},
	{`{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":1},{"name":"b","type":"int"}]}`, `{"type":"record","name":"R","fields":[{"name":"b","type":"int"}]}`, `- a int = 1`},
	{`{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}`, `{"type":"record","name":"R","fields":[{"name":"b","type":"int","aliases":["a"]}]}`, `a → b: who has the old schema misses a!`},
	{`{"type":"record","name":"R","fields":[]}`, `{"type":"record","name":"S","fields":[]}`, `record R → S!`},
	{`{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}`, `{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}`, ``},
}

func within(field string) string {
	return `{"type":"record","name":"Top","fields":[{"name":"v","type":` + field + `}]}`
}

// TestChanges says what differs, and what of that breaks.
func TestChanges(t *testing.T) {
	for _, c := range changeCases {
		var said []string
		for _, change := range Changes(parsed(t, within(c.from)), parsed(t, within(c.to))) {
			text := change.Text
			if change.Breaking {
				text += "!"
			}
			said = append(said, text)
		}
		if got := strings.Join(said, "|"); got != c.want {
			t.Errorf("%s to %s: %q, want %q", c.from, c.to, got, c.want)
		}
	}
}

// TestEnumsOfAnyLengthAreCompared: each symbol is looked for once, not among all others, which would
// take minutes.
func TestEnumsOfAnyLengthAreCompared(t *testing.T) {
	enum := func(prefix string) *Schema {
		return parsed(t, `{"type":"enum","name":"E","symbols":["A"`+symbols(prefix)+`]}`)
	}
	if changes := Changes(enum("B"), enum("C")); len(changes) != encoded.MostChanges {
		t.Errorf("%d changes", len(changes))
	}
	union := func(prefix string) *Schema {
		var branches strings.Builder
		for i := range 15_000 {
			fmt.Fprintf(&branches, `,{"type":"fixed","name":"%s%d","size":1}`, prefix, i)
		}
		return parsed(t, `["null"`+branches.String()+`]`)
	}
	if changes := Changes(union("B"), union("C")); len(changes) != 1 || !changes[0].Breaking {
		t.Errorf("%d changes", len(changes))
	}
}

func symbols(prefix string) string {
	var all strings.Builder
	for i := range 90_000 {
		fmt.Fprintf(&all, `,"%s%d"`, prefix, i)
	}
	return all.String()
}

// TestChangesBreakWhatTheSpecificationSays: something is breaking where one of the two schemas does
// not resolve to the other, by the library that is kept in step with Java's.
func TestChangesBreakWhatTheSpecificationSays(t *testing.T) {
	for _, a := range changeCases {
		from, to := within(a.from), within(a.to)
		old, now := avro.MustParse(from), avro.MustParse(to)
		resolves := avro.CheckCompatibility(old, now) == nil && avro.CheckCompatibility(now, old) == nil
		breaking := ""
		for _, c := range Changes(parsed(t, from), parsed(t, to)) {
			if c.Breaking {
				breaking = fmt.Sprint(c)
			}
		}
		if resolves == (breaking != "") {
			t.Errorf("%s to %s resolve: %v, and breaking is %q", a.from, a.to, resolves, breaking)
		}
	}
}

package payload

import (
	"eventscope/adapters"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/schemas"
	"fmt"
	"strings"
	"testing"
)

// told is a change in one line.
func (c *RowChange) told() string {
	var parts []string
	for _, col := range c.Columns {
		parts = append(parts, fmt.Sprintf("%s %s→%s", col.Name, []byte(col.Before), []byte(col.After)))
	}
	return fmt.Sprintf("%s %s [%s] same %d more %d %v", c.Op, c.Table, strings.Join(parts, ", "), c.Same, c.More, c.Compared)
}

// TestWhatAChangeDidToARow is told by its columns, where the row is known before and after.
func TestWhatAChangeDidToARow(t *testing.T) {
	wide := func(value string) string {
		var columns []string
		for i := range 40 {
			columns = append(columns, fmt.Sprintf(`"c%02d":%s`, i, value))
		}
		return "{" + strings.Join(columns, ",") + "}"
	}
	const source = `,"source":{"name":"shop","table":"orders"}`
	for value, want := range map[string]string{
		`{"before":{"id":1,"total":"10.00","gone":1,"big":"x"},"after":{"id":1, "total":"12.00","note":{"a": 1},"big":"__debezium_unavailable_value"}` + source + `,"op":"u"}`: `u orders [total "10.00"→"12.00", note →{"a": 1}, gone 1→] same 2 more 0 true`,
		`{"schema":{},"payload":{"before":{"a":[1, 2]},"after":{"a":[1,2]},"source":{"collection":"notes"},"op":"u"}}`:                                                         `u notes [] same 1 more 0 true`,
		`{"before":null,"after":{"id":1}` + source + `,"op":"c"}`:                                                                                                              `c orders [] same 0 more 0 false`,
		`{"before":{},"after":null` + source + `,"op":"d"}`:                                                                                                                    `d orders [] same 0 more 0 false`,
		`{"before":` + wide("1") + `,"after":` + wide("2") + `,"source":{"table":7},"op":"u"}`:                                                                                 "more 8 true",
		`{"before":{"a":1,"a":2},"after":{"a":2,"a":3}` + source + `,"op":"u"}`:                                                                                                `u orders [a →3] same 1`,
		`{"before":1,"after":1,"op":"u"}`:                      "",
		`{"op":"u"` + source + `}`:                             "",
		`{"op":"update","before":{},"after":{}` + source + `}`: "",
		`{"op":"u","before":{"a":1},"after":{"a"` + source:     "",
		`[1]`: "",
		``:    "",
	} {
		got, ok := rowChangeOf([]byte(value), hides{})
		if ok != (want != "") || ok && !strings.Contains(got.told(), want) {
			t.Errorf("%.80s: %v %s", value, ok, got.told())
		}
	}
}

// TestColumnsThatAreNotShownAreNotCompared, and are not told as unchanged.
func TestColumnsThatAreNotShownAreNotCompared(t *testing.T) {
	rules, err := mask.Compile([]mask.Rule{{Destination: "*", Paths: []string{"/**/card", "/**/deep/x"}}})
	if err != nil {
		t.Fatal(err)
	}
	s := &schemas.Schema{Format: "JSON", Text: `{"properties":{"mail":{"confluent:tags":["PII"]}}}`, Ref: schemas.Ref{By: schemas.ByID, ID: 9}, Encrypts: []schemas.Encryption{{Tags: []string{"PII"}, Key: "k"}}}
	if err := Compile(s, nil); err != nil {
		t.Fatal(err)
	}
	row := func(card, x, mail string) string {
		return `{"id":1,"stars":"***","card":` + card + `,"deep":{"x":` + x + `},"mail":` + mail + `}`
	}
	for _, c := range []struct {
		before, after string
		masks         bool
		want          RowChange
	}{
		{row(`"1"`, `"2"`, `"a"`), row(`"9"`, `"2"`, `"b"`), true, RowChange{Same: 1, Masked: 3, Encrypted: 1}}, // of which stars may be masked, too
		{row(`null`, `"2"`, `null`), row(`"9"`, `"2"`, `null`), true, RowChange{Same: 2, Masked: 2, Columns: make([]ColumnChange, 1)}},
		{row(`"1"`, `"2"`, `"a"`), row(`"9"`, `"2"`, `"b"`), false, RowChange{Same: 3, Encrypted: 1, Columns: make([]ColumnChange, 1)}},
	} {
		m := &adapters.Message{Value: []byte("\x00\x00\x00\x00\x09" + `{"before":` + c.before + `,"after":` + c.after + `,"source":{"table":"t"},"op":"u"}`), Schemas: known{9: s}}
		if c.masks {
			m.Schemas = maskedSchemas{known{9: s}, rules}
		}
		d := Decode(m, 0)
		got, ok := d.RowChange()
		if !ok || got.Same != c.want.Same || got.Masked != c.want.Masked || got.Encrypted != c.want.Encrypted || len(got.Columns) != len(c.want.Columns) {
			t.Errorf("%s: %v %+v", d.Data, ok, got)
		}
	}
}

func FuzzRowChange(f *testing.F) {
	f.Add([]byte(`{"schema":{},"payload":{"before":{"a":[1, 2]},"after":{"a":[1,3]},"source":{"collection":"notes"},"op":"u"}}`))
	f.Add([]byte(`{"before":{"a":"\ud800"},"after":{"a":null,"a":1},"source":{"table":"t"},"op":"c"}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		change, ok := rowChangeOf(value, hides{masked: []byte(`"***"`)})
		if len(change.Columns) > mostChanged || !ok && len(change.Columns) > 0 {
			t.Errorf("%+v", change)
		}
		for _, col := range change.Columns {
			if col.Before == nil && col.After == nil {
				t.Errorf("%q changed from nothing to nothing", col.Name)
			}
		}
	})
}

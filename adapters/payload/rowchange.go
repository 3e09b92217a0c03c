package payload

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// RowChange is what a change of a row in a database did, as Debezium tells it.
type RowChange struct {
	// Op is its code, such as u, and Table is what it changed, which may be a collection.
	Op, Table string
	// Columns are those that changed, where the row was known before and is known now.
	Columns []ColumnChange
	// Compared says that it was, Same is how many columns did not change, and More how many
	// changed and are not listed.
	Compared   bool
	Same, More int
}

// ColumnChange is a column with its values as JSON; nil where the row did not have it.
type ColumnChange struct {
	Name          string
	Before, After jsontext.Value
}

const (
	// mostColumns bounds how many columns of a row are compared, and mostChanged how many of those
	// that changed are listed.
	mostColumns = 4096
	mostChanged = 32
	// notTold is what Debezium writes for a column whose value it was not told, for it is large and
	// did not change.
	notTold = `"__debezium_unavailable_value"`
)

// RowChangeOf is what a value that is JSON says of a row. It reports false where it says nothing of
// one. What it returns shares the value's memory.
func RowChangeOf(value []byte) (change RowChange, ok bool) {
	at := ""
	op := Lookup(value, "op")
	if op == nil {
		at = "payload." // beside its schema
		op = Lookup(value, at+"op")
	}
	before, after := Lookup(value, at+"before"), Lookup(value, at+"after")
	source := Lookup(value, at+"source")
	if len(op) != len(`"u"`) || op[0] != '"' || before == nil && after == nil || source.Kind() != '{' {
		return change, false
	}
	change.Op = string(op[1:2])
	for _, name := range [...]string{"table", "collection"} {
		if table := Lookup(source, name); table.Kind() == '"' && change.Table == "" {
			text, err := jsontext.AppendUnquote(nil, table)
			if err == nil {
				change.Table = string(text)
			}
		}
	}
	change.compare(columns(before), columns(after))
	return change, true
}

// column is a member of a row.
type column struct {
	name  string
	value jsontext.Value
}

// columns are the members of an object, nil for anything else.
func columns(row jsontext.Value) (all []column) {
	if len(row) == 0 || row[0] != '{' {
		return nil
	}
	d := decoders.get()
	defer decoders.put(d)
	d.reset(row)
	if _, err := d.ReadToken(); err != nil {
		return nil
	}
	all = []column{}
	for d.PeekKind() == '"' && len(all) < mostColumns {
		name, err := d.ReadValue()
		if err != nil {
			return nil
		}
		text, err := jsontext.AppendUnquote(nil, name)
		if err != nil {
			return nil
		}
		value, err := d.ReadValue()
		if err != nil {
			return nil
		}
		all = append(all, column{string(text), bytes.Clone(value)})
	}
	return all
}

// compare lists what differs, in the order of the row as it is now.
func (c *RowChange) compare(before, after []column) {
	if c.Compared = before != nil && after != nil; !c.Compared {
		return
	}
	was := make(map[string]jsontext.Value, len(before))
	for _, col := range before {
		was[col.name] = col.value
	}
	add := func(name string, before, after jsontext.Value) {
		switch {
		case sameJSON(before, after) || string(after) == notTold:
			c.Same++
		case len(c.Columns) == mostChanged:
			c.More++
		default:
			c.Columns = append(c.Columns, ColumnChange{name, before, after})
		}
	}
	for _, col := range after {
		add(col.name, was[col.name], col.value)
		delete(was, col.name)
	}
	for _, col := range before { // columns that are gone
		if value, left := was[col.name]; left {
			add(col.name, value, nil)
			delete(was, col.name)
		}
	}
}

// sameJSON reports whether two values are spelled alike, but for white space.
func sameJSON(a, b jsontext.Value) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if bytes.Equal(a, b) {
		return true
	}
	a, b = a.Clone(), b.Clone()
	return a.Compact() == nil && b.Compact() == nil && bytes.Equal(a, b)
}

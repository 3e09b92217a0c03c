package payload

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters/payload/mask"
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
	// Masked and Encrypted are how many columns are there both times and have something in them that
	// is not shown, so that nobody knows whether that changed.
	Masked, Encrypted int
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

// RowChange is what a value that is JSON says of a row. It reports false where it says nothing of
// one. What it returns shares the value's memory.
func (d *Decoded) RowChange() (change RowChange, ok bool) {
	if d.Format != JSON {
		return change, false
	}
	var hides hides
	if d.Masked {
		hides.masked = quoted(mask.Shown)
	}
	if d.Written != nil {
		for _, encryption := range d.Written.Encrypts {
			hides.encrypted = append(hides.encrypted, quoted(encryption.String()))
		}
	}
	return rowChangeOf(d.Data, hides)
}

// hides are the texts of JSON that stand in the place of what is not shown.
type hides struct {
	masked    []byte
	encrypted [][]byte
}

func quoted(text string) []byte {
	quoted, err := jsontext.AppendQuote(nil, text)
	if err != nil {
		return nil // which is not met: it is UTF-8
	}
	return quoted
}

func rowChangeOf(value []byte, hides hides) (change RowChange, ok bool) {
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
	change.compare(columns(before), columns(after), hides)
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
func (c *RowChange) compare(before, after []column, hides hides) {
	if c.Compared = before != nil && after != nil; !c.Compared {
		return
	}
	was := make(map[string]jsontext.Value, len(before))
	for _, col := range before {
		was[col.name] = col.value
	}
	add := func(name string, before, after jsontext.Value) {
		switch {
		case string(after) == notTold:
			c.Same++
		case sameJSON(before, after):
			c.alike(after, hides)
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

// alike counts a column that looks as before.
func (c *RowChange) alike(value jsontext.Value, hides hides) {
	switch {
	case len(hides.masked) > 0 && bytes.Contains(value, hides.masked):
		c.Masked++
	case slices.ContainsFunc(hides.encrypted, func(text []byte) bool { return bytes.Contains(value, text) }):
		c.Encrypted++
	default:
		c.Same++
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

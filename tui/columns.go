package tui

import (
	"slices"
	"strings"

	"eventscope/adapters/payload"
	"eventscope/tui/flowpage"
	"eventscope/tui/lagpage"
	"eventscope/tui/letterpage"
	"eventscope/tui/streampage"
)

// The lists whose columns can be chosen.
const ofStream, ofFlows, ofLetters, ofLag = "stream", "flows", "letters", "lag"

// ColumnNames are the columns of a list that can be chosen by their names.
func ColumnNames(list string) []string {
	return map[string][]string{ofStream: streampage.Columns, ofFlows: flowpage.Columns, ofLetters: letterpage.Columns, ofLag: lagpage.Columns}[list]
}

// FieldsOf are those of the columns of a list that are fields of messages (header.tenant,
// json.payload.amount), and these fields.
func FieldsOf(columns []string) (names []string, fields []payload.Field) {
	for _, name := range columns {
		if header, ok := strings.CutPrefix(name, "header."); ok && header != "" {
			names, fields = append(names, name), append(fields, payload.Field{Header: header})
		}
		if path, ok := strings.CutPrefix(name, "json."); ok && path != "" {
			names, fields = append(names, name), append(fields, payload.Field{Path: path})
		}
	}
	return names, fields
}

func fieldNames(columns []string) []string {
	names, _ := FieldsOf(columns)
	return names
}

// hasFields reports whether fields of messages can be columns of a list: its rows are messages.
func hasFields(list string) bool { return list == ofStream || list == ofLetters }

// CheckColumn says what is wrong with a column that somebody chooses for a list: a clause; empty for
// nothing.
func CheckColumn(list, name string, nearest func(name string, names []string) string) string {
	names := ColumnNames(list)
	field, _ := FieldsOf([]string{name})
	switch {
	case slices.Contains(names, name), field != nil && hasFields(list):
		return ""
	case field != nil:
		return "only the stream and letters have columns of headers and values"
	}
	if guess := nearest(name, names); guess != "" {
		return "there is no such column; did you mean " + guess + "?"
	}
	known := strings.Join(names, ", ")
	if hasFields(list) {
		known += ", header.NAME or json.PATH"
	}
	return "there is no such column; it is one of " + known
}

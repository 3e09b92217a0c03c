package tui

import (
	"slices"
	"strings"

	"eventscope/tracing"
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

// FieldOf is the field of messages that the name of a column stands for: header.tenant,
// json.payload.amount. It reports false for any other name.
func FieldOf(name string) (tracing.Field, bool) {
	if header, ok := strings.CutPrefix(name, "header."); ok && header != "" {
		return tracing.Field{Header: header}, true
	}
	if path, ok := strings.CutPrefix(name, "json."); ok && path != "" {
		return tracing.Field{Path: path}, true
	}
	return tracing.Field{}, false
}

// CheckColumn says what is wrong with a column that somebody chooses for a list: a clause; empty for
// nothing.
func CheckColumn(list, name string, nearest func(name string, names []string) string) string {
	names := ColumnNames(list)
	_, field := FieldOf(name)
	switch {
	case slices.Contains(names, name), field && list == ofStream:
		return ""
	case field:
		return "only the stream has columns of headers and values"
	}
	if guess := nearest(name, names); guess != "" {
		return "there is no such column; did you mean " + guess + "?"
	}
	known := strings.Join(names, ", ")
	if list == ofStream {
		known += ", header.NAME or json.PATH"
	}
	return "there is no such column; it is one of " + known
}

package tracing

import (
	"eventscope/adapters"
	"eventscope/adapters/envelope"
)

// Subject is what a filter is asked about. Message may be nil when only the index
// entry is at hand; a filter that needs more then answers false (see NeedsMessage).
type Subject struct {
	Source   string
	Broker   adapters.Broker
	Message  *adapters.Message
	Identity *envelope.Identity
	// Event stands in for Message and Identity when those are nil.
	Event *Event
}

// Filter is a compiled filter expression. It may be used from several goroutines.
type Filter struct {
	text string
}

// FilterError is a filter that does not compile.
type FilterError struct {
	Column int // of the first rune at fault, from 1
	Reason string
}

func (e *FilterError) Error() string { return e.Reason }

// CompileFilter compiles a filter.
func CompileFilter(text string) (*Filter, error) { return &Filter{text: text}, nil }

// String is the text it was compiled from.
func (f *Filter) String() string { return f.text }

// NeedsMessage says that the filter looks at something the index does not hold:
// value, header or key.
func (f *Filter) NeedsMessage() bool { return false }

// Match says whether the subject passes. Errors while evaluating (a type mismatch in
// one message, say) count as no match and are returned for counting.
func (f *Filter) Match(subject *Subject) (bool, error) { return true, nil }

package query

import (
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/deadheader"
)

// Entry is what an index holds of a message.
type Entry struct {
	Position                    adapters.Position
	Time                        time.Time
	Type, Service, Flow, Entity string
	Redelivered, DeadLetter     bool
}

// Subject is what a filter is asked about. Message may be nil when only the entry of an index
// is at hand; a filter that needs more then answers false (see NeedsMessage).
type Subject struct {
	Source   string
	Broker   adapters.Broker
	Message  *adapters.Message
	Identity *envelope.Identity
	// Entry stands in for Message and Identity when those are nil.
	Entry *Entry

	// DeadLetter is what is known of a dead letter; when it is nil, the message's own headers tell.
	DeadLetter *deadheader.Info
	// Status is how a dead letter or a flow stands, such as open; "" where that is not known.
	Status string
	// Services are those that wrote the events of a flow.
	Services []string
	// Shown is what else a list shows of it, in which words are searched for, too.
	Shown []string
}

// Filter is a compiled filter. It may be used from several goroutines.
//
// A filter is words or an expression. It is an expression when it has a quote, a
// parenthesis, one of = < > ~ && ||, the word in between spaces, or begins with !, and
// also when it is just the name of a field that is true or false. A text wholly within
// one pair of double quotes is a phrase, which is one word with spaces. Everything else
// is words, so that ids need no quotes.
//
// Each word must be part of the type, service, destination, key, flow or value, or of what
// is known of a dead letter where the subject has that. Case
// matters only in words with an upper-case letter; else A to Z are the same as a to z.
//
// An expression is in the language of expr-lang/expr, over the fields and functions
// that Fields and Functions list, with a ~ "regular expression" and a !~ "…"
// besides. What a message does not have is nil, and to compare with it is false, whatever
// the comparison, but for !=. Values from a body or header are compared as numbers where
// both sides can be.
//
// A filter of flows passes a flow that has an event which passes. The fields of the flow as a
// whole are joined to those of its events by && alone, and are asked by MatchFlow.
type Filter struct {
	text       string
	words      []word
	expression *expression // over single events or letters, nil where there is none
	flow       *expression // over flows as a whole, nil where there is none
}

// Error is a filter that does not compile.
type Error struct {
	Column int // of the first rune at fault, from 1
	Reason string
}

func (e *Error) Error() string { return e.Reason }

// MaxLength is how long a filter may be, in bytes.
const MaxLength = 4096

// Compile compiles a filter of events, of flows or of letters; an empty one passes everything.
// The error is a *Error.
func Compile(text string, of Of) (*Filter, error) {
	f := &Filter{text: text}
	if len(text) > MaxLength {
		return nil, &Error{Column: 1, Reason: "the filter is longer than 4096 bytes; make it shorter"}
	}
	trimmed := strings.TrimSpace(text)
	switch phrase, ok := phraseOf(trimmed); {
	case ok:
		f.words = []word{newWord(phrase)}
	case isExpression(trimmed):
		var err error
		if f.expression, f.flow, err = compileExpression(text, of); err != nil {
			return nil, err
		}
	default:
		for _, word := range strings.Fields(text) {
			f.words = append(f.words, newWord(word))
		}
	}
	return f, nil
}

// phraseOf is what stands within the one pair of double quotes that text consists of.
func phraseOf(text string) (string, bool) {
	if len(text) < 3 || text[0] != '"' || text[len(text)-1] != '"' || strings.ContainsAny(text[1:len(text)-1], `"\`) {
		return "", false
	}
	return text[1 : len(text)-1], true
}

// isExpression is the rule that the comment of Filter states.
func isExpression(text string) bool {
	if strings.ContainsAny(text, "\"'`()=<>~") || strings.HasPrefix(text, "!") {
		return true
	}
	for _, sign := range []string{"&&", "||", " in "} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	field, ok := strings.CutPrefix(text, "not ")
	if !ok {
		field = text
	}
	return field == "redelivered" || field == "dead_letter"
}

// String is the text it was compiled from.
func (f *Filter) String() string { return f.text }

// Words are the words of a filter that is words, in lower case where case does not
// matter; none of an expression.
func (f *Filter) Words() []string {
	words := make([]string, len(f.words))
	for i := range f.words {
		words[i] = f.words[i].text
	}
	return words
}

// NeedsMessage reports whether the filter looks at something the index does not hold, such
// as value, header, key, id or cause.
func (f *Filter) NeedsMessage() bool {
	return len(f.words) > 0 || f.expression != nil && f.expression.uses&needMessage != 0
}

// OfFlow reports whether the filter asks about flows as a whole, see MatchFlow, and OfEvents whether it
// asks about single events. An empty one does neither.
func (f *Filter) OfFlow() bool { return f.flow != nil }

// OfEvents is described with OfFlow.
func (f *Filter) OfEvents() bool { return f.expression != nil || len(f.words) > 0 }

// MatchFlow reports whether a flow of this status and with these services passes as a whole. What
// its events are asked, Match says.
func (f *Filter) MatchFlow(status string, services []string) bool {
	if f.flow == nil {
		return true
	}
	matched, err := f.flow.match(&Subject{Status: status, Services: services})
	return matched && err == nil
}

// Match reports whether the subject passes. Errors while evaluating (a type mismatch in
// one message, say) count as no match and are returned for counting.
func (f *Filter) Match(subject *Subject) (bool, error) {
	if f.expression != nil {
		return f.expression.match(subject)
	}
	if len(f.words) == 0 {
		return true, nil
	}
	return matchWords(f.words, subject), nil
}

// Uses reports whether an expression uses the field of this name.
func (f *Filter) Uses(field string) bool {
	return f.expression != nil && f.expression.uses.has(field) || f.flow != nil && f.flow.uses.has(field)
}

// mostOfValue bounds what a compressed value is decompressed to for a filter.
const mostOfValue = 1 << 20

package page

import (
	"errors"
	"strings"

	"eventscope/tracing"
	"eventscope/tracing/query"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// EventFilter is the filter of the lists of events and of flows: one for both, unless it asks
// about flows as a whole, of which single events know nothing.
type EventFilter struct {
	Screen
	Querier tracing.Querier
	Watch   *tracing.Watch // nil when there is none
	OfFlows *tracing.Watch // of flows as a whole; there is no other then
	Last    *tracing.Watch // the last of events, for going to the next match after it was cleared
}

// Set makes w the filter of the lists; nil for none, and then the one before still serves to
// go from match to match.
func (f *EventFilter) Set(w *tracing.Watch) {
	if f.OfFlows != nil {
		f.OfFlows.Close()
		f.OfFlows = nil
	}
	switch {
	case w != nil && w.Filter().OfFlow():
		f.OfFlows, w = w, nil
	case w != nil:
		if f.Last != nil {
			f.Last.Close()
		}
		f.Last = w
	}
	f.Watch = w
	f.Redraw()
}

// FilterPrompt asks for a filter of events or of flows, in place of w.
func (f *EventFilter) FilterPrompt(of query.Of, w *tracing.Watch) *Prompt {
	value := ""
	if w != nil {
		value = w.Filter().String()
	}
	return NewFilterPrompt(value, of, func(value string) tea.Cmd { return f.Apply(value, of) })
}

// Apply makes value the filter of the lists; an empty one clears it.
func (f *EventFilter) Apply(value string, of query.Of) tea.Cmd {
	compiled, fault := compile(value, of)
	switch {
	case fault != nil:
		f.Say(theme.Bad, f.Theme().Glyph.Failed.Add(text.Space, f.Theme().String(fault.Error())))
	case compiled == nil:
		f.Set(nil)
	default:
		f.Set(f.Querier.Watch(compiled))
	}
	return nil
}

// NewFilterPrompt asks for a filter in the language that all lists share.
func NewFilterPrompt(value string, of query.Of, accept func(string) tea.Cmd) *Prompt {
	about := text.Own(`words, or an expression: type == "PaymentFailed" && json("payload.amount") > 100`)
	if of == query.Flows {
		about = text.Own(`words, or an expression: type == "PaymentFailed" && status == "failed"`)
	}
	return &Prompt{Sign: text.Own("/"), Value: value, Explain: about, Accept: accept, Check: func(value string) *query.Error {
		_, fault := compile(value, of)
		return fault
	}}
}

// compile is a filter, nil for a text without any, or what is wrong with it.
func compile(value string, of query.Of) (*query.Filter, *query.Error) {
	if strings.TrimSpace(value) == "" {
		return nil, nil
	}
	filter, err := query.Compile(value, of)
	var fault *query.Error
	if err != nil && !errors.As(err, &fault) {
		fault = &query.Error{Column: 1, Reason: err.Error()}
	}
	return filter, fault
}

// Status says that lists are filtered by w, and how far that has looked; nothing if w is nil.
func (f *EventFilter) Status(w *tracing.Watch) []Piece {
	if w == nil {
		return nil
	}
	progress := w.Progress()
	filter := f.Theme().Cut(f.Theme().String(strings.TrimSpace(w.Filter().String())), 30)
	parts := []Piece{{theme.Accent, text.Own("  /").Add(filter)}}
	if w.Filter().OfEvents() {
		parts = append(parts, Piece{theme.Dim, text.Space.Add(text.Count(progress.Matched))})
	}
	if progress.Searched < progress.ToSearch {
		parts = append(parts, Piece{theme.Dim, text.Own(", searched ").Add(text.Short(float64(progress.Searched)), text.Own(" of "), text.Short(float64(progress.ToSearch)))})
	}
	if progress.Unread > 0 {
		parts = append(parts, Piece{theme.Warn, text.Own(", ").Add(text.Short(float64(progress.Unread)), text.Own(" unreadable"))})
	}
	return append(parts, NotEvaluated(progress.Errors)...)
}

// NotEvaluated says at how many a filter failed, which then do not pass; nothing where it did at
// none.
func NotEvaluated(n int64) []Piece {
	if n == 0 {
		return nil
	}
	return []Piece{{theme.Warn, text.Own(", ").Add(text.Count(n), text.Own(" could not be evaluated"))}}
}

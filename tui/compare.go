package tui

import (
	"context"
	"strings"

	"eventscope/tracing"
	"eventscope/tui/comparepage"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// marked is a flow or an event that is to be compared with another one.
type marked struct {
	about page.Subject
	flow  bool // the flow is meant
	label text.Safe
}

// same reports whether two are the same flow, or the same event.
func (m *marked) same(other *marked) bool {
	switch {
	case m.flow != other.flow:
		return false
	case m.flow:
		return m.about.Flow == other.about.Flow
	}
	return m.about.Event.Source == other.about.Event.Source && m.about.Event.Position == other.about.Event.Position
}

// subject is what the page on the screen is about; zero where it is about nothing.
func (s *shell) subject() (about page.Subject) {
	if shown, ok := s.Top().(page.About); ok {
		about = shown.Subject()
	}
	return about
}

// toMark is what there is to be compared under the cursor, or nil.
func (s *shell) toMark() *marked {
	m := &marked{about: s.subject()}
	switch m.flow = s.Top().Scope()&(keymap.OnFlows|keymap.OnFlow) != 0; {
	case m.flow && m.about.Flow != 0:
		m.label = m.about.Label
	case !m.flow && m.about.Event != nil:
		m.label = s.theme.String(m.about.Event.Position.String())
	default:
		return nil
	}
	return m
}

// mostMarked is what the name of what is marked takes of the screen.
const mostMarked = 24

// toCompare is what is marked, for the footer.
func (s *shell) toCompare() []page.Piece {
	if s.marked == nil {
		return nil
	}
	return []page.Piece{{Role: theme.Marked, Text: text.Own("  = ").Add(s.theme.CutMiddle(s.marked.label, mostMarked))}}
}

// compare marks what is under the cursor, or compares it with what was marked.
func (s *shell) compare() tea.Cmd {
	is, was := s.toMark(), s.marked
	switch {
	case is == nil:
		s.Say(theme.Warn, text.Own("there is nothing under the cursor to compare"))
		return nil
	case was == nil, was.flow != is.flow:
		s.marked = is
		s.Say(theme.Marked, s.whatIsMarked(is, was))
		return nil
	case was.same(is):
		s.marked = nil
		s.Say(theme.Dim, s.theme.CutMiddle(is.label, mostMarked).Add(text.Own(" is no longer marked")))
		return nil
	}
	s.marked, s.notice = nil, page.Piece{}
	if is.flow {
		return s.Open(s.compares.NewFlows(comparepage.Flow{Key: was.about.Flow, Label: was.label}, comparepage.Flow{Key: is.about.Flow, Label: is.label}))
	}
	return s.Open(s.compares.NewEvents(comparepage.Event{Event: *was.about.Event, Read: was.about.Read}, comparepage.Event{Event: *is.about.Event, Read: is.about.Read}))
}

// whatIsMarked says how to go on from a mark.
func (s *shell) whatIsMarked(is, was *marked) text.Safe {
	another := text.Own("event")
	if is.flow {
		another = text.Own("flow")
	}
	said := s.theme.CutMiddle(is.label, mostMarked).Add(text.Own(" is marked: = on another "), another, text.Own(" compares the two"))
	if was != nil {
		said = said.Add(text.Own("; "), s.theme.CutMiddle(was.label, mostMarked), text.Own(" is not, since flows are compared with flows and events with events"))
	}
	return said
}

// runCompare compares two flows by ids, or one with that of the page.
func runCompare(m *Model, rest string) tea.Cmd {
	s, ids := m.shell, strings.Fields(rest)
	first := s.flowUnderCursor()
	switch {
	case len(ids) == 1 && first.Key == 0:
		s.Say(theme.Bad, text.Own("there is no flow under the cursor to compare it with; write :compare ID ID"))
		return nil
	case len(ids) != 1 && len(ids) != 2:
		s.Say(theme.Bad, text.Own("write :compare ID to compare a flow with the one under the cursor, or :compare ID ID"))
		return nil
	}
	ctx, querier, on := s.ctx, s.options.Querier, s.Top()
	over := s.Wait(text.Own("looking for ").Add(s.theme.String(rest)))
	return page.Work(func() page.Answer {
		ctx, cancel := context.WithTimeout(ctx, page.QueryLimit)
		defer cancel()
		found, err := s.find(ctx, querier, ids)
		return func() tea.Cmd {
			over()
			switch {
			case err != nil:
				missing := s.theme.String(ids[len(found)])
				s.Say(theme.Bad, missing.Add(text.Own(": "), page.Sentence(s.theme, err), text.Own("; :trace "), missing, text.Own(" looks for it in the brokers")))
				return nil
			case s.Elsewhere(on):
				s.Say(theme.Good, text.Own("both flows were found: :compare ").Add(s.theme.String(rest), text.Own(" opens them")))
				return nil
			case len(found) == 1:
				found = []comparepage.Flow{first, found[0]}
			}
			return s.Open(s.compares.NewFlows(found[0], found[1]))
		}
	})
}

// flowUnderCursor is the flow that the page is about, or that of the event that it is about.
func (s *shell) flowUnderCursor() (flow comparepage.Flow) {
	about := s.subject()
	flow = comparepage.Flow{Key: about.Flow, Label: about.Label}
	if flow.Label.Empty() && about.Event != nil {
		flow.Label = s.theme.String(page.FlowLabel(*about.Event))
	}
	return flow
}

// find is the flows that ids lead to, as far as those before them do. It works outside the event
// loop.
func (s *shell) find(ctx context.Context, querier tracing.Querier, ids []string) (found []comparepage.Flow, err error) {
	for _, id := range ids {
		matches, err := querier.Find(ctx, id)
		if err != nil {
			return found, err
		}
		found = append(found, comparepage.Flow{Key: matches[0].Key, Label: s.theme.String(id)})
	}
	return found, nil
}

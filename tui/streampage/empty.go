package streampage

import (
	"context"
	"maps"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// countEvery is how often sources are asked how much they hold, while nothing is shown of it.
const countEvery = 10 * time.Second

// unknown is how many older messages there are where the source cannot tell.
const unknown = -1

// older is how many messages each source has that are not shown, by name.
type older struct {
	page.Question
	by map[string]int64
	at time.Time // when it was asked

	drawn []sourceState // what the empty page was drawn by
}

// sourceState is what the empty page says of a source.
type sourceState struct {
	connection   adapters.Connection
	destinations int
	past         bool
}

// states are those of all sources.
func (s *stream) states() (all []sourceState) {
	for _, source := range s.Sources {
		status := source.Status()
		all = append(all, sourceState{status.Connection, status.Destinations, status.Past})
	}
	return all
}

// count asks how much there is, while the page is empty.
func (s *stream) count() tea.Cmd {
	if !s.answered || len(s.events) > 0 || s.Filter.Watch != nil {
		return nil
	}
	if !slices.Equal(s.past.drawn, s.states()) {
		s.Redraw()
	}
	if s.past.Busy {
		return nil
	}
	var sources []page.Source
	known := true
	for _, source := range s.Sources {
		if status := source.Status(); source.Held != nil && source.HasHistory() && status.Connection == adapters.Live && !status.Past {
			_, counted := s.past.by[source.Name]
			sources, known = append(sources, source), known && counted
		}
	}
	if len(sources) == 0 || known && s.Now().Sub(s.past.at) < countEvery {
		return nil
	}
	s.past.at, s.past.Quiet = s.Now(), true
	return s.past.Ask(s, text.Own("counting older messages"), page.FetchLimit, func(ctx context.Context) (func(), error) {
		by := map[string]int64{}
		for _, source := range sources {
			n, err := source.Held(ctx)
			if err != nil {
				n = unknown
			}
			by[source.Name] = n
		}
		return func() {
			if !maps.Equal(s.past.by, by) {
				s.past.by = by
				s.Redraw()
			}
		}, nil
	})
}

// empty says what would be here and what brings it.
func (s *stream) empty(width, height int) []widget.Line {
	t := s.Theme()
	var said []page.Piece
	add := func(role theme.Role, sentence text.Safe) { said = append(said, page.Piece{Role: role, Text: sentence}) }
	if s.Filter.Watch != nil {
		add(theme.Plain, text.Own("No event matches the filter so far."))
		add(theme.Dim, text.Own("esc clears it; / changes it."))
		return page.Empty(t, width, height, nil, said...)
	}
	s.past.drawn = s.states()
	add(theme.Plain, text.Own("No events yet. Each event appears here as it is written."))
	for i := range s.Sources {
		source := &s.Sources[i]
		status := source.Status()
		role, glyph := t.Connection(status.Connection)
		add(role, glyph.Add(text.Space, t.String(source.Name), text.Space, t.String(status.Connection.String()), text.Own(", "),
			s.Words.Destinations(s.Theme(), source.Broker, status.Destinations), s.emptyHint(source, &status)))
	}
	if s.WhenEmpty != "" {
		add(theme.Dim, t.String(s.WhenEmpty))
	}
	return page.Empty(t, width, height, nil, said...)
}

// emptyHint says what an empty page means for a source in that state.
func (s *stream) emptyHint(source *page.Source, status *adapters.Status) text.Safe {
	c, n := status.Connection, s.past.by[source.Name]
	switch {
	case c == adapters.Connecting, c == adapters.Lost:
		return text.Own(": trying")
	case status.Past && (c == adapters.Live || c == adapters.CatchingUp):
		return text.Own(": reading what there is")
	case c != adapters.Live:
		return text.Safe{}
	case !source.HasHistory():
		return text.Own(": no history can be read, so that this shows what comes from now on")
	case n > 0:
		return text.Own(": ").Add(text.Plural(int(n), text.Own(" message is"), text.Own(" messages are")), text.Own(" older than what was read; [ brings the newest"))
	}
	return text.Own(": waiting for a producer to write")
}

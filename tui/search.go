package tui

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"eventscope/tracing"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// search is one look into what the brokers still have. At most one runs at a time.
type search struct {
	id       text.Safe
	begun    time.Time
	cancel   context.CancelFunc
	progress atomic.Pointer[HistoryProgress] // written by the search, read by the screen
}

// stop ends the search; its command then reports that.
func (s *search) stop() { s.cancel() }

// LookUp opens the flow that id leads to, and looks for it in what the brokers have of late.
func (s *shell) LookUp(id string) tea.Cmd { return s.lookUp(id, page.SearchBack) }

// lookUp opens the flow that id leads to. When the index has none, it is searched for in
// the brokers, back to since ago; 0 is not at all.
func (s *shell) lookUp(id string, since time.Duration) tea.Cmd {
	if id == "" {
		s.Say(theme.Bad, text.Own("an id is missing: :trace ID"))
		return nil
	}
	ctx, querier, on := s.ctx, s.options.Querier, s.Top()
	over := s.Wait(text.Own("looking for ").Add(s.theme.CutMiddle(s.theme.String(id), 40)))
	return page.Work(func() page.Answer {
		ctx, cancel := context.WithTimeout(ctx, page.QueryLimit)
		defer cancel()
		matches, err := querier.Find(ctx, id)
		return func() tea.Cmd {
			over()
			if errors.Is(err, tracing.ErrUnknown) && since > 0 && s.options.History != nil {
				return s.Search(on, id, since)
			}
			return s.openMatch(on, id, matches, err)
		}
	})
}

// openMatch opens the best of what was found, or says that there is nothing; and where it
// is to somebody who went elsewhere meanwhile.
func (s *shell) openMatch(on page.Page, id string, matches []tracing.Match, err error) tea.Cmd {
	name := s.theme.CutMiddle(s.theme.String(id), 40)
	switch {
	case err != nil && !errors.Is(err, tracing.ErrUnknown):
		s.Say(theme.Bad, name.Add(text.Own(": "), page.Sentence(s.theme, err)))
		return nil
	case err != nil || len(matches) == 0:
		s.Say(theme.Warn, text.Own("nothing found for ").Add(name))
		return nil
	case s.Elsewhere(on):
		s.Say(theme.Good, name.Add(text.Own(" was found: :flow "), s.theme.String(id), text.Own(" opens it")))
		return nil
	case len(matches) > 1:
		s.Say(theme.Dim, text.Count(int64(len(matches))).Add(text.Own(" flows match "), name, text.Own("; this is the best, by "), s.theme.String(matches[0].By)))
	}
	if shown, ok := s.Top().(interface{ Shows(tracing.FlowKey) bool }); ok && shown.Shows(matches[0].Key) {
		return s.Top().Refresh()
	}
	return s.OpenFlow(matches[0].Key, name)
}

// Search looks for id in the brokers, for who asked on that page.
func (s *shell) Search(on page.Page, id string, since time.Duration) tea.Cmd {
	if s.search != nil {
		s.Say(theme.Warn, text.Own("a search is running; esc stops it"))
		return nil
	}
	ctx, cancel := context.WithCancel(s.ctx)
	running := &search{id: s.theme.CutMiddle(s.theme.String(id), 30), begun: s.now, cancel: cancel}
	s.search, s.dirty = running, true
	look, querier := s.options.History, s.options.Querier
	return page.Work(func() page.Answer {
		defer cancel()
		progress := make(chan HistoryProgress, 1)
		var reader sync.WaitGroup
		reader.Go(func() {
			for p := range progress {
				running.progress.Store(&p)
			}
		})
		err := look(ctx, id, since, progress)
		close(progress)
		reader.Wait()
		stopped := ctx.Err() != nil
		var matches []tracing.Match
		if err == nil || stopped {
			ctx, cancel := context.WithTimeout(s.ctx, page.QueryLimit)
			defer cancel()
			matches, err = querier.Find(ctx, id)
		}
		return func() tea.Cmd {
			s.search, s.dirty = nil, true
			if errors.Is(err, tracing.ErrUnknown) {
				s.sayNothingFound(running, since, stopped)
				return nil
			}
			return s.openMatch(on, id, matches, err)
		}
	})
}

// sayNothingFound says how far was looked, and how to look further.
func (s *shell) sayNothingFound(sought *search, since time.Duration, stopped bool) {
	switch {
	case stopped:
		s.Say(theme.Warn, text.Own("stopped; nothing found for ").Add(sought.id, text.Own(" so far")))
	default:
		s.Say(theme.Warn, text.Own("nothing found for ").Add(sought.id, text.Own(" in the last "), text.Age(since),
			text.Own("; :trace ID "), text.Age(since*6), text.Own(" looks further")))
	}
}

// line draws the search: what, how far, how fast, how long still. Where room is scarce
// the last of these leave first.
func (s *search) line(sh *shell, row *widget.Row) widget.Line {
	p := HistoryProgress{}
	if latest := s.progress.Load(); latest != nil {
		p = *latest
	}
	stops := text.Own("esc stops ")
	row.Put(theme.Plain, text.Own("history of ").Add(sh.theme.CutMiddle(s.id, max(12, row.Left()-60)), text.Space, text.Space))
	if free := row.Left(); free > 40 {
		bar := min(16, free/6)
		row.Put(theme.Accent, widget.Progress(sh.theme, p.Read, p.Total, bar)).Gap(1)
	}
	for i, part := range s.figures(p, sh.now.Sub(s.begun)) {
		if i > 0 {
			part = text.Own(", ").Add(part)
		}
		if part.Width()+stops.Width() >= row.Left() {
			break
		}
		row.Put(theme.Dim, part)
	}
	return row.End(theme.Dim, stops).Line()
}

// figures are how far the search is, the most telling first.
func (s *search) figures(p HistoryProgress, elapsed time.Duration) []text.Safe {
	parts := []text.Safe{text.Short(float64(p.Read)).Add(text.Own(" read"))}
	if p.Found > 0 { // it is known at the end only
		parts = append(parts, text.Count(p.Found).Add(text.Own(" found")))
	}
	rate := float64(p.Read) / max(elapsed.Seconds(), 0.1)
	if left := p.Total - p.Read; left > 0 && rate > 0 {
		parts = append(parts, text.Span(time.Duration(float64(left)/rate)*time.Second).Add(text.Own(" left")))
	}
	if elapsed > time.Second/2 {
		parts = append(parts, text.Short(rate).Add(text.Own("/s")))
	}
	return parts
}

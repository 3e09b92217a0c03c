package tui

import (
	"context"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui/alert"
	"eventscope/tui/page"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

const (
	// alertEvery is how often it is looked for news.
	alertEvery = 2 * time.Second
	// settling is how long after the past was read its flows may still be judged.
	settling = 10 * time.Second
	// mostTroubled is how many flows in trouble are looked at, those with news first.
	mostTroubled = 500
)

// alerts tell a person of news, if that is wanted.
type alerts struct {
	watch   alert.Watch
	looked  time.Time
	settled time.Time // since when nothing of the past is to come; zero while it is
	busy    bool      // the index is asked
	running bool      // the program is at work
}

// lookForNews looks for news now and then, and tells them.
func (m *Model) lookForNews() tea.Cmd {
	s, a := m.shell, &m.alerts
	if s.options.Notify == nil || a.busy || s.now.Sub(a.looked) < alertEvery {
		return nil
	}
	a.looked, a.busy = s.now, true
	past := m.readsPast()
	if open, known := s.letters.OpenLetters(); known {
		a.watch.Letters(open)
	}
	if s.lags != nil {
		a.watch.Consumers(s.lags.Consumers())
	}
	ctx, querier := s.ctx, s.options.Querier
	return page.Work(func() page.Answer {
		ctx, cancel := context.WithTimeout(ctx, page.QueryLimit)
		defer cancel()
		found, err := querier.Flows(ctx, tracing.FlowQuery{Status: []tracing.Status{tracing.Failed, tracing.Stuck}, Sort: tracing.ByActivity, Limit: mostTroubled})
		return func() tea.Cmd {
			a.busy = false
			if err == nil { // else it is asked again
				a.watch.Flows(found.Flows, past)
			}
			return m.tell()
		}
	})
}

// readsPast reports whether what is read is of the past, or was a moment ago.
func (m *Model) readsPast() bool {
	a := &m.alerts
	if slices.ContainsFunc(m.rates.sources, func(s sourceRate) bool { return s.status.Past || s.status.Connection == adapters.Connecting }) {
		a.settled = time.Time{}
		return true
	}
	if a.settled.IsZero() {
		a.settled = m.shell.now
	}
	return m.shell.now.Sub(a.settled) < settling
}

// tell tells what is due. While a program is at work the rest waits.
func (m *Model) tell() tea.Cmd {
	s, a := m.shell, &m.alerts
	if a.running {
		return nil
	}
	due := a.watch.Due(s.now)
	if len(due) == 0 {
		return nil
	}
	var sequences string
	for _, n := range due {
		sequences += s.options.Notify.Sequence(n)
	}
	if sequences != "" {
		return tea.Raw(sequences)
	}
	a.running = true
	ctx, sender := s.ctx, s.options.Notify
	return page.Work(func() page.Answer {
		var failed error
		for _, n := range due {
			if err := sender.Run(ctx, n); err != nil {
				failed = err
			}
		}
		return func() tea.Cmd {
			if a.running = false; failed != nil {
				s.Say(theme.Bad, s.theme.String(failed.Error()))
			}
			return nil
		}
	})
}

package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// NewestShown is with how many messages one begins who wants to see what there is.
const NewestShown = 500

// ladder is where the keys for earlier and later go, the latest first.
var ladder = []adapters.Start{
	adapters.Newest(NewestShown), adapters.Ago(10 * time.Minute), adapters.Ago(time.Hour), adapters.Ago(6 * time.Hour),
	adapters.Ago(24 * time.Hour), adapters.Ago(7 * 24 * time.Hour), adapters.Beginning,
}

// seekLimit is how long it may take until all sources have stopped reading.
const seekLimit = 30 * time.Second

// isEarlier reports whether a reading from a begins before one from b.
func isEarlier(a, b adapters.Start, now time.Time) bool {
	rank := func(s adapters.Start) int64 {
		switch at, ok := s.Time(now); {
		case ok:
			return at.UnixNano()
		case s.IsBeginning():
			return 0
		case s.IsEnd():
			return now.UnixNano() + 1
		}
		return now.UnixNano() // by number
	}
	return rank(a) < rank(b)
}

// seekBy reads again from one step of the ladder earlier or later.
func (m *Model) seekBy(a keymap.Action) tea.Cmd {
	s, steps := m.shell, slices.Clone(ladder)
	if s.options.Seek == nil {
		return m.seek(s.start, false) // which says so
	}
	nothing := text.Own("this is the latest start; f follows what comes")
	further := func(start adapters.Start) bool { return isEarlier(s.start, start, s.now) }
	if a == keymap.Earlier {
		nothing = text.Own("this is read from its beginning; there is nothing earlier")
		further = func(start adapters.Start) bool { return isEarlier(start, s.start, s.now) }
		if s.counters.Indexed == 0 && s.start.Newest() == 0 { // nothing was that young: the newest, however old
			further = func(adapters.Start) bool { return true }
		}
	} else {
		slices.Reverse(steps)
	}
	i := slices.IndexFunc(steps, further)
	if i < 0 {
		s.Say(theme.Dim, nothing)
		return nil
	}
	return m.seek(steps[i], false)
}

// seek has all sources read again from a start. What was on the screen is put away, and the
// stream shown: where the reading begins if at is true, else its end.
func (m *Model) seek(start adapters.Start, at bool) tea.Cmd {
	s := m.shell
	switch {
	case s.options.Seek == nil:
		s.Say(theme.Warn, text.Own("what is shown here has no other beginning"))
		return nil
	case s.seeking:
		s.Say(theme.Warn, text.Own("the sources are being opened again already"))
		return nil
	}
	if s.search != nil {
		s.search.stop()
	}
	s.seeking = true
	ctx, seek := s.ctx, s.options.Seek
	over := s.Wait(text.Own("opening the sources again from ").Add(s.startName(start)))
	return page.Work(func() page.Answer {
		ctx, cancel := context.WithTimeout(ctx, seekLimit)
		defer cancel()
		err := seek(ctx, start)
		return func() tea.Cmd {
			over()
			s.seeking = false
			if err != nil {
				s.Say(theme.Bad, text.Own("reading again: ").Add(page.Sentence(s.theme, err)))
				return nil
			}
			return m.soughtTo(start, at)
		}
	})
}

// soughtTo shows what is read from a start.
func (m *Model) soughtTo(start adapters.Start, at bool) tea.Cmd {
	s := m.shell
	s.start, s.evicted = start, s.options.Querier.Counters().Evicted
	m.alerts.watch.Reset()
	said := text.Own("read again from ").Add(s.startName(start), text.Own("; what was shown before was put away"))
	if s.onlyTaps() {
		said = text.Own("a tap has no history: it shows what comes from now on")
	}
	s.Say(theme.Warn, said)
	shown := m.goTab(1)
	for s.home.Back() { // marks and filter are about what was put away
	}
	if at {
		return tea.Batch(shown, s.home.Do(keymap.First))
	}
	return tea.Batch(shown, s.home.Do(keymap.Follow))
}

// noteEvicted says, once, that the index has not the room for all that was asked for.
func (s *shell) noteEvicted() {
	at, ok := s.start.Time(s.now)
	if s.evicted < 0 || s.seeking || s.counters.Evicted <= s.evicted || !ok && !s.start.IsBeginning() || s.now.Sub(at) < evictedAfter {
		return
	}
	s.evicted = -1
	s.Say(theme.Warn, text.Own("memory is full: the oldest events leave it, so the lists no longer begin at ").Add(s.startName(s.start), text.Own("; raise --memory, or read fewer topics or a later time")))
}

// evictedAfter is how old a start is for which it is worth saying that it is not in memory.
const evictedAfter = time.Minute

// onlyTaps reports whether no source has a history.
func (s *shell) onlyTaps() bool {
	return !slices.ContainsFunc(s.options.Sources, func(source Source) bool { return source.HasHistory() })
}

// startName is a start in words: a time of day, with the date where it is not today.
func (s *shell) startName(start adapters.Start) text.Safe {
	switch at, ok := start.Time(s.now); {
	case ok:
		at, today := at.Local(), s.now.Local()
		layout := "15:04"
		if at.YearDay() != today.YearDay() || at.Year() != today.Year() {
			layout = "2006-01-02 15:04"
		}
		return s.theme.String(at.Format(layout)).Add(text.Own(" ("), text.Ago(s.now.Sub(at)), text.Own(")"))
	case start.IsBeginning():
		return text.Own("the beginning")
	case start.IsEnd():
		return text.Own("now")
	}
	return s.theme.String(start.String())
}

// runFrom and runAt read again from elsewhere, as a command says.
func runFrom(m *Model, rest string) tea.Cmd { return m.seekTo("from", rest, false) }
func runAt(m *Model, rest string) tea.Cmd   { return m.seekTo("at", rest, true) }

func (m *Model) seekTo(name, rest string, at bool) tea.Cmd {
	start, err := parseWhen(rest, m.shell.now)
	if err != nil {
		said := m.shell.theme.String(":" + name + " " + err.Error())
		m.shell.Say(theme.Bad, m.shell.didYouMean(said, ":"+name+" ", rest, whens))
		return nil
	}
	return m.seek(start, at)
}

// whens are what may be written for a start.
var whens = []string{"newest", "-10m", "-1h", "-24h", "beginning", "end"}

// parseWhen reads where to begin: a word, an age with its sign or without, a time of today or, if
// that is still to come, of yesterday, or a date. Its error is the rest of a sentence that begins
// with the command.
func parseWhen(words string, now time.Time) (adapters.Start, error) {
	words = strings.TrimSpace(words)
	switch words {
	case "newest":
		return adapters.Newest(NewestShown), nil
	case "now":
		return adapters.End, nil
	}
	if age, err := time.ParseDuration(strings.TrimPrefix(words, "-")); err == nil && age > 0 {
		return adapters.Ago(age), nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if clock, err := time.ParseInLocation(layout, words, time.Local); err == nil {
			today := now.Local()
			at := time.Date(today.Year(), today.Month(), today.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, time.Local)
			if at.After(now) {
				at = at.AddDate(0, 0, -1)
			}
			return adapters.At(at), nil
		}
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04"} {
		if at, err := time.ParseInLocation(layout, words, time.Local); err == nil {
			return adapters.At(at), nil
		}
	}
	if start, err := adapters.ParseStart(words); err == nil && words != "0" {
		return start, nil
	}
	return adapters.Start{}, fmt.Errorf("takes newest, beginning, an age such as -2h, a time such as 14:03, or a date such as %s", now.Local().Format("2006-01-02 15:04"))
}

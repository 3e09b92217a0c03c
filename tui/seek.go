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

// isEarlier says that a reading from a begins before one from b.
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
	d, steps := m.shell, slices.Clone(ladder)
	if d.options.Seek == nil {
		return m.seek(d.start, false) // which says so
	}
	nothing := text.Own("this is the latest start; f follows what comes")
	further := func(s adapters.Start) bool { return isEarlier(d.start, s, d.now) }
	if a == keymap.Earlier {
		nothing = text.Own("this is read from its beginning; there is nothing earlier")
		further = func(s adapters.Start) bool { return isEarlier(s, d.start, d.now) }
		if d.counters.Indexed == 0 && d.start.Newest() == 0 { // nothing was that young: the newest, however old
			further = func(adapters.Start) bool { return true }
		}
	} else {
		slices.Reverse(steps)
	}
	i := slices.IndexFunc(steps, further)
	if i < 0 {
		d.Say(theme.Dim, nothing)
		return nil
	}
	return m.seek(steps[i], false)
}

// seek has all sources read again from a start. What was on the screen is put away, and the
// stream shown: where the reading begins if at is true, else its end.
func (m *Model) seek(start adapters.Start, at bool) tea.Cmd {
	d := m.shell
	switch {
	case d.options.Seek == nil:
		d.Say(theme.Warn, text.Own("what is shown here has no other beginning"))
		return nil
	case d.seeking:
		d.Say(theme.Warn, text.Own("the sources are being opened again already"))
		return nil
	}
	if d.search != nil {
		d.search.stop()
	}
	d.seeking = true
	ctx, seek := d.ctx, d.options.Seek
	over := d.Wait(text.Own("opening the sources again from ").Add(d.startName(start)))
	return page.Work(func() page.Answer {
		ctx, cancel := context.WithTimeout(ctx, seekLimit)
		defer cancel()
		err := seek(ctx, start)
		return func() tea.Cmd {
			over()
			d.seeking = false
			if err != nil {
				d.Say(theme.Bad, text.Own("reading again: ").Add(page.Sentence(d.theme, err)))
				return nil
			}
			return m.soughtTo(start, at)
		}
	})
}

// soughtTo shows what is read from a start.
func (m *Model) soughtTo(start adapters.Start, at bool) tea.Cmd {
	d := m.shell
	d.start, d.evicted = start, d.options.Querier.Counters().Evicted
	m.alerts.watch.Reset()
	said := text.Own("read again from ").Add(d.startName(start), text.Own("; what was shown before was put away"))
	if d.onlyTaps() {
		said = text.Own("a tap has no history: it shows what comes from now on")
	}
	d.Say(theme.Warn, said)
	shown := m.goTab(1)
	for d.home.Back() { // marks and filter are about what was put away
	}
	if at {
		return tea.Batch(shown, d.home.Do(keymap.First))
	}
	return tea.Batch(shown, d.home.Do(keymap.Follow))
}

// noteEvicted says, once, that the index has not the room for all that was asked for.
func (d *shell) noteEvicted() {
	at, ok := d.start.Time(d.now)
	if d.evicted < 0 || d.seeking || d.counters.Evicted <= d.evicted || !ok && !d.start.IsBeginning() || d.now.Sub(at) < evictedAfter {
		return
	}
	d.evicted = -1
	d.Say(theme.Warn, text.Own("memory is full: the oldest events leave it, so the lists no longer begin at ").Add(d.startName(d.start), text.Own("; raise --memory, or read fewer topics or a later time")))
}

// evictedAfter is how old a start is for which it is worth saying that it is not in memory.
const evictedAfter = time.Minute

// onlyTaps says that no source has a history.
func (d *shell) onlyTaps() bool {
	return !slices.ContainsFunc(d.options.Sources, func(s Source) bool { return s.HasHistory() })
}

// startName is a start in words: a time of day, with the date where it is not today.
func (d *shell) startName(start adapters.Start) text.Safe {
	switch at, ok := start.Time(d.now); {
	case ok:
		at, today := at.Local(), d.now.Local()
		layout := "15:04"
		if at.YearDay() != today.YearDay() || at.Year() != today.Year() {
			layout = "2006-01-02 15:04"
		}
		return d.theme.String(at.Format(layout)).Add(text.Own(" ("), text.Ago(d.now.Sub(at)), text.Own(")"))
	case start.IsBeginning():
		return text.Own("the beginning")
	case start.IsEnd():
		return text.Own("now")
	}
	return d.theme.String(start.String())
}

// runFrom and runAt read again from elsewhere, as a command says.
func runFrom(m *Model, rest string) tea.Cmd { return m.seekTo("from", rest, false) }
func runAt(m *Model, rest string) tea.Cmd   { return m.seekTo("at", rest, true) }

func (m *Model) seekTo(name, rest string, at bool) tea.Cmd {
	start, err := parseWhen(rest, m.shell.now)
	if err != nil {
		m.shell.Say(theme.Bad, m.shell.theme.String(":"+name+" "+err.Error()))
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

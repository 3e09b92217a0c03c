package lagpage

import (
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// tally is what the consumers of one source are behind.
type tally struct {
	source  *page.Source
	lag     int64
	known   int           // consumers with a lag
	unknown int           // and without, or with one in part
	age     time.Duration // of the oldest figure that is counted
	net     float64       // messages a second that come and are not done
	moving  bool
}

// tallies are those of the sources that can tell lags, in their order. What lies in a queue of
// dead letters is left out where the header counts these.
func (m *Model) tallies() []tally {
	all := make([]tally, 0, len(m.Sources))
	index := make(map[string]int, len(m.Sources))
	for i := range m.Sources {
		if source := &m.Sources[i]; source.Lag != nil {
			index[source.Name] = len(all)
			all = append(all, tally{source: source})
		}
	}
	dead := m.Dead()
	for _, c := range m.Last.consumers {
		if dead[c.Key()] {
			continue
		}
		t := &all[index[c.Source]]
		if c.Total.Known < c.Total.Of {
			t.unknown++
		}
		if c.Total.Known == 0 {
			continue
		}
		t.lag, t.known = t.lag+c.Total.Lag, t.known+1
		t.age = max(t.age, m.Now().Sub(c.Lag.At))
		if c.moves() {
			t.net, t.moving = t.net+c.Standing.In.PerSecond-c.Standing.Out.PerSecond, true
		}
	}
	return all
}

// Total is the lag of all, whether it becomes more, and what part of it is not what it is
// now: by what comes and is done where that is not in balance. It is empty until something
// is known. Where there is little room, marks stand for the notes.
func (m *Model) Total(t *theme.Theme, brief bool) []page.Piece {
	if m == nil || m.Last == nil {
		return nil
	}
	var sum tally
	var notes []page.Piece
	old := false
	all := m.tallies()
	for i := range all {
		a := &all[i]
		name := t.Cut(t.String(a.source.Name), page.ShortName)
		switch out := m.isOut(a); {
		case out && a.known == 0:
			notes = append(notes, page.Piece{Role: theme.Warn, Text: text.Own(", ").Add(name, text.Own(" ?"))})
			sum.unknown++
			a.unknown = 0
		case out:
			notes = append(notes, page.Piece{Role: theme.Warn, Text: text.Own(", ").Add(name, text.Space, text.Age(a.age), text.Own(" old"))})
			old = true
		}
		sum.lag, sum.known = sum.lag+a.lag, sum.known+a.known
		sum.net, sum.moving = sum.net+a.net, sum.moving || a.moving
		if a.unknown > 0 {
			notes = append(notes, page.Piece{Role: theme.Dim, Text: text.Own(", ").Add(text.Count(int64(a.unknown)), text.Own(" unknown"))})
			sum.unknown += a.unknown
		}
	}
	if more := m.Last.more; more > 0 {
		notes = append(notes, page.Piece{Role: theme.Dim, Text: text.Own(", ").Add(text.Count(int64(more)), text.Own(" not listed"))})
		sum.unknown += more
	}
	switch {
	case sum.known == 0 && sum.unknown == 0:
		return nil
	case sum.known == 0:
		return []page.Piece{{Role: theme.Warn, Text: text.Own("lag ?")}}
	}
	parts := []page.Piece{lagPiece(t, &sum)}
	if !m.isOnPage() && !old && !brief {
		parts = append(parts, page.Piece{Role: theme.Dim, Text: text.Own(" (every ").Add(text.Age(m.apart()), text.Own(")"))})
	}
	switch {
	case !brief:
		return append(parts, notes...)
	case old:
		parts = append(parts, page.Piece{Role: theme.Warn, Text: text.Own(" old")})
	}
	if sum.unknown > 0 {
		parts = append(parts, page.Piece{Role: theme.Dim, Text: text.Own(" +?")})
	}
	return parts
}

// lagPiece is a sum in the colour of what becomes of it.
func lagPiece(t *theme.Theme, sum *tally) page.Piece {
	p := page.Piece{Role: theme.Plain, Text: text.Own("lag ").Add(text.Count(sum.lag))}
	switch {
	case sum.lag == 0:
		p.Role = theme.Dim
	case sum.moving && sum.net > 0:
		p = page.Piece{Role: theme.Warn, Text: p.Text.Add(text.Space, t.Glyph.Growing)}
	case sum.moving && sum.net < 0:
		p = page.Piece{Role: theme.Good, Text: p.Text.Add(text.Space, t.Glyph.Draining)}
	}
	return p
}

// isOut reports whether a source cannot be asked now, or what it told is older than what is
// told of it says.
func (m *Model) isOut(a *tally) bool {
	const late = 5 * time.Second
	if connection := a.source.Status().Connection; connection == adapters.Lost || connection == adapters.Failed {
		return true
	}
	return m.Last.broken[a.source.Name] || a.age > m.apart()+max(late, m.sweep)
}

// isOnPage reports whether consumers are looked at all the time, because they are on the screen and
// so few.
func (m *Model) isOnPage() bool {
	return m.Now().Sub(m.onPage) < lagEvery && len(m.Last.consumers) <= fewConsumers
}

// Ages reports whether the header shows how old a lag is.
func (m *Model) Ages() bool {
	return m != nil && m.Last != nil && slices.ContainsFunc(m.tallies(), func(t tally) bool { return t.known > 0 && m.isOut(&t) })
}

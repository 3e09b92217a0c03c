package replay

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
)

// Group is letters that died in the same way.
type Group struct {
	Source string
	Broker adapters.Broker
	DLQ    string

	Reason, Exception string
	Type              string
	Origin            string // destination at which they died
	Target            string // where a replay sends them; "" when it is not known, or not one

	Count          int
	Bytes          int64
	Oldest, Newest time.Time // by the broker's time; zero where letters have none
	Open           int       // of them nothing was done about
	Words          string    // what the last of them says went wrong
}

// groupKey is what letters of a group have in common.
type groupKey struct{ source, dlq, reason, exception, eventType, origin string }

// group is the key of the group that a letter belongs to.
func (l *Letter) group() groupKey {
	return groupKey{l.Source, l.DLQ, l.DeadLetter.Reason, l.DeadLetter.Exception, l.Type, l.origin()}
}

// origin is the destination at which a letter died, without its place there.
func (l *Letter) origin() string { return l.DeadLetter.OriginName() }

// In reports whether the letter belongs to a group.
func (l *Letter) In(g *Group) bool {
	return l.group() == g.key()
}

// Like reports whether two groups are of letters that died in the same way, though of others.
func (g *Group) Like(other *Group) bool {
	return g.key() == other.key()
}

// Key names the dead-letter destination that the group lies in, as [DLQ.Key] does.
func (g *Group) Key() string { return g.Source + " " + g.DLQ }

func (g *Group) key() groupKey {
	return groupKey{g.Source, g.DLQ, g.Reason, g.Exception, g.Type, g.Origin}
}

// Grouping groups letters one by one and keeps none of them. The zero value is ready. It
// belongs to one goroutine.
type Grouping struct {
	groups []Group
	places map[groupKey]int
	others int
}

// mostGroups bounds how many there are: letters that differ in everything are in none.
const mostGroups = 10_000

// Add puts a letter into its group.
func (g *Grouping) Add(l *Letter) {
	at, known := g.place(l.group(), 1)
	if at < 0 {
		return
	}
	if !known {
		g.groups[at] = Group{
			Source: l.Source, Broker: l.Broker, DLQ: l.DLQ, Reason: l.DeadLetter.Reason, Exception: l.DeadLetter.Exception,
			Type: l.Type, Origin: l.origin(), Target: string(l.To),
		}
	}
	g.groups[at].add(l)
}

// merge puts in the groups of another grouping.
func (g *Grouping) merge(other *Grouping) {
	g.others += other.others
	for i := range other.groups {
		of := &other.groups[i]
		if at, known := g.place(of.key(), of.Count); known {
			g.groups[at].merge(of)
		} else if at >= 0 {
			g.groups[at] = *of
		}
	}
}

// clone is a copy to which other letters can be added.
func (g *Grouping) clone() Grouping {
	return Grouping{groups: slices.Clone(g.groups), places: maps.Clone(g.places), others: g.others}
}

// place is where the group of a key is, and whether it was there already; a new one is
// empty. There is none for the letters, so many, of one group too many.
func (g *Grouping) place(key groupKey, letters int) (at int, known bool) {
	if at, known = g.places[key]; known {
		return at, true
	}
	if len(g.groups) == mostGroups {
		g.others += letters
		return -1, false
	}
	if g.places == nil {
		g.places = map[groupKey]int{}
	}
	g.places[key] = len(g.groups)
	g.groups = append(g.groups, Group{})
	return len(g.groups) - 1, false
}

// Others is how many letters are in none of the groups, since there were too many.
func (g *Grouping) Others() int { return g.others }

// Groups are the groups, the largest first. Nothing may be added afterwards.
func (g *Grouping) Groups() []Group {
	slices.SortStableFunc(g.groups, func(a, b Group) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.DLQ, b.DLQ))
	})
	return g.groups
}

func (g *Group) add(l *Letter) {
	g.Count++
	g.Bytes += int64(l.Size)
	if l.State == Open || l.State == Unknown { // which may be
		g.Open++
	}
	if l.DeadLetter.Message != "" {
		g.Words = l.DeadLetter.Message
	}
	if g.Target != string(l.To) {
		g.Target = ""
	}
	g.span(l.Died(), l.Died())
}

// span takes in times of letters; zero ones are none.
func (g *Group) span(oldest, newest time.Time) {
	if !oldest.IsZero() && (g.Oldest.IsZero() || oldest.Before(g.Oldest)) {
		g.Oldest = oldest
	}
	if newest.After(g.Newest) {
		g.Newest = newest
	}
}

// merge takes in other letters that died in the same way.
func (g *Group) merge(other *Group) {
	g.Count, g.Bytes, g.Open = g.Count+other.Count, g.Bytes+other.Bytes, g.Open+other.Open
	if g.Words == "" {
		g.Words = other.Words
	}
	if g.Target != other.Target {
		g.Target = ""
	}
	g.span(other.Oldest, other.Newest)
}

// Died is when it died, as far as anybody says: by its certificate, else by the broker.
func (l *Letter) Died() time.Time {
	if !l.DeadLetter.LastAt.IsZero() {
		return l.DeadLetter.LastAt
	}
	return l.Time
}

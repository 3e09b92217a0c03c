package replay

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
)

// Group is letters that died in the same way.
type Group struct {
	Source string
	Broker adapters.Broker
	Grave  string

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
type groupKey struct{ source, grave, reason, exception, eventType, origin string }

// group is the key of the group that a letter belongs to.
func (l *Letter) group() groupKey {
	return groupKey{l.Source, l.Grave, l.Death.Reason, l.Death.Exception, l.Type, l.origin()}
}

// origin is the destination at which a letter died, without its place there.
func (l *Letter) origin() string {
	if l.Death.OriginAt.Destination != "" {
		return l.Death.OriginAt.Destination
	}
	return l.Death.Origin
}

// In says that the letter belongs to a group.
func (l *Letter) In(g *Group) bool {
	return l.group() == g.key()
}

// Like says that two groups are of letters that died in the same way, though of others.
func (g *Group) Like(other *Group) bool {
	return g.key() == other.key()
}

func (g *Group) key() groupKey {
	return groupKey{g.Source, g.Grave, g.Reason, g.Exception, g.Type, g.Origin}
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
	key := l.group()
	at, known := g.places[key]
	if !known {
		if len(g.groups) == mostGroups {
			g.others++
			return
		}
		if g.places == nil {
			g.places = map[groupKey]int{}
		}
		at = len(g.groups)
		g.places[key] = at
		g.groups = append(g.groups, Group{
			Source: l.Source, Broker: l.Broker, Grave: l.Grave, Reason: l.Death.Reason, Exception: l.Death.Exception,
			Type: l.Type, Origin: l.origin(), Target: l.To.String(),
		})
	}
	g.groups[at].add(l)
}

// Others is how many letters are in none of the groups, since there were too many.
func (g *Grouping) Others() int { return g.others }

// Groups are the groups, the largest first. Nothing may be added afterwards.
func (g *Grouping) Groups() []Group {
	slices.SortStableFunc(g.groups, func(a, b Group) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Grave, b.Grave))
	})
	return g.groups
}

// Groups groups letters, the largest group first.
func Groups(letters []Letter) []Group {
	var grouping Grouping
	for i := range letters {
		grouping.Add(&letters[i])
	}
	return grouping.Groups()
}

func (g *Group) add(l *Letter) {
	g.Count++
	g.Bytes += int64(l.Size)
	if l.State == Open {
		g.Open++
	}
	if l.Death.Message != "" {
		g.Words = l.Death.Message
	}
	if g.Target != l.To.String() {
		g.Target = ""
	}
	died := l.Died()
	if died.IsZero() {
		return
	}
	if g.Oldest.IsZero() || died.Before(g.Oldest) {
		g.Oldest = died
	}
	if died.After(g.Newest) {
		g.Newest = died
	}
}

// Died is when it died, as far as anybody says: by its certificate, else by the broker.
func (l *Letter) Died() time.Time {
	if !l.Death.LastAt.IsZero() {
		return l.Death.LastAt
	}
	return l.Time
}

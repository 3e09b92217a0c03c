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

// Groups groups letters, the largest group first.
func Groups(letters []Letter) []Group {
	var groups []Group
	places := map[groupKey]int{}
	for i := range letters {
		l := &letters[i]
		key := l.group()
		at, known := places[key]
		if !known {
			at = len(groups)
			places[key] = at
			groups = append(groups, Group{
				Source: l.Source, Broker: l.Broker, Grave: l.Grave, Reason: l.Death.Reason, Exception: l.Death.Exception,
				Type: l.Type, Origin: l.origin(), Target: l.To.String(),
			})
		}
		groups[at].add(l)
	}
	slices.SortStableFunc(groups, func(a, b Group) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Grave, b.Grave))
	})
	return groups
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

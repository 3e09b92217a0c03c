package versions

import (
	"fmt"
	"strings"
)

const (
	// learned is how many values are looked at before anything is called a change.
	learned = 16
	// sightings is in how many values in a row a new member must be until it is believed: one that
	// only some have was seldom left out of all that were learned from.
	sightings = 8
	// goneAfter is how many values in a row lack a member that all had until it is believed gone.
	goneAfter = 64
	// wholly is in how many of a hundred values a member must be that all have.
	wholly = 99
	// together is within how many values changes are of one version.
	together = 96
	// mostNames is how many members of one object a type has: those of a map are more.
	mostNames = 32
	// mostEpochs bounds how many shapes of a type are told apart.
	mostEpochs = 32
)

// drift is what the values of one writer looked like in one log, and since when they look
// otherwise. It is not of several logs: these are read one after the other, or by turns.
type drift struct {
	samples int
	paths   map[string]*member
	maps    map[string]bool // objects whose names are ids
	epoch   int             // of the type's; see [kind]
	since   int             // sample with which it began
	last    int64           // offset of the last sample
	room    *room
}

// member is what is known of one path.
type member struct {
	kinds   kinds
	in, of  int // samples that had it, of those that could have
	missing int // of these, in a row, the latest; row is how many in a row had it
	row     int
	lost    Sighting
	lostAt  gap
	state   memberState
	first   Sighting // while it is new
	firstAt gap
}

// gap is where a change can have begun: behind one offset, and at another at the latest.
type gap struct{ after, at int64 }

type memberState uint8

const (
	usual memberState = iota
	fresh             // met after the usual ones were learned, and not believed yet
	gone
)

// change is one that was noticed.
type change struct {
	Change
	at  Sighting
	gap gap
}

// size is what a change takes in memory, about.
func (c *change) size() int { return pathBytes + len(c.Path) + len(c.Text) }

// take learns from a sample and tells what has changed by it.
func (d *drift) take(s *Sample) (changes []change) {
	if d.paths == nil {
		d.paths, d.maps, d.last = map[string]*member{}, map[string]bool{}, s.At.Position.Offset-1
	}
	d.samples++
	at := gap{after: d.last, at: s.At.Position.Offset}
	d.last = at.at
	for i := range s.Shape.paths {
		p := &s.Shape.paths[i]
		if d.inMap(p.path) {
			continue
		}
		if c, ok := d.has(p, &s.At, at); ok {
			changes = append(changes, c)
		}
	}
	for path, m := range d.paths {
		if s.Shape.find(path) == 0 {
			if c, ok := d.lacks(path, m, s, at); ok {
				changes = append(changes, c)
			}
		}
	}
	d.findMaps()
	return changes
}

// has notes that a sample has a member.
func (d *drift) has(p *part, at *Sighting, gap gap) (c change, changed bool) {
	m := d.paths[p.path]
	if m == nil {
		if len(d.paths) >= mostPaths || !d.room.takePath(pathBytes+len(p.path)) {
			return c, false
		}
		m = &member{kinds: p.kinds}
		if d.samples > learned {
			m.state, m.first, m.firstAt = fresh, *at, gap
		}
		d.paths[p.path] = m
	}
	if m.missing > 0 {
		m.row = 0
		if m.state == fresh {
			m.first, m.firstAt = *at, gap // of those in a row
		}
	}
	m.row++
	m.in++
	m.of++
	m.missing = 0
	was := m.kinds
	m.kinds |= p.kinds
	switch {
	case m.state == fresh && m.row >= sightings && !d.isNew(parent(p.path)):
		m.state = usual
		return change{Change{Path: p.path, Text: fmt.Sprintf("+ %s %s", p.path, m.kinds)}, m.first, m.firstAt}, true
	case m.state == gone:
		m.state, m.in, m.of, m.row, m.first, m.firstAt = fresh, 1, 1, 1, *at, gap
	case m.state == usual && d.samples > learned && retyped(p.path, was, p.kinds):
		return change{Change{Path: p.path, Text: fmt.Sprintf("%s: %s → %s", p.path, was, p.kinds), Breaking: true}, *at, gap}, true
	}
	return c, false
}

// isNew reports whether what is at a path is itself not believed yet: nor is then what it holds, which
// is there as often as that.
func (d *drift) isNew(path string) bool {
	m := d.paths[path]
	return m != nil && m.state == fresh
}

// looksLike reports whether the values have what a change brought, and lack what it took.
func (d *drift) looksLike(c *Change) bool {
	m := d.paths[c.Path]
	switch {
	case strings.HasPrefix(c.Text, "- "):
		return m == nil
	case strings.HasPrefix(c.Text, "+ "):
		return m != nil && 2*m.in >= m.of
	}
	return m != nil && strings.HasSuffix(c.Text, " → "+m.kinds.String())
}

// retyped reports whether a member has a kind that it never had. Elements of arrays and what had several
// kinds before may be anything.
func retyped(path string, was, is kinds) bool {
	was, is = was&^isNull, is&^isNull
	return was != 0 && is&^was != 0 && was&(was-1) == 0 && !strings.HasSuffix(path, anyElement) && !strings.HasSuffix(path, anyName)
}

// lacks notes that a sample has no such member, though what it would be in is there.
func (d *drift) lacks(path string, m *member, s *Sample, at gap) (c change, changed bool) {
	if path == "" || s.Shape.find(parent(path))&isObject == 0 || strings.HasSuffix(path, anyElement) || strings.HasSuffix(path, anyName) {
		return c, false
	}
	if m.missing == 0 {
		m.lost, m.lostAt = s.At, at
	}
	had := m.of >= goneAfter/2 && m.in*100 >= m.of*wholly
	if m.missing > 0 {
		had = (m.of-m.missing) >= goneAfter/2 && m.in*100 >= (m.of-m.missing)*wholly
	}
	m.of++
	m.missing++
	if m.state == usual && had && m.missing == goneAfter {
		m.state = gone
		return change{Change{Path: path, Text: fmt.Sprintf("- %s %s", path, m.kinds), Breaking: true}, m.lost, m.lostAt}, true
	}
	return c, false
}

// inMap reports whether a path lies in a map.
func (d *drift) inMap(path string) bool {
	for at := range d.maps {
		if _, ok := below(path, at); ok {
			return true
		}
	}
	return false
}

// findMaps finds objects that have had too many different members, each of them seldom.
func (d *drift) findMaps() {
	if len(d.paths) <= mostNames {
		return
	}
	seldom := map[string]int{}
	for path, m := range d.paths {
		if m.in*2 < m.of || m.of < 3 {
			seldom[parent(path)]++
		}
	}
	for at, n := range seldom {
		if n <= mostNames || at == "" {
			continue
		}
		d.maps[at] = true
		for path := range d.paths {
			if _, ok := below(path, at); ok {
				delete(d.paths, path)
				d.room.givePath(pathBytes + len(path))
			}
		}
	}
}

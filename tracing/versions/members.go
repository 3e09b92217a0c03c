package versions

import (
	"fmt"
	"maps"
	"slices"
)

// members are those of the values that a version was seen with.
type members struct {
	samples int
	of      map[string]seenMember
}

// seenMember is one: its kinds, and how many samples had it.
type seenMember struct {
	kinds kinds
	in    int
}

const (
	// fewest is how many values of a version must have been looked at to say what differs.
	fewest = 8
)

func (m *members) take(samples []Sample, room *room) {
	for i := range samples {
		m.samples++
		if m.of == nil {
			m.of = map[string]seenMember{}
		}
		for _, p := range samples[i].Shape.paths {
			known, there := m.of[p.path]
			if !there && (len(m.of) >= mostPaths || !room.takePath(pathBytes+len(p.path))) {
				continue
			}
			m.of[p.path] = seenMember{known.kinds | p.kinds, known.in + 1}
		}
	}
}

// leave gives back what they take.
func (m *members) leave(room *room) {
	for path := range m.of {
		room.givePath(pathBytes + len(path))
	}
	m.of = nil
}

func (m *members) clone() members { return members{m.samples, maps.Clone(m.of)} }

// differ is what the values of a version have that those of the one before had not, and the
// other way round. What only some of them have says nothing.
func differ(before, now *members) (changes []Change) {
	if before.samples < fewest || now.samples < fewest {
		return nil
	}
	for _, path := range slices.Sorted(maps.Keys(now.of)) {
		is, was := now.of[path], before.of[path]
		switch {
		case was.in == 0 && 2*is.in >= now.samples && before.holds(parent(path)):
			changes = append(changes, Change{Path: path, Text: fmt.Sprintf("+ %s %s", path, is.kinds)})
		case was.in > 0 && retyped(path, was.kinds, is.kinds) && was.kinds&is.kinds&^isNull == 0:
			changes = append(changes, Change{Path: path, Text: fmt.Sprintf("%s: %s → %s", path, was.kinds, is.kinds), Breaking: true})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(before.of)) {
		if was := before.of[path]; now.of[path].in == 0 && was.in*100 >= before.samples*wholly && now.holds(parent(path)) {
			changes = append(changes, Change{Path: path, Text: fmt.Sprintf("- %s %s", path, was.kinds), Breaking: true})
		}
	}
	return changes
}

// holds reports whether there were objects at a path.
func (m *members) holds(path string) bool { return m.of[path].kinds&isObject != 0 }

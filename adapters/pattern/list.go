package pattern

import (
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
)

// mostRemembered bounds of how many names it is remembered what fits them.
const mostRemembered = 4096

// List are patterns, each with what it stands for.
type List[T any] struct {
	patterns []*regexp.Regexp
	of       []T
}

// Add adds a pattern behind the others.
func (l *List[T]) Add(text string, of T) error {
	compiled, err := Compile(text)
	if err != nil {
		return err
	}
	l.patterns, l.of = append(l.patterns, compiled), append(l.of, of)
	return nil
}

// All are what the patterns that fit a name stand for, in their order.
func (l *List[T]) All(name string) (all []T) {
	for i, pattern := range l.patterns {
		if pattern.MatchString(name) {
			all = append(all, l.of[i])
		}
	}
	return all
}

// Memory remembers what was made of what fits a name. The zero one is ready.
type Memory[T any] struct {
	known sync.Map
	count atomic.Int32
}

// Get is what was made for a name, if that is remembered.
func (m *Memory[T]) Get(name string) (made T, ok bool) {
	known, ok := m.known.Load(name)
	if !ok {
		return made, false
	}
	return known.(T), true
}

// Put remembers what was made for a name, unless there are too many, and returns it.
func (m *Memory[T]) Put(name string, made T) T {
	if m.count.Add(1) <= mostRemembered {
		m.known.Store(strings.Clone(name), made)
	}
	return made
}

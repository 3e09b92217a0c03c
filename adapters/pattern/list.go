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

	known sync.Map // by name: the indexes of those that fit
	count atomic.Int32
}

// Add adds a pattern behind the others. It must not be called once the list is used.
func (l *List[T]) Add(text string, of T) error {
	compiled, err := Compile(text)
	if err != nil {
		return err
	}
	l.patterns, l.of = append(l.patterns, compiled), append(l.of, of)
	return nil
}

// All are what the patterns that fit a name stand for, in their order.
func (l *List[T]) All(name string) []T {
	if known, ok := l.known.Load(name); ok {
		return known.([]T)
	}
	var all []T
	for i, pattern := range l.patterns {
		if pattern.MatchString(name) {
			all = append(all, l.of[i])
		}
	}
	if l.count.Add(1) <= mostRemembered {
		l.known.Store(strings.Clone(name), all)
	}
	return all
}

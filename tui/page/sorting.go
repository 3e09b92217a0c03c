package page

import (
	"slices"
	"strings"

	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// Order is one way to sort the rows of a list.
type Order[T any] struct {
	Name    string           // "by" it
	Column  int              // of the list, which is marked; -1 where none has it
	Compare func(a, b T) int // nil where the rows come in this order
}

// Sorting is how the rows of a list are sorted: the first of its orders until another is wanted,
// forwards or reversed.
type Sorting[T any] struct {
	Orders   []Order[T]
	Reversed bool
	Changed  func() // called when another order is wanted; or nil
	at       int
}

// Sorted is a page whose rows can be sorted.
type Sorted interface {
	// SortNames are its orders.
	SortNames() []string
	// SortBy sorts by one of them, and reports whether there is such a one.
	SortBy(name string, reversed bool) bool
}

// Order is the present one.
func (s *Sorting[T]) Order() *Order[T] { return &s.Orders[s.at] }

// SortNames are the names of the orders.
func (s *Sorting[T]) SortNames() []string {
	names := make([]string, len(s.Orders))
	for i := range s.Orders {
		names[i] = s.Orders[i].Name
	}
	return names
}

// SortBy takes the order of a name, and reports whether there is one.
func (s *Sorting[T]) SortBy(name string, reversed bool) bool {
	i := slices.IndexFunc(s.Orders, func(o Order[T]) bool { return o.Name == name })
	if i < 0 {
		return false
	}
	s.at, s.Reversed = i, reversed
	s.change()
	return true
}

func (s *Sorting[T]) change() {
	if s.Changed != nil {
		s.Changed()
	}
}

// Reorder acts on a key that changes the order, and reports whether it was one.
func (s *Sorting[T]) Reorder(a keymap.Action) bool {
	switch a {
	case keymap.SortOrder:
		s.at, s.Reversed = (s.at+1)%len(s.Orders), false
	case keymap.ReverseSort:
		s.Reversed = !s.Reversed
	default:
		return false
	}
	s.change()
	return true
}

// Sort puts rows, which come in the first order, into the present one.
func (s *Sorting[T]) Sort(rows []T) {
	if compare := s.Order().Compare; compare != nil {
		slices.SortStableFunc(rows, compare)
	}
	if s.Reversed {
		slices.Reverse(rows)
	}
}

// Mark marks the heading of the column that rows are sorted by.
func (s *Sorting[T]) Mark(t *theme.Theme, headings []text.Safe) []text.Safe {
	if column := s.Order().Column; column >= 0 {
		headings[column] = headings[column].Add(s.Glyph(t))
	}
	return headings
}

// Glyph is the mark.
func (s *Sorting[T]) Glyph(t *theme.Theme) text.Safe {
	if s.Reversed {
		return t.Glyph.SortReversed
	}
	return t.Glyph.Sort
}

// Said is the order in words.
func (s *Sorting[T]) Said(t *theme.Theme) text.Safe {
	said := text.Own("by ").Add(t.String(s.Order().Name))
	if s.Reversed {
		said = said.Add(text.Own(", reversed"))
	}
	return said
}

// Alphabetic compares what two rows say in a column.
func Alphabetic[T any](say func(T) string) func(a, b T) int {
	return func(a, b T) int { return strings.Compare(say(a), say(b)) }
}

// Largest compares two rows by a number, the largest first.
func Largest[T any](number func(T) int64) func(a, b T) int {
	return func(a, b T) int {
		switch x, y := number(a), number(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	}
}

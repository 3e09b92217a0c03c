package registry

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"

	"eventscope/adapters"
	"eventscope/adapters/schemas"
)

const (
	// mostUnread bounds of how many schemas it is counted what was not read, and mostTold of
	// how many it is said.
	mostUnread = 256
	mostTold   = 8
)

// unread are the values that were handed on before their schemas were known, and those that
// are not what their schemas say.
type unread struct {
	mu   sync.Mutex
	of   map[unreadOf]*count
	more int64 // of schemas that are not counted by themselves
}

// unreadOf is what is counted: the values of a schema, missed or misfits.
type unreadOf struct {
	ref     schemas.Ref
	misfits bool
}

// count is how often, and what tells why.
type count struct {
	of    unreadOf
	n     int64
	entry *entry // of what was missed
	// title and first are of misfits: their schema, and where the first is and what is wrong
	// there.
	title, first string
}

// missed counts values whose schema was not known when they were handed on.
func (u *unread) missed(e *entry, values int64) {
	if c := u.add(unreadOf{ref: e.ref}, values); c != nil {
		c.entry = e
		u.mu.Unlock()
	}
}

// misfit counts a value that is not what its schema says.
func (u *unread) misfit(s *schemas.Schema, at adapters.Position, why error) {
	if c := u.add(unreadOf{ref: s.Ref, misfits: true}, 1); c != nil {
		if c.first == "" {
			c.title, c.first = s.Title(), fmt.Sprintf("the first at %s: %v", at, why)
		}
		u.mu.Unlock()
	}
}

// add counts values, and returns their count with the lock held; nil, without the lock, if there are
// too many.
func (u *unread) add(of unreadOf, values int64) *count {
	u.mu.Lock()
	known := u.of[of]
	if known == nil {
		if len(u.of) >= mostUnread {
			u.more += values
			u.mu.Unlock()
			return nil
		}
		if u.of == nil {
			u.of = map[unreadOf]*count{}
		}
		known = &count{of: of}
		u.of[of] = known
	}
	known.n += values
	return known
}

// worst are the counts that are said, the largest first, and how many values the others are.
func (u *unread) worst() (list []*count, others int64) {
	list = slices.SortedFunc(maps.Values(u.of), func(a, b *count) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.of.ref.ID, b.of.ref.ID))
	})
	others = u.more
	for _, c := range list[min(len(list), mostTold):] {
		others += c.n
	}
	return list[:min(len(list), mostTold)], others
}

// problems are one sentence a schema. They do not change while only the counts do, so that each
// is said once.
func (u *unread) problems() (list []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	worst, others := u.worst()
	for _, c := range worst {
		list = append(list, c.what()+": "+c.why())
	}
	if others > 0 {
		list = append(list, "nor were those of more schemas")
	}
	return list
}

// counts are the same with their numbers.
func (u *unread) counts() map[string]int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	counts := map[string]int64{}
	worst, others := u.worst()
	for _, c := range worst {
		counts[c.what()] += c.n
	}
	if others > 0 {
		counts["values of more schemas were not read"] = others
	}
	return counts
}

// what goes behind the number of the values.
func (c *count) what() string {
	if c.of.misfits {
		return "values of " + c.title + " do not fit it"
	}
	return "values that name the schema of " + c.of.ref.String() + " were not read when they came"
}

// why says why a schema is not known, or was not in time, or what is wrong with the values.
func (c *count) why() string {
	if c.of.misfits {
		return c.first
	}
	select {
	case <-c.entry.done:
		if c.entry.err != nil {
			return c.entry.err.Error()
		}
	default:
	}
	return "the registry had not answered in time; they are read when somebody looks at them"
}

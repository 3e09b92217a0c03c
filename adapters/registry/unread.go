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
	mu sync.Mutex
	// counts are by what is counted.
	counts map[unreadOf]*count
	more   int64 // of schemas that are not counted by themselves
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
	// given says why some of what was missed is not read again, if that is so.
	given string
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

// ReadAgain implements [schemas.Rereader].
func (r *Registry) ReadAgain(ref schemas.Ref, values int64) {
	r.unread.of(ref, func(c *count) { c.n = max(0, c.n-values) })
}

// GivenUp implements [schemas.Rereader].
func (r *Registry) GivenUp(ref schemas.Ref, why string) {
	r.unread.of(ref, func(c *count) { c.given = why })
}

// of changes what is counted of the values that were missed of a schema.
func (u *unread) of(ref schemas.Ref, change func(c *count)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if c := u.counts[unreadOf{ref: ref}]; c != nil {
		change(c)
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
	known := u.counts[of]
	if known == nil {
		if len(u.counts) >= mostUnread {
			u.more += values
			u.mu.Unlock()
			return nil
		}
		if u.counts == nil {
			u.counts = map[unreadOf]*count{}
		}
		known = &count{of: of}
		u.counts[of] = known
	}
	known.n += values
	return known
}

// worst are the counts that are said, the largest first, and how many values the others are.
func (u *unread) worst() (list []*count, others int64) {
	list = slices.SortedFunc(maps.Values(u.counts), func(a, b *count) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.of.ref.ID, b.of.ref.ID))
	})
	list = slices.DeleteFunc(list, func(c *count) bool { return c.n == 0 }) // all of which was read again
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

// numbers are the same with how many there are.
func (u *unread) numbers() map[string]int64 {
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
	why := "the registry had not answered in time; they are read when somebody looks at them"
	if c.entry.answered() && c.entry.err != nil {
		why = c.entry.err.Error()
	}
	if c.given != "" {
		why += "; " + c.given
	}
	return why
}

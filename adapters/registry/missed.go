package registry

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"

	"eventscope/adapters/schemas"
)

const (
	// mostMissed bounds of how many schemas it is counted what was missed, and mostTold of how
	// many it is said.
	mostMissed = 256
	mostTold   = 8
)

// missed are the values that were handed on before their schemas were known.
type missed struct {
	mu  sync.Mutex
	of  map[schemas.Ref]*miss
	all int64
}

// miss is one schema: how often, and what knows why.
type miss struct {
	ref   schemas.Ref
	count int64
	entry *entry
}

func (all *missed) add(ref schemas.Ref, e *entry) {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.all++
	known := all.of[ref]
	if known == nil {
		if len(all.of) >= mostMissed {
			return
		}
		if all.of == nil {
			all.of = map[schemas.Ref]*miss{}
		}
		known = &miss{ref: ref}
		all.of[ref] = known
	}
	known.count++
	known.entry = e
}

// problems are one sentence a schema. They do not change while only the counts do, so that each
// is said once.
func (all *missed) problems() (list []string) {
	all.mu.Lock()
	defer all.mu.Unlock()
	worst := slices.SortedFunc(maps.Values(all.of), func(a, b *miss) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.ref.ID, b.ref.ID))
	})
	for _, m := range worst[:min(len(worst), mostTold)] {
		list = append(list, fmt.Sprintf("values that name the schema of %s were not read when they came: %s", m.ref, m.entry.why()))
	}
	if more := len(worst) - mostTold; more > 0 {
		list = append(list, "nor were those of more schemas")
	}
	return list
}

// why says why a schema is not known, or was not in time.
func (e *entry) why() string {
	select {
	case <-e.done:
		if e.err != nil {
			return e.err.Error()
		}
	default:
	}
	return "the registry had not answered in time; they are read when somebody looks at them"
}

package mask

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"eventscope/adapters"
	"eventscope/adapters/schemas"
)

// Shown is what stands in the place of what is masked.
const Shown = "***"

// Mask is what is masked of the messages of one destination.
type Mask struct {
	// Key says that the key is.
	Key bool

	paths   [][]string
	headers []string // in lower case
	tags    []string

	tagged sync.Map // by schema: the paths of what has a tag
	count  atomic.Int32
}

// mostTagged bounds of how many schemas it is remembered what has a tag.
const mostTagged = 4096

// OfValue says that something of values is masked.
func (m *Mask) OfValue() bool { return len(m.paths)+len(m.tags) > 0 }

// ByTags says that tags of schemas count.
func (m *Mask) ByTags() bool { return len(m.tags) > 0 }

// Unreadable says that a value must be hidden whole of which no parts are known: there are paths
// into it, or its schema may have tags.
func (m *Mask) Unreadable(namesSchema bool) bool {
	return len(m.paths) > 0 || len(m.tags) > 0 && namesSchema
}

// Headers are those of a message as they may be shown: its own, or a copy.
func (m *Mask) Headers(all []adapters.Header) []adapters.Header {
	var shown []adapters.Header
	for i := range all {
		if !slices.Contains(m.headers, strings.ToLower(all[i].Name)) {
			continue
		}
		if shown == nil {
			shown = slices.Clone(all)
		}
		shown[i].Value = []byte(Shown)
	}
	if shown == nil {
		return all
	}
	return shown
}

// of are the paths that are masked in values of a schema, which may be nil. It reports false
// where a schema may have tags that cannot be found.
func (m *Mask) of(s *schemas.Schema) (paths [][]string, ok bool) {
	if s == nil || len(m.tags) == 0 {
		return m.paths, true
	}
	if known, there := m.tagged.Load(s); there {
		paths = known.([][]string)
		return paths, paths != nil
	}
	names, ok := taggedNames(s, m.tags)
	if ok {
		paths = slices.Clone(m.paths)
		for _, name := range names {
			paths = append(paths, []string{"**", name})
		}
		if paths == nil {
			paths = [][]string{}
		}
	}
	if m.count.Add(1) <= mostTagged {
		m.tagged.Store(s, paths)
	}
	return paths, ok
}

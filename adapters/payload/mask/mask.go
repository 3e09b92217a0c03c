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
	headers []string // in lower case; those of properties too
	tags    []string

	tagged sync.Map // by schema: the paths of what has a tag
	count  atomic.Int32
}

// mostTagged bounds of how many schemas it is remembered what has a tag.
const mostTagged = 4096

// OfValue reports whether something of values is masked.
func (m *Mask) OfValue() bool { return len(m.paths)+len(m.tags) > 0 }

// ByTags reports whether tags of schemas count.
func (m *Mask) ByTags() bool { return len(m.tags) > 0 }

// Covers reports whether what is at a path of a value is masked, by itself or with what it is part of,
// and how many segments of the path lead to what is. Schema is what the value was written with, or nil.
func (m *Mask) Covers(path []string, schema *schemas.Schema) (segments int, masked bool) {
	paths, ok := m.of(schema)
	if !ok {
		return 0, true
	}
	w, at := writer{paths: paths}, start(paths)
	for i, name := range path {
		if at, masked = w.step(at, name); masked {
			return i + 1, true
		}
	}
	return 0, false
}

// Unreadable reports whether a value must be hidden whole of which no parts are known: there are paths
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
		shown[i].Value, shown[i].Structured = []byte(Shown), nil
	}
	if shown == nil {
		return all
	}
	return shown
}

// Properties are those of a message as they may be shown: its own, or a copy.
func (m *Mask) Properties(all *adapters.Properties) *adapters.Properties {
	if all == nil {
		return nil
	}
	var shown *adapters.Properties
	for _, name := range m.headers {
		if text := property(all, name); text == nil || *text == "" {
			continue
		}
		if shown == nil {
			own := *all
			shown = &own
		}
		*property(shown, name) = Shown
	}
	if shown == nil {
		return all
	}
	return shown
}

// property is what a publisher wrote into a property of that name, or nil. How a message was
// routed, and by what its value is read, is not masked.
func property(p *adapters.Properties, name string) *string {
	switch strings.ReplaceAll(name, "_", "-") {
	case "correlation-id":
		return &p.CorrelationID
	case "reply-to":
		return &p.ReplyTo
	case "expiration":
		return &p.Expiration
	case "message-id":
		return &p.MessageID
	case "type":
		return &p.Type
	case "user-id":
		return &p.UserID
	case "app-id":
		return &p.AppID
	}
	return nil
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

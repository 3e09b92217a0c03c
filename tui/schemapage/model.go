package schemapage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"eventscope/adapters/schemas"
	"eventscope/tracing/lag"
	"eventscope/tracing/versions"
	"eventscope/tui/page"
	"eventscope/tui/text"

	tea "charm.land/bubbletea/v2"
)

// Screen is what the pages ask of the screen.
type Screen interface {
	page.Screen
	// ShowStream shows the events that pass a filter.
	ShowStream(filter string) tea.Cmd
}

// Seen is what was counted of versions.
type Seen interface {
	Versions(ctx context.Context) ([]versions.Seen, error)
}

// Lags is how far consumers are behind, as they were last looked at.
type Lags interface {
	// Seen counts the times that what follows has changed.
	Seen() int
	// Consumers are those that were found.
	Consumers() []*lag.Consumer
	// Update asks for news of the consumers on the screen when that is due.
	Update(shown []lag.Key) tea.Cmd
}

// Config is what versions are told from.
type Config struct {
	Screen
	Counted Seen
	Lags    Lags // nil where no source can tell
}

// Model is the versions of all types, as they were last put together.
type Model struct {
	*Config
	page.Question
	versions []*versions.Version // nil until the first came
	known    bool

	asked   time.Time
	took    time.Duration
	version uint64 // of the index, then
	heard   int    // of consumers, then
	pending bool   // some schema was being asked for
	seen    int    // times that they were put together
}

// every is how often versions are put together while they are on the screen.
const every = time.Second

// NewModel is one that knows nothing yet.
func NewModel(c *Config) *Model {
	m := &Model{Config: c}
	m.Quiet = true
	return m
}

// update asks for news when they are due.
func (m *Model) update() tea.Cmd {
	heard := 0
	var consumers []*lag.Consumer
	var lags tea.Cmd
	if m.Lags != nil {
		heard, consumers, lags = m.Lags.Seen(), m.Lags.Consumers(), m.Lags.Update(nil)
	}
	same := m.known && m.version == m.Version() && m.heard == heard && !m.pending
	if m.Busy || same || m.known && m.Now().Sub(m.asked) < max(every, page.ListingShare*m.took) {
		return lags
	}
	m.asked, m.version, m.heard = m.Now(), m.Version(), heard
	counted := m.Counted
	return tea.Batch(lags, m.Ask(m, text.Own("counting versions"), page.QueryLimit, func(ctx context.Context) (func(), error) {
		begun := time.Now()
		seen, err := counted.Versions(ctx)
		if err != nil {
			return nil, err
		}
		found := worstFirst(versions.Build(&versions.Known{Seen: seen, Consumers: consumers}))
		took := time.Since(begun)
		return func() {
			m.versions, m.known, m.took = found, true, took
			m.pending = slices.ContainsFunc(found, func(v *versions.Version) bool { return v.Pending })
			m.seen++
			m.Redraw()
		}, nil
	}))
}

// typeOf names the type of a version.
type typeOf struct{ source, destination, name string }

func typeKey(v *versions.Version) typeOf { return typeOf{v.Source, v.Destination, v.Type} }

// worstFirst puts the types first that broke somebody, then those with something to look at.
func worstFirst(all []*versions.Version) []*versions.Version {
	grave := map[typeOf]int{}
	for _, v := range all {
		gravity := 0
		switch {
		case len(v.Broke) > 0:
			gravity = 3
		case v.Misfits > 0 || v.State == versions.Back || v.State == versions.Unknown:
			gravity = 2
		case v.State == versions.Old || v.State == versions.New:
			gravity = 1
		}
		grave[typeKey(v)] = max(grave[typeKey(v)], gravity)
	}
	slices.SortStableFunc(all, func(a, b *versions.Version) int {
		x, y := typeKey(a), typeKey(b)
		return cmp.Or(cmp.Compare(grave[y], grave[x]), strings.Compare(x.name, y.name), strings.Compare(x.destination, y.destination), strings.Compare(x.source, y.source))
	})
	return all
}

// versionKey names a version.
type versionKey struct {
	typeOf
	schema schemas.Ref
	name   string
}

func keyOf(v *versions.Version) versionKey {
	key := versionKey{typeOf: typeKey(v), schema: v.Ref}
	if v.Ref.By == schemas.ByNothing {
		key.name = v.Name
	}
	return key
}

// find is a version by its key, or nil.
func (m *Model) find(key versionKey) *versions.Version {
	i := slices.IndexFunc(m.versions, func(v *versions.Version) bool { return keyOf(v) == key })
	if i < 0 {
		return nil
	}
	return m.versions[i]
}

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

// Config is what versions are told from.
type Config struct {
	Screen
	Counted Seen
	Lags    page.Lags // nil where no source can tell
	Files   page.Files
}

// Model is the versions of all types, as they were last put together, the worst first.
type Model struct {
	*Config
	page.Polled[[]*versions.Version]
	version uint64 // of the index, when they were asked for
	heard   int    // of consumers, then
	pending bool   // some schema was being asked for
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
		heard, consumers, lags = m.Lags.Changes(), m.Lags.Consumers(), m.Lags.Update(nil)
	}
	same := m.Known() && m.version == m.Version() && m.heard == heard && !m.pending
	if same || !m.Due(m.Now(), every) {
		return lags
	}
	m.version, m.heard = m.Version(), heard
	counted := m.Counted
	return tea.Batch(lags, m.Poll(m, text.Own("counting versions"), page.QueryLimit, func(ctx context.Context) ([]*versions.Version, error) {
		seen, err := counted.Versions(ctx)
		if err != nil {
			return nil, err
		}
		return worstFirst(versions.Build(&versions.Known{Seen: seen, Consumers: consumers})), nil
	}, func() { m.pending = slices.ContainsFunc(m.Last, func(v *versions.Version) bool { return v.Pending }) }))
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
	i := slices.IndexFunc(m.Last, func(v *versions.Version) bool { return keyOf(v) == key })
	if i < 0 {
		return nil
	}
	return m.Last[i]
}

package theme

import (
	"hash/fnv"
	"maps"
	"slices"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing"
	"eventscope/tui/text"
)

// Role is what a piece of text is for.
type Role uint8

const (
	Plain    Role = iota
	Dim           // metadata
	Faint         // rules, empty lanes
	Accent        // what has the focus
	Good          // done
	Warn          // late or retried
	Bad           // failed or dead
	Link          // a known link
	Strong        // names
	Title         // headings
	Selected      // background of the row under the cursor
	Marked        // rows the user marked
	roleCount
)

// names are the roles by the colours that a config may ask for.
var names = map[string]Role{"red": Bad, "yellow": Warn, "green": Good, "blue": Link}

// Names are the colours that a config may ask for.
func Names() []string { return slices.Sorted(maps.Keys(names)) }

// Named is the role of a colour; dim where there is none of that name.
func Named(name string) Role {
	if role, ok := names[name]; ok {
		return role
	}
	return Dim
}

// Theme is how everything looks on one terminal.
type Theme struct {
	text.Cleaner
	Glyph Glyphs

	palette  palette
	roles    [roleCount]Style // of the palette, ready to write
	services []Style
	profile  colorprofile.Profile
	dark     bool
	taken    map[string]int // service -> place in the palette
	inUse    map[int]bool
}

// New returns a theme for a terminal: its colours, whether its background is dark, and
// whether it can show ASCII only.
func New(profile colorprofile.Profile, dark, ascii bool) *Theme {
	t := &Theme{Cleaner: text.Cleaner{ASCII: ascii}, Glyph: unicodeGlyphs, taken: map[string]int{}, inUse: map[int]bool{}}
	if ascii {
		t.Glyph = asciiGlyphs
	}
	t.Set(profile, dark)
	return t
}

// Set changes colours and background; services keep their places.
func (t *Theme) Set(profile colorprofile.Profile, dark bool) {
	t.profile, t.dark, t.palette = profile, dark, paletteFor(profile, dark)
	for role, style := range t.palette.roles {
		t.roles[role] = parameters(style)
	}
	t.services = t.services[:0]
	for _, style := range t.palette.services {
		t.services = append(t.services, parameters(style))
	}
}

// Profile is what was set.
func (t *Theme) Profile() colorprofile.Profile { return t.profile }

// Dark is what was set.
func (t *Theme) Dark() bool { return t.dark }

// Gloss is the style of a role, for what Lip Gloss draws: panels over a page.
func (t *Theme) Gloss(r Role) lipgloss.Style { return t.palette.roles[r] }

// Style is the style of a role, for rows.
func (t *Theme) Style(r Role) Style { return t.roles[r] }

// servicePlaces is how many services have a colour of their own.
const servicePlaces = 8

// Service is the style of a service's name. A name prefers the same colour in every
// run; when another service has it already, the next free one.
func (t *Theme) Service(name string) Style {
	if name == "" {
		return t.Style(Dim)
	}
	place, known := t.taken[name]
	if !known {
		hash := fnv.New32a()
		hash.Write([]byte(name))
		place = int(hash.Sum32() % servicePlaces)
		for range servicePlaces {
			if !t.inUse[place] {
				break
			}
			place = (place + 1) % servicePlaces
		}
		if len(t.taken) < 4096 {
			t.taken[name], t.inUse[place] = place, true
		}
	}
	return t.services[place%len(t.services)]
}

// Status is how a flow's status looks: role and glyph.
func (t *Theme) Status(s tracing.Status) (Role, text.Safe) {
	switch s {
	case tracing.Complete:
		return Good, t.Glyph.Done
	case tracing.Compensated:
		return Warn, t.Glyph.Compensated
	case tracing.Failed:
		return Bad, t.Glyph.Failed
	case tracing.Late:
		return Warn, t.Glyph.Late
	case tracing.Stuck:
		return Bad, t.Glyph.Stuck
	case tracing.Unknown:
		return Dim, t.Glyph.Unknown
	}
	return Dim, t.Glyph.Running
}

// Connection is how a source's connection looks.
func (t *Theme) Connection(c adapters.Connection) (Role, text.Safe) {
	switch c {
	case adapters.Live:
		return Good, t.Glyph.Live
	case adapters.CatchingUp:
		return Warn, t.Glyph.CatchingUp
	case adapters.Connecting:
		return Warn, t.Glyph.Connecting
	case adapters.Lost, adapters.Failed:
		return Bad, t.Glyph.Lost
	}
	return Dim, t.Glyph.Closed
}

// Lag is how a consumer's state looks.
func (t *Theme) Lag(s consumer.LagState) (Role, text.Safe) {
	switch s {
	case consumer.LagOK:
		return Good, t.Glyph.Done
	case consumer.LagNoOffset:
		return Dim, t.Glyph.Closed
	case consumer.LagNotAllowed:
		return Warn, t.Glyph.Warning
	case consumer.LagBehind:
		return Plain, t.Glyph.Running
	case consumer.LagWarn:
		return Warn, t.Glyph.Late
	case consumer.LagRedeliver, consumer.LagRebalance, consumer.LagRewind:
		return Warn, t.Glyph.Compensated
	case consumer.LagAhead, consumer.LagTruncated:
		return Bad, t.Glyph.Warning
	case consumer.LagStall:
		return Bad, t.Glyph.Stuck
	case consumer.LagStop:
		return Bad, t.Glyph.Failed
	}
	return Dim, t.Glyph.Unknown
}

// Marks is the most telling mark of an event, and its role; empty when nothing is
// remarkable.
func (t *Theme) Marks(m tracing.Marks) (Role, text.Safe) {
	switch {
	case m.Has(tracing.DeadLetter):
		return Bad, t.Glyph.Dead
	case m.Has(tracing.Failure):
		return Bad, t.Glyph.Failed
	case m.Has(tracing.Compensation):
		return Warn, t.Glyph.Compensated
	case m&(tracing.Duplicate|tracing.IDReused|tracing.Redelivered|tracing.Replayed) != 0:
		return Warn, t.Glyph.Duplicate
	case m&(tracing.OutOfOrder|tracing.ClockSkew|tracing.Malformed) != 0:
		return Warn, t.Glyph.Warning
	}
	return Plain, text.Safe{}
}

package versions

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/schemas"
)

// Seen is what was counted of one version, or of dead letters of it: the caller's to keep.
type Seen struct {
	// Source, Broker and Schemas are of the source that Number stands for; whoever counted knows
	// them.
	Number  int
	Source  string
	Broker  adapters.Broker
	Schemas schemas.Finder

	Destination, Type string
	// Unnamed says that Type is only the destination's name.
	Unnamed bool
	// Ref is the schema that the messages name, and Declared the version that they state where
	// they name none. Shape is then which shape they have, from 1, where they state none, too.
	Ref      schemas.Ref
	Declared string
	Shape    int
	// Before is the shape before this one, and Drift what changed in it.
	Before int
	Drift  []Change
	// Death is set of dead letters.
	Death Death

	Events, Misfits int64
	PerSecond       float64
	First, Last     Sighting
	Writers         []Writer // most events first
	Others          int64    // events of more writers
	Back            Sighting // where it came again after it was gone; zero if it never did
	Begins          []Begin  // by partition

	members members
}

// Writer is how many events a service wrote; it is "" where they do not say.
type Writer struct {
	Service string
	Events  int64
}

// Begin is where a version began in a log, as far as that was read: behind the offset After, and
// at the offset At at the latest.
type Begin struct {
	Partition int32
	After, At int64
}

// Seen is all that was counted, by source, destination and type.
func (c *Census) Seen(now time.Time) []Seen {
	var all []Seen
	for at, k := range c.types {
		for key, v := range k.versions {
			s := Seen{
				Number: at.source, Destination: at.destination, Type: at.name, Unnamed: k.unnamed,
				Ref: key.schema, Declared: key.declared, Shape: key.epoch, Death: key.death,
				Events: v.events, Misfits: v.misfits, PerSecond: v.rate(now), First: v.first, Last: v.last, Others: v.others, Back: v.back, members: v.members.clone(),
			}
			firsts := v.firsts
			if key.epoch > 1 {
				e := &k.epochs[key.epoch-1]
				s.Before, s.Drift, s.First, firsts = e.before, slices.Clone(e.changes), e.first, e.firsts
			}
			for service, events := range v.writers {
				s.Writers = append(s.Writers, Writer{service, events})
			}
			slices.SortFunc(s.Writers, func(a, b Writer) int {
				return cmp.Or(cmp.Compare(b.Events, a.Events), strings.Compare(a.Service, b.Service))
			})
			for partition, g := range firsts {
				s.Begins = append(s.Begins, Begin{partition, g.after, g.at})
			}
			slices.SortFunc(s.Begins, func(a, b Begin) int { return cmp.Compare(a.Partition, b.Partition) })
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b Seen) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), strings.Compare(a.Destination, b.Destination), strings.Compare(a.Type, b.Type),
			a.First.Time.Compare(b.First.Time), cmp.Compare(a.Ref.ID, b.Ref.ID), strings.Compare(a.Declared, b.Declared), cmp.Compare(a.Shape, b.Shape))
	})
	return all
}

package versions

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
	"eventscope/tracing/lag"
)

// Change is something that differs between two versions.
type Change = payload.Change

// State says how a version stands to the others of its type.
type State string

const (
	// Current: the newest, or the only one.
	Current State = "current"
	// New: the newest, which came a few minutes ago beside one that was there.
	New State = "new"
	// Old: there is a newer one, and this one is written all the same.
	Old State = "old"
	// Back: an old one that was gone for a while and came again.
	Back State = "back"
	// Gone: it is not written any more.
	Gone State = "gone"
	// Unknown: its schema is not known, so nobody can say.
	Unknown State = "unknown"
)

// newFor is how long a version is called new.
const newFor = 10 * time.Minute

// Known is what versions are told from.
type Known struct {
	Seen      []Seen
	Consumers []*lag.Consumer
	Now       time.Time
}

// Version is one version of a type of events at a destination. It never changes.
type Version struct {
	Source            string
	Broker            adapters.Broker
	Destination, Type string
	// Name is the version in a word: "v3", "schema 12", "shape 2", or "" where there is nothing
	// to tell versions by; Title says of what it is one, too: "orders-value v3".
	Name, Title string
	// Number is that of the registry, or of what was declared; 0 if there is none.
	Number int
	// Ref is the schema that the messages name, and Schema is that schema, if it is known; else
	// Why says why not.
	Ref    schemas.Ref
	Schema *schemas.Schema
	Why    string
	// Pending says that the registry is being asked for it.
	Pending bool
	// Format is avro, protobuf or json, or "" where that is not known.
	Format string

	Events, Misfits int64
	OfType          int64   // events of all versions of the type
	Share           float64 // of these, 0 to 1
	PerSecond       float64
	First, Last     Sighting
	Back            Sighting
	Writers         []Writer
	Others          int64 // events of more writers
	State           State

	// Before is the version before it, and Changes what differs from that; nil if there is none.
	Before  *Version
	Changes []Change
	// Compared says that the two could be compared, so that no change means that there is none.
	Compared bool
	// Broke are those who could not read it.
	Broke []Broke
	// Earlier are consumers that stand before all that was read, of which this version was the first:
	// nobody knows whether a version stopped them.
	Earlier []Broke
	// Verdict is what its registry says of it, for who has asked; else nil.
	Verdict *schemas.Verdict

	shape  int
	begins []Begin
	seen   *Seen
}

// Breaking reports whether the version before and this one cannot be read by the same reader.
func (v *Version) Breaking() bool {
	return slices.ContainsFunc(v.Changes, func(c Change) bool { return c.Breaking })
}

// OlderSchema is the schema of the version before, or nil.
func (v *Version) OlderSchema() *schemas.Schema {
	if v.Before == nil {
		return nil
	}
	return v.Before.Schema
}

// Build puts together what is known, by source, destination and type, the newest version first.
func Build(known *Known) []*Version {
	var all, dead []*Version
	for i := range known.Seen {
		v := newVersion(&known.Seen[i])
		if v.seen.Death.Dead {
			dead = append(dead, v)
		} else {
			all = append(all, v)
		}
	}
	slices.SortStableFunc(all, func(a, b *Version) int {
		return cmp.Or(compareTypes(a, b), newerFirst(a, b))
	})
	for start := 0; start < len(all); {
		end := start + 1
		for end < len(all) && compareTypes(all[start], all[end]) == 0 {
			end++
		}
		relate(all[start:end])
		start = end
	}
	for _, v := range all {
		v.Broke = append(stuckAt(v, known.Consumers), lettersOf(v, dead)...)
	}
	standBefore(all, known.Consumers)
	return all
}

// newVersion is what was seen of one, less what the others of its type tell.
func newVersion(s *Seen) *Version {
	v := &Version{
		Source: s.Source, Broker: s.Broker, Destination: s.Destination, Type: s.Type, Ref: s.Ref, Events: s.Events, Misfits: s.Misfits,
		PerSecond: s.PerSecond, First: s.First, Last: s.Last, Back: s.Back, Writers: s.Writers, Others: s.Others, shape: s.Shape, begins: s.Begins, seen: s,
	}
	switch {
	case s.Ref.By != schemas.ByNothing:
		v.findSchema(s)
	case s.Declared != "":
		v.Name, v.Title, v.Number = s.Declared, s.Declared, number(s.Declared)
		if _, err := strconv.Atoi(s.Declared); err == nil {
			v.Name = "v" + s.Declared
			v.Title = v.Name
		}
	case s.Shape > 0:
		v.Number = s.Shape
	}
	return v
}

// findSchema asks for the schema, which never waits.
func (v *Version) findSchema(s *Seen) {
	v.Name = "schema " + s.Ref.Number()
	v.Title = v.Name
	if s.Schemas == nil {
		v.Why = "no registry is named with registry="
		return
	}
	schema, err := s.Schemas.Find(s.Destination, s.Ref)
	if err != nil {
		v.Why = err.Error()
		if errors.Is(err, schemas.ErrPending) {
			v.Why, v.Pending = "the registry has not answered yet", true
		}
		return
	}
	v.Schema, v.Title, v.Format = schema, schema.Title(), strings.ToLower(payload.FormatName(schema.Format))
	if place := schema.Place(); place.Version > 0 {
		v.Number, v.Name = place.Version, "v"+strconv.Itoa(place.Version)
	}
	if s.Unnamed && schema.Name != "" {
		v.Type = schema.Name
	}
}

func compareTypes(a, b *Version) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Destination, b.Destination), cmp.Compare(a.Type, b.Type))
}

// newerFirst orders versions of a type, by their numbers where both have one of the same kind.
func newerFirst(a, b *Version) int {
	if (a.Schema != nil) == (b.Schema != nil) && (a.shape > 0) == (b.shape > 0) && a.Number > 0 && b.Number > 0 && a.Number != b.Number {
		return cmp.Compare(b.Number, a.Number)
	}
	return cmp.Or(b.First.Time.Compare(a.First.Time), cmp.Compare(b.Ref.ID, a.Ref.ID), cmp.Compare(b.Number, a.Number), strings.Compare(b.Name, a.Name))
}

// relate says how the versions of one type stand to each other, which are in order.
func relate(of []*Version) {
	var events int64
	last := of[0].Last.Time
	for _, v := range of {
		events += v.Events
		if v.Last.Time.After(last) {
			last = v.Last.Time
		}
		if v.shape > 0 && len(of) > 1 {
			v.Name = "shape " + strconv.Itoa(v.shape)
			v.Title = v.Name
		}
		if v.Format == "" && (v.shape > 0 || v.seen.members.samples > 0) {
			v.Format = "json"
		}
	}
	for i, v := range of {
		v.OfType, v.Share = events, float64(v.Events)/float64(max(events, 1))
		if i+1 < len(of) {
			v.compare(of[i+1:])
		}
		v.State = v.stateIn(i, len(of), last)
	}
}

// compare compares a version with the one before it.
func (v *Version) compare(older []*Version) {
	v.Before = older[0]
	if v.shape > 1 {
		if i := slices.IndexFunc(older, func(o *Version) bool { return o.shape == v.seen.Before }); i >= 0 {
			v.Before = older[i]
		}
		v.Changes, v.Compared = v.seen.Drift, true
		return
	}
	if v.Schema != nil && v.Before.Schema != nil {
		v.Changes, v.Compared = payload.Changes(v.Before.Schema, v.Schema)
		return
	}
	if a, b := &v.Before.seen.members, &v.seen.members; a.samples >= fewest && b.samples >= fewest {
		v.Changes, v.Compared = differ(a, b), true
	}
}

// stateIn is the state of the i-th of n versions, of which the latest event was at last.
func (v *Version) stateIn(i, n int, last time.Time) State {
	gone := last.Sub(v.Last.Time) > goneFor
	switch {
	case v.Ref.By != schemas.ByNothing && v.Schema == nil && v.seen.Schemas != nil && !gone:
		return Unknown
	case i > 0 && gone:
		return Gone
	case i > 0 && !v.Back.Time.IsZero():
		return Back
	case i > 0:
		return Old
	case n > 1 && last.Sub(v.First.Time) < newFor:
		return New
	}
	return Current
}

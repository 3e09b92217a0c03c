package versions

import (
	"time"

	"eventscope/adapters"
	"eventscope/adapters/schemas"
)

// Key is what is counted apart.
type Key struct {
	Destination string
	// Type is without the version in its name: "OrderPlaced" of "OrderPlaced_v2".
	Type string
	// Unnamed says that Type is only the destination's name, since the message says no better.
	Unnamed bool
	Service string
	// Schema is what the value names as its schema, and Declared is the version that the message
	// states where it names none.
	Schema   schemas.Ref
	Declared string
	// Death is why and where it died; it is not set of messages that are alive.
	Death Death
}

// Death is what dead letters of a kind have in common.
type Death struct {
	Dead bool
	// Origin is the destination that they were read from, and Group who failed; empty where the
	// letters do not tell.
	Origin, Group string
	// Exception is the class of the error, or else the reason.
	Exception string
	// Unreadable says that the error tells of a value that could not be read.
	Unreadable bool
}

// Sighting is where and when a message was.
type Sighting struct {
	Position adapters.Position
	Time     time.Time // of the broker; zero where there is none
}

// before reports whether a sighting is the earlier one, by time where both have one.
func (s *Sighting) before(other *Sighting) bool {
	if s.Time.IsZero() || other.Time.IsZero() || s.Time.Equal(other.Time) {
		return s.Position.Partition == other.Position.Partition && s.Position.Offset < other.Position.Offset
	}
	return s.Time.Before(other.Time)
}

// Row is how often a key was met in a batch, in one log.
type Row struct {
	Key         *Key // never changes
	Events      int64
	Misfits     int64 // of these, the values that were not what they claim to be
	First, Last Sighting
	// Shapes are those of the values that were looked at, in their order.
	Shapes []Sample
}

// Sample is the shape of one value.
type Sample struct {
	Shape *Shape
	At    Sighting
}

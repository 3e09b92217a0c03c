package versions

import (
	"cmp"
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/schemas"
	"eventscope/tracing/lag"
)

// Broke is somebody who could not read a version: a consumer that stands at its first message,
// or dead letters of it.
type Broke struct {
	// Group is the consumer; of letters it may be unknown, "".
	Group string
	// At is the message at which it stands; of letters the first one.
	At adapters.Position
	// State and Lag are those of the consumer in the log in which it stands.
	State consumer.LagState
	Lag   int64
	// Letters is how many died, where that is what is known; Exception is of what.
	Letters   int64
	Exception string
}

// stuckAt are the consumers that stand at the first message of a version, and have read none of
// it anywhere else. Whoever is merely on the way may stand there by chance, but not for long: one
// who is seen to move is left out.
func stuckAt(v *Version, consumers []*lag.Consumer) (broke []Broke) {
	if v.Before == nil || len(v.begins) == 0 {
		return nil
	}
	for _, c := range consumers {
		if c.Source != v.Source {
			continue
		}
		if b, stuck := v.stops(c); stuck {
			broke = append(broke, b)
		}
	}
	slices.SortFunc(broke, func(a, b Broke) int { return cmp.Or(cmp.Compare(b.Lag, a.Lag), cmp.Compare(a.Group, b.Group)) })
	return broke
}

// stops reports whether a consumer stands where the version begins.
func (v *Version) stops(c *lag.Consumer) (broke Broke, stuck bool) {
	for i := range c.Lag.Logs {
		l := &c.Lag.Logs[i]
		next := l.Next()
		if l.Destination != v.Destination || next < 0 || l.Left {
			continue
		}
		at, found := slices.BinarySearchFunc(v.begins, l.Partition, func(b Begin, p int32) int { return cmp.Compare(b.Partition, p) })
		if !found {
			continue
		}
		switch begin := v.begins[at]; {
		case next > begin.At:
			return Broke{}, false // it has read some
		case next <= begin.After || !l.State.Counted() || l.Lag == 0:
		case i < len(c.Logs) && (c.Logs[i].State == consumer.LagOK || c.Logs[i].Out.Known && c.Logs[i].Out.PerSecond > 0):
		default:
			here := Broke{Group: c.Lag.Group, At: adapters.Position{Destination: l.Destination, Partition: l.Partition, Offset: next}, State: l.State, Lag: l.Lag}
			if i < len(c.Logs) {
				here.State = c.Logs[i].State
			}
			if !stuck || here.Lag > broke.Lag {
				broke = here
			}
			stuck = true
		}
	}
	return broke, stuck
}

// lettersOf are the dead letters of a version that tell of values that could not be read.
func lettersOf(v *Version, dead []*Version) (broke []Broke) {
	for _, letter := range dead {
		s := letter.seen
		if !s.Death.Unreadable || letter.Source != v.Source || s.Death.Origin != "" && s.Death.Origin != v.Destination {
			continue
		}
		named := v.Ref.By != schemas.ByNothing && s.Ref == v.Ref
		declared := s.Ref.By == schemas.ByNothing && s.Declared != "" && s.Declared == v.seen.Declared && s.Type == v.seen.Type
		if !named && !declared {
			continue
		}
		broke = append(broke, Broke{Group: s.Death.Group, At: s.First.Position, Letters: s.Events, Exception: s.Death.Exception})
	}
	slices.SortFunc(broke, func(a, b Broke) int { return cmp.Or(cmp.Compare(b.Letters, a.Letters), cmp.Compare(a.Group, b.Group)) })
	return broke
}

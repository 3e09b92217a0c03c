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
		case next <= begin.After || !stands(c, i):
		default:
			here := standing(c, i)
			if !stuck || here.Lag > broke.Lag {
				broke = here
			}
			stuck = true
		}
	}
	return broke, stuck
}

// stands says that a consumer has something to read in a log, and is not seen to read it.
func stands(c *lag.Consumer, i int) bool {
	l := &c.Lag.Logs[i]
	if !l.State.Counted() || l.Lag == 0 {
		return false
	}
	return i >= len(c.Logs) || c.Logs[i].State != consumer.LagOK && (!c.Logs[i].Out.Known || c.Logs[i].Out.PerSecond == 0)
}

// standing is where it does.
func standing(c *lag.Consumer, i int) Broke {
	l := &c.Lag.Logs[i]
	here := Broke{Group: c.Lag.Group, At: adapters.Position{Destination: l.Destination, Partition: l.Partition, Offset: l.Next()}, State: l.State, Lag: l.Lag}
	if i < len(c.Logs) {
		here.State = c.Logs[i].State
	}
	return here
}

// standBefore notes with the versions which consumers stand before all that was read: nobody knows
// whether a version stopped them. Each is noted once a destination, where it is behind the most, with
// the version that was read first in that log.
func standBefore(all []*Version, consumers []*lag.Consumer) {
	type log struct {
		source string
		adapters.Log
	}
	type first struct {
		at int64
		of *Version
	}
	firsts := map[log]first{}
	for _, v := range all {
		for _, b := range v.begins {
			at := log{v.Source, adapters.Log{Destination: v.Destination, Partition: b.Partition}}
			if known, there := firsts[at]; !there || b.At < known.at {
				firsts[at] = first{b.At, v}
			}
		}
	}
	for _, c := range consumers {
		worst := map[string]int{}
		for i := range c.Lag.Logs {
			l := &c.Lag.Logs[i]
			read, there := firsts[log{c.Source, l.Log}]
			if next := l.Next(); !there || l.Left || next < 0 || next >= read.at || !stands(c, i) {
				continue
			}
			if known, there := worst[l.Destination]; !there || c.Lag.Logs[known].Lag < l.Lag {
				worst[l.Destination] = i
			}
		}
		for _, i := range worst {
			v := firsts[log{c.Source, c.Lag.Logs[i].Log}].of
			v.Earlier = append(v.Earlier, standing(c, i))
		}
	}
	for _, v := range all {
		slices.SortFunc(v.Earlier, func(a, b Broke) int { return cmp.Or(cmp.Compare(b.Lag, a.Lag), cmp.Compare(a.Group, b.Group)) })
	}
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

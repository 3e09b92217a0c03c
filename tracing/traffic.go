package tracing

import (
	"cmp"
	"context"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/tracing/usual"
)

// Traffic is which services write what where, and what they react to, as far as the index
// has it.
type Traffic struct {
	Written   []Written
	Reactions []Reaction
	Deaths    []Death

	Events int64 // counted: all that are in the index
	Flows  int   // the newest ones, in which reactions and deaths were looked for
	// Oldest is the broker time of the oldest event counted; zero if there is none.
	Oldest time.Time
	// Uncounted are events of which Written has no row, since it would have too many.
	Uncounted int64
}

// Spot is a destination of a source.
type Spot struct {
	Source      string
	Broker      adapters.Broker
	Destination string
}

// Written is how many events of one type a service has written to a destination.
type Written struct {
	Spot
	Service string // empty when the events do not tell
	Type    string
	// Dead says that these are dead letters. Who wrote them is not known: what they say of
	// a service is about the message that died.
	Dead     bool
	Failures bool // the type's name says that something failed
	Events   int64
	Recent   int64     // of these, those of the last [TrafficWindow], by broker time
	Last     time.Time // broker time of the newest
}

// Reaction is how often an event that a service wrote came from one at a destination, so
// that the service, or something before it, must have read that.
type Reaction struct {
	Spot
	Service string
	Edge    Edge // Known where an event named its cause, at least once
	Events  int64
}

// Death is how often a message of one destination was seen as a dead letter at another.
type Death struct {
	From, To Spot
	Events   int64
}

const (
	// TrafficWindow is the time that recent events are counted in.
	TrafficWindow = 30 * time.Second
	// mostWritten bounds the rows of each list.
	mostWritten = 10_000
)

// Traffic implements Querier. It goes back through all of the index, a little at a time;
// events that come meanwhile are not counted.
func (s *Store) Traffic(ctx context.Context) (Traffic, error) {
	w := trafficWalk{
		since: time.Now().Add(-TrafficWindow).UnixNano(), before: ^Sequence(0), spots: map[Spot]uint32{}, spotOf: map[uint32]uint32{},
		written: map[writtenKey]*writtenCount{}, reactions: map[reactionKey]*reactionCount{}, deaths: map[deathKey]int64{},
	}
	for !w.done {
		if err := s.ask(ctx, w.next); err != nil {
			return Traffic{}, err
		}
	}
	if err := s.ask(ctx, w.fill); err != nil {
		return Traffic{}, err
	}
	return w.traffic, nil
}

// trafficWalk is how far the counting has come. Numbers of the index stand for names until
// the end: they stay what they are as long as the store is there.
type trafficWalk struct {
	since   int64 // what is recent
	oldest  int64
	before  Sequence
	done    bool
	traffic Traffic

	spots     map[Spot]uint32 // to the first place there
	spotOf    map[uint32]uint32
	written   map[writtenKey]*writtenCount
	reactions map[reactionKey]*reactionCount
	deaths    map[deathKey]int64

	last  writtenKey // what the event before was counted in: often the same
	count *writtenCount
}

type writtenKey struct {
	place         uint32
	service, kind uint16
	dead          bool
}

type writtenCount struct {
	events, recent, last int64
}

type reactionKey struct {
	place   uint32
	service uint16
}

type reactionCount struct {
	events int64
	known  bool
}

type deathKey struct{ from, to uint32 }

// next visits further entries.
func (w *trafficWalk) next(x *index) {
	rows := x.rows(nil)
	i := rows.search(w.before)
	for left := lookedAtOnce; left > 0 && !w.done; left-- {
		if i--; i < 0 {
			w.done = true
			break
		}
		w.before = rows.at(i)
		e := x.log.at(w.before)
		if e.place == 0 {
			continue // the one entry that is passed over: see log.append
		}
		w.write(x, e)
		if e.flow != 0 && w.traffic.Flows < FlowsConsidered && x.flows.at(e.flow).tail == uint32(w.before) {
			w.traffic.Flows++
			left -= costOfLinks * x.flows.at(e.flow).linked()
			w.react(x, e.flow)
		}
	}
}

// costOfLinks is how many entries could be counted in the time in which one is linked.
const costOfLinks = 8

// write counts one entry.
func (w *trafficWalk) write(x *index, e *entry) {
	key := writtenKey{place: e.place, service: e.service, kind: e.kind, dead: e.marks&DeadLetter != 0}
	if w.count == nil || key != w.last {
		w.last = key
		key.place = w.spot(x, e.place)
		if key.dead {
			key.service = 0
		}
		if w.count = w.written[key]; w.count == nil {
			if len(w.written) == mostWritten {
				w.traffic.Uncounted++
				return
			}
			w.count = &writtenCount{last: e.time}
			w.written[key] = w.count
		}
	}
	w.traffic.Events++
	w.count.events++
	w.count.last = max(w.count.last, e.time)
	if e.time >= w.since {
		w.count.recent++
	}
	if w.oldest == 0 || e.time < w.oldest {
		w.oldest = e.time
	}
}

// spot is the first place of the destination that a place is a partition of.
func (w *trafficWalk) spot(x *index, place uint32) uint32 {
	if first, ok := w.spotOf[place]; ok {
		return first
	}
	at := w.name(x, place)
	first, ok := w.spots[at]
	if !ok {
		first = place
		w.spots[at] = place
	}
	w.spotOf[place] = first
	return first
}

func (w *trafficWalk) name(x *index, place uint32) Spot {
	at := x.places.All[place]
	source := x.sources[at.Source]
	return Spot{Source: source.Name, Broker: source.Broker, Destination: at.Destination}
}

// react counts what led to what in one flow.
func (w *trafficWalk) react(x *index, number uint32) {
	list := x.members(number)
	path := x.pathPositionOf(number, list).path
	for i, link := range x.links(list, path) {
		m := &list[i]
		if link.parent < 0 {
			continue
		}
		parent := &list[link.parent]
		from := w.spot(x, parent.place)
		switch {
		case m.marks&DeadLetter != 0:
			if to := w.spot(x, m.place); link.same >= 0 && to != from && len(w.deaths) < mostWritten {
				w.deaths[deathKey{from, to}]++
			}
		case link.same >= 0 || m.service == 0 || link.edge == Inferred && !bothOn(path, parent, m):
		default:
			w.reaction(reactionKey{from, m.service}, link.edge == Known)
		}
	}
}

// bothOn reports whether both events are on the path that the flow takes, so that one came from
// the other more likely than not.
func bothOn(p *usual.Path, parent, m *member) bool {
	return p.Ready() && p.Find(parent.kind, false) >= 0 && p.Find(m.kind, false) >= 0
}

func (w *trafficWalk) reaction(key reactionKey, known bool) {
	count := w.reactions[key]
	if count == nil {
		if len(w.reactions) == mostWritten {
			return
		}
		count = &reactionCount{}
		w.reactions[key] = count
	}
	count.events++
	count.known = count.known || known
}

// fill gives everything its name, in an order that stays.
func (w *trafficWalk) fill(x *index) {
	t := &w.traffic
	if w.oldest != 0 {
		t.Oldest = time.Unix(0, w.oldest)
	}
	for key, count := range w.written {
		t.Written = append(t.Written, Written{
			Spot: w.name(x, key.place), Service: x.service.Text(key.service), Type: x.kinds.Text(key.kind), Dead: key.dead,
			Failures: x.typeInfo[key.kind].Failure, Events: count.events, Recent: count.recent, Last: time.Unix(0, count.last),
		})
	}
	slices.SortFunc(t.Written, func(a, b Written) int {
		return cmp.Or(compareSpots(a.Spot, b.Spot), cmp.Compare(a.Service, b.Service), cmp.Compare(b.Events, a.Events), cmp.Compare(a.Type, b.Type))
	})
	for key, count := range w.reactions {
		edge := Inferred
		if count.known {
			edge = Known
		}
		t.Reactions = append(t.Reactions, Reaction{w.name(x, key.place), x.service.Text(key.service), edge, count.events})
	}
	slices.SortFunc(t.Reactions, func(a, b Reaction) int {
		return cmp.Or(compareSpots(a.Spot, b.Spot), cmp.Compare(a.Service, b.Service))
	})
	for key, events := range w.deaths {
		t.Deaths = append(t.Deaths, Death{w.name(x, key.from), w.name(x, key.to), events})
	}
	slices.SortFunc(t.Deaths, func(a, b Death) int { return cmp.Or(compareSpots(a.From, b.From), compareSpots(a.To, b.To)) })
}

func compareSpots(a, b Spot) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Destination, b.Destination))
}

package wanted

import (
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/tracing/packed"
)

// IDs are the ids that belong to what is searched for: it grows as messages link
// one to the next.
type IDs struct {
	links    idSet    // of flows, traces and entities, and the one searched for
	causes   idSet    // of events that belong
	sought   []sought // all of them
	identity envelope.Identity
}

// mostSought is how many ids are looked for in a message before it is read. With more, to
// read it takes less.
const mostSought = 12

// Want puts an id among those that lead to more.
func (i *IDs) Want(id []byte) { i.put(&i.links, id) }

func (i *IDs) put(set *idSet, id []byte) {
	if *set == nil {
		*set = idSet{}
	}
	if !set.has(id) && len(i.sought) <= mostSought {
		i.sought = append(i.sought, soughtOf(id))
	}
	set.put(id)
}

// mayBelong reports whether a message must be read to know whether it belongs.
func (i *IDs) mayBelong(m *adapters.Message) bool {
	if len(i.sought) > mostSought || respells(m) {
		return true
	}
	return slices.ContainsFunc(i.sought, func(s sought) bool { return s.mayBeIn(m) })
}

// Known is how many ids there are of each kind.
type Known struct{ Links, Causes int }

// Known counts the ids, of which there are ever more.
func (i *IDs) Known() Known { return Known{len(i.links), len(i.causes)} }

// idSet is a set of ids in their compact form, of which a UUID has one whatever its
// spelling.
type idSet map[string]struct{}

func (s idSet) has(id []byte) bool {
	var room [packed.Longest]byte
	_, there := s[string(packed.AppendAside(room[:0], id))]
	return there
}

func (s idSet) put(id []byte) { s[string(packed.AppendAside(nil, id))] = struct{}{} }

// mostIDs bounds each of the two.
const mostIDs = 1000

// Take reports whether a message belongs, and learns its ids if it does.
func (i *IDs) Take(reader *envelope.Reader, m *adapters.Message) bool {
	if !i.mayBelong(m) {
		return false
	}
	id := &i.identity
	reader.Read(m, id)
	links := [][]byte{id.Flow.Value, id.Trace.Value}
	belongs := i.links.has(id.ID.Value) || i.causes.has(id.Cause.Value)
	if id.Entity.From.Place == envelope.InKey { // a key may be anything: it leads in, not on
		belongs = belongs || i.links.has(id.Entity.Value)
	} else {
		links = append(links, id.Entity.Value)
	}
	for _, link := range links {
		belongs = belongs || i.links.has(link)
	}
	if belongs && id.ID.Known() && len(i.causes) < mostIDs {
		i.put(&i.causes, id.ID.Value)
	}
	if belongs && len(i.links) < mostIDs {
		for _, link := range links {
			if len(link) > 0 {
				i.Want(link)
			}
		}
		if id.Cause.Known() && !id.Flow.Known() { // its cause may be all that tells its flow
			i.Want(id.Cause.Value)
		}
	}
	return belongs
}

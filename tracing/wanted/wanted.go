package wanted

import (
	"bytes"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/spelling"
	"eventscope/tracing/packed"
)

// IDs are the ids that belong to what is searched for: it grows as messages link
// one to the next.
type IDs struct {
	links    idSet     // of flows, traces and entities, and the one searched for
	causes   idSet     // of events that belong
	keys     idSet     // of messages that belong and tell by their key alone what they are about: of others that have them as keys, they lead only to such as name no flow
	sought   []*sought // all of them, or so many that a message is read without looking for them
	needles  *needles  // the same, where they are looked for
	first    []byte    // the one searched for, which may be the key of rows
	identity envelope.Identity
}

// mostSought is how many ids are looked for in a message before it is read. With many more, to
// read it takes less.
const mostSought = 64

// Want puts the id that is searched for among those that lead to more.
func (i *IDs) Want(id []byte) {
	i.first = bytes.Clone(id)
	i.put(&i.links, id)
}

func (i *IDs) put(set *idSet, id []byte) {
	if *set == nil {
		*set = idSet{}
	}
	if known := i.links.has(id) || i.causes.has(id) || i.keys.has(id); !known && len(i.sought) <= mostSought {
		i.sought = append(i.sought, soughtOf(id))
		i.needles = newNeedles(i.sought)
	}
	set.put(id)
}

// mayBelong reports whether a message must be read to know whether it belongs.
func (i *IDs) mayBelong(m *adapters.Message) bool {
	if len(i.sought) == 0 {
		return false
	}
	if len(i.sought) > mostSought || respells(m) || i.needles.in(m.Value) || i.needles.in(m.Key) {
		return true
	}
	for h := range m.Headers {
		if i.needles.in(m.Headers[h].Value) {
			return true
		}
	}
	return false
}

// Known is how many ids there are of each kind.
type Known struct{ Links, Causes int }

// Known counts the ids, of which there are ever more.
func (i *IDs) Known() Known { return Known{len(i.links) + len(i.keys), len(i.causes)} }

// Full reports whether there was no room for some of the ids that lead on.
func (k Known) Full() bool { return k.Links >= mostIDs }

// idSet is a set of ids in their compact form, of which a UUID has one whatever its
// spelling.
type idSet map[string]struct{}

func (s idSet) has(id []byte) bool {
	var room [packed.Longest]byte
	_, there := s[string(packed.AppendAside(room[:0], id))]
	return there
}

func (s idSet) put(id []byte) { s[string(packed.AppendAside(nil, id))] = struct{}{} }

// mostIDs bounds each kind.
const mostIDs = 10_000

// Take reports whether a message belongs, and learns its ids if it does.
func (i *IDs) Take(reader *envelope.Reader, m *adapters.Message) bool {
	if !i.mayBelong(m) {
		return false
	}
	id := &i.identity
	reader.Read(m, id)
	belongs := i.links.has(id.ID.Value) || i.causes.has(id.Cause.Value) || i.links.has(id.Entity.Value)
	for _, link := range [][]byte{id.Flow.Value, id.Trace.Value} {
		belongs = belongs || i.links.has(link)
	}
	inKey := id.Entity.From.Place == envelope.InKey
	belongs = belongs || (!inKey || !id.Flow.Known()) && i.keys.has(id.Entity.Value)
	belongs = belongs || inKey && spelling.IsRowOf(id.Entity.Value, i.first)
	if !belongs {
		return false
	}
	i.learn(&i.causes, id.ID.Value)
	i.learn(&i.links, id.Flow.Value)
	i.learn(&i.links, id.Trace.Value)
	i.learn(&i.links, id.Cause.Value) // an event and its cause are of one flow, whatever they name
	if inKey {
		i.learn(&i.keys, id.Entity.Value)
	} else {
		i.learn(&i.links, id.Entity.Value)
	}
	return true
}

// learn puts an id into a set, if it is known and there is room.
func (i *IDs) learn(set *idSet, id []byte) {
	if len(id) > 0 && len(*set) < mostIDs {
		i.put(set, id)
	}
}

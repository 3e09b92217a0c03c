package output

import (
	"fmt"
	"strings"

	"eventscope/tracing/topology"
	"eventscope/tui/text"
)

// AppendTopology appends a line for each node of the map, and then one for each edge.
func (l *jsonLines) AppendTopology(dst []byte, g *topology.Graph) []byte {
	for i := range g.Nodes {
		start, n := len(dst), &g.Nodes[i]
		dst = nodeName(append(dst, '{'), n)
		dst = flowFields(dst, n.Flow)
		dst = boolean(field(dst, "dead_letters_go_here"), n.Dead)
		dst = append(field(dst, "groups"), '[')
		for j := range n.Readers {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = readerFields(append(dst, '{'), &n.Readers[j])
			dst = append(dst, '}')
		}
		dst = l.end(append(dst, ']'), start)
	}
	for i := range g.Edges {
		start, e := len(dst), &g.Edges[i]
		dst = quote(field(append(dst, '{'), "edge"), e.Relation)
		dst = append(nodeName(append(field(dst, "from"), '{'), &g.Nodes[e.From]), '}')
		dst = append(nodeName(append(field(dst, "to"), '{'), &g.Nodes[e.To]), '}')
		dst = quote(field(dst, "evidence"), e.Evidence)
		dst = append(field(dst, "labels"), '[')
		for j, label := range e.Labels {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = quote(dst, label)
		}
		dst = l.end(flowFields(append(dst, ']'), e.Flow), start)
	}
	return dst
}

// nodeName appends what tells a node from others.
func nodeName(dst []byte, n *topology.Node) []byte {
	dst = quote(field(dst, "node"), n.Kind)
	dst = quote(field(dst, "name"), n.Name)
	return known(field(dst, "source"), n.Source)
}

func flowFields(dst []byte, f topology.Flow) []byte {
	dst = number(field(dst, "events"), f.Events)
	dst = number(field(dst, "failures"), f.Failures)
	dst = number(field(dst, "dead_letters"), f.Dead)
	return decimal(field(dst, "rate"), f.PerSecond, true)
}

func readerFields(dst []byte, r *topology.Reader) []byte {
	total := r.Lag.Total()
	dst = quote(field(dst, "kind"), r.Lag.Kind)
	dst = quote(field(dst, "group"), r.Lag.Group)
	dst = quote(field(dst, "source"), r.Source)
	dst = quote(field(dst, "state"), r.Standing.State.String())
	dst = optional(field(dst, "lag"), total.Lag, total.Known > 0)
	dst = decimal(field(dst, "lag_seconds"), r.Standing.Seconds, r.Standing.SecondsKnown)
	return known(field(dst, "by"), r.By)
}

// AppendTopology appends each destination with who writes to it, what leads to it, and who
// reads it.
func (l *textLines) AppendTopology(dst []byte, g *topology.Graph) []byte {
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if !n.Kind.IsDestination() {
			continue
		}
		facts := []text.Safe{l.words(string(n.Kind) + " of " + n.Source)}
		if f := n.Flow; f.Events > 0 {
			facts = append(facts, text.Plural(int(f.Events), text.Own(" event"), text.Own(" events")), text.Tenths(f.PerSecond).Add(text.Own("/s")))
			if f.Failures > 0 {
				facts = append(facts, text.Count(f.Failures).Add(text.Own(" that tell of a failure")))
			}
		}
		if n.Dead {
			facts = append(facts, text.Own("for dead letters"))
		}
		for j := range n.Readers {
			facts = append(facts, l.reader(&n.Readers[j], n.Name))
		}
		dst = l.line(dst, []text.Safe{l.words(n.Name)}, text.Join(text.Own(", "), facts...))
		for j := range g.Edges {
			if e := &g.Edges[j]; e.To == i {
				dst = l.edge(dst, g, e, e.From, text.Own("  <- "))
			}
		}
		for j := range g.Edges {
			if e := &g.Edges[j]; e.From == i {
				dst = l.edge(dst, g, e, e.To, text.Own("  -> "))
			}
		}
	}
	return dst
}

// edgeColumn is the other end of an edge.
var edgeColumn = &column{least: 20, most: 40}

// edge appends the line of an edge, seen from one end, with what is at the other one.
func (l *textLines) edge(dst []byte, g *topology.Graph, e *topology.Edge, other int, arrow text.Safe) []byte {
	n := &g.Nodes[other]
	name := l.words(n.Name)
	if n.Kind != topology.Service {
		name = l.words(string(n.Kind) + " ").Add(name)
	}
	var notes []text.Safe
	if e.Relation == topology.Dies || e.Relation == topology.Alternate {
		notes = append(notes, l.words(string(e.Relation)))
	}
	if len(e.Labels) > 0 {
		notes = append(notes, l.words(strings.Join(e.Labels, ", ")))
	}
	if e.Flow.Events > 0 {
		notes = append(notes, text.Plural(int(e.Flow.Events), text.Own(" event"), text.Own(" events")))
	}
	if e.Relation == topology.Reads {
		for j := range n.Readers {
			if _, _, reads := n.Readers[j].At(g.Nodes[e.From].Name); reads {
				notes = append(notes, l.reader(&n.Readers[j], g.Nodes[e.From].Name))
			}
		}
	}
	if e.Evidence == topology.Inferred {
		notes = append(notes, text.Own("inferred from what usually follows"))
	}
	return l.line(dst, []text.Safe{arrow.Add(l.cell(edgeColumn, name))}, text.Join(text.Own("; "), notes...))
}

// reader is one consumer in words, and what it has left to read at a destination.
func (l *textLines) reader(r *topology.Reader, destination string) text.Safe {
	at, total, _ := r.At(destination)
	said := l.words(fmt.Sprintf("%s %s", r.Lag.Group, at.State))
	if total.Known > 0 {
		said = said.Add(text.Own(", "), text.Count(total.Lag), text.Own(" to read"))
	}
	if r.By != "" {
		said = said.Add(l.words(" (" + r.By + ")"))
	}
	return said
}

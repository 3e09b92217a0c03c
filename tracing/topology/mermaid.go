package topology

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// fewLabels is how many labels of an edge a diagram has room for.
const fewLabels = 4

// Mermaid is the graph as a flowchart of Mermaid (https://mermaid.js.org/syntax/flowchart.html),
// which documents on GitHub, GitLab and others show as a picture. It is free of rates, so
// that two diagrams of the same system are the same. Solid lines were told or observed,
// dotted ones are inferred, or are ways of dead letters, which are labelled so.
func (g *Graph) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	var sources []string
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Kind.IsDestination() && !slices.Contains(sources, n.Source) {
			sources = append(sources, n.Source)
		}
	}
	slices.Sort(sources)
	for at, source := range sources {
		indent := "  "
		if len(sources) > 1 {
			fmt.Fprintf(&b, "  subgraph source%d[%s]\n", at+1, label(source))
			indent = "    "
		}
		for i := range g.Nodes {
			if n := &g.Nodes[i]; n.Kind.IsDestination() && n.Source == source {
				b.WriteString(indent + n.mermaid(i) + "\n")
			}
		}
		if len(sources) > 1 {
			b.WriteString("  end\n")
		}
	}
	for i := range g.Nodes {
		if n := &g.Nodes[i]; !n.Kind.IsDestination() {
			b.WriteString("  " + n.mermaid(i) + "\n")
		}
	}
	for i := range g.Edges {
		b.WriteString("  " + g.Edges[i].mermaid() + "\n")
	}
	return b.String()
}

// shapes are what surrounds the label of a node.
var shapes = map[Kind][2]string{
	Service: {"([", "])"}, Group: {">", "]"}, Topic: {"[(", ")]"}, Exchange: {"{{", "}}"}, Queue: {"[[", "]]"}, Stream: {"[(", ")]"},
}

func (n *Node) mermaid(i int) string {
	shape, name := shapes[n.Kind], n.Name
	if n.Kind == Group {
		name = "group " + name
	}
	return nodeID(i) + shape[0] + label(name) + shape[1]
}

// nodeID is not the name, which can be anything.
func nodeID(i int) string { return "n" + strconv.Itoa(i+1) }

func (e *Edge) mermaid() string {
	arrow, labels := "-->", slices.Clone(e.Labels)
	if more := len(labels) - fewLabels; more > 0 {
		labels = append(labels[:fewLabels], fmt.Sprintf("%d more", more))
	}
	switch {
	case e.Relation == Dies, e.Relation == Alternate:
		arrow, labels = "-.->", append([]string{string(e.Relation)}, labels...)
	case e.Evidence == Inferred:
		arrow = "-.->"
	}
	if len(labels) > 0 {
		arrow += "|" + label(strings.Join(labels, ", ")) + "|"
	}
	return nodeID(e.From) + " " + arrow + " " + nodeID(e.To)
}

// label quotes a text. What could end the quote, begin markup, or is no letter, digit or
// sign that can be seen is written as its number, which Mermaid shows as the character.
// An empty text is no label.
func label(s string) string {
	var b strings.Builder
	s = cmp.Or(s, " ")
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		if !unicode.IsPrint(r) || strings.ContainsRune("\"#&<>`|\\*_~%", r) {
			fmt.Fprintf(&b, "#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

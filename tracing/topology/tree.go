package topology

import (
	"cmp"
	"slices"
)

// Branch is a row of a map that is drawn as a tree.
type Branch struct {
	Node int
	// Edge leads to the node from the one that it hangs below; it is -1 where the tree begins.
	Edge int
	// Depth is how many nodes it hangs below, and Last says that it is the last below the nearest.
	Depth int
	Last  bool
	// Above says that the node is drawn further up, with what it leads to.
	Above bool
	// Below is how many of the rows that follow hang below it.
	Below int
}

// Tree draws the map as a tree, the way that messages go: each edge is a row below the node that it
// leaves, and names the node that it leads to. What that leads to in turn hangs below the first of its
// rows alone; the others refer to it. So there is a row an edge, and one for each node with which the tree
// begins: destinations in trouble, the worst first, then what nothing leads to, then the first of
// what is left, which is in circles. Trouble is how bad that of each node is; zero is none. Of the ways
// from a node those come first that lead to the worst, the shortest of them first.
func (g *Graph) Tree(trouble []int) []Branch {
	t := &tree{Graph: g, out: make([][]int, len(g.Nodes)), drawn: make([]bool, len(g.Nodes))}
	led := make([]bool, len(g.Nodes))
	for i, e := range g.Edges {
		t.out[e.From] = append(t.out[e.From], i)
		led[e.To] = led[e.To] || e.From != e.To
	}
	ahead := g.troubleAhead(trouble)
	for _, edges := range t.out {
		slices.SortStableFunc(edges, func(a, b int) int { return ahead[g.Edges[a].To].compare(ahead[g.Edges[b].To]) })
	}
	first := make([]int, 0, len(g.Nodes))
	for i := range g.Nodes {
		if trouble[i] > 0 && g.Nodes[i].Kind.IsDestination() {
			first = append(first, i)
		}
	}
	slices.SortStableFunc(first, func(a, b int) int { return cmp.Compare(trouble[b], trouble[a]) })
	for i := range g.Nodes {
		if !led[i] {
			first = append(first, i)
		}
	}
	for i := range g.Nodes {
		first = append(first, i)
	}
	for _, node := range first {
		if !t.drawn[node] {
			t.draw(Branch{Node: node, Edge: -1, Last: true})
		}
	}
	return t.rows
}

// tree is a map of which a part is drawn.
type tree struct {
	*Graph
	out   [][]int // the edges that leave a node, in their order
	drawn []bool  // nodes
	rows  []Branch
}

func (t *tree) draw(b Branch) {
	at := len(t.rows)
	b.Above = t.drawn[b.Node]
	t.rows = append(t.rows, b)
	if b.Above {
		return
	}
	t.drawn[b.Node] = true
	for i, edge := range t.out[b.Node] {
		t.draw(Branch{Node: t.Edges[edge].To, Edge: edge, Depth: b.Depth + 1, Last: i == len(t.out[b.Node])-1})
	}
	t.rows[at].Below = len(t.rows) - at - 1
}

// distance is how bad the worst is that a node leads to, itself too, and how many edges away it is.
type distance struct{ trouble, edges int }

// compare puts the worse first, then the nearer.
func (d distance) compare(other distance) int {
	return cmp.Or(cmp.Compare(other.trouble, d.trouble), cmp.Compare(d.edges, other.edges))
}

// troubleAhead is how far from each node the worst trouble is that it leads to.
func (g *Graph) troubleAhead(trouble []int) []distance {
	ahead, in := make([]distance, len(g.Nodes)), make([][]int, len(g.Nodes))
	for _, e := range g.Edges {
		in[e.To] = append(in[e.To], e.From)
	}
	levels := slices.Sorted(slices.Values(trouble))
	levels = slices.Compact(levels)
	slices.Reverse(levels)
	for _, level := range levels {
		var next []int
		for node, of := range trouble {
			if of == level && level > 0 && ahead[node].trouble == 0 {
				ahead[node] = distance{level, 0}
				next = append(next, node)
			}
		}
		for ; len(next) > 0; next = next[1:] {
			for _, from := range in[next[0]] {
				if ahead[from].trouble == 0 {
					ahead[from] = distance{level, ahead[next[0]].edges + 1}
					next = append(next, from)
				}
			}
		}
	}
	return ahead
}

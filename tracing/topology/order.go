package topology

import (
	"cmp"
	"slices"
	"strings"
)

// keep leaves only some nodes, in the order that they have.
func (g *Graph) keep(wanted func(i int) bool) {
	var order []int
	for i := range g.Nodes {
		if wanted(i) {
			order = append(order, i)
		}
	}
	g.arrange(order)
}

// arrange puts nodes in an order, and leaves out those that are not in it.
func (g *Graph) arrange(order []int) {
	nodes, at := make([]Node, 0, len(order)), make(map[int]int, len(order))
	for to, from := range order {
		nodes, at[from] = append(nodes, g.Nodes[from]), to
	}
	g.Nodes = nodes
	edges := g.Edges[:0]
	for _, e := range g.Edges {
		from, okFrom := at[e.From]
		to, okTo := at[e.To]
		if okFrom && okTo {
			e.From, e.To = from, to
			edges = append(edges, e)
		}
	}
	g.Edges = edges
	slices.SortStableFunc(g.Edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), strings.Compare(string(a.Relation), string(b.Relation)))
	})
}

// order puts nodes as messages go: from those that nothing leads to, by the steps from
// there. What nothing leads to and that leads nowhere comes last.
func (g *Graph) order() {
	steps := g.steps()
	order := make([]int, len(g.Nodes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := &g.Nodes[a], &g.Nodes[b]
		return cmp.Or(cmp.Compare(steps[a], steps[b]), strings.Compare(x.Source, y.Source), strings.Compare(x.Name, y.Name), strings.Compare(string(x.Kind), string(y.Kind)))
	})
	g.arrange(order)
}

// steps is how far each node is from the first writers. In a circle nothing is first.
func (g *Graph) steps() []int {
	const far = int(^uint(0) >> 1)
	in, out := make([]int, len(g.Nodes)), make([][]int, len(g.Nodes))
	for _, e := range g.Edges {
		if e.From != e.To {
			in[e.To]++
			out[e.From] = append(out[e.From], e.To)
		}
	}
	steps := make([]int, len(g.Nodes))
	caused := g.caused()
	var next []int
	for i := range steps {
		steps[i] = far
		if in[i] == 0 && len(out[i]) > 0 {
			steps[i] = 0
			next = append(next, i)
		}
	}
	for visited := 0; ; visited++ {
		if visited == len(next) {
			first := g.firstOfCircle(steps, out, caused, far)
			if first < 0 {
				return steps
			}
			steps[first] = 0
			next = append(next, first)
		}
		at := next[visited]
		for _, to := range out[at] {
			if steps[to] == far {
				steps[to] = steps[at] + 1
				next = append(next, to)
			}
		}
	}
}

// caused is how much of what services write came from what they read.
func (g *Graph) caused() []int64 {
	caused := make([]int64, len(g.Nodes))
	for _, e := range g.Edges {
		if e.Relation == Reads {
			caused[e.To] += e.Flow.Events
		}
	}
	return caused
}

// firstOfCircle is where to begin among nodes that only each other lead to, or -1: with the
// service of which the least was caused by what it reads, else with any.
func (g *Graph) firstOfCircle(steps []int, out [][]int, caused []int64, far int) int {
	first := -1
	for i := range g.Nodes {
		if steps[i] != far || len(out[i]) == 0 {
			continue
		}
		n := &g.Nodes[i]
		switch {
		case first < 0:
			first = i
		case n.Kind != Service:
		case g.Nodes[first].Kind != Service, n.Flow.Events-caused[i] > g.Nodes[first].Flow.Events-caused[first]:
			first = i
		}
	}
	return first
}

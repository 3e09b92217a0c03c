package topology_test

import (
	"fmt"
	"slices"
	"testing"

	"eventscope/tracing/topology"

	"pgregory.net/rapid"
)

// TestATreeHasEveryNodeAndEdgeOnce, whatever the map: each edge is a row below the one row of the node
// that it leaves; each node is drawn with what it leads to in one row, and referred to below that in the
// others; and the tree begins with trouble, then with what nothing leads to.
func TestATreeHasEveryNodeAndEdgeOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, trouble := &topology.Graph{}, []int{}
		for i := range rapid.IntRange(0, 9).Draw(t, "nodes") {
			kind := rapid.SampledFrom([]topology.Kind{topology.Service, topology.Group, topology.Topic, topology.Exchange, topology.Queue}).Draw(t, "kind")
			g.Nodes = append(g.Nodes, topology.Node{Kind: kind, Name: fmt.Sprint(i)})
			trouble = append(trouble, rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "trouble"))
		}
		for range rapid.IntRange(0, 20).Draw(t, "edges") {
			if n := len(g.Nodes); n > 0 {
				g.Edges = append(g.Edges, topology.Edge{From: rapid.IntRange(0, n-1).Draw(t, "from"), To: rapid.IntRange(0, n-1).Draw(t, "to"), Relation: topology.Reads})
			}
		}
		checkTree(t, g, trouble, g.Tree(trouble))
	})
}

func checkTree(t *rapid.T, g *topology.Graph, trouble []int, rows []topology.Branch) {
	drawn, ways, begins := map[int]int{}, map[int]bool{}, []int{}
	var above []int // the rows that this one hangs below
	for i, b := range rows {
		for len(above) > 0 && i > above[len(above)-1]+rows[above[len(above)-1]].Below {
			above = above[:len(above)-1]
		}
		_, was := drawn[b.Node]
		switch {
		case b.Depth != len(above):
			t.Fatalf("row %d hangs below %d nodes, and says %d: %+v", i, len(above), b.Depth, rows)
		case b.Above != was:
			t.Fatalf("row %d refers to one above: %v, want %v: %+v", i, b.Above, was, rows)
		case b.Above && b.Below > 0:
			t.Fatalf("row %d refers to one above, and has %d rows below it", i, b.Below)
		case b.Edge < 0 && (b.Depth > 0 || b.Above):
			t.Fatalf("the tree begins with row %d: %+v", i, b)
		case b.Edge < 0:
			begins = append(begins, b.Node)
		case ways[b.Edge]:
			t.Fatalf("edge %d is there twice: %+v", b.Edge, rows)
		case g.Edges[b.Edge].To != b.Node || g.Edges[b.Edge].From != rows[above[len(above)-1]].Node:
			t.Fatalf("edge %d, %+v, is in row %d below %+v", b.Edge, g.Edges[b.Edge], i, rows[above[len(above)-1]])
		default:
			ways[b.Edge] = true
		}
		if len(above) > 0 {
			parent := above[len(above)-1]
			if last := i+b.Below == parent+rows[parent].Below; last != b.Last {
				t.Fatalf("row %d is the last of its node: %v, want %v", i, b.Last, last)
			}
		}
		if !b.Above {
			drawn[b.Node] = i
			above = append(above, i)
		}
	}
	if len(drawn) != len(g.Nodes) || len(ways) != len(g.Edges) || len(rows) != len(ways)+len(begins) {
		t.Fatalf("%d of %d nodes and %d of %d edges are in %d rows", len(drawn), len(g.Nodes), len(ways), len(g.Edges), len(rows))
	}
	checkBeginnings(t, g, trouble, begins)
}

// checkBeginnings: with the worst destination, and with nothing that something else leads to, unless it is in
// trouble or in a circle.
func checkBeginnings(t *rapid.T, g *topology.Graph, trouble []int, begins []int) {
	stage := func(node int) int {
		led := slices.ContainsFunc(g.Edges, func(e topology.Edge) bool { return e.To == node && e.From != node })
		switch {
		case trouble[node] > 0 && g.Nodes[node].Kind.IsDestination():
			return -trouble[node]
		case !led:
			return 1
		}
		return 2
	}
	if !slices.IsSortedFunc(begins, func(a, b int) int { return stage(a) - stage(b) }) {
		t.Fatalf("the tree begins with %v, in trouble are %v", begins, trouble)
	}
	worst := 0
	for node := range g.Nodes {
		worst = min(worst, stage(node))
	}
	if len(begins) > 0 && worst < 0 && stage(begins[0]) != worst {
		t.Fatalf("the tree begins with %d, in trouble are %v", begins[0], trouble)
	}
	for i, node := range begins {
		if stage(node) == 2 && reaches(g, begins[:i], node) {
			t.Fatalf("the tree begins with %d, which what is before it leads to: %v", node, begins)
		}
	}
}

// reaches reports whether some nodes lead to one.
func reaches(g *topology.Graph, from []int, to int) bool {
	seen := map[int]bool{}
	for next := slices.Clone(from); len(next) > 0; next = next[1:] {
		if next[0] == to {
			return true
		}
		for _, e := range g.Edges {
			if e.From == next[0] && !seen[e.To] {
				seen[e.To] = true
				next = append(next, e.To)
			}
		}
	}
	return false
}

// TestATreeGoesToTheWorstFirst, by the shortest way.
func TestATreeGoesToTheWorstFirst(t *testing.T) {
	g := &topology.Graph{}
	for i := range 8 {
		g.Nodes = append(g.Nodes, topology.Node{Kind: topology.Service, Name: fmt.Sprint(i)})
	}
	for _, e := range [][2]int{{0, 1}, {0, 2}, {0, 3}, {0, 4}, {2, 5}, {3, 6}, {6, 5}, {4, 7}} {
		g.Edges = append(g.Edges, topology.Edge{From: e[0], To: e[1]})
	}
	got := ""
	for _, b := range g.Tree([]int{0, 1, 0, 0, 0, 3, 0, 2}) {
		got += fmt.Sprintf("%*s%d", 2*b.Depth+1, "", b.Node)
		if b.Above {
			got += "^"
		}
		got += "\n"
	}
	if want := " 0\n   2\n     5\n   3\n     6\n       5^\n   4\n     7\n   1\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

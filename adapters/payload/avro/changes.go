package avro

import (
	"fmt"
	"slices"
	"strings"

	"eventscope/adapters/payload/encoded"
)

// Changes are what became of a schema in another one, in the order of its fields. Breaking is by
// the rules of Avro for resolving schemas.
func Changes(from, to *Schema) []encoded.Change {
	c := comparer{seen: map[[2]*node]bool{}}
	c.nodes("", from.root, to.root)
	return c.changes
}

// comparer collects changes.
type comparer struct {
	changes encoded.Changes
	seen    map[[2]*node]bool
}

// alike reports whether each of two kinds can be read as the other. A number that was widened cannot be
// read by who has the narrower one.
func alike(a, b kind) bool {
	return a == stringKind && b == bytesKind || a == bytesKind && b == stringKind
}

// nodes compares what is at one path.
func (c *comparer) nodes(path string, from, to *node) {
	if c.seen[[2]*node{from, to}] {
		return
	}
	c.seen[[2]*node{from, to}] = true
	switch {
	case from.kind == unionKind || to.kind == unionKind:
		c.unions(path, from, to)
	case from.kind != to.kind:
		c.changes.Add(path, !alike(from.kind, to.kind), "%s%s → %s", label(path), from.typeName(), to.typeName())
	case from.kind == recordKind:
		c.records(path, from, to)
	case from.kind == enumKind:
		c.enums(path, from, to)
	case from.kind == arrayKind:
		c.nodes(path+"[]", from.items, to.items)
	case from.kind == mapKind:
		c.nodes(path+"{}", from.items, to.items)
	case from.kind == fixedKind && from.size != to.size:
		c.changes.Add(path, true, "%s%d bytes → %d bytes", label(path), from.size, to.size)
	case from.typeName() != to.typeName():
		// Of logical types only the scale of decimals is compared by readers.
		scaled := from.logical == decimal && to.logical == decimal
		c.changes.Add(path, scaled, "%s%s → %s", label(path), from.typeName(), to.typeName())
	}
}

// label is the name of what is at a path, before what became of it.
func label(path string) string {
	if path == "" {
		return ""
	}
	return path[strings.LastIndexByte(path, '.')+1:] + ": "
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// records compares fields by name, and by the names that they had before.
func (c *comparer) records(path string, from, to *node) {
	if simple(from.name) != simple(to.name) && !slices.Contains(to.aliases, from.name) && !slices.Contains(to.aliases, simple(from.name)) {
		c.changes.Add(path, true, "record %s → %s", from.name, to.name)
	}
	was := map[string]*field{}
	for i := range from.fields {
		was[from.fields[i].name] = &from.fields[i]
	}
	kept := map[string]bool{}
	for i := range to.fields {
		now := &to.fields[i]
		old := was[now.name]
		for _, alias := range now.aliases {
			if old == nil && was[alias] != nil {
				old = was[alias]
				c.changes.Add(join(path, now.name), true, "%s → %s: who has the old schema misses %s", alias, now.name, alias)
			}
		}
		if old == nil {
			c.changes.Add(join(path, now.name), !now.hasDefault, "+ %s %s%s", now.name, now.node.typeName(), now.defaulted())
			continue
		}
		kept[old.name] = true
		c.nodes(join(path, now.name), old.node, now.node)
	}
	for i := range from.fields {
		if old := &from.fields[i]; !kept[old.name] {
			c.changes.Add(join(path, old.name), !old.hasDefault, "- %s %s%s", old.name, old.node.typeName(), old.defaulted())
		}
	}
}

// defaulted says which value a reader takes where there is none, or that it takes none.
func (f *field) defaulted() string {
	if !f.hasDefault {
		return ", without a default"
	}
	return " = " + f.defaultText
}

func simple(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// enums compares symbols. One that a reader does not know breaks it, unless it has a default.
func (c *comparer) enums(path string, from, to *node) {
	was, is := encoded.SetOf(from.symbols), encoded.SetOf(to.symbols)
	for _, symbol := range to.symbols {
		if !was[symbol] {
			c.changes.Add(path, !from.hasDefault, "%s+ symbol %s", label(path), symbol)
		}
	}
	for _, symbol := range from.symbols {
		if !is[symbol] {
			c.changes.Add(path, !to.hasDefault, "%s- symbol %s", label(path), symbol)
		}
	}
}

// unions compares branches. A schema that is no union is one of one branch.
func (c *comparer) unions(path string, from, to *node) {
	was, is := branchesOf(from), branchesOf(to)
	before, now := branchesBy(was), branchesBy(is)
	gained, lost := false, false
	for _, n := range is {
		if old := before[typeOf(n)]; old != nil {
			c.nodes(path, old, n)
		} else {
			gained = true
		}
	}
	for _, n := range was {
		lost = lost || now[typeOf(n)] == nil
	}
	if gained || lost || from.kind != to.kind && len(was) == len(is) {
		// Who lacks a branch cannot read a value of it, whoever that is.
		c.changes.Add(path, gained || lost, "%s%s → %s", label(path), from.typeName(), to.typeName())
	}
}

func branchesOf(n *node) []*node {
	if n.kind == unionKind {
		return n.branches
	}
	return []*node{n}
}

// branchType is by what branches of two unions are the same one.
type branchType struct {
	kind kind
	name string
}

func typeOf(n *node) branchType { return branchType{n.kind, simple(n.name)} }

// branchesBy are the first branches of each type.
func branchesBy(all []*node) map[branchType]*node {
	by := make(map[branchType]*node, len(all))
	for _, n := range all {
		if by[typeOf(n)] == nil {
			by[typeOf(n)] = n
		}
	}
	return by
}

// typeName is a type as people write it.
func (n *node) typeName() string {
	switch {
	case n.kind == arrayKind:
		return "array of " + n.items.typeName()
	case n.kind == mapKind:
		return "map of " + n.items.typeName()
	case n.kind == unionKind:
		names := make([]string, len(n.branches))
		for i, branch := range n.branches {
			names[i] = branch.typeName()
		}
		return strings.Join(names, " or ")
	case n.logical == decimal:
		return fmt.Sprintf("decimal of scale %d", n.scale)
	case n.logical != noLogical:
		return n.logical.String()
	case n.name != "":
		return simple(n.name)
	}
	return n.kind.String()
}

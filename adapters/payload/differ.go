package payload

import (
	"bytes"
	"strconv"
	"strings"
)

const (
	// mostPath bounds a path in bytes, nearly: JSON may be 10,000 deep.
	mostPath = 1024
	// mostDiffered is how many scalars, objects and arrays a value may have that is compared: sixteen
	// megabytes' worth of nodes.
	mostDiffered = 1 << 19
)

// Differ compares two values that [Decode] has found to be JSON, member by member. Members of one name are compared in their
// order, and elements of arrays by their place. It calls differs for each scalar, and each empty
// object or array, that is not the same in both, with nil for the value that does not have it; and
// says how many are the same. It reports false where one of the two is not JSON, or has too much in
// it: more than half a million scalars, objects and arrays.
//
// A path is such as payload.items.0.sku, and empty for a whole value; a long one begins with an
// ellipsis. It is made when it is asked for. The bytes are those of the values, as they spell it.
func Differ(a, b []byte, differs func(path func() string, a, b []byte), always func(a, b []byte) bool) (same int, ok bool) {
	if len(a) >= 1<<32-1 || len(b) >= 1<<32-1 {
		return 0, false
	}
	d := differ{differs: differs, always: always}
	d.a.data, d.b.data = a, b
	d.a.nodes, d.b.nodes = index(a, mostDiffered), index(b, mostDiffered)
	if len(d.a.nodes) == 0 || len(d.b.nodes) == 0 {
		return 0, false
	}
	d.compare(0, 0)
	return d.same, true
}

// document is one of the two values.
type document struct {
	data  []byte
	nodes []node
}

// differ goes through both at once.
type differ struct {
	a, b    document
	same    int
	differs func(path func() string, a, b []byte)
	always  func(a, b []byte) bool
}

func (d *document) value(i uint32) []byte { return d.data[d.nodes[i].value:d.nodes[i].valueEnd] }

// isLeaf reports whether a node has nothing in it.
func (d *document) isLeaf(i uint32) bool { return d.nodes[i].children == 0 }

// compare compares a node of A with one of B.
func (d *differ) compare(a, b uint32) {
	was, is := &d.a.nodes[a], &d.b.nodes[b]
	switch {
	case d.a.isLeaf(a) && d.b.isLeaf(b):
		if was.kind == is.kind && (was.kind <= Array || d.sameText(d.a.value(a), d.b.value(b))) && !d.always(d.a.value(a), d.b.value(b)) {
			d.same++
			return
		}
		d.differs(func() string { return d.a.path(a) }, d.a.value(a), d.b.value(b))
	case was.kind != is.kind || was.kind > Array || d.a.isLeaf(a) || d.b.isLeaf(b):
		d.onlyA(a)
		d.onlyB(b)
	case was.kind == Array:
		d.elements(a, b)
	default:
		d.members(a, b)
	}
}

// sameText reports whether two scalars of one kind are the same: strings by what they say, numbers by
// how they are written.
func (d *differ) sameText(a, b []byte) bool {
	return bytes.Equal(a, b) || bytes.Equal(Unquoted(a), Unquoted(b))
}

func (d *differ) onlyA(a uint32) {
	d.a.eachLeaf(a, func(i uint32) { d.differs(func() string { return d.a.path(i) }, d.a.value(i), nil) })
}

func (d *differ) onlyB(b uint32) {
	d.b.eachLeaf(b, func(i uint32) { d.differs(func() string { return d.b.path(i) }, nil, d.b.value(i)) })
}

func (d *differ) elements(a, b uint32) {
	left, right := d.a.children(a), d.b.children(b)
	for i := range max(len(left), len(right)) {
		switch {
		case i >= len(right):
			d.onlyA(left[i])
		case i >= len(left):
			d.onlyB(right[i])
		default:
			d.compare(left[i], right[i])
		}
	}
}

// members compares two objects. The n-th member of a name is compared with the n-th of that name.
func (d *differ) members(a, b uint32) {
	right := d.b.children(b)
	byName := make(map[string][]int, len(right))
	for i, member := range right {
		name := d.b.name(member)
		byName[name] = append(byName[name], i)
	}
	taken := make([]bool, len(right))
	for _, member := range d.a.children(a) {
		name := d.a.name(member)
		same := byName[name]
		if len(same) == 0 {
			d.onlyA(member)
			continue
		}
		byName[name], taken[same[0]] = same[1:], true
		d.compare(member, right[same[0]])
	}
	for i, member := range right {
		if !taken[i] {
			d.onlyB(member)
		}
	}
}

// children are the members or elements of a node.
func (d *document) children(i uint32) []uint32 {
	list := make([]uint32, 0, d.nodes[i].children)
	for at := i + 1; at < i+d.nodes[i].size; at += d.nodes[at].size {
		list = append(list, at)
	}
	return list
}

func (d *document) eachLeaf(i uint32, do func(uint32)) {
	for at := i; at < i+d.nodes[i].size; at++ {
		if d.isLeaf(at) {
			do(at)
		}
	}
}

// name is that of a member, without its escapes.
func (d *document) name(i uint32) string {
	n := &d.nodes[i]
	raw := d.data[n.key:n.keyEnd]
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	return string(Unquoted(d.data[n.key-1 : n.keyEnd+1]))
}

// path is where a node is.
func (d *document) path(i uint32) string {
	var parts []string
	size, cut := 0, false
	for ; i != 0; i = d.nodes[i].parent {
		if cut = size > mostPath; cut {
			break
		}
		part := strconv.Itoa(int(d.nodes[i].key))
		if d.nodes[d.nodes[i].parent].kind == Object {
			part = d.name(i)
			part = string(CutRunes([]byte(part), mostPath))
		}
		parts = append(parts, part)
		size += len(part) + 1
	}
	var b strings.Builder
	if cut {
		b.WriteString("…")
	}
	for n := len(parts) - 1; n >= 0; n-- {
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(parts[n])
	}
	return b.String()
}

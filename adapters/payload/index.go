package payload

import "bytes"

// index makes the nodes of JSON that a strict tokeniser has already taken, by looking at
// nothing but its structure: at two megabytes a tokeniser would take as long again as a
// key press may. Where the text is not JSON after all, or has more nodes than most, it gives up and
// returns nil.
func index(data []byte, most int) []node {
	x := indexer{data: data, most: most, nodes: make([]node, 0, min(likely(data), 16+len(data)/12, most))}
	x.skipSpace()
	if !x.value(0, 0, 0) {
		return nil
	}
	for x.inside != outside {
		if !x.next() {
			return nil
		}
	}
	return x.nodes
}

// likely is how many values data has if no string has a comma or a bracket.
func likely(data []byte) int {
	return 1 + bytes.Count(data, []byte{','}) + bytes.Count(data, []byte{'{'}) + bytes.Count(data, []byte{'['})
}

// indexer walks through JSON without recursion, since it may be 10,000 deep.
type indexer struct {
	data  []byte
	at    int
	nodes []node
	most  int
	// inside is the object or array whose members are being read.
	inside uint32
}

// outside is the container of the root.
const outside = 1<<32 - 1

// next reads the next member or element, or the end of the container.
func (x *indexer) next() bool {
	x.skipSpace()
	container := &x.nodes[x.inside]
	if x.is('}') || x.is(']') {
		x.end()
		return true
	}
	if container.children > 0 {
		if !x.is(',') {
			return false
		}
		x.at++
		x.skipSpace()
	}
	key, keyEnd := container.children, container.children
	if container.kind == Object {
		start, end, ok := x.text()
		if !ok {
			return false
		}
		key, keyEnd = uint32(start), uint32(end)
		x.skipSpace()
		if !x.is(':') {
			return false
		}
		x.at++
		x.skipSpace()
	}
	container.children++
	return x.value(key, keyEnd, int(container.depth)+1)
}

// value reads a scalar or the beginning of a container.
func (x *indexer) value(key, keyEnd uint32, depth int) bool {
	if x.at >= len(x.data) || depth > 1<<16-1 || len(x.nodes) >= x.most {
		return false
	}
	n := node{key: key, keyEnd: keyEnd, value: uint32(x.at), parent: x.inside, size: 1, depth: uint16(depth)}
	this := uint32(len(x.nodes))
	if this == 0 {
		n.parent, x.inside = 0, outside
	}
	switch x.data[x.at] {
	case '{', '[':
		n.kind = Object
		if x.data[x.at] == '[' {
			n.kind = Array
		}
		x.at++
		x.nodes = append(x.nodes, n)
		x.inside = this
		return true
	case '"':
		n.kind = String
		if _, _, ok := x.text(); !ok {
			return false
		}
	case 't', 'f':
		n.kind = Boolean
		x.skipScalar()
	case 'n':
		n.kind = Null
		x.skipScalar()
	default:
		n.kind = Number
		x.skipScalar()
	}
	n.valueEnd = uint32(x.at)
	x.nodes = append(x.nodes, n)
	return n.valueEnd > n.value
}

// end closes the container that is being read.
func (x *indexer) end() {
	x.at++
	n := &x.nodes[x.inside]
	n.valueEnd = uint32(x.at)
	n.size = uint32(len(x.nodes)) - x.inside
	if x.inside == 0 {
		x.inside = outside
	} else {
		x.inside = n.parent
	}
}

func (x *indexer) is(c byte) bool { return x.at < len(x.data) && x.data[x.at] == c }

func (x *indexer) skipSpace() {
	for x.at < len(x.data) && (x.data[x.at] == ' ' || x.data[x.at] == '\n' || x.data[x.at] == '\t' || x.data[x.at] == '\r') {
		x.at++
	}
}

// skipScalar skips a number or a word.
func (x *indexer) skipScalar() {
	for x.at < len(x.data) {
		switch x.data[x.at] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			return
		}
		x.at++
	}
}

// text skips a string and says what is between its quotes.
func (x *indexer) text() (start, end int, ok bool) {
	if !x.is('"') {
		return 0, 0, false
	}
	start = x.at + 1
	for at := start; ; {
		quote := bytes.IndexByte(x.data[at:], '"')
		if quote < 0 {
			return 0, 0, false
		}
		at += quote
		backslashes := 0
		for at-backslashes > start && x.data[at-backslashes-1] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			x.at = at + 1
			return start, at, true
		}
		at++
	}
}

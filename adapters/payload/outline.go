package payload

import (
	"bytes"
	"strconv"
)

// Outline is a value as lines that fold. For JSON there is one line for each value in
// it: scalars, and objects and arrays, whose members follow one level deeper when they
// are open. For anything else there is one line for each line of text.
//
// It is an index of offsets into the value, made in one pass: thirty-two bytes a line
// and nothing for the garbage collector to follow. It keeps the value.
type Outline struct {
	data  []byte
	nodes []node
	// visible are the nodes that have a line now, in order.
	visible []uint32
	text    *Lines
}

// node is one value. Nodes are in the order of the document, so that the subtree of one
// is the size nodes from it on.
type node struct {
	key, keyEnd     uint32 // the name without quotes; equal for elements of arrays
	value, valueEnd uint32
	parent          uint32 // of the root, itself
	size            uint32
	children        uint32
	depth           uint16
	kind            Kind
	open            bool
}

// Kind is what a line shows.
type Kind uint8

const (
	Object Kind = iota
	Array
	String
	Number
	Boolean
	Null
	Line // of text that is not JSON
)

// OutlineLine is one line. Its bytes are those of the value, and as hostile.
type OutlineLine struct {
	Depth int
	// Key is the member's name as the JSON spells it, without quotes, or nil.
	Key []byte
	// Index is the place in an array, or -1.
	Index int
	// Value is a scalar as the JSON spells it: numbers exact, strings quoted and with
	// their escapes. For an object or array it is all of it.
	Value []byte
	Kind  Kind
	// Children is how many members or elements there are; Open says that they follow.
	Children int
	Open     bool
}

const (
	// openLines is how many lines are simply all shown at first.
	openLines = 500
	// openDepth is how deep a larger value is open at first.
	openDepth = 2
	// openChildren is how many members are too many to be shown at first.
	openChildren = 100
	// mostOutlined is how many values JSON may have that is shown as an outline and not as text:
	// sixty-four megabytes' worth of nodes.
	mostOutlined = 1 << 21
)

// NewOutline makes the outline of a decoded value. It reads JSON that [Decode] has
// found to be JSON; from anything else, and from JSON of too many values, it makes lines of text.
func NewOutline(d Decoded) *Outline {
	o := &Outline{data: d.Data}
	if d.Format == JSON && len(d.Data) < 1<<32 {
		o.nodes = index(d.Data, mostOutlined)
	}
	if len(o.nodes) == 0 {
		o.text = NewLines(d.Data)
		return o
	}
	all := len(o.nodes) <= openLines
	for i := range o.nodes {
		n := &o.nodes[i]
		n.open = n.children > 0 && (all || n.depth < openDepth && (n.children <= openChildren || n.depth == 0))
	}
	o.show()
	return o
}

// show lists the visible nodes anew, after a fold.
func (o *Outline) show() {
	o.visible = o.visible[:0]
	for i := uint32(0); i < uint32(len(o.nodes)); {
		o.visible = append(o.visible, i)
		if o.nodes[i].open {
			i++
		} else {
			i += o.nodes[i].size
		}
	}
}

// Len is how many lines there are to show.
func (o *Outline) Len() int {
	if o.text != nil {
		return o.text.Len()
	}
	return len(o.visible)
}

// Line is one line, from 0 to Len()-1.
func (o *Outline) Line(i int) OutlineLine {
	if o.text != nil {
		return OutlineLine{Index: -1, Value: o.text.Line(i), Kind: Line}
	}
	at := o.visible[i]
	n := &o.nodes[at]
	line := OutlineLine{Depth: int(n.depth), Index: -1, Value: o.data[n.value:n.valueEnd], Kind: n.kind, Children: int(n.children), Open: n.open}
	switch {
	case at == 0:
	case o.nodes[n.parent].kind == Object:
		line.Key = o.data[n.key:n.keyEnd]
	default:
		line.Index = int(n.key)
	}
	return line
}

// Path is where a line is in the value, as the filter function json takes it:
// payload.items.2.sku. It is empty for the root and for text.
func (o *Outline) Path(i int) string {
	if o.text != nil {
		return ""
	}
	var parts [][]byte
	for at := o.visible[i]; at != 0; at = o.nodes[at].parent {
		n := &o.nodes[at]
		if o.nodes[n.parent].kind == Object {
			parts = append(parts, o.data[n.key:n.keyEnd])
		} else {
			parts = append(parts, strconv.AppendUint(nil, uint64(n.key), 10))
		}
	}
	var path []byte
	for i := len(parts) - 1; i >= 0; i-- {
		if len(path) > 0 {
			path = append(path, '.')
		}
		path = append(path, parts[i]...)
	}
	return string(path)
}

// Toggle folds or unfolds the object or array of a line.
func (o *Outline) Toggle(i int) {
	if o.text != nil || o.nodes[o.visible[i]].children == 0 {
		return
	}
	n := &o.nodes[o.visible[i]]
	n.open = !n.open
	o.show()
}

// ToggleAll unfolds everything, or, when nothing is folded, folds all but the root.
func (o *Outline) ToggleAll() {
	folded := false
	for i := range o.nodes {
		folded = folded || o.nodes[i].children > 0 && !o.nodes[i].open
	}
	for i := range o.nodes {
		o.nodes[i].open = o.nodes[i].children > 0 && (folded || i == 0)
	}
	o.show()
}

// Find is the next line after from that has text in its name or its scalar, before
// from when forward is false, going round at the end; from -1 is before the first. It is
// -1 when there is none. What is
// folded is searched too, and unfolded when it has the text. Case matters only when the
// text has an upper-case letter. JSON escapes are searched as they are spelled.
func (o *Outline) Find(text string, from int, forward bool) int {
	if text == "" || o.Len() == 0 {
		return -1
	}
	s := newSearch(text)
	count, at := o.Len(), min(from, o.Len()-1)
	if o.text == nil {
		count = len(o.nodes)
		if at >= 0 {
			at = int(o.visible[at])
		}
	}
	if at < 0 && !forward {
		at = 0
	}
	step := 1
	if !forward {
		step = count - 1
	}
	for range count {
		at = (at + step) % count
		if o.text != nil {
			if s.in(o.text.Line(at)) {
				return at
			}
		} else if o.holds(at, &s) {
			return o.reveal(uint32(at))
		}
	}
	return -1
}

func (o *Outline) holds(at int, s *search) bool {
	n := &o.nodes[at]
	if at > 0 && o.nodes[n.parent].kind == Object && s.in(o.data[n.key:n.keyEnd]) {
		return true
	}
	return n.kind != Object && n.kind != Array && s.in(o.data[n.value:n.valueEnd])
}

// reveal unfolds what hides a node and returns its line.
func (o *Outline) reveal(at uint32) int {
	hidden := false
	for up := at; up != 0; {
		up = o.nodes[up].parent
		hidden = hidden || !o.nodes[up].open
		o.nodes[up].open = true
	}
	if hidden {
		o.show()
	}
	low, high := 0, len(o.visible)
	for low < high {
		if middle := (low + high) / 2; o.visible[middle] < at {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// search is a text that is looked for.
type search struct {
	text []byte
	fold bool
}

func newSearch(text string) search {
	s := search{text: []byte(text), fold: true}
	for _, c := range s.text {
		if 'A' <= c && c <= 'Z' {
			s.fold = false
		}
	}
	return s
}

// in reports whether b has the text; letters are folded in ASCII only.
func (s *search) in(b []byte) bool {
	if !s.fold {
		return bytes.Contains(b, s.text)
	}
	first := s.text[0]
	for i := 0; i+len(s.text) <= len(b); i++ {
		if lower(b[i]) == first && s.at(b[i:]) {
			return true
		}
	}
	return false
}

func (s *search) at(b []byte) bool {
	for i, c := range s.text {
		if lower(b[i]) != c {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

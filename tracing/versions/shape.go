package versions

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"eventscope/adapters/envelope/jsonscan"
)

// kinds is a set of kinds of JSON values.
type kinds uint8

const (
	isNull kinds = 1 << iota
	isBoolean
	isNumber
	isString
	isObject
	isArray
)

// String is the set for people: "number or string". Whether it may be null is not said.
func (k kinds) String() string {
	var names []string
	for i, name := range [...]string{"", "boolean", "number", "string", "object", "array"} {
		if name != "" && k&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "null"
	}
	return strings.Join(names, " or ")
}

// kindAhead is the kind of the value that begins so.
func kindAhead(sign byte) kinds {
	switch sign {
	case '{':
		return isObject
	case '[':
		return isArray
	case '"':
		return isString
	case 't', 'f':
		return isBoolean
	case 'n':
		return isNull
	}
	return isNumber
}

const (
	// mostPaths and deepest bound a shape, and largestSampled the values whose shape is looked at.
	mostPaths      = 256
	deepest        = 16
	largestSampled = 64 << 10
	// longestPath is from how long a path on it is not gone deeper, and mostPathBytes bounds all
	// paths of a shape.
	longestPath   = 512
	mostPathBytes = 16 << 10
	// mostElements is how many elements of an array are looked at.
	mostElements = 4
	// mostShapes bounds how many shapes a counter knows at once, and mostShapeBytes their size.
	mostShapes     = 512
	mostShapeBytes = 4 << 20
	// aMap is from how many members on an object is one whose names are ids, where all are objects
	// or arrays, and aMapOfScalars where all are scalars of one kind.
	aMap, aMapOfScalars = 32, 64
	// anyName stands in a path for the names of such members, and anyElement for elements.
	anyName, anyElement = "{}", "[]"
)

// Shape is which members a JSON value has, and of what kinds. It never changes.
type Shape struct {
	print uint64
	paths []part // in the order of their names
}

// part is a member, or all that have the same path.
type part struct {
	path  string
	kinds kinds
}

// find is what a shape has at a path; no kinds where it has nothing.
func (s *Shape) find(path string) kinds {
	i, found := slices.BinarySearchFunc(s.paths, path, func(p part, path string) int { return cmp.Compare(p.path, path) })
	if !found {
		return 0
	}
	return s.paths[i].kinds
}

// parent is the path of the object or array that holds what is at a path; "" is the whole value.
func parent(path string) string {
	if before, ok := strings.CutSuffix(path, anyElement); ok {
		return before
	}
	return path[:max(0, strings.LastIndexByte(path, '.'))]
}

// shaper finds shapes. It belongs to one goroutine.
type shaper struct {
	scanner jsonscan.Scanner
	path    []byte
	seen    []uint64 // hashes of paths with their kinds
	known   map[uint64]*Shape
	size    int              // of those that are known, in bytes
	texts   map[string]kinds // while a shape is met for the first time
}

// of is the shape of a value, or nil where it is no JSON or too large.
func (s *shaper) of(value []byte) *Shape {
	if len(value) > largestSampled {
		return nil
	}
	s.texts = nil
	if !s.walk(value) {
		return nil
	}
	print := s.print()
	if known := s.known[print]; known != nil {
		return known
	}
	s.texts = map[string]kinds{}
	s.walk(value)
	made := newShape(s.texts)
	if known := s.known[made.print]; known != nil {
		made = known // which only the names of ids told apart
	}
	if s.known == nil || len(s.known) >= mostShapes || s.size >= mostShapeBytes {
		s.known, s.size = map[uint64]*Shape{}, 0
	}
	s.size += made.size()
	s.known[print], s.known[made.print] = made, made
	return made
}

// walk goes through a value and reports whether it is JSON.
func (s *shaper) walk(value []byte) bool {
	s.path, s.seen = s.path[:0], s.seen[:0]
	s.scanner.Reset(value)
	return s.value(0) == nil
}

// print is the same for the same paths and kinds, in whatever order and however often.
func (s *shaper) print() uint64 {
	slices.Sort(s.seen)
	return printOf(slices.Compact(s.seen))
}

func printOf(hashes []uint64) uint64 {
	h := uint64(len(hashes))
	for _, n := range hashes {
		h = (h ^ n) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	return h
}

// value notes the value ahead and goes into it.
func (s *shaper) value(depth int) error {
	sign := s.scanner.Ahead()
	kind := kindAhead(sign)
	if s.texts == nil {
		s.seen = append(s.seen, xxhash.Sum64(s.path)+uint64(kind)*0x9e3779b97f4a7c15)
	} else if _, known := s.texts[string(s.path)]; known || len(s.texts) < 8*mostPaths {
		s.texts[string(s.path)] |= kind
	}
	if kind != isObject && kind != isArray || depth == deepest || len(s.path) >= longestPath {
		_, err := s.scanner.Value()
		return err
	}
	if err := s.scanner.Enter(); err != nil {
		return err
	}
	length := len(s.path)
	for n := 0; ; n++ {
		s.path = s.path[:length]
		var ok bool
		var err error
		if kind == isArray {
			ok, err = s.scanner.Element()
			s.path = append(s.path, anyElement...)
		} else {
			var quoted []byte
			if quoted, ok, err = s.scanner.Member(); ok {
				s.name(quoted[1 : len(quoted)-1])
			}
		}
		if !ok || err != nil {
			s.path = s.path[:length]
			return err
		}
		if kind == isArray && n >= mostElements {
			_, err = s.scanner.Value()
		} else {
			err = s.value(depth + 1)
		}
		if err != nil {
			return err
		}
	}
}

// name adds a member to the path. A dot in it would look like one more member.
func (s *shaper) name(name []byte) {
	if len(s.path) > 0 {
		s.path = append(s.path, '.')
	}
	if looksLikeID(name) {
		s.path = append(s.path, anyName...)
		return
	}
	for _, c := range name[:min(len(name), longest)] {
		if c == '.' {
			c = '_'
		}
		s.path = append(s.path, c)
	}
}

// looksLikeID reports whether a name is a number or has one of four digits, or many hexadecimal ones:
// then the object is a map, and its names are no members of a type.
func looksLikeID(name []byte) bool {
	digits, run, hex := 0, 0, 0
	for _, c := range name {
		switch {
		case c >= '0' && c <= '9':
			digits, run, hex = digits+1, run+1, hex+1
			if run >= 4 {
				return true
			}
			continue
		case c == '-' || c|0x20 >= 'a' && c|0x20 <= 'f':
			hex++
		}
		run = 0
	}
	return digits > 0 && (digits == len(name) || len(name) >= 16 && hex == len(name))
}

// newShape makes a shape of its paths. What is a map becomes one path.
func newShape(texts map[string]kinds) *Shape {
	for path := range mapsIn(texts) {
		fold(texts, path)
	}
	s := &Shape{paths: make([]part, 0, len(texts))}
	for path, kinds := range texts {
		s.paths = append(s.paths, part{path, kinds})
	}
	slices.SortFunc(s.paths, func(a, b part) int { return cmp.Compare(a.path, b.path) })
	s.paths = slices.Clone(s.paths[:within(s.paths)])
	hashes := make([]uint64, len(s.paths))
	for i, p := range s.paths {
		hashes[i] = xxhash.Sum64String(p.path) + uint64(p.kinds)
	}
	s.print = printOf(hashes)
	return s
}

// within is how many of the paths a shape may have.
func within(paths []part) int {
	bytes := 0
	for i, p := range paths[:min(len(paths), mostPaths)] {
		if bytes += len(p.path); bytes > mostPathBytes {
			return i
		}
	}
	return min(len(paths), mostPaths)
}

// size is what a shape takes in memory, about.
func (s *Shape) size() int {
	n := 0
	for _, p := range s.paths {
		n += len(p.path) + 24
	}
	return n
}

// mapsIn are the objects whose members are too many and too alike to be those of a type.
func mapsIn(texts map[string]kinds) map[string]bool {
	count, all := map[string]int{}, map[string]kinds{}
	for path, kinds := range texts {
		if path != "" && !strings.HasSuffix(path, anyElement) {
			at := parent(path)
			count[at]++
			all[at] |= kinds &^ isNull
		}
	}
	found := map[string]bool{}
	for at, n := range count {
		kind := all[at]
		alike := kind&(kind-1) == 0
		if alike && (n > aMapOfScalars || n > aMap && kind&(isObject|isArray) != 0) {
			found[at] = true
		}
	}
	return found
}

// fold makes one path of all members of an object.
func fold(texts map[string]kinds, at string) {
	for path, kinds := range texts {
		rest, ok := below(path, at)
		if !ok || rest == anyName || strings.HasPrefix(rest, anyName+".") {
			continue
		}
		delete(texts, path)
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		texts[join(at, anyName)+rest[end:]] |= kinds
	}
}

// below is the path within the object at a path.
func below(path, at string) (rest string, ok bool) {
	if at == "" {
		return path, path != ""
	}
	return strings.CutPrefix(path, at+".")
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

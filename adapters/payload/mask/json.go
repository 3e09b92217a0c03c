package mask

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters/schemas"
)

// errTags is told for a schema whose tags cannot be found.
var errTags = errors.New("its schema may have tags that cannot be found")

// maxDepth is how deep JSON is looked into; what lies deeper is masked.
const maxDepth = 256

// JSON is a value without what is masked, and whether something was. Schema is what it was
// written with, or nil. What is not masked is spelled as it was.
func (m *Mask) JSON(data []byte, schema *schemas.Schema) (_ []byte, masked bool, err error) {
	paths, ok := m.of(schema)
	if !ok {
		return nil, false, errTags
	}
	return hide(data, paths, Shown)
}

// hide is JSON in which shown stands in the place of what is at paths.
func hide(data []byte, paths [][]string, shown string) (_ []byte, masked bool, err error) {
	if len(paths) == 0 {
		return data, false, nil
	}
	quoted, err := jsontext.AppendQuote(nil, shown)
	if err != nil {
		return nil, false, err
	}
	w := writer{paths: paths, shown: quoted, dst: make([]byte, 0, len(data)+16)}
	w.from = jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))
	if err := w.value(start(paths), 0); err != nil {
		return nil, false, err
	}
	if !w.masked {
		return data, false, nil
	}
	return w.dst, true, nil
}

// place is how far a path has come.
type place struct{ path, segment int }

// start is where all paths begin.
func start(paths [][]string) []place {
	all := make([]place, len(paths))
	for i := range all {
		all[i] = place{path: i}
	}
	return all
}

// writer writes a value again.
type writer struct {
	paths  [][]string
	shown  []byte
	from   *jsontext.Decoder
	dst    []byte
	masked bool
}

// step goes on by the name of a member or the number of an element. It reports true where a
// path ends there. A place is there once, by however many ways a path with several ** comes to it.
func (w *writer) step(at []place, name string) (next []place, ends bool) {
	add := func(p place) {
		if ends = ends || p.segment == len(w.paths[p.path]); ends {
			return
		}
		for i := len(next) - 1; i >= 0 && next[i].path == p.path; i-- {
			if next[i] == p {
				return
			}
		}
		next = append(next, p)
	}
	for _, p := range at {
		switch segment := w.paths[p.path][p.segment]; segment {
		case "**":
			add(p)
			// None of what it stands for may be there.
			if following := (place{p.path, p.segment + 1}); following.segment == len(w.paths[p.path]) {
				ends = true
			} else if segment := w.paths[p.path][following.segment]; segment == "*" || segment == name {
				add(place{p.path, following.segment + 1})
			}
		case "*", name:
			add(place{p.path, p.segment + 1})
		}
	}
	return next, ends
}

func (w *writer) value(at []place, depth int) error {
	switch kind := w.from.PeekKind(); {
	case len(at) == 0 || kind != '{' && kind != '[':
		return w.copy()
	case depth >= maxDepth:
		return w.mask()
	case kind == '{':
		return w.object(at, depth)
	}
	return w.array(at, depth)
}

func (w *writer) object(at []place, depth int) error {
	if _, err := w.from.ReadToken(); err != nil {
		return err
	}
	w.dst = append(w.dst, '{')
	for n := 0; w.from.PeekKind() != '}'; n++ {
		quoted, err := w.from.ReadValue()
		if err != nil {
			return err
		}
		if n > 0 {
			w.dst = append(w.dst, ',')
		}
		w.dst = append(append(w.dst, quoted...), ':')
		name, err := jsontext.AppendUnquote(nil, []byte(quoted))
		if err != nil {
			return err
		}
		if err := w.member(at, string(name), depth); err != nil {
			return err
		}
	}
	w.dst = append(w.dst, '}')
	_, err := w.from.ReadToken()
	return err
}

func (w *writer) array(at []place, depth int) error {
	if _, err := w.from.ReadToken(); err != nil {
		return err
	}
	w.dst = append(w.dst, '[')
	for n := 0; w.from.PeekKind() != ']'; n++ {
		if n > 0 {
			w.dst = append(w.dst, ',')
		}
		if err := w.member(at, strconv.Itoa(n), depth); err != nil {
			return err
		}
	}
	w.dst = append(w.dst, ']')
	_, err := w.from.ReadToken()
	return err
}

// member writes what is at a name or a number.
func (w *writer) member(at []place, name string, depth int) error {
	next, ends := w.step(at, name)
	if ends {
		return w.mask()
	}
	return w.value(next, depth+1)
}

// copy writes the value ahead as it is.
func (w *writer) copy() error {
	raw, err := w.from.ReadValue()
	w.dst = append(w.dst, raw...)
	return err
}

// mask writes what stands in its place. That there is none is no secret.
func (w *writer) mask() error {
	raw, err := w.from.ReadValue()
	if err == nil && raw.Kind() == 'n' {
		w.dst = append(w.dst, raw...)
		return nil
	}
	w.dst, w.masked = append(w.dst, w.shown...), true
	return err
}

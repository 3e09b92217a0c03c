package xmltext

import (
	"encoding/xml"

	"github.com/go-json-experiment/json/jsontext"
)

// element is an element, or an attribute, which has text alone.
type element struct {
	name     string
	text     []byte
	children []*element
}

// add makes a child of an element, with its attributes.
func (e *element) add(token xml.StartElement) *element {
	child := &element{name: token.Name.Local}
	for _, a := range token.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			continue // what names mean elsewhere
		}
		child.children = append(child.children, &element{name: "@" + a.Name.Local, text: []byte(a.Value)})
	}
	e.children = append(e.children, child)
	return child
}

// append appends an element: its text, or an object where it has more than that.
func (e *element) append(dst []byte) []byte {
	if len(e.children) == 0 {
		return quoted(dst, e.text)
	}
	dst = append(dst, '{')
	first := true
	member := func(name string) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(quoted(dst, []byte(name)), ':')
	}
	alike := map[string][]*element{}
	for _, child := range e.children {
		alike[child.name] = append(alike[child.name], child)
	}
	for _, child := range e.children {
		several := alike[child.name]
		delete(alike, child.name)
		if len(several) == 0 {
			continue // it was written with the first of its name
		}
		if member(child.name); len(several) == 1 {
			dst = child.append(dst)
			continue
		}
		dst = append(dst, '[')
		for i, each := range several {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = each.append(dst)
		}
		dst = append(dst, ']')
	}
	if len(e.text) > 0 {
		member("#text")
		dst = quoted(dst, e.text)
	}
	return append(dst, '}')
}

// quoted appends a text as JSON.
func quoted(dst, text []byte) []byte {
	dst, _ = jsontext.AppendQuote(dst, text) // UTF-8 that is none becomes a sign for that
	return dst
}

package xmltext

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"

	"eventscope/adapters/payload/encoded"
)

const (
	// maxDepth bounds how far elements nest, maxNodes how many elements and attributes there are, and
	// longest how long a text is, in bytes.
	maxDepth = 64
	maxNodes = 16_384
	longest  = 1 << 20
)

var (
	errTooLarge = errors.New("it has more parts, or is nested deeper, than is looked at")
	errNoXML    = errors.New("it is no XML")
)

// Begins reports whether a text begins as XML does.
func Begins(text []byte) bool {
	text = bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), " \t\r\n")
	return len(text) > 3 && text[0] == '<' && (text[1] == '?' || text[1] == '!' || text[1] == '_' || text[1]|0x20 >= 'a' && text[1]|0x20 <= 'z' || text[1] >= 0x80)
}

// AppendJSON appends an object that has the root element of a text as its one member, in at most
// limit bytes; 0 or less is no limit.
func AppendJSON(dst, text []byte, limit int) ([]byte, error) {
	if len(text) > longest {
		return dst, errTooLarge
	}
	if !Begins(text) {
		return dst, errNoXML
	}
	root, err := read(text)
	if err != nil {
		return dst, err
	}
	start := len(dst)
	dst = root.append(dst)
	if limit > 0 && len(dst)-start > limit {
		return dst[:start], encoded.ErrTooLong
	}
	return dst, nil
}

// read makes a tree of a text. The element that it returns has the root as its one child.
func read(text []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("it is not in UTF-8") }
	all := &element{}
	open, nodes := []*element{all}, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && len(open) == 1 && len(all.children) == 1 {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		in := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			if len(open) == 1 && len(all.children) > 0 {
				return nil, errNoXML // which has one root
			}
			if nodes += 1 + len(token.Attr); nodes > maxNodes || len(open) > maxDepth {
				return nil, errTooLarge
			}
			open = append(open, in.add(token))
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if text := bytes.TrimSpace(token); len(text) > 0 && len(open) > 1 {
				in.text = append(in.text, text...)
			}
		}
	}
}

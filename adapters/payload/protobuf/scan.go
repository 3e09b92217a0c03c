package protobuf

import (
	"encoding/base64"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// maxPieces bounds the words and signs of all texts of a schema, and the fields of its
// descriptors. The parser takes some 300 bytes of memory for each.
const maxPieces = 1 << 17

// decoded is the descriptor that text is in base64, or nil. No .proto is base64, for it has
// a blank or a sign that base64 has not.
func (p *files) decoded(text string) (*descriptorpb.FileDescriptorProto, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) == 0 {
		return nil, nil
	}
	if err := p.count(b); err != nil {
		return nil, err
	}
	var file descriptorpb.FileDescriptorProto
	if proto.Unmarshal(b, &file) != nil || len(file.MessageType)+len(file.EnumType)+len(file.Extension) == 0 && len(file.Dependency) == 0 {
		return nil, nil
	}
	return &file, nil
}

// scan refuses a text that is nested deeper, or is of more words and signs, than any schema
// is: the parser takes seconds and gigabytes for it.
func (p *files) scan(text string) error {
	depth := 0
	word := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		within := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_'
		if c > ' ' && !(word && within) {
			p.pieces++
		}
		word = within
		switch c {
		case '{', '[', '(', '<':
			if depth++; depth > MaxDepth {
				return fmt.Errorf("the schema is nested more than %d deep", MaxDepth)
			}
		case '}', ']', ')', '>':
			depth = max(0, depth-1)
		case '"', '\'':
			i += quoted(text[i:])
		case '/':
			i += comment(text[i:])
		}
	}
	return p.few()
}

// few refuses what is too much to be compiled.
func (p *files) few() error {
	if p.pieces > maxPieces {
		return fmt.Errorf("the schema with what it refers to has more than %d words and signs", maxPieces)
	}
	return nil
}

// count refuses a descriptor of too many fields: each takes far more memory than bytes.
func (p *files) count(descriptor []byte) error {
	var count func(d decoder)
	count = func(d decoder) {
		for d.at < d.end && p.pieces <= maxPieces {
			_, w, value, err := d.next()
			if err != nil {
				return // it is text, or refused by the library
			}
			if p.pieces++; w == sizedWire && d.depth < MaxDepth {
				inner := d.within(value)
				inner.depth++
				count(inner)
			}
		}
	}
	count(decoder{data: descriptor, end: len(descriptor)})
	return p.few()
}

// quoted is how long a string is behind its first quote, which it has in common with its last.
func quoted(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0], '\n':
			return i
		}
	}
	return len(text)
}

// comment is how long a comment is behind its first sign, or 0 for none.
func comment(text string) int {
	end := -1
	switch {
	case strings.HasPrefix(text, "//"):
		end = strings.IndexByte(text, '\n')
	case strings.HasPrefix(text, "/*"):
		if end = strings.Index(text[2:], "*/"); end >= 0 {
			end += 3
		}
	default:
		return 0
	}
	if end < 0 {
		return len(text)
	}
	return end
}

package protobuf

import (
	"slices"
	"strings"
)

const (
	// MaxSchema is how long one schema may be, in bytes of its text or its descriptor.
	MaxSchema = 1 << 20
	// maxTogether is how long a schema may be with all that it refers to.
	maxTogether = 4 << 20
	// maxFiles and maxImportDepth bound what a schema refers to.
	maxFiles       = 256
	maxImportDepth = 32
	// maxNodes bounds the messages, fields and symbols of a schema, those of what it
	// refers to included.
	maxNodes = 1 << 16
	// MaxDepth is how deep messages may be nested in a value that is read.
	MaxDepth = 64
)

// Schema is a file of a schema with all that it imports. It may be used by any goroutine.
type Schema struct {
	space    string     // its package
	messages []*Message // at the top of the file, in its order
	enums    []*enum    // at the top of the file
	named    map[string]*Message
}

// Message is a type of message, ready to read values of it. It may be used by any goroutine.
type Message struct {
	name    string
	space   string              // the package of its file
	types   map[string]*Message // of all files, for what is only named in a value
	meaning meaning
	entry   bool // of a map
	oneofs  []string
	fields  []field
	nested  []*Message
	enums   []*enum
	// byNumber is one more than the index of a field, for small numbers; rest are the
	// indexes of all others, by number.
	byNumber []int32
	rest     []int32
}

// Name is the full name of the message.
func (m *Message) Name() string { return m.name }

// Names are the full names of all messages of the file, entries of maps excepted: each
// before those within it.
func (s *Schema) Names() []string {
	var names []string
	for _, m := range s.all() {
		names = append(names, m.name)
	}
	return names
}

// all are the messages of the file.
func (s *Schema) all() []*Message {
	var all []*Message
	var collect func([]*Message)
	collect = func(messages []*Message) {
		for _, m := range messages {
			if !m.entry {
				all = append(all, m)
				collect(m.nested)
			}
		}
	}
	collect(s.messages)
	return all
}

// Only is the message of a file that has no other, else nil. Some producers leave out
// which message a value is, where that is clear.
func (s *Schema) Only() *Message {
	if all := s.all(); len(all) == 1 {
		return all[0]
	}
	return nil
}

// Message finds a message by its full name, or by a simple name as Apicurio's serialisers
// write it: one at the top of the file comes first, then one within another, then imports.
// It is nil when there is none, or when a simple name stands for several imports.
func (s *Schema) Message(name string) *Message {
	if m := s.named[name]; m != nil {
		return m
	}
	if s.space != "" {
		if m := s.named[s.space+"."+name]; m != nil {
			return m
		}
	}
	for _, m := range s.all() {
		if m.simple() == name {
			return m
		}
	}
	var found *Message
	for _, m := range s.named {
		if m.simple() == name && !m.entry {
			if found != nil {
				return nil
			}
			found = m
		}
	}
	return found
}

// simple is the name without its package, or without the message around it.
func (m *Message) simple() string { return m.name[strings.LastIndexByte(m.name, '.')+1:] }

// At finds a message by its path: the index of a message at the top of the file, that of
// one within it, and so on. It is nil when there is none.
func (s *Schema) At(path ...int) *Message {
	var found *Message
	for level, messages := 0, s.messages; level < len(path); level++ {
		if path[level] < 0 || path[level] >= len(messages) {
			return nil
		}
		found = messages[path[level]]
		messages = found.nested
	}
	return found
}

// field finds a field by its number.
func (m *Message) field(number int32) *field {
	if int(number) < len(m.byNumber) {
		if i := m.byNumber[number]; i > 0 {
			return &m.fields[i-1]
		}
		return nil
	}
	i, ok := slices.BinarySearchFunc(m.rest, number, func(i int32, number int32) int { return int(m.fields[i].number - number) })
	if !ok {
		return nil
	}
	return &m.fields[m.rest[i]]
}

package protobuf

import (
	"cmp"
	"fmt"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxByNumber is up to which number fields are found by a table.
const maxByNumber = 1024

// field is one of a message.
type field struct {
	number   int32
	kind     protoreflect.Kind
	wire     wire // of one value
	list     bool // repeated, and no map
	packable bool // several values may be in one field
	required bool
	name     string
	json     string // the name in JSON, in camel case
	oneof    string // the group of which one is there, or empty
	// group is what is written in one place: the index of the field, or of the first one of
	// its oneof.
	group   int32
	message *Message // of messages, groups, and the entries of maps
	enum    *enum
}

// mapped reports whether the field is a map.
func (f *field) mapped() bool { return f.message != nil && f.message.entry }

// enum is a type of named numbers.
type enum struct {
	name    string
	space   string           // the package of its file
	symbols map[int32]string // the first of each number
	first   int32            // what stands for an absent one
}

// compiler makes the graphs of files that import each other.
type compiler struct {
	named map[string]*Message
	enums map[string]*enum
	files map[string]bool
	nodes int
}

func newCompiler() *compiler {
	return &compiler{map[string]*Message{}, map[string]*enum{}, map[string]bool{}, 0}
}

// compile makes the graph of a file, and of those that it imports.
func (c *compiler) compile(file protoreflect.FileDescriptor) (*Schema, error) {
	made := &Schema{space: string(file.Package()), named: c.named}
	if err := c.file(file); err != nil {
		return nil, err
	}
	for i := range file.Messages().Len() {
		made.messages = append(made.messages, c.named[string(file.Messages().Get(i).FullName())])
	}
	for i := range file.Enums().Len() {
		made.enums = append(made.enums, c.enums[string(file.Enums().Get(i).FullName())])
	}
	return made, nil
}

// file compiles all messages of a file, its imports first.
func (c *compiler) file(file protoreflect.FileDescriptor) error {
	if c.files[file.Path()] {
		return nil
	}
	c.files[file.Path()] = true
	for i := range file.Imports().Len() {
		if err := c.file(file.Imports().Get(i).FileDescriptor); err != nil {
			return err
		}
	}
	for i := range file.Enums().Len() {
		c.enum(file.Enums().Get(i))
	}
	for i := range file.Messages().Len() {
		c.message(file.Messages().Get(i))
	}
	if c.nodes > maxNodes {
		return fmt.Errorf("the schema has more than %d parts", maxNodes)
	}
	return nil
}

// message compiles a message that a field is of before its turn comes.
func (c *compiler) message(d protoreflect.MessageDescriptor) *Message {
	name := string(d.FullName())
	if known := c.named[name]; known != nil {
		return known
	}
	made := &Message{name: name, space: string(d.ParentFile().Package()), types: c.named, entry: isEntry(d)}
	c.named[name] = made
	if c.nodes += 1 + d.Fields().Len(); c.nodes > maxNodes || d.IsPlaceholder() {
		return made
	}
	for i := range d.Enums().Len() {
		made.enums = append(made.enums, c.enum(d.Enums().Get(i)))
	}
	for i := range d.Messages().Len() {
		made.nested = append(made.nested, c.message(d.Messages().Get(i)))
	}
	for i := range d.Oneofs().Len() {
		if of := d.Oneofs().Get(i); !of.IsSynthetic() {
			made.oneofs = append(made.oneofs, string(of.Name()))
		}
	}
	made.fields = make([]field, d.Fields().Len())
	for i := range made.fields {
		made.fields[i] = c.field(d.Fields().Get(i), int32(i))
	}
	made.index()
	made.meaning = meaningOf(made)
	return made
}

// isEntry reports whether a message is one entry of a map, with a key that may be one: a
// descriptor may claim that of any message.
func isEntry(d protoreflect.MessageDescriptor) bool {
	key, value := d.Fields().ByNumber(1), d.Fields().ByNumber(2)
	if !d.IsMapEntry() || d.Fields().Len() != 2 || key == nil || value == nil || key.IsList() || value.IsList() {
		return false
	}
	switch key.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind, protoreflect.BytesKind, protoreflect.EnumKind, protoreflect.FloatKind, protoreflect.DoubleKind:
		return false
	}
	return true
}

func (c *compiler) field(d protoreflect.FieldDescriptor, i int32) field {
	made := field{
		number: int32(d.Number()), kind: d.Kind(), wire: wires[d.Kind()], list: d.IsList(), required: d.Cardinality() == protoreflect.Required,
		name: string(d.Name()), json: d.JSONName(), group: i,
	}
	made.packable = made.list && made.wire != sizedWire && made.wire != startWire
	if of := d.ContainingOneof(); of != nil && !of.IsSynthetic() {
		made.oneof, made.group = string(of.Name()), int32(of.Fields().Get(0).Index())
	}
	if d.Message() != nil {
		made.message = c.message(d.Message())
	}
	if d.Enum() != nil {
		made.enum = c.enum(d.Enum())
	}
	return made
}

func (c *compiler) enum(d protoreflect.EnumDescriptor) *enum {
	name := string(d.FullName())
	if known := c.enums[name]; known != nil {
		return known
	}
	made := &enum{name: name, space: string(d.ParentFile().Package()), symbols: map[int32]string{}}
	c.enums[name] = made
	if c.nodes += 1 + d.Values().Len(); c.nodes > maxNodes || d.IsPlaceholder() {
		return made
	}
	for i := range d.Values().Len() {
		value := d.Values().Get(i)
		number := int32(value.Number())
		if _, ok := made.symbols[number]; !ok {
			made.symbols[number] = string(value.Name())
		}
		if i == 0 {
			made.first = number
		}
	}
	return made
}

// index prepares to find fields by number.
func (m *Message) index() {
	most := int32(0)
	for i := range m.fields {
		if n := m.fields[i].number; n < maxByNumber {
			most = max(most, n)
		}
	}
	m.byNumber = make([]int32, most+1)
	for i := range m.fields {
		if n := m.fields[i].number; n <= most {
			m.byNumber[n] = int32(i) + 1
		} else {
			m.rest = append(m.rest, int32(i))
		}
	}
	slices.SortFunc(m.rest, func(a, b int32) int { return cmp.Compare(m.fields[a].number, m.fields[b].number) })
}

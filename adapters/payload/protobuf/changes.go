package protobuf

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"eventscope/adapters/payload/encoded"
)

// ChangeKind is what a change is, by the name that Confluent's registry has for it
// (protobuf/diff/Difference).
type ChangeKind string

// The changes that break a reader who has the other schema, as that registry judges.
const (
	PackageChanged             ChangeKind = "PACKAGE_CHANGED"
	MessageRemoved             ChangeKind = "MESSAGE_REMOVED"
	FieldKindChanged           ChangeKind = "FIELD_KIND_CHANGED"
	FieldScalarKindChanged     ChangeKind = "FIELD_SCALAR_KIND_CHANGED"
	FieldNamedTypeChanged      ChangeKind = "FIELD_NAMED_TYPE_CHANGED"
	FieldNumericLabelChanged   ChangeKind = "FIELD_NUMERIC_LABEL_CHANGED"
	RequiredFieldAdded         ChangeKind = "REQUIRED_FIELD_ADDED"
	RequiredFieldRemoved       ChangeKind = "REQUIRED_FIELD_REMOVED"
	OneofFieldRemoved          ChangeKind = "ONEOF_FIELD_REMOVED"
	MultipleFieldsMovedToOneof ChangeKind = "MULTIPLE_FIELDS_MOVED_TO_ONEOF"
	FieldMovedToExistingOneof  ChangeKind = "FIELD_MOVED_TO_EXISTING_ONEOF"
)

// The changes that break none. A renamed field is the same field to Protobuf, and another
// one to whoever goes by names.
const (
	MessageAdded                   ChangeKind = "MESSAGE_ADDED"
	MessageMoved                   ChangeKind = "MESSAGE_MOVED"
	EnumAdded                      ChangeKind = "ENUM_ADDED"
	EnumRemoved                    ChangeKind = "ENUM_REMOVED"
	EnumConstAdded                 ChangeKind = "ENUM_CONST_ADDED"
	EnumConstChanged               ChangeKind = "ENUM_CONST_CHANGED"
	EnumConstRemoved               ChangeKind = "ENUM_CONST_REMOVED"
	FieldAdded                     ChangeKind = "FIELD_ADDED"
	FieldRemoved                   ChangeKind = "FIELD_REMOVED"
	FieldNameChanged               ChangeKind = "FIELD_NAME_CHANGED"
	FieldStringOrBytesLabelChanged ChangeKind = "FIELD_STRING_OR_BYTES_LABEL_CHANGED"
	OneofAdded                     ChangeKind = "ONEOF_ADDED"
	OneofRemoved                   ChangeKind = "ONEOF_REMOVED"
	OneofFieldAdded                ChangeKind = "ONEOF_FIELD_ADDED"
	OneofFieldMovedToTopLevel      ChangeKind = "ONEOF_FIELD_MOVED_TO_TOP_LEVEL"
	// MessageLabelChanged is of this package alone: a message became many, or one again.
	MessageLabelChanged ChangeKind = "MESSAGE_LABEL_CHANGED"
)

// breaking are the kinds that break a reader.
var breaking = []ChangeKind{
	PackageChanged, MessageRemoved, FieldKindChanged, FieldScalarKindChanged, FieldNamedTypeChanged, FieldNumericLabelChanged,
	RequiredFieldAdded, RequiredFieldRemoved, OneofFieldRemoved, MultipleFieldsMovedToOneof, FieldMovedToExistingOneof,
}

// Change is something that differs between two schemas. Its path begins at the message at the top of
// the file, and is empty for the file.
type Change struct {
	encoded.Change
	Kind ChangeKind
}

// Changes are what became of a schema in another one, in the order of its messages and the
// numbers of its fields. Imported messages are compared where a field is of them.
func Changes(from, to *Schema) []Change {
	c := comparer{seen: map[string]bool{}}
	if from.space != to.space {
		c.add("", PackageChanged, "package %s → %s", orNone(from.space), orNone(to.space))
	}
	c.messages("", from.messages, to.messages)
	c.enums("", from.enums, to.enums)
	return c.changes
}

func orNone(name string) string {
	if name == "" {
		return "none"
	}
	return name
}

// comparer collects changes.
type comparer struct {
	changes []Change
	seen    map[string]bool // messages, by their paths
}

func (c *comparer) add(path string, kind ChangeKind, text string, values ...any) {
	if len(c.changes) >= encoded.MostChanges {
		return
	}
	text = encoded.Shortened(fmt.Sprintf(text, values...))
	c.changes = append(c.changes, Change{encoded.Change{Path: encoded.Shortened(path), Text: text, Breaking: slices.Contains(breaking, kind)}, kind})
}

// local is the name of a type within its package.
func local(name, space string) string { return strings.TrimPrefix(name, space+".") }

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// messages compares those of one place.
func (c *comparer) messages(path string, from, to []*Message) {
	simple := func(messages []*Message, name string) int {
		return slices.IndexFunc(messages, func(m *Message) bool { return m.simple() == name && !m.entry })
	}
	for i, old := range from {
		if old.entry {
			continue
		}
		at := join(path, old.simple())
		j := simple(to, old.simple())
		if j < 0 {
			c.add(at, MessageRemoved, "- message %s", at)
			continue
		}
		c.message(at, old, to[j])
		if i != j {
			c.add(at, MessageMoved, "message %s is number %d, and was %d", at, j, i)
		}
	}
	for _, m := range to {
		if at := join(path, m.simple()); !m.entry && simple(from, m.simple()) < 0 {
			c.add(at, MessageAdded, "+ message %s", at)
		}
	}
}

// message compares two of the same name, once.
func (c *comparer) message(path string, from, to *Message) {
	if c.seen[path] {
		return
	}
	c.seen[path] = true
	c.oneofs(path, from, to)
	c.fields(path, from, to)
	c.messages(path, from.nested, to.nested)
	c.enums(path, from.enums, to.enums)
}

// byNumbers are the fields of two messages by number, nil where there is none.
func byNumbers(from, to *Message) (pairs [][2]*field) {
	for i := range from.fields {
		f := &from.fields[i]
		pairs = append(pairs, [2]*field{f, to.field(f.number)})
	}
	for i := range to.fields {
		if f := &to.fields[i]; from.field(f.number) == nil {
			pairs = append(pairs, [2]*field{nil, f})
		}
	}
	number := func(p [2]*field) int32 {
		if p[0] != nil {
			return p[0].number
		}
		return p[1].number
	}
	slices.SortStableFunc(pairs, func(a, b [2]*field) int { return cmp.Compare(number(a), number(b)) })
	return pairs
}

func (c *comparer) fields(path string, from, to *Message) {
	for _, pair := range byNumbers(from, to) {
		switch old, now := pair[0], pair[1]; {
		case now == nil:
			c.removed(path, old, from, to)
		case old == nil:
			kind := FieldAdded
			if now.required {
				kind = RequiredFieldAdded
			} else if now.oneof != "" {
				kind = OneofFieldAdded
			}
			c.add(join(path, now.name), kind, "+ %s %s = %d", now.name, now.typeName(), now.number)
		default:
			c.field(path, old, now)
		}
	}
}

// removed tells of a field that is gone. That of a oneof is lost to those who have it, unless
// the whole oneof is gone with all its fields.
func (c *comparer) removed(path string, old *field, from, to *Message) {
	kind := FieldRemoved
	switch {
	case old.required:
		kind = RequiredFieldRemoved
	case old.oneof != "" && (slices.Contains(to.oneofs, old.oneof) || survives(old.oneof, from, to)):
		kind = OneofFieldRemoved
	}
	c.add(join(path, old.name), kind, "- %s %s = %d", old.name, old.typeName(), old.number)
}

// survives reports whether a field of a oneof is still there, wherever.
func survives(oneof string, from, to *Message) bool {
	return slices.ContainsFunc(from.fields, func(f field) bool { return f.oneof == oneof && to.field(f.number) != nil })
}

// oneofs compares which fields exclude each other. Those that did not exclude each other
// before were perhaps sent together, and of those only one can be read.
func (c *comparer) oneofs(path string, from, to *Message) {
	for _, name := range to.oneofs {
		origins, alone := map[string]bool{}, 0
		for i := range to.fields {
			old := from.field(to.fields[i].number)
			switch {
			case to.fields[i].oneof != name || old == nil:
			case old.oneof != "":
				origins[old.oneof] = true
			default:
				alone++
			}
		}
		switch {
		case alone+len(origins) < 2:
		case alone > 1:
			c.add(join(path, name), MultipleFieldsMovedToOneof, "%d fields exclude each other now in oneof %s", alone, name)
		default:
			c.add(join(path, name), FieldMovedToExistingOneof, "fields that did not exclude each other do so in oneof %s", name)
		}
		if !slices.Contains(from.oneofs, name) {
			c.add(join(path, name), OneofAdded, "+ oneof %s", name)
		}
	}
	for _, name := range from.oneofs {
		if !slices.Contains(to.oneofs, name) {
			c.add(join(path, name), OneofRemoved, "- oneof %s", name)
		}
	}
}

// enums compares those of one place.
func (c *comparer) enums(path string, from, to []*enum) {
	find := func(enums []*enum, like *enum) *enum {
		if i := slices.IndexFunc(enums, func(e *enum) bool { return e.simple() == like.simple() }); i >= 0 {
			return enums[i]
		}
		return nil
	}
	for _, old := range from {
		at := join(path, old.simple())
		if now := find(to, old); now != nil {
			c.symbols(at, old, now)
		} else {
			c.add(at, EnumRemoved, "- enum %s", at)
		}
	}
	for _, now := range to {
		if find(from, now) == nil {
			at := join(path, now.simple())
			c.add(at, EnumAdded, "+ enum %s", at)
		}
	}
}

func (e *enum) simple() string { return e.name[strings.LastIndexByte(e.name, '.')+1:] }

func (c *comparer) symbols(path string, from, to *enum) {
	all := maps.Clone(from.symbols)
	maps.Copy(all, to.symbols)
	for _, number := range slices.Sorted(maps.Keys(all)) {
		old, was := from.symbols[number]
		now, is := to.symbols[number]
		switch {
		case !was:
			c.add(join(path, now), EnumConstAdded, "+ %s = %d", now, number)
		case !is:
			c.add(join(path, old), EnumConstRemoved, "- %s = %d", old, number)
		case old != now:
			c.add(join(path, now), EnumConstChanged, "%s → %s, number %d", old, now, number)
		}
	}
}

// typeName is the type of a field as a schema writes it.
func (f *field) typeName() string {
	name := f.kind.String()
	switch {
	case f.mapped():
		return "map<" + f.message.fields[0].typeName() + ", " + f.message.fields[1].typeName() + ">"
	case f.message != nil:
		name = local(f.message.name, f.message.space)
	case f.enum != nil:
		name = local(f.enum.name, f.enum.space)
	}
	if f.list {
		return "repeated " + name
	}
	return name
}

// sort is what kinds can be read as each other, on the wire.
func (f *field) sort() string {
	switch f.kind {
	case protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.Uint32Kind, protoreflect.Uint64Kind, protoreflect.BoolKind, protoreflect.EnumKind:
		return "number"
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		return "signed"
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		return "fixed32"
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return "fixed64"
	case protoreflect.StringKind, protoreflect.BytesKind:
		return "text"
	}
	return f.kind.String()
}

// family is what a field is: a scalar, a map or a message.
func (f *field) family() string {
	switch {
	case f.mapped():
		return "map"
	case f.message != nil:
		return "message"
	}
	return "scalar"
}

// field compares two of the same number.
func (c *comparer) field(path string, old, now *field) {
	at := join(path, now.name)
	if old.name != now.name {
		c.add(at, FieldNameChanged, "%s → %s, number %d: the same on the wire, another name in JSON", old.name, now.name, now.number)
	}
	if old.oneof != "" && now.oneof == "" {
		c.add(at, OneofFieldMovedToTopLevel, "%s is no more in oneof %s", now.name, old.oneof)
	}
	c.types(at, old, now)
}

func (c *comparer) types(at string, old, now *field) {
	name := at[strings.LastIndexByte(at, '.')+1:]
	change := func(kind ChangeKind) { c.add(at, kind, "%s: %s → %s", name, old.typeName(), now.typeName()) }
	switch {
	case old.family() != now.family():
		change(FieldKindChanged)
	case old.mapped():
		c.types(at, old.message.field(1), now.message.field(1))
		c.types(at, old.message.field(2), now.message.field(2))
	case old.message != nil:
		c.messageTypes(at, old, now, change)
	case old.sort() != now.sort():
		change(FieldScalarKindChanged)
	case old.list != now.list && old.sort() == "text":
		change(FieldStringOrBytesLabelChanged)
	case old.list != now.list:
		change(FieldNumericLabelChanged)
	}
}

// messageTypes compares the messages that two fields are of. One that is not of the file is
// compared here.
func (c *comparer) messageTypes(at string, old, now *field, change func(ChangeKind)) {
	was, is := local(old.message.name, old.message.space), local(now.message.name, now.message.space)
	if was != is {
		change(FieldNamedTypeChanged)
		return
	}
	if old.list != now.list {
		change(MessageLabelChanged)
	}
	c.message(is, old.message, now.message)
}

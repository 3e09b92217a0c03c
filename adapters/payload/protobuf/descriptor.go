package protobuf

import (
	"fmt"

	"github.com/bufbuild/protocompile/linker"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// complete fills in what compilers leave out of a descriptor and the linker asks for: the
// names of fields in JSON. It refuses one that is nested without end.
func complete(file *descriptorpb.FileDescriptorProto) error {
	fillIn(file.Extension)
	return completeMessages(file.MessageType, 0)
}

func completeMessages(messages []*descriptorpb.DescriptorProto, depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("the schema is nested more than %d deep", MaxDepth)
	}
	for _, m := range messages {
		fillIn(m.Field)
		fillIn(m.Extension)
		if err := completeMessages(m.NestedType, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func fillIn(fields []*descriptorpb.FieldDescriptorProto) {
	for _, f := range fields {
		if f.JsonName == nil {
			f.JsonName = proto.String(camelCase(f.GetName()))
		}
		if f.Label == nil { // as parsers of old wrote proto3
			f.Label = descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()
		}
	}
}

// camelCase is the name of a field in JSON, as the specification makes it: what follows an
// underscore is upper case.
func camelCase(name string) string {
	made := make([]byte, 0, len(name))
	raise := false
	for i := range len(name) {
		c := name[i]
		if c == '_' {
			raise = true
			continue
		}
		if raise && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		made, raise = append(made, c), false
	}
	return string(made)
}

// validate refuses a linked descriptor that no compiler would make: the linker believes that
// numbers are there once, and that maps have keys.
func validate(file *descriptorpb.FileDescriptorProto, imported linker.Files) error {
	if _, err := protodesc.NewFile(file, imported.AsResolver()); err != nil {
		return fmt.Errorf("the descriptor is invalid: %w", err)
	}
	return nil
}

// dropOptions drops the options that other files define, of which not all are known here.
// They mean nothing for how a value is read.
func dropOptions(in protoreflect.Message) {
	in.Range(func(f protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case f.Message() == nil || f.IsMap():
		case f.Message().FullName() == "google.protobuf.UninterpretedOption":
			dropExtensions(value.List())
		case f.IsList():
			for i := range value.List().Len() {
				dropOptions(value.List().Get(i).Message())
			}
		default:
			dropOptions(value.Message())
		}
		return true
	})
}

// dropExtensions keeps the options that every compiler knows.
func dropExtensions(options protoreflect.List) {
	kept := 0
	for i := range options.Len() {
		option := options.Get(i).Message().Interface().(*descriptorpb.UninterpretedOption)
		if len(option.Name) > 0 && !option.Name[0].GetIsExtension() {
			options.Set(kept, options.Get(i))
			kept++
		}
	}
	options.Truncate(kept)
}

package payload

import (
	"fmt"
	"runtime/debug"

	"eventscope/adapters/payload/avro"
	"eventscope/adapters/payload/jsonschema"
	"eventscope/adapters/payload/protobuf"
	"eventscope/adapters/schemas"
)

// Names of formats as registries write them.
const (
	avroFormat     = "AVRO"
	protobufFormat = "PROTOBUF"
)

// Compile makes a schema ready to read values, or to check them. Imports are the texts of what a
// schema of Protobuf imports, by path, or what one of JSON refers to. What the library does with a hostile one, it does to this schema alone.
func Compile(s *schemas.Schema, imports map[string]string) (err error) {
	defer func() {
		if wrong := recover(); wrong != nil {
			err = fmt.Errorf("its parser failed: %v\n%s", wrong, debug.Stack())
		}
	}()
	switch s.Format {
	case avroFormat:
		reader, err := avro.Parse(s.Text, s.References...)
		if err != nil {
			return err
		}
		s.Reader, s.Name = reader, reader.Name()
	case protobufFormat:
		reader, err := protobuf.Parse(s.Text, imports)
		if err != nil {
			return err
		}
		s.Reader = reader
		if only := reader.Only(); only != nil { // else it describes several
			s.Name = only.Name()
		}
	case jsonSchema: // without which values are read all the same
		s.Reader = jsonschema.Parse(s.Text, imports)
	}
	return nil
}

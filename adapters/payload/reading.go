package payload

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters"
	"eventscope/adapters/payload/avro"
	"eventscope/adapters/payload/protobuf"
	"eventscope/adapters/schemas"
)

// Reading is how a part of a message is to be read.
type Reading struct {
	// Frame is how the part names a schema, if it does, and Schema is that schema, if it was
	// found.
	Frame  Frame
	Schema *schemas.Schema
	// Values reads Body by the schema. It is nil where Body is JSON, text or bytes, which need
	// no schema to be read.
	Values Values
	// Body is the part behind its frame.
	Body []byte
}

// Find is how a schema is looked for: [FindSchema], or what remembers what it found.
type Find func(m *adapters.Message, ref schemas.Ref) (*schemas.Schema, error)

// FindSchema asks the schemas that a message has with it.
func FindSchema(m *adapters.Message, ref schemas.Ref) (*schemas.Schema, error) {
	if m.Schemas == nil {
		return nil, errNoRegistry
	}
	return m.Schemas.Find(m.Position.Destination, ref)
}

var errNoRegistry = errors.New("it seems to name a schema, and no registry is configured: give the source registry=URL")

// ReadingOf finds out how a part of m is to be read, whose bytes are data, decompressed. The
// error says why a part that names a schema is not read by it.
func ReadingOf(m *adapters.Message, part Part, data []byte, find Find) (r Reading, err error) {
	r.Frame, r.Body = FrameOf(m, part, data), data
	switch {
	case r.Frame.Ref.By == schemas.ByNothing:
		return r, nil
	case r.Frame.Why != "":
		return r, fmt.Errorf("it names %s: %s", r.Frame.Ref, r.Frame.Why)
	}
	if r.Schema, err = find(m, r.Frame.Ref); err != nil {
		return r, err
	}
	return r, r.choose(data[r.Frame.At:])
}

// choose finds what reads a value that stands behind a frame.
func (r *Reading) choose(body []byte) error {
	if r.Schema.Encrypted {
		return fmt.Errorf("%s says that it is encrypted as a whole", r.Schema.Title())
	}
	r.Body = body
	switch reader := r.Schema.Reader.(type) {
	case *avro.Schema:
		// JSON with the schema of Avro is what Apicurio writes when it is told to. An Avro value
		// that is JSON to its last byte is not met.
		switch {
		case r.Frame.JSON || looksLikeJSON(body) && jsontext.Value(body).IsValid():
		case reader.Bytes():
			r.Values = bare{}
		default:
			r.Values = reader
		}
		return nil
	case *protobuf.Schema:
		return r.chooseMessage(reader)
	}
	if r.Schema.Format == jsonSchema {
		return nil
	}
	return fmt.Errorf("values in %s are not read yet", FormatName(r.Schema.Format))
}

// chooseMessage finds the message of a file that a value is: its path or its name stands in the
// header behind the id of the schema, or else before the value.
func (r *Reading) chooseMessage(schema *protobuf.Schema) error {
	if r.Frame.JSON {
		return nil
	}
	said, inHeader := r.Body, len(r.Frame.Indexes) > 0
	if inHeader {
		said = r.Frame.Indexes
	}
	m, size, err := schema.Framed(said)
	if err != nil {
		// Some producers leave out which message it is. Where there is no other, and the value
		// has fields of it and nothing else, it is that one.
		if m = schema.Only(); m == nil {
			return err
		}
		if unknown, wrong := m.Check(r.Body); wrong != nil || unknown > 0 {
			return err
		}
	} else if !inHeader {
		r.Body = r.Body[size:]
	}
	r.Values = m
	return nil
}

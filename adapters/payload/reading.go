package payload

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters"
	"eventscope/adapters/payload/avro"
	"eventscope/adapters/payload/encoded"
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
		return nil, ErrNoRegistry
	}
	return m.Schemas.Find(m.Position.Destination, ref)
}

// ErrNoRegistry is told for a part that seems to name a schema, where nobody can be asked.
var ErrNoRegistry = errors.New("it seems to name a schema, and no registry is configured: give the source registry=URL")

// ReadingOf finds out how a part of m is to be read, whose bytes are data, decompressed. The
// error says why a part that names a schema is not read by it.
func ReadingOf(m *adapters.Message, part Part, data []byte, find Find) (r Reading, err error) {
	r.Frame, r.Body = FrameOf(m, part, data), data
	if r.Frame.ofElsewhere() {
		if r.Schema, err = find(m, r.Frame.Ref); err == nil {
			return r, r.chooseElsewhere(&r.Frame, data)
		}
	}
	if files, ok := m.Schemas.(schemas.Assigner); ok && len(data) > 0 {
		if given := files.Assigned(m.Position.Destination, part); given != nil && r.takes(given) {
			return r, r.assign(given)
		}
	}
	switch {
	case r.Frame.Ref.By == schemas.ByNothing && part == Value && isNoText(data):
		if r.Schema = saidFormat(m); r.Schema != nil {
			return r, r.choose(data)
		}
		return r, nil
	case r.Frame.Ref.By == schemas.ByNothing:
		return r, nil
	case r.Frame.Why != "":
		return r, fmt.Errorf("it names %s: %s", r.Frame.Ref, r.Frame.Why)
	case r.Frame.Host != "" && !isAt(m.Schemas, r.Frame.Host):
		return r, fmt.Errorf("it names a schema at %s, which is not the registry of its source", r.Frame.Host)
	}
	if r.Schema, err = find(m, r.Frame.Ref); err != nil {
		return r, err
	}
	return r, r.choose(data[r.Frame.At:])
}

// isAt reports whether schemas are kept at a host.
func isAt(finder schemas.Finder, host string) bool {
	return finder != nil && slices.Contains(strings.Split(finder.Registry(), ","), host)
}

// takes reports whether a schema counts that was assigned to the part: a frame comes first, where it
// names a schema that somebody may know.
func (r *Reading) takes(given *schemas.Assigned) bool {
	framed := r.Frame.Ref.By != schemas.ByNothing && r.Frame.Why == "" && r.Frame.Host == ""
	return !framed || given.Framing != schemas.FrameFirst || given.Alone && r.Frame.Ref.By != schemas.ByFingerprint
}

// assign reads a part by a schema that was assigned to it. What begins like a frame is one, if
// what is behind it is such a value.
func (r *Reading) assign(given *schemas.Assigned) error {
	frame, whole := r.Frame, r.Body
	r.Frame, r.Schema = Frame{Ref: given.Schema.Ref, JSON: r.Frame.JSON}, given.Schema
	switch given.Framing {
	case schemas.Delimited:
		n, size := binary.Uvarint(whole)
		if size <= 0 || n != uint64(len(whole)-size) {
			return encoded.MisfitAt(0, "it does not begin with its length")
		}
		whole = whole[size:]
	case schemas.FrameFirst:
		if frame.At > 0 && r.chooseElsewhere(&frame, whole) == nil && r.Values != nil {
			if unknown, err := r.Values.Check(r.Body); err == nil && unknown == 0 {
				return nil
			}
		}
	}
	return r.choose(whole)
}

// choose finds what reads a value that stands behind a frame.
func (r *Reading) choose(body []byte) error {
	if r.Schema.Encrypted {
		return fmt.Errorf("%s says that it is encrypted as a whole", r.Schema.Title())
	}
	r.Values, r.Body = nil, body
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
	case Values: // which was chosen before
		if !looksLikeJSON(body) || !jsontext.Value(body).IsValid() {
			r.Values = reader
		}
		return nil
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

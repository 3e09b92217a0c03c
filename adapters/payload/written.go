package payload

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters"
	"eventscope/adapters/payload/avro"
	"eventscope/adapters/payload/protobuf"
	"eventscope/adapters/schemas"
)

// Values reads the values of one schema, or of one message type of it. Implementations are
// pointers, the same one for the same schema and type, so that what is made of them can be kept
// by them. A new format is one more of them, a case in [ValuesOf], and one in [NewPlan].
type Values interface {
	// Name is the full name of what is described: shop.OrderPlaced.
	Name() string
	// AppendJSON appends a value as JSON of at most limit bytes; 0 or less is no limit. With an
	// error, what was read before is there, as JSON that breaks off.
	AppendJSON(dst, data []byte, limit int) ([]byte, error)
}

// Found and Wanted are how plans of all formats tell members, and learn which are wanted.
type (
	Found[M any]  = avro.Found[M]
	Wanted[M any] = avro.Wanted[M]
)

// Plan finds wanted members of the values of one [Values], as [avro.Plan] says.
type Plan[M comparable] interface {
	Read(data, scratch []byte, found func(Found[M]) (done bool)) ([]byte, error)
}

// NewPlan compiles what is wanted of values. It is nil where nothing is found by names.
func NewPlan[M comparable](v Values, top M, wanted Wanted[M]) (Plan[M], error) {
	switch v := v.(type) {
	case *avro.Schema:
		plan, err := avro.NewPlan(v, top, wanted)
		if err != nil {
			return nil, err
		}
		return plan, nil
	case *protobuf.Message:
		plan, err := protobuf.NewPlan(v, top, protobuf.Wanted[M](wanted))
		if err != nil {
			return nil, err
		}
		return protobufPlan[M]{plan}, nil
	}
	return nil, nil
}

// protobufPlan tells what it finds as plans of all formats do.
type protobufPlan[M comparable] struct{ plan *protobuf.Plan[M] }

func (p protobufPlan[M]) Read(data, scratch []byte, found func(Found[M]) (done bool)) ([]byte, error) {
	return p.plan.Read(data, scratch, func(f protobuf.Found[M]) bool { return found(Found[M](f)) })
}

// TooLong says that a value is longer as JSON than the limit.
func TooLong(err error) bool {
	return errors.Is(err, avro.ErrTooLong) || errors.Is(err, protobuf.ErrTooLong)
}

// Misfit says that a value is not what its schema says.
func Misfit(err error) bool {
	_, isAvro := errors.AsType[*avro.Misfit](err)
	_, isProtobuf := errors.AsType[*protobuf.Misfit](err)
	return isAvro || isProtobuf
}

// ValuesOf is what reads a value that stands behind a frame, and that value: nil where the value
// is JSON, text or bytes, which need no schema to be read.
func ValuesOf(schema *schemas.Schema, f *Frame, data []byte) (Values, []byte, error) {
	data = data[f.At:]
	if schema.Encrypted {
		return nil, nil, fmt.Errorf("%s says that it is encrypted as a whole", schema.Title())
	}
	switch reader := schema.Reader.(type) {
	case *avro.Schema:
		// JSON with the schema of Avro is what Apicurio writes when it is told to. An Avro value
		// that is JSON to its last byte is not met.
		if f.JSON || looksLikeJSON(data) && jsontext.Value(data).IsValid() {
			return nil, data, nil
		}
		if reader.Bytes() {
			return bare{}, data, nil
		}
		return reader, data, nil
	case *protobuf.Schema:
		return messageOf(reader, f, data)
	}
	if schema.Format == jsonSchema {
		return nil, data, nil
	}
	return nil, nil, fmt.Errorf("values in %s are not read yet", FormatName(schema.Format))
}

// messageOf is the message of a file that a value is: its path or its name stands in the
// header behind the id of the schema, or else before the value.
func messageOf(schema *protobuf.Schema, f *Frame, data []byte) (Values, []byte, error) {
	if f.JSON {
		return nil, data, nil
	}
	said, body := data, data
	if len(f.Indexes) > 0 {
		said = f.Indexes
	}
	m, size, err := schema.Framed(said)
	if err != nil {
		// Some producers leave out which message it is. Where there is no other, and the value
		// has fields of it and nothing else, it is that one.
		if m = schema.Only(); m != nil {
			if unknown, wrong := m.Check(data); wrong == nil && unknown == 0 {
				return m, data, nil
			}
		}
		return nil, nil, err
	}
	if len(f.Indexes) == 0 {
		body = data[size:]
	}
	return m, body, nil
}

func looksLikeJSON(data []byte) bool { return len(data) > 0 && (data[0] == '{' || data[0] == '[') }

// jsonSchema is what registries call schemas of JSON.
const jsonSchema = "JSON"

// FormatName is what a registry calls a format, as people write it.
func FormatName(format string) string {
	switch format {
	case "AVRO":
		return "Avro"
	case "PROTOBUF":
		return "Protobuf"
	case jsonSchema:
		return "JSON"
	}
	return format
}

// bare are the values of an Avro schema that is nothing but bytes. Confluent's serialisers
// write them without their length (AbstractKafkaAvroSerializer).
type bare struct{}

func (bare) Name() string { return "bytes" }

func (bare) AppendJSON(dst, data []byte, limit int) ([]byte, error) {
	if limit > 0 && base64.StdEncoding.EncodedLen(len(data))+2 > limit {
		return dst, avro.ErrTooLong
	}
	return append(base64.StdEncoding.AppendEncode(append(dst, '"'), data), '"'), nil
}

// Names says how a value stands to schemas: the one that it names, as a number, or as text
// where it is a GUID, or nil; what it is; and whether that could be read.
func (d *Decoded) Names() (schema any, format string, decoded bool) {
	switch d.Frame.Ref.By {
	case schemas.ByNothing:
	case schemas.ByID, schemas.ByGlobalID, schemas.ByContentID:
		schema = int(d.Frame.Ref.ID)
	default:
		schema = d.Frame.Ref.Number()
	}
	if d.Reader != "" {
		return schema, strings.ToLower(FormatName(d.Written.Format)), true
	}
	return schema, string(d.Format), d.Format != Binary
}

// IsEncoded says that the bytes of m's value are written with a schema in a format that is not
// text, so that whoever reads them takes nothing else.
func (d *Decoded) IsEncoded(m *adapters.Message) bool {
	return d.Reader != "" || m.Schemas != nil && d.Format == Binary && d.Frame.Ref.By != schemas.ByNothing
}

// AppendWritten appends a part of m as JSON if it names a schema by which it can be read. It
// reports false for everything else; the error says why what names a schema cannot be read.
// Data is that part, decompressed.
func AppendWritten(dst []byte, m *adapters.Message, part Part, data []byte, limit int) (_ []byte, ok bool, err error) {
	if m.Schemas == nil {
		return dst, false, nil
	}
	f := FrameOf(m, part, data)
	if f.Ref.By == schemas.ByNothing {
		return dst, false, nil
	}
	schema, err := FindSchema(m, &f)
	if err != nil {
		return dst, false, err
	}
	values, body, err := ValuesOf(schema, &f, data)
	if values == nil || err != nil {
		return dst, false, err
	}
	dst, err = values.AppendJSON(dst, body, limit)
	return dst, err == nil, err
}

// FindSchema is the schema that a frame names, or why there is none.
func FindSchema(m *adapters.Message, f *Frame) (*schemas.Schema, error) {
	if f.Why != "" {
		return nil, fmt.Errorf("it names %s: %s", f.Ref, f.Why)
	}
	return m.Schemas.Find(m.Position.Destination, f.Ref)
}

package payload

import (
	"encoding/base64"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/payload/avro"
	"eventscope/adapters/payload/encoded"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/payload/protobuf"
	"eventscope/adapters/schemas"
)

// Values reads the values of one schema, or of one message type of it. Implementations are
// pointers, the same one for the same schema and type, so that what is made of them can be kept
// by them. A new format is one more of them, a case in [ReadingOf], and one in [NewPlan].
type Values interface {
	// Name is the full name of what is described: shop.OrderPlaced.
	Name() string
	// AppendJSON appends a value as JSON of at most limit bytes; 0 or less is no limit. With an
	// error, what was read before is there, as JSON that breaks off.
	AppendJSON(dst, data []byte, limit int) ([]byte, error)
	// Check is nil if data is such a value and nothing else; unknown is how many fields of it
	// the schema does not have.
	Check(data []byte) (unknown int, err error)
}

// Plan finds wanted members of the values of one [Values], as [avro.Plan] says.
type Plan[M comparable] interface {
	Read(data, scratch []byte, found func(encoded.Found[M]) (done bool)) ([]byte, error)
}

// NewPlan compiles what is wanted of values. It is nil where nothing is found by names.
func NewPlan[M comparable](v Values, top M, wanted encoded.Wanted[M]) (Plan[M], error) {
	switch v := v.(type) {
	case *avro.Schema:
		plan, err := avro.NewPlan(v, top, wanted)
		if err != nil {
			return nil, err
		}
		return plan, nil
	case *protobuf.Message:
		plan, err := protobuf.NewPlan(v, top, wanted)
		if err != nil {
			return nil, err
		}
		return plan, nil
	}
	return nil, nil
}

func looksLikeJSON(data []byte) bool { return len(data) > 0 && (data[0] == '{' || data[0] == '[') }

// jsonSchema is what registries call schemas of JSON.
const jsonSchema = "JSON"

// FormatName is what a registry calls a format, as people write it.
func FormatName(format string) string {
	switch format {
	case avroFormat:
		return "Avro"
	case protobufFormat:
		return "Protobuf"
	case jsonSchema:
		return "JSON"
	case "MSGPACK":
		return "MessagePack"
	}
	return format
}

// bare are the values of an Avro schema that is nothing but bytes. Confluent's serialisers
// write them without their length (AbstractKafkaAvroSerializer).
type bare struct{}

func (bare) Name() string { return "bytes" }

func (bare) Check([]byte) (unknown int, err error) { return 0, nil }

func (bare) AppendJSON(dst, data []byte, limit int) ([]byte, error) {
	if limit > 0 && base64.StdEncoding.EncodedLen(len(data))+2 > limit {
		return dst, encoded.ErrTooLong
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

// IsEncoded reports whether the bytes of m's value are written with a schema in a format that is not
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
	if hidden := maskOf(m); part == Key && hidden != nil && hidden.Key && len(data) > 0 {
		return append(dst, `"`+mask.Shown+`"`...), true, nil
	}
	r, err := ReadingOf(m, part, data, FindSchema)
	if r.Values == nil || err != nil {
		return dst, false, err
	}
	dst, err = r.Values.AppendJSON(dst, r.Body, limit)
	return dst, err == nil, err
}

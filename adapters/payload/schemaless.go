package payload

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters"
	"eventscope/adapters/payload/avro"
	"eventscope/adapters/payload/binary"
	"eventscope/adapters/payload/encoded"
	"eventscope/adapters/schemas"
)

// schemaless are the formats that need no schema, by the names that operators write.
var schemaless = map[string]*schemas.Schema{
	"msgpack": {Ref: schemas.Ref{By: schemas.ByFile, Name: "msgpack"}, Format: "MSGPACK", Reader: &binary.MessagePack{}},
	"cbor":    {Ref: schemas.Ref{By: schemas.ByFile, Name: "cbor"}, Format: "CBOR", Reader: &binary.CBOR{}},
}

// Schemaless stands for the schema of a format that needs none: nil where there is none of the name.
func Schemaless(format string) *schemas.Schema { return schemaless[format] }

// saidFormat is the format that the content type of a value names, which is no text and needs no
// schema; nil where there is none.
func saidFormat(m *adapters.Message) *schemas.Schema {
	said := ""
	if m.Properties != nil {
		said = m.Properties.ContentType
	}
	for i := 0; i < len(m.Headers) && said == ""; i++ {
		if h := &m.Headers[i]; strings.EqualFold(h.Name, "content-type") || strings.EqualFold(h.Name, "contentType") {
			said = string(h.Value[:min(len(h.Value), 64)])
		}
	}
	said, _, _ = strings.Cut(strings.ToLower(said), ";")
	switch strings.TrimSpace(said) {
	case "application/msgpack", "application/x-msgpack", "application/vnd.msgpack":
		return schemaless["msgpack"]
	case "application/cbor":
		return schemaless["cbor"]
	}
	return nil
}

// isNoText reports whether a value begins with a byte with which neither JSON nor text in UTF-8 does,
// as maps of MessagePack and CBOR do.
func isNoText(data []byte) bool {
	return len(data) > 1 && (data[0] >= 0x80 && data[0] < 0xc0 || data[0] >= 0xd9 && data[0] <= 0xdf)
}

// container is a file of Avro with blocks of values, as some put whole ones into messages.
var container = &schemas.Schema{Ref: schemas.Ref{By: schemas.ByFile, Name: "container"}, Format: "Avro container", Reader: containerHead{}}

// containerMark is how such a file begins (Avro's specification, "Object Container Files").
var containerMark = []byte("Obj\x01")

// containerHead reads what stands before the blocks: the schema, the codec, and what else a
// writer noted.
type containerHead struct{}

// metadata is the schema of that.
var metadata = func() *avro.Schema {
	made, err := avro.Parse(`{"type":"map","values":"string"}`)
	if err != nil {
		panic(err) // it is a constant
	}
	return made
}()

func (containerHead) Name() string { return "the head of an Avro container" }

func (h containerHead) Check(data []byte) (unknown int, err error) {
	_, err = h.AppendJSON(nil, data, 0)
	return 0, err
}

func (containerHead) AppendJSON(dst, data []byte, limit int) ([]byte, error) {
	start := len(dst)
	dst, err := metadata.AppendJSON(dst, bytes.TrimPrefix(data, containerMark), limit)
	if encoded.IsMisfit(err) && jsontext.Value(dst[start:]).IsValid() {
		err = nil // the blocks follow
	}
	return dst, err
}

// isContainer takes a file of Avro, of which the head is shown.
func (d *Decoded) isContainer(limit int, read read) bool {
	if d.Cut || !bytes.HasPrefix(d.Data, containerMark) {
		return false
	}
	return d.take(&Reading{Schema: container, Values: container.Reader.(Values), Body: d.Data}, limit, read)
}

// guess takes a value that nobody says anything of, if it is a map of MessagePack or CBOR with
// names that are text, to its last byte.
func (d *Decoded) guess(limit int, read read) bool {
	if d.Cut || !isNoText(d.Data) || d.Frame.Ref.By != schemas.ByNothing {
		return false
	}
	for _, format := range [...]string{"msgpack", "cbor"} {
		schema := schemaless[format]
		values := schema.Reader.(Values)
		if !beginsWithName(format, d.Data) {
			continue
		}
		if _, err := values.Check(d.Data); err != nil {
			continue
		}
		return d.take(&Reading{Schema: schema, Values: values, Body: d.Data}, limit, read)
	}
	return false
}

// beginsWithName reports whether a value begins as a map does whose first key is text.
func beginsWithName(format string, data []byte) bool {
	sizes := map[byte]int{0xde: 3, 0xdf: 5} // of heads of maps
	if format == "cbor" {
		data = bytes.TrimPrefix(data, []byte("\xd9\xd9\xf7")) // the mark of CBOR
		sizes = map[byte]int{0xb8: 2, 0xb9: 3, 0xba: 5, 0xbf: 1}
	}
	if len(data) == 0 {
		return false
	}
	size := sizes[data[0]]
	if format == "cbor" && data[0] > 0xa0 && data[0] < 0xb8 || format == "msgpack" && data[0] > 0x80 && data[0] < 0x90 {
		size = 1
	}
	if size == 0 || len(data) <= size {
		return false
	}
	if key := data[size]; format == "cbor" {
		return key>>5 == 3
	} else {
		return key >= 0xa0 && key < 0xc0 || key >= 0xd9 && key <= 0xdb
	}
}

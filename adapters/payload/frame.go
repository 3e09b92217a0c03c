package payload

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/schemas"
)

// Part is a part of a message that a schema may describe.
type Part = schemas.Part

// The parts of a message.
const (
	Value = schemas.Value
	Key   = schemas.Key
)

// Frame is what serialisers put before a value or a key, or into a header, to say which
// schema it was written with.
type Frame struct {
	// Ref is the schema. It is nothing if there is no frame.
	Ref schemas.Ref
	// At is where the value begins behind the frame, in bytes.
	At int
	// Indexes are what a header says behind the id: the place of a Protobuf message in its
	// file. A frame before the value has them at At.
	Indexes []byte
	// Host is where the schema is said to be, or "" where that is the registry of the source.
	Host string
	// JSON says that a header tells that the value is JSON, whatever the schema.
	JSON bool
	// Compressed says that what is behind the frame is, by zlib.
	Compressed bool
	// Why says why a schema that is named so is not read where no file has it, or "".
	Why string
}

const (
	// framed is the size of what Confluent's serialisers put before a value: a zero and a
	// schema id of four bytes, big-endian. Apicurio's are the same, with ids of its own.
	framed = 5
	// framedLong is that of Apicurio 2, whose ids are of eight bytes.
	framedLong = 9
	// framedGUID is that of a one and a GUID, of Confluent since 8.1.
	framedGUID = 17
	// framedGlue is that of AWS Glue: a three, a compression, and a UUID.
	framedGlue = 18
	// framedAzure is that of older clients of Azure's registry: four zeros and a GUID, as 32 hexadecimal
	// digits.
	framedAzure = 36
	// framedSingle is that of Avro's single object encoding: a marker and a fingerprint.
	framedSingle = 10
	// mostID is the largest id that registries give: they are positive numbers of 32 bits.
	mostID = 1<<31 - 1
	// longestName is how long the name of an artifact may be, with its group and version.
	longestName = 512
)

// headerNames are the headers that name the schema of a part.
type headerNames struct{ confluent, globalID, contentID, encoding, group, artifact, version string }

var namesOf = [...]headerNames{
	Value: {"__value_schema_id", "apicurio.value.globalId", "apicurio.value.contentId", "apicurio.value.encoding", "apicurio.value.groupId", "apicurio.value.artifactId", "apicurio.value.version"},
	Key:   {"__key_schema_id", "apicurio.key.globalId", "apicurio.key.contentId", "apicurio.key.encoding", "apicurio.key.groupId", "apicurio.key.artifactId", "apicurio.key.version"},
}

// FrameOf is the frame of a part of m, whose bytes are data, decompressed. A header is
// believed before a prefix, and the last header of a name before those before it, as the
// readers of the registries do it. A prefix may be a number or something else that begins with
// a zero: only who asks the registry for the schema knows.
func FrameOf(m *adapters.Message, part Part, data []byte) Frame {
	if data == nil {
		return Frame{}
	}
	if len(m.Headers) > 0 {
		if f := headerFrame(m.Headers, part); f.Ref.By != schemas.ByNothing {
			return f
		}
	}
	if p := m.Properties; p != nil && part == Value {
		if f := azureFrame(p.ContentType); f.Ref.By != schemas.ByNothing {
			return f
		}
	}
	return FrameBefore(data)
}

// headerFrame is what headers say.
func headerFrame(headers []adapters.Header, part Part) (f Frame) {
	names := &namesOf[part]
	json, artifact := false, false
	for i := len(headers) - 1; i >= 0; i-- {
		name, value := headers[i].Name, headers[i].Value
		switch {
		case name == names.encoding:
			json = string(value) == "JSON"
		case f.Ref.By != schemas.ByNothing:
		case name == names.confluent:
			f = confluentHeader(value)
		case name == names.globalID && len(value) == 8:
			f.Ref = schemas.Ref{By: schemas.ByGlobalID, ID: binary.BigEndian.Uint64(value)}
		case name == names.contentID && len(value) == 8:
			f.Ref = schemas.Ref{By: schemas.ByContentID, ID: binary.BigEndian.Uint64(value)}
		case name == names.artifact:
			artifact = len(value) > 0
		case part == Value && name == "content-type":
			f = azureFrame(string(value))
		case part == Value && (name == "ce_dataschema" || name == "cloudEvents_dataschema" || name == "cloudEvents:dataschema"):
			f = dataSchemaFrame(string(value))
		}
	}
	if artifact && f.Ref.By == schemas.ByNothing {
		f = artifactFrame(headers, names)
	}
	f.JSON = json
	return f
}

// artifactFrame is what headers of Apicurio say that name a schema by the place where it was
// registered. Without a version the writer's schema is not known. The name is kept with all that is
// counted, so that one that is too long is none.
func artifactFrame(headers []adapters.Header, names *headerNames) Frame {
	group, artifact, version := "default", "", ""
	for _, h := range headers {
		switch h.Name {
		case names.group:
			group = string(h.Value)
		case names.artifact:
			artifact = string(h.Value)
		case names.version:
			version = string(h.Value)
		}
	}
	if len(group)+len(artifact)+len(version) > longestName || slices.ContainsFunc([]string{group, artifact, version}, leadsElsewhere) {
		return Frame{}
	}
	f := Frame{Ref: schemas.Ref{By: schemas.ByArtifact, Name: url.PathEscape(group) + "/" + url.PathEscape(artifact) + "/" + url.PathEscape(version)}}
	if len(f.Ref.Name) > longestName {
		return Frame{}
	}
	if version == "" {
		f.Why = "it does not say of which version it is"
	}
	return f
}

// leadsElsewhere reports whether a name would be no name in a path, but another place.
func leadsElsewhere(name string) bool { return name == "." || name == ".." }

// dataSchemaFrame reads the address of a schema, as CloudEvents name it. Nobody is asked but the
// registry of the source, so its host must be that one.
func dataSchemaFrame(address string) Frame {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" {
		return Frame{}
	}
	path, number := at.Path[:strings.LastIndexByte(at.Path, '/')+1], at.Path[strings.LastIndexByte(at.Path, '/')+1:]
	f := Frame{Host: at.Host}
	id, err := strconv.ParseUint(number, 10, 31)
	switch {
	case err == nil && strings.HasSuffix(path, "/schemas/ids/"):
		f.Ref = schemas.Ref{By: schemas.ByID, ID: id}
	case err == nil && strings.HasSuffix(path, "/ids/globalIds/"):
		f.Ref = schemas.Ref{By: schemas.ByGlobalID, ID: id}
	case err == nil && strings.HasSuffix(path, "/ids/contentIds/"):
		f.Ref = schemas.Ref{By: schemas.ByContentID, ID: id}
	default:
		return Frame{}
	}
	return f
}

// confluentHeader reads a header of Confluent's serialisers: a one and a GUID, or a zero and
// an id, and behind them message indexes (DualSchemaIdDeserializer).
func confluentHeader(value []byte) Frame {
	switch {
	case len(value) >= framedGUID && value[0] == 1:
		return Frame{Ref: guidRef(value[1:]), Indexes: value[framedGUID:]}
	case len(value) >= framed && value[0] == 0:
		if id := binary.BigEndian.Uint32(value[1:]); id > 0 && id <= mostID {
			return Frame{Ref: schemas.Ref{By: schemas.ByID, ID: uint64(id)}, Indexes: value[framed:]}
		}
	}
	return Frame{}
}

func guidRef(b []byte) schemas.Ref {
	return schemas.Ref{By: schemas.ByGUID, GUID: [16]byte(b)}
}

// azureFrame reads a content type that names a schema of Azure's registry:
// avro/binary+GUID.
func azureFrame(contentType string) Frame {
	guid, found := strings.CutPrefix(contentType, "avro/binary+")
	if !found || len(guid) < 32 || len(guid) > 36 {
		return Frame{}
	}
	return azureRef(strings.ReplaceAll(guid, "-", ""))
}

// azureRef is a frame that names a schema of Azure's registry by the digits of its GUID.
func azureRef(digits string) Frame {
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != 16 {
		return Frame{}
	}
	return Frame{Ref: schemas.Ref{By: schemas.ByAzureID, GUID: [16]byte(b)}, Why: whyAzure}
}

// FrameBefore is what stands before a value, whatever headers say. A number of eight bytes is no frame, and
// registries count from 1; an id of zero in four bytes is the upper half of one of eight.
func FrameBefore(data []byte) Frame {
	if len(data) < framed {
		return Frame{}
	}
	switch data[0] {
	case 0:
		if f := azureBefore(data); f.At > 0 {
			return f
		}
		return idFrame(data)
	case 1:
		if len(data) >= framedGUID {
			return Frame{Ref: guidRef(data[1:]), At: framedGUID}
		}
	case 3:
		if len(data) >= framedGlue && (data[1] == 0 || data[1] == 5) && plausibleGUID(data[2:framedGlue]) {
			return Frame{Ref: schemas.Ref{By: schemas.ByGlueVersion, GUID: [16]byte(data[2:])}, At: framedGlue, Compressed: data[1] == 5, Why: whyGlue}
		}
	case 0xc3:
		if len(data) >= framedSingle && data[1] == 1 {
			return Frame{Ref: schemas.Ref{By: schemas.ByFingerprint, ID: binary.LittleEndian.Uint64(data[2:])}, At: framedSingle}
		}
	}
	return Frame{}
}

// byteOrderMark is what some programs put before text in UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Unframed is JSON without what some serialisers put before it, which is known by what follows:
// the frame of a schema, and a byte order mark. Of anything else only that mark is left out.
func Unframed(data []byte) []byte {
	if len(data) > framed && data[0] <= 3 {
		for _, n := range [...]int{framed, framedLong, framedGUID, framedGlue} {
			if len(data) > n && beginsJSON(data[n:]) && fitsFrame(data, n) {
				data = data[n:]
				break
			}
		}
	}
	return bytes.TrimPrefix(data, byteOrderMark)
}

// fitsFrame reports whether data may begin with a frame of that size.
func fitsFrame(data []byte, size int) bool {
	switch size {
	case framed:
		return data[0] == 0
	case framedLong: // of an id, which takes four bytes at most
		return data[0] == 0 && data[1]|data[2]|data[3]|data[4] == 0
	case framedGUID:
		return data[0] == 1
	}
	return data[0] == 3 && data[1] == 0
}

// azureBefore is what older clients of Azure's registry put before a value: its first digit would be an id
// of four bytes.
func azureBefore(data []byte) Frame {
	if len(data) < framedAzure || data[1]|data[2]|data[3] != 0 {
		return Frame{}
	}
	for _, c := range data[4:framedAzure] { // which of nearly all values is not one from the first on
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return Frame{}
		}
	}
	f := azureRef(string(data[4:framedAzure]))
	f.At = framedAzure
	return f
}

func beginsJSON(data []byte) bool { return looksLikeJSON(data) || bytes.HasPrefix(data, byteOrderMark) }

func idFrame(data []byte) Frame {
	if len(data) == 8 {
		return Frame{}
	}
	if id := binary.BigEndian.Uint32(data[1:]); id > 0 && id <= mostID {
		return Frame{Ref: schemas.Ref{By: schemas.ByID, ID: uint64(id)}, At: framed}
	}
	if len(data) >= framedLong {
		if id := binary.BigEndian.Uint64(data[1:]); id > 0 && id <= mostID {
			return Frame{Ref: schemas.Ref{By: schemas.ByGlobalID, ID: id}, At: framedLong}
		}
	}
	return Frame{}
}

// plausibleGUID reports whether the bits which say what kind of GUID it is are those of one
// (RFC 9562, section 4.1). Those of Confluent are plain digests, of which nothing is known.
func plausibleGUID(b []byte) bool {
	version := b[6] >> 4
	return b[8]&0xc0 == 0x80 && version >= 1 && version <= 8
}

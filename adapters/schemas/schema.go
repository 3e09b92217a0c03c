package schemas

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
)

// ErrPending is told by [Finder] while a schema is being asked for: the same question has an
// answer later.
var ErrPending = errors.New("the registry is being asked for the schema")

// Finder finds the schemas that the messages of one source name. Any goroutine may ask.
type Finder interface {
	// Find is the schema that a message of a destination names. It never waits: it fails with
	// [ErrPending] while the answer is on its way, and else with the reason there is none, in
	// words for an operator. Where that is [errors.ErrUnsupported] there will never be one.
	Find(destination string, ref Ref) (*Schema, error)
	// Registry is where the schemas are kept, for people: a host.
	Registry() string
}

// Rereader is a [Finder] that counts the values which could not be read when they came. Whoever
// reads them again tells it what became of them.
type Rereader interface {
	// ReadAgain says that so many values which name a schema were read after all.
	ReadAgain(ref Ref, values int64)
	// GivenUp says that some of them will not be, and why, in one clause.
	GivenUp(ref Ref, why string)
}

// Part is a part of a message that a schema may describe.
type Part uint8

const (
	Value Part = iota
	Key
)

// Assigner is a [Finder] that also knows schemas of messages that name none.
type Assigner interface {
	// Assigned is by what the values or the keys of a destination are read, or nil.
	Assigned(destination string, part Part) *Assigned
}

// Assigned is a schema that an operator named for a destination.
type Assigned struct {
	Schema *Schema
	// Framing is what stands before the values.
	Framing Framing
	// Alone says that there is no registry which could know the schema that a frame names.
	Alone bool
}

// Framing is what stands before values that a schema was assigned to.
type Framing uint8

const (
	// FrameFirst: a frame, if there is one, counts before what was assigned.
	FrameFirst Framing = iota
	// Unframed: nothing, whatever it looks like.
	Unframed
	// Delimited: the length of the value, as a varint.
	Delimited
)

// Catalogue finds schemas that people name, rather than messages. It waits for the answer. An error
// is an *adapters.Problem, or that of ctx.
type Catalogue interface {
	// Schema is what a reference stands for.
	Schema(ctx context.Context, ref Ref) (*Schema, error)
	// Version is a version of a subject.
	Version(ctx context.Context, subject string, version int) (*Schema, error)
}

// Judge is a [Catalogue] whose registry judges whether a version keeps the level of its subject. It
// waits for the answer, and fails with [errors.ErrUnsupported] where nobody can be asked.
type Judge interface {
	// Verdict is what the registry says of a version, beside an older one of the same subject, or
	// alone where older is nil.
	Verdict(ctx context.Context, older, newer *Schema) (Verdict, error)
}

// Verdict is what a registry says.
type Verdict struct {
	// Level is what is asked of a new version of the subject, such as BACKWARD.
	Level string
	// Judged says that the registry has compared the two, and Keeps that the newer one may follow
	// the older. Messages are its reasons where it may not, if it gives any.
	Judged, Keeps bool
	Messages      []string
}

// Told is the verdict in words: "level BACKWARD, which this version keeps towards v1".
func (v Verdict) Told(older *Schema) string {
	switch {
	case !v.Judged:
		return "level " + v.Level
	case v.Keeps:
		return fmt.Sprintf("level %s, which this version keeps towards v%d", v.Level, older.Place().Version)
	}
	text := fmt.Sprintf("level %s, which this version does not keep towards v%d", v.Level, older.Place().Version)
	if len(v.Messages) > 0 {
		text += ": " + strings.Join(v.Messages, "; ")
	}
	return text
}

// Ref is how a message names a schema. It is comparable.
type Ref struct {
	By   By
	ID   uint64
	GUID [16]byte
	// Name is of what is named by text.
	Name string
}

// By is what the number or the GUID of a reference is one of.
type By uint8

const (
	// ByNothing names no schema.
	ByNothing By = iota
	// ByID is an id of a registry, in its context.
	ByID
	// ByGUID is the digest of a schema, the same in every registry.
	ByGUID
	// ByGlobalID and ByContentID are numbers of Apicurio's own API.
	ByGlobalID
	ByContentID
	// ByGlueVersion and ByAzureID are GUIDs of registries that are not asked.
	ByGlueVersion
	ByAzureID
	// ByFingerprint is the CRC-64-AVRO of a schema's canonical form.
	ByFingerprint
	// ByArtifact is a group, an artifact and a version of Apicurio's own API, with slashes.
	ByArtifact
	// ByFile is a file that an operator named for a destination.
	ByFile
)

// schemaWords are what a reference is called before its number.
var schemaWords = [...]string{ByID: "id", ByGUID: "GUID", ByGlobalID: "global id", ByContentID: "content id", ByGlueVersion: "version", ByAzureID: "GUID", ByFingerprint: "fingerprint", ByArtifact: "artifact", ByFile: "file"}

// String is the reference for people: "id 7".
func (r Ref) String() string {
	if r.By == ByNothing || int(r.By) >= len(schemaWords) {
		return ""
	}
	return schemaWords[r.By] + " " + r.Number()
}

// Number is the reference without what it is one of: "7", or the text of a GUID.
func (r Ref) Number() string {
	switch r.By {
	case ByGUID, ByGlueVersion, ByAzureID:
		g := r.GUID
		return fmt.Sprintf("%x-%x-%x-%x-%x", g[:4], g[4:6], g[6:8], g[8:10], g[10:])
	case ByArtifact, ByFile:
		return r.Name
	case ByFingerprint:
		return fmt.Sprintf("%016x", r.ID)
	}
	return strconv.FormatUint(r.ID, 10)
}

// Schema is what a reference stands for. It never changes once it was found.
type Schema struct {
	// Ref is by what it was found.
	Ref Ref
	// Format is what its values are written in: AVRO, PROTOBUF or JSON.
	Format string
	// Name is that of the record that it describes, or "".
	Name string
	// Text is the schema, and References are those that it refers to, each before those that
	// refer to it.
	Text       string
	References []string
	// Encrypted says that all that follows the frame is encrypted, as rules of the schema say,
	// and Encrypts what of it else is.
	Encrypted bool
	Encrypts  []Encryption
	// Tags are those that the registry has beside the schema, or beside one that it refers to, of
	// whichever members.
	Tags []string
	// Rules are the names of the rules that the registry has with it.
	Rules []string
	// Reader is what reads its values, made by the package of its format and known to package
	// payload; nil where nothing does.
	Reader any

	place atomic.Pointer[Place]
}

// Place is where a registry has a schema: a version of a subject.
type Place struct {
	Subject string
	Version int
}

// String is the place in the words of its registry: "orders-value v3".
func (p Place) String() string { return p.Subject + " v" + strconv.Itoa(p.Version) }

// Encryption is a rule by which the members are encrypted that have one of its tags.
type Encryption struct {
	Tags []string
	// Key is what the rule calls its key, or "".
	Key string
}

// String is what stands in the place of such a member.
func (e Encryption) String() string {
	text := "encrypted (tag " + strings.Join(e.Tags, ", ")
	if e.Key != "" {
		text += ", key " + e.Key
	}
	return text + ")"
}

// PutAt notes where the registry has it, which may be learned later than the schema.
func (s *Schema) PutAt(p Place) { s.place.Store(&p) }

// Place is where the registry has it; no subject where it has not said.
func (s *Schema) Place() Place {
	if p := s.place.Load(); p != nil {
		return *p
	}
	return Place{}
}

// Title is the schema in the words of its registry: "orders-value v3", or else its reference.
func (s *Schema) Title() string {
	p := s.Place()
	switch {
	case s.Ref.By == ByFile:
		return s.Ref.Name
	case p.Subject == "":
		return "schema " + s.Ref.Number()
	}
	return p.String()
}

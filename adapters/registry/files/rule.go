package files

import (
	"errors"
	"fmt"
	"strings"

	"eventscope/adapters/schemas"
)

// Rule says by what the values or the keys of some destinations are read.
type Rule struct {
	// Destination is a name, or a pattern as in mappings; or the GUID by which messages name the
	// schema, whatever their destination.
	Destination string
	Part        schemas.Part
	// Path is a file: .avsc is Avro, .json is that or a schema of JSON, .proto is Protobuf, anything else a set of descriptors.
	Path string
	// Message is the full name of the message of Protobuf. It may be empty where there is one.
	Message string
	// Format is that of values that need no schema, in place of a file: "msgpack" or "cbor".
	Format string
	// Framing is what stands before the values.
	Framing schemas.Framing
}

// Framings are how an operator writes them.
var Framings = map[string]schemas.Framing{"": schemas.FrameFirst, "confluent": schemas.FrameFirst, "none": schemas.Unframed, "delimited": schemas.Delimited}

// ParseRule reads a rule as a parameter has it: DESTINATION:PATH, and behind a # the message of
// Protobuf.
func ParseRule(text string, part schemas.Part) (Rule, error) {
	destination, path, found := strings.Cut(text, ":")
	if !found || destination == "" || path == "" {
		return Rule{}, errors.New("a schema is given as DESTINATION:FILE, as in orders:order.avsc, or telemetry.*:shop.proto#shop.v1.Order")
	}
	r := Rule{Destination: destination, Part: part}
	if path == messagePack || path == cbor {
		r.Format = path
		return r, nil
	}
	r.Path, r.Message, _ = strings.Cut(path, "#")
	return r, nil
}

// String is the rule as a parameter has it.
func (r *Rule) String() string {
	text := r.Destination + ":" + r.Format + r.Path
	if r.Message != "" {
		text += "#" + r.Message
	}
	return text
}

// Formats that need no schema, as an operator writes them.
const (
	messagePack = "msgpack"
	cbor        = "cbor"
)

// wrong says what is wrong with a rule.
func (r *Rule) wrong(err error) error {
	return fmt.Errorf("the schema %s of %q: %w", r.Path+r.Format, r.Destination, err)
}

package envelope

import "eventscope/adapters"

// Mapping pins where the messages of some destinations carry a fact, for producers
// that follow no convention. Each field is empty, or one of "header NAME",
// "property NAME" (correlation-id, message-id, type, app-id, …), "key", or a JSON
// pointer into the body (RFC 6901): "/payload/order/id".
type Mapping struct {
	// Destination is a destination's name, a pattern with * and ?, or ~ and a
	// regular expression.
	Destination string

	Flow, Cause, ID, Type, Version, Service, Entity, Time string
}

// Rules are compiled mappings. A nil *Rules has none.
type Rules struct{}

// Compile compiles mappings; an error names the mapping and what is wrong with it.
func Compile(mappings []Mapping) (*Rules, error) { return &Rules{}, nil }

// Reader reads identities. It has scratch memory: one a goroutine.
type Reader struct{}

// NewReader returns a reader that knows rules, which may be nil.
func NewReader(rules *Rules) *Reader { return &Reader{} }

// Read fills id with what m says about itself. What it points to is borrowed until
// the next Read or until m's batch is released.
func (r *Reader) Read(m *adapters.Message, id *Identity) { *id = Identity{} }

// Certify reads the certificate of a dead letter, and whether m is one.
func Certify(m *adapters.Message) (Death, bool) { return Death{}, false }

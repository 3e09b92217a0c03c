package envelope

// Dialect is a convention by which a producer spells identity.
type Dialect string

// Plain is no dialect: fields were found by the lists of common names.
const Plain Dialect = ""

// dialect is one row of the table of dialects: how to know it, and where it keeps what.
// A new dialect is a new row and a golden message.
type dialect struct {
	name Dialect

	// marks tell the dialect by header names: it is there when every group has at
	// least one of its names. Names are in lower case; one that ends in * is a prefix.
	marks [][]string
	// contentType tells it by the beginning of the content type.
	contentType string
	// bodyMarks tell it by member names of a JSON body, folded (see spelling.Fold).
	bodyMarks [][]string

	// headers says what the headers mean, best first where two have one role. A name
	// that is listed here is not looked at as a common name.
	headers []entry
	// properties says what AMQP properties mean; likewise.
	properties []entry
	// body says what members of the body mean, by folded names; "source.name" is a
	// member of a member (see parents).
	body []entry
	// bodyAnywhere says that bodyMarks and body also count below metadata and payload.
	bodyAnywhere bool
}

// entry says that what has this name plays that role.
type entry struct {
	name string
	role role
	form form
}

// role is what a value says about its message.
type role uint8

const (
	nothing role = iota // known, and not to be used
	flow
	cause
	ownID
	eventType
	version
	service
	entity
	occurred
	trace
	tenant
	roleCount
)

// field is where an identity keeps a role; nil for the time, which is no Field.
func (id *Identity) field(r role) *Field {
	switch r {
	case flow:
		return &id.Flow
	case cause:
		return &id.Cause
	case ownID:
		return &id.ID
	case eventType:
		return &id.Type
	case version:
		return &id.Version
	case service:
		return &id.Service
	case entity:
		return &id.Entity
	case trace:
		return &id.Trace
	case tenant:
		return &id.Tenant
	}
	return nil
}

// form is how a value is written where that is not simply itself.
type form uint8

const (
	asIs         form = iota
	assemblyList      // "Ns.Type, Assembly, Version=1.0.0.0; Ns.Base, …": the first, and its version
	messageURN        // "urn:message:Ns:Type;…" or a JSON array of these: the first
	lastSegment       // an address: what follows the last slash, before any ?
	traceParent       // a W3C traceparent
	b3                // a B3 header, single or trace id alone
	debeziumOp        // c, u, d, r, t, m
	identifier        // only a value without spaces, since the name is a common word
	nameOfEvent       // likewise, and at the top of a body only beside a payload or metadata
	spare             // the value itself, if no other header or field gives this id
)

// dialects are all the rows, in the order in which they are tried. Those that frame
// the message are before those that only add a header to it.
var dialects = []*dialect{
	&nServiceBus, &massTransit, &cloudEvents, &rebus, &dotNetCoreCAP, &axon, &watermill,
	&wolverine, &celery, &eventuate, &dapr, &cloudEventsBody, &debezium, &kurrentDB,
	&longRunningAction, &camel, &spring,
}

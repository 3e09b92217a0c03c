package dialect

// Name is a convention by which a producer spells identity.
type Name string

// Plain is no dialect: fields were found by the lists of common names.
const Plain Name = ""

// Dialect is one row of the table of dialects: how to know it, and where it keeps what.
// A new dialect is a new row and a golden message.
type Dialect struct {
	Name Name

	// Marks tell the dialect by header names: it is there when every group has at
	// least one of its names. Names are in lower case; one that ends in * is a prefix.
	Marks [][]string
	// ContentType tells it by the beginning of the content type.
	ContentType string
	// BodyMarks tell it by member names of a JSON body, folded (see spelling.Fold).
	BodyMarks [][]string

	// Headers says what the headers mean, best first where two have one role. A name
	// that is listed here is not looked at as a common name.
	Headers []Entry
	// Properties says what AMQP properties mean; likewise.
	Properties []Entry
	// Body says what members of the body mean, by folded names; "source.name" is a
	// member of a member (see the parents of package envelope).
	Body []Entry
	// BodyAnywhere says that BodyMarks and Body also count below metadata and payload.
	BodyAnywhere bool
}

// Entry says that what has this name plays that role.
type Entry struct {
	Name string
	Role Role
	Form Form
}

// Role is what a value says about its message.
type Role uint8

// The roles.
const (
	Nothing Role = iota // known, and not to be used
	Flow
	Cause
	OwnID
	EventType
	Version
	Service
	Entity
	Occurred
	Trace
	Tenant
	RoleCount // how many there are
)

// Form is how a value is written where that is not simply itself.
type Form uint8

// The forms.
const (
	AsIs         Form = iota
	AssemblyList      // "Ns.Type, Assembly, Version=1.0.0.0; Ns.Base, …": the first, and its version
	MessageURN        // "urn:message:Ns:Type;…" or a JSON array of these: the first
	LastSegment       // an address: what follows the last slash, before any ?
	TraceParent       // a W3C traceparent
	B3                // a B3 header, single or trace id alone
	XRay              // an AWS trace header, "Root=1-<8 hex>-<24 hex>;Parent=…"
	DebeziumOp        // c, u, d, r, t, m, of the table that a TableOfOp names
	TableOfOp         // a table, or a collection
	Identifier        // only a value without spaces, since the name is a common word
	NameOfEvent       // likewise, and at the top of a body only beside a payload or metadata
	Spare             // the value itself, if no other header or field gives this id
)

// All are all the rows, in the order in which they are tried. Those that frame
// the message are before those that only add a header to it.
var All = []*Dialect{
	&nServiceBus, &massTransit, &cloudEvents, &rebus, &dotNetCoreCAP, &axon, &watermill,
	&wolverine, &celery, &eventuate, &eventBridge, &dapr, &cloudEventsBody, Debezium, &kurrentDB,
	&longRunningAction, &camel, &spring,
}

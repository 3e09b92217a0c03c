package tracing

import (
	"context"
	"iter"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/tracing/query"
	"eventscope/tracing/versions"
)

// Querier is the few questions a Store answers. A larger system would answer the
// same ones from elsewhere, so that nothing in them is local to this process but the
// keys it hands out itself.
type Querier interface {
	// Counters never waits.
	Counters() Counters
	// Page returns rows of the stream.
	Page(ctx context.Context, query PageQuery) (Page, error)
	// Flows returns rows of the list of flows.
	Flows(ctx context.Context, query FlowQuery) (FlowPage, error)
	// Flow returns one flow, or ErrUnknown.
	Flow(ctx context.Context, key FlowKey) (*Flow, error)
	// Find returns the flows that a flow id, entity or event id leads to, best
	// first, or ErrUnknown.
	Find(ctx context.Context, id string) ([]Match, error)
	// Locate returns the newest event at a position, or ErrUnknown.
	Locate(ctx context.Context, position adapters.Position) (Sequence, error)
	// Event returns one event, or ErrUnknown.
	Event(ctx context.Context, sequence Sequence) (Event, error)
	// Messages reads the messages of events again, in their order, each with its
	// own error (adapters.ErrGone where nobody has it any more).
	Messages(ctx context.Context, events []Event) iter.Seq2[adapters.Message, error]
	// Traffic counts who writes what where, over all of the index.
	Traffic(ctx context.Context) (Traffic, error)
	// Versions counts the versions of each type, since the reading began.
	Versions(ctx context.Context) ([]versions.Seen, error)
	// Watch begins to collect what a filter matches, from now on and back through
	// the index. Close it when it is no longer looked at.
	Watch(filter *query.Filter) *Watch
}

// PageQuery asks for rows of the stream.
type PageQuery struct {
	// Watch narrows the stream to what a filter matched; nil is everything.
	Watch *Watch
	// From is the event to begin at, inclusive: the newest when 0. When it was
	// evicted, the nearest one takes its place.
	From Sequence
	// Backward collects towards older events; else towards newer ones.
	Backward bool
	// Limit is how many rows are wanted.
	Limit int
}

// Page is a piece of the stream, oldest first whatever the direction.
type Page struct {
	Events []Event
	// Older and Newer count the rows of the same stream on both sides.
	Older, Newer int64

	encoded []unmade // events whose Summary still is the whole encoded message
}

// FlowQuery asks for rows of the flows page.
type FlowQuery struct {
	Watch  *Watch   // only flows that the filter passes as a whole, with an event that it matched; nil is all
	Status []Status // only these; empty is all
	Sort   FlowSort
	// Reversed sorts the other way round.
	Reversed bool
	Offset   int
	Limit    int
}

// FlowSort orders flows.
type FlowSort string

const (
	ByActivity FlowSort = "activity" // newest last event first
	ByStart    FlowSort = "start"    // newest first event first
	ByDuration FlowSort = "duration" // longest first
	ByEvents   FlowSort = "events"   // most first
	ByTrouble  FlowSort = "trouble"  // failed, stuck, late first; then by activity
	ByName     FlowSort = "name"     // of what they are about, or of the flow; by the alphabet
	ByType     FlowSort = "type"     // of the last event, by the alphabet
	ByServices FlowSort = "services" // by the alphabet
)

// FlowSorts lists all, in the order in which the screen cycles through them.
var FlowSorts = []FlowSort{ByActivity, ByTrouble, ByStart, ByDuration, ByEvents, ByName, ByType, ByServices}

// FlowPage is a piece of the list of flows.
type FlowPage struct {
	Flows []FlowSummary
	// Total is how many flows there are in the index, whatever the query.
	Total int
	// Matched is how many of those considered match the query.
	Matched int
	// Considered is how many flows were looked at, newest first: a sort or a status
	// needs every one, and looks at no more than [FlowsConsidered].
	Considered int
}

// FlowsConsidered bounds what one FlowQuery looks at.
const FlowsConsidered = 20_000

// Match is a flow that an id leads to.
type Match struct {
	Key FlowKey
	// By says how: "flow id", "entity", "event id".
	By string
}

// Counters are the store's figures; they are read without waiting.
type Counters struct {
	// Version changes when anything a page shows may have changed.
	Version uint64

	Events  int64 // taken since the start
	Indexed int64 // of these, still in the index
	Evicted int64
	Flows   int64 // in the index now
	Begun   int64 // flows since the start

	IndexBytes   int64 // memory of the index
	PayloadBytes int64 // memory of kept payload copies
	Budget       int64

	Oldest time.Time // broker time of the oldest event in the index

	// LastPast is the latest event that was in its log before the reading of that began to
	// follow it; 0 when none is in the index. What is behind it came live.
	LastPast Sequence
}

// Sequence numbers the events of a [Store] in the order in which it took them.
// It is never used twice, and it stays with its event until that is evicted.
type Sequence uint64

// Event is one entry of the index, as a snapshot: the caller's to keep. It does not
// hold the payload; [Store.Messages] reads that again.
type Event struct {
	Sequence Sequence
	Source   string // the adapter's name
	Broker   adapters.Broker
	Position adapters.Position
	Time     time.Time // broker time, in milliseconds or better; zero if it has none
	Type     string
	Service  string // empty when nothing says so
	FlowKey  FlowKey
	FlowID   string // empty: the event names no flow and no entity
	Entity   string
	Marks    Marks

	// Summary is one line of the payload, sanitised by nobody yet, or nil when no
	// copy is at hand.
	Summary []byte
	// Fields are those that the store was asked for, in their order, as they may be shown; nil when
	// no copy is at hand.
	Fields [][]byte
}

// EventOf is a message that was read beside the index, as the event that it tells of.
func EventOf(source string, broker adapters.Broker, m *adapters.Message, rules *envelope.Rules) Event {
	var id envelope.Identity
	envelope.NewReader(rules).Read(m, &id)
	return Event{
		Source: source, Broker: broker, Position: m.Position, Time: m.Time,
		Type: string(id.Type.Value), Service: string(id.Service.Value), FlowID: string(id.Flow.Value), Entity: string(id.Entity.Value),
	}
}

// entry is what a filter is told of an event.
func (e *Event) entry() query.Entry {
	return query.Entry{
		Position: e.Position, Time: e.Time, Type: e.Type, Service: e.Service, Flow: e.FlowID, Entity: e.Entity,
		Redelivered: e.Marks.Has(Redelivered), DeadLetter: e.Marks.Has(DeadLetter),
	}
}

// Marks are facts about one event, as bits.
type Marks uint16

const (
	DeadLetter   Marks = 1 << iota // carries a dead-letter writer's headers
	Failure                        // its type says that something failed
	Compensation                   // its type undoes something
	Duplicate                      // same id and same payload as an earlier event of its flow
	IDReused                       // same id as an earlier event, other payload
	OutOfOrder                     // an effect that is older in its log than its cause
	ClockSkew                      // broker time earlier than its cause's
	Redelivered                    // the broker says it was handed out before
	Replayed                       // carries the headers of a replay
	Malformed                      // the body is not what it claims to be
	ByKey                          // it names no flow; its order id or key led to this one

	// These are not for the outside.
	past    Marks = 1 << 15 // it was in its log before the reading of that began to follow it
	untimed Marks = 1 << 14 // its message has no time: that of its entry is when it came, or about when
)

var markNames = []string{"dead letter", "failure", "compensation", "duplicate", "id reused", "out of order", "clock skew", "redelivered", "replayed", "malformed", "by key"}

// Has reports whether all marks of m2 are set.
func (m Marks) Has(m2 Marks) bool { return m&m2 == m2 }

// Names lists the marks in words, in the order of their bits.
func (m Marks) Names() []string {
	names := []string{}
	for i, name := range markNames {
		if m&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

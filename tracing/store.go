package tracing

import (
	"context"
	"errors"
	"iter"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
)

// Config says how a Store works. The zero value is good.
type Config struct {
	// Memory is the budget of index and payload copies together, in bytes; 512 MiB
	// when 0. At least 8 MiB is used.
	Memory int64

	// Rules are the operator's mappings; nil is none.
	Rules *envelope.Rules

	// KeepRecent keeps copies of the newest payloads of every source, for the
	// summaries a screen shows. Volatile ones are always kept, within the budget.
	KeepRecent bool

	// Paths are declared usual paths; others are learned.
	Paths []Path

	// Settle is how long a flow must be silent before it is judged to have ended
	// when nothing better is known; 30 s when 0.
	Settle time.Duration
}

// Path is a declared usual path: the types that follow Types[0].
type Path struct {
	Name  string
	Types []string
}

// Source names where messages come from.
type Source struct {
	Name   string
	Broker adapters.Broker
	// Fetch reads messages again; nil when that is not possible.
	Fetch adapters.Fetcher
}

// ErrUnknown: the store has no such event or flow, or no longer.
var ErrUnknown = errors.New("not in the index")

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
	// Event returns one event, or ErrUnknown.
	Event(ctx context.Context, sequence Sequence) (Event, error)
	// Messages reads the messages of events again, in their order, each with its
	// own error (adapters.ErrGone where nobody has it any more).
	Messages(ctx context.Context, events []Event) iter.Seq2[adapters.Message, error]
	// Watch begins to collect what a filter matches, from now on and back through
	// the index. Close it when it is no longer looked at.
	Watch(filter *Filter) *Watch
}

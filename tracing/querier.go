package tracing

import (
	"context"
	"iter"

	"eventscope/adapters"
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
	// Watch begins to collect what a filter matches, from now on and back through
	// the index. Close it when it is no longer looked at.
	Watch(filter *Filter) *Watch
}

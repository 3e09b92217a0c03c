package tracing

import "time"

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

	encoded []int // events whose Summary still is the whole encoded message
}

// FlowQuery asks for rows of the flows page.
type FlowQuery struct {
	Watch  *Watch   // only flows with an event the filter matched; nil is all
	Status []Status // only these; empty is all
	Sort   FlowSort
	Offset int
	Limit  int
}

// FlowSort orders flows.
type FlowSort string

const (
	ByActivity FlowSort = "activity" // newest last event first
	ByStart    FlowSort = "start"    // newest first event first
	ByDuration FlowSort = "duration" // longest first
	ByEvents   FlowSort = "events"   // most first
	ByTrouble  FlowSort = "trouble"  // failed, stuck, late first; then by activity
)

// FlowSorts lists all, in the order in which the screen cycles through them.
var FlowSorts = []FlowSort{ByActivity, ByTrouble, ByStart, ByDuration, ByEvents}

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
	NoFlow  int64 // events that name no flow and no entity

	IndexBytes   int64 // memory of the index
	PayloadBytes int64 // memory of kept payload copies
	Budget       int64

	Oldest time.Time // broker time of the oldest event in the index
}

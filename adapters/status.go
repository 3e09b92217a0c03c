package adapters

import "time"

// Connection is the state of a source's connection.
type Connection uint8

const (
	// Connecting: no connection yet.
	Connecting Connection = iota
	// Live: connected and reading at the end of what there is.
	Live
	// CatchingUp: connected and reading what is older; BehindBy says how much.
	CatchingUp
	// Lost: the connection broke at Since and is being made again.
	Lost
	// Failed: the source ended for a reason that waiting cannot mend; Err says it.
	Failed
	// Closed: it was asked to end.
	Closed
)

var connectionNames = [...]string{"connecting", "live", "catching up", "lost", "failed", "closed"}

// String is the state in the words the screen uses.
func (c Connection) String() string {
	if int(c) < len(connectionNames) {
		return connectionNames[c]
	}
	return "unknown"
}

// Status is what a source says about itself. Counters only grow.
type Status struct {
	Connection Connection

	// Since is when Connection took its present value.
	Since time.Time

	// Err is why the connection is Lost or Failed, in words for an operator: what
	// was tried, the cause, what to do. Nil otherwise.
	Err error

	// Problems are parts of the source that cannot be read while the rest goes on,
	// such as a topic without permission: one sentence each.
	Problems []string

	// Unread counts values that could not be read by the schemas that they name, by what goes
	// behind their number: "values of orders-value v3 do not fit it".
	Unread map[string]int64

	// Destinations is how many topics, streams or taps are read.
	Destinations int

	// Messages and Bytes were delivered to the intake.
	Messages, Bytes int64

	// BehindBy is how many messages lie between what was delivered and the end of
	// the logs, or -1 when that is not known (a tap).
	BehindBy int64

	// Past says that messages are still to come that were in the logs before the reading of
	// them had come to its end for the first time; see [Batch]. It turns false only once all
	// of them were delivered, and true again only when a reading begins.
	Past bool

	// PastMessages are those of Messages that were in their log before the reading of it began, as
	// far as somebody counts them: they are no traffic.
	PastMessages int64

	// Dropped messages were lost between the broker and the intake, by an overflowing
	// tap, say. DroppedUnknown says that there were more that nobody counted.
	Dropped        int64
	DroppedUnknown bool

	// Gaps are the times during which a source that cannot look back was away,
	// newest last, at most the last 16.
	Gaps []Gap
}

// Gap is a time during which messages may have passed unseen. One of no length was nothing
// that lasted: then Reason tells all there is to it.
type Gap struct {
	From, To time.Time
	// Reason is why, in words: "connection lost", "tap queue overflowed".
	Reason string
	// Missed is how many were missed, or -1 when nobody knows.
	Missed int64
}

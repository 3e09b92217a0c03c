package tracing

import (
	"time"

	"eventscope/adapters"
)

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
	Time     time.Time // broker time, in milliseconds or better
	Type     string
	Service  string // empty when nothing says so
	FlowKey  FlowKey
	FlowID   string // empty: the event names no flow and no entity
	Entity   string
	Marks    Marks

	// Summary is one line of the payload, sanitised by nobody yet, or nil when no
	// copy is at hand.
	Summary []byte
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
)

var markNames = []string{"dead letter", "failure", "compensation", "duplicate", "id reused", "out of order", "clock skew", "redelivered", "replayed", "malformed", "by key"}

// Has says that all marks of m2 are set.
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

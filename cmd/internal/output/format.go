package output

import (
	"fmt"
	"iter"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/schemas"
	"eventscope/replay"
	"eventscope/tracing"
	"eventscope/tracing/topology"
	"eventscope/tracing/versions"
)

// Event is one message with its identity, to be written.
type Event struct {
	Source   string
	Broker   adapters.Broker
	Message  *adapters.Message
	Identity *envelope.Identity
}

// Trace is one flow with the messages of its steps.
type Trace struct {
	Flow *tracing.Flow
	// Messages yields the message of each of Flow.Steps, or why it could not be read again. They
	// are asked for one at a time while the flow is written, since thousands may be large.
	Messages iter.Seq2[adapters.Message, error]
	Rules    *envelope.Rules
}

// Format makes lines of results; each Append function appends whole lines.
type Format interface {
	AppendEvent(dst []byte, e *Event) []byte
	AppendFlow(dst []byte, f *tracing.FlowSummary) []byte
	AppendLag(dst []byte, c *Lag) []byte
	AppendTopology(dst []byte, g *topology.Graph) []byte
	AppendVersion(dst []byte, v *versions.Version, whole bool) []byte
	AppendDifference(dst []byte, d *Difference) []byte
	AppendVerdict(dst []byte, older, newer *schemas.Schema, v *schemas.Verdict) []byte

	// WriteTrace writes the lines of a flow step by step.
	WriteTrace(w *Writer, t *Trace) error
	// WriteCompared writes what differs between two flows step by step.
	WriteCompared(w *Writer, c *Compared) error
	AppendComparedEvents(dst []byte, c *ComparedEvents) []byte

	AppendLetter(dst []byte, d *Letter) []byte
	AppendLetterPage(dst []byte, d *Letter) []byte
	AppendGroup(dst []byte, g *replay.Group) []byte
	AppendPlan(dst []byte, p *replay.Plan) []byte
	AppendOutcome(dst []byte, o *replay.Outcome) []byte
	AppendSummary(dst []byte, action replay.Action, s *replay.Summary) []byte
	AppendRecord(dst []byte, r *replay.Record) []byte
	AppendLine(dst []byte, line *replay.Line) []byte
}

// Kinds are the names of the formats, as -o takes them.
var Kinds = []string{"text", "json"}

// Options say how to write.
type Options struct {
	Kind     string // one of Kinds
	NoValue  bool   // leave out the values of events
	Terminal bool   // the reader is a terminal
	Width    int    // of the terminal in cells; 0 is unbounded
	ASCII    bool   // the terminal shows nothing but ASCII
	Colour   bool   // text may have colours

	Now func() time.Time // says which day is today; nil is time.Now
}

// New returns a format of the kind.
func New(options Options) (Format, error) {
	switch options.Kind {
	case "json":
		return &jsonLines{options: options}, nil
	case "text":
		return newText(options), nil
	}
	return nil, &adapters.Problem{
		Doing: fmt.Sprintf("write the output as %q", options.Kind), Cause: "unknown format",
		Remedy: "use -o text or -o json", Kind: adapters.ErrUsage,
	}
}

// flowOf is the flow that an event belongs to by what it says itself, and the evidence:
// an event that names no flow belongs to that of its entity.
func flowOf(id *envelope.Identity) (flow []byte, from envelope.Evidence, byKey bool) {
	if id.Flow.Known() {
		return id.Flow.Value, id.Flow.From, false
	}
	return id.Entity.Value, id.Entity.From, id.Entity.Known()
}

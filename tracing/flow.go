package tracing

import (
	"slices"
	"time"

	"eventscope/adapters"
)

// FlowKey is a store's own handle of a flow. It stays good when flows are joined (it
// then finds the joined flow) and finds nothing once the flow was evicted. Zero is no
// flow.
type FlowKey uint64

// Status is how a flow stands.
type Status string

const (
	Running     Status = "running"     // something is still to come, and there is time
	Complete    Status = "complete"    // it came to a usual end
	Compensated Status = "compensated" // something failed and was undone
	Failed      Status = "failed"      // something failed and nothing undid it, or a letter died
	Late        Status = "late"        // the next step is later than usual
	Stuck       Status = "stuck"       // the next step is so late that it will hardly come
	Unknown     Status = "unknown"     // not judged yet, or not here whole
)

// Statuses lists all, the most alarming first.
var Statuses = []Status{Failed, Stuck, Late, Compensated, Running, Unknown, Complete}

// FlowSummary is a flow as one row.
type FlowSummary struct {
	Key    FlowKey
	ID     string
	From   string // evidence for ID, in words: "header correlation_id", "by key"
	Entity string
	Status Status

	Events      int               // how many it has had, those no longer indexed included
	Evicted     int               // of these, how many the index no longer holds
	Capped      int               // of these, how many were only counted (see [EventsPerFlow])
	Services    []string          // in order of first appearance, at most [ServicesPerSummary]
	Brokers     []adapters.Broker // likewise
	Types       []string          // one an event, in order, at most [TypesPerSummary]
	Started     time.Time         // broker time of the first event still known; of one that has none, when it came
	Last        time.Time         // likewise of the last event
	LastType    string
	FailedAt    string // type of the first failure, or ""
	DeadLetters int
	Duplicates  int
	BeganBefore bool // its beginning is not in the index: it was evicted, or never read
	// Cut says that the index holds it in part only: events were evicted, or were so many
	// that they were only counted.
	Cut bool
	// Entities is how many business objects share the flow, nearly, when it has one type of
	// event of several of them, as a batch has; else 0.
	Entities int
}

// Duration is the time between the first and the last event.
func (f *FlowSummary) Duration() time.Duration { return f.Last.Sub(f.Started) }

const (
	// EventsPerFlow bounds the events of one flow that are linked; further ones are
	// counted only, so that a constant taken for an id cannot eat the index.
	EventsPerFlow = 10_000
	// TypesPerSummary bounds FlowSummary.Types.
	TypesPerSummary = 64
	// ServicesPerSummary bounds FlowSummary.Services.
	ServicesPerSummary = 64
	// JoinsPerFlow bounds Flow.Joins; the latest ones are named.
	JoinsPerFlow = 64
)

// Flow is one flow with all its events, in causal order.
type Flow struct {
	FlowSummary
	Steps    []Step
	Expected []Expectation
	Joins    []Join
	// Settle is the time from the first event to the last one that the usual path
	// expects, or 0 when no path is known.
	Settle time.Duration
	// Path says where the expected path is from: "learned from 412 flows",
	// "declared in the config", or "".
	Path string
	// Gaps are times during this flow in which a source saw nothing, so that events may
	// be missing here that did happen.
	Gaps []SourceGap
}

// SourceGap is a gap and whose it is.
type SourceGap struct {
	Source string
	adapters.Gap
}

// Step is one event in its flow.
type Step struct {
	Event
	Offset time.Duration // since the earliest event of the flow
	Hop    time.Duration // since its parent, or since the event before; negative with clock skew
	Depth  int           // distance from the root, for indenting
	Parent int           // index in Steps, or -1
	Edge   Edge
	Note   string // in words: "compensates PaymentProcessed", "same id as step 2"
}

// Edge says how the link to the parent is known.
type Edge string

const (
	NoEdge   Edge = ""         // a root
	Known    Edge = "known"    // the message names its cause, or has the id of an earlier one
	Inferred Edge = "inferred" // from the usual order, or from time
)

// Expectation is one type of the usual path of a flow.
type Expectation struct {
	Type  string
	State ExpectationState
	// Usual and Late are the median and the 95th percentile of the time from the
	// flow's start to this type, over the flows learned from; 0 when declared only.
	Usual, Late time.Duration
	// Seen is the share of flows that had it, 0 to 1; 1 when declared.
	Seen float64
	// Why explains the state: "not expected after InventoryFailed".
	Why string
}

// ExpectationState is how an expected type stands.
type ExpectationState string

const (
	Seen        ExpectationState = "seen"
	Due         ExpectationState = "due"          // not yet, and there is time
	Overdue     ExpectationState = "overdue"      // not yet, later than usual
	Missing     ExpectationState = "missing"      // not seen, and it will hardly come
	NotExpected ExpectationState = "not expected" // another branch was taken
)

// Join is why two groups of events are one flow.
type Join struct {
	Into, Other string // flow ids
	Reason      string // "PaymentProcessed names its cause", "same order id ord-1009"
}

// event is the snapshot of one entry.
func (x *index) event(sequence Sequence) Event {
	e := x.log.at(sequence)
	event := Event{
		Sequence: sequence,
		Position: x.places.Position(e.place, e.offset),
		Time:     time.Unix(0, e.time),
		Type:     x.kinds.Text(e.kind),
		Service:  x.service.Text(e.service),
		Marks:    e.marks &^ (past | untimed),
	}
	if e.marks&untimed != 0 {
		event.Time = time.Time{}
	}
	if source := x.places.All[e.place].Source; source < len(x.sources) {
		event.Source, event.Broker = x.sources[source].Name, x.sources[source].Broker
	}
	if number := x.flows.resolve(e.flow); number != 0 {
		record := x.flows.at(number)
		event.FlowKey = x.flows.key(number)
		event.FlowID = x.flows.texts.Text(record.id)
		event.Entity = x.flows.texts.Text(record.entity)
	}
	return event
}

// summarise fills s in from a flow, reusing its slices.
func (x *index) summarise(s *FlowSummary, number uint32, now int64) {
	record := x.flows.at(number)
	list := x.members(number)
	v := x.judge(number, list, now)
	*s = FlowSummary{
		Key: x.flows.key(number), ID: x.flows.texts.Text(record.id), From: x.words.Text(record.from),
		Entity: x.flows.texts.Text(record.entity), Status: v.status,
		Events: int(record.count), Evicted: int(record.evicted), Capped: int(record.unlinked),
		Services: x.servicesOf(s.Services[:0], list, ServicesPerSummary), Brokers: s.Brokers[:0], Types: s.Types[:0],
		Started: time.Unix(0, list[0].time), Last: time.Unix(0, list[len(list)-1].time),
		LastType: x.kinds.Text(list[len(list)-1].kind), FailedAt: x.kinds.Text(v.failedAt),
		DeadLetters: v.deadLetters, Duplicates: v.duplicates, BeganBefore: v.pathPosition.beganBefore,
		Cut: record.flags&flowEvicted != 0 || record.unlinked > 0, Entities: x.severalOf(list),
	}
	for i := range list {
		if len(s.Types) < TypesPerSummary {
			s.Types = append(s.Types, x.kinds.Text(list[i].kind))
		}
		if broker := x.brokerOf(list[i].entry); !slices.Contains(s.Brokers, broker) {
			s.Brokers = append(s.Brokers, broker)
		}
	}
}

// servicesOf appends to services those that wrote the events of a flow, in order of first
// appearance, up to most.
func (x *index) servicesOf(services []string, list []member, most int) []string {
	for i := range list {
		if service := x.service.Text(list[i].service); service != "" && len(services) < most && !slices.Contains(services, service) {
			services = append(services, service)
		}
	}
	return services
}

func (x *index) brokerOf(e *entry) adapters.Broker {
	return x.sources[x.places.All[e.place].Source].Broker
}

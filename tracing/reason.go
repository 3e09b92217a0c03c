package tracing

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext" // strict and without allocations; the standard library's from Go 1.27 on

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/payload"
)

// Flow implements Querier. Failures and dead letters get the reason that their message
// gives as a note; it is read once and then remembered.
func (s *Store) Flow(ctx context.Context, key FlowKey) (flow *Flow, err error) {
	var unexplained []int
	asked := s.ask(ctx, func(x *index) {
		number := x.flows.lookup(key)
		if number == 0 || x.flows.at(number).head == 0 {
			err = ErrUnknown
			return
		}
		flow = x.timeline(number, time.Now().UnixNano())
		unexplained = x.explain(flow.Steps)
	})
	if asked != nil {
		return nil, asked
	}
	if err != nil || len(unexplained) == 0 {
		return flow, err
	}
	return flow, s.readReasons(ctx, flow.Steps, unexplained)
}

// mostReasons bounds how many reasons are read for one flow, and reasonsWithin for how
// long a flow is kept back for them.
const (
	mostReasons   = 32
	reasonsWithin = 2 * time.Second
)

// explain puts known reasons into the notes of failures, and lists the steps whose reason
// is still to be read.
func (x *index) explain(steps []Step) (unexplained []int) {
	for i := range steps {
		if steps[i].Marks&(Failure|DeadLetter) == 0 || len(unexplained) == mostReasons {
			continue
		}
		reason, known := x.reasons.texts[steps[i].Sequence]
		if !known {
			unexplained = append(unexplained, i)
		} else if len(reason) > 0 {
			steps[i].Note = string(reason)
		}
	}
	return unexplained
}

// readReasons reads the messages of some steps for why they failed. What is gone has no
// reason; what cannot be read now is asked for again the next time.
func (s *Store) readReasons(ctx context.Context, steps []Step, rows []int) error {
	events := make([]Event, len(rows))
	for n, i := range rows {
		events[n] = steps[i].Event
	}
	reasons, n := make([][]byte, len(rows)), 0
	reading, cancel := context.WithTimeout(ctx, reasonsWithin)
	defer cancel()
	for m, err := range s.Messages(reading, events) {
		if errors.Is(err, adapters.ErrGone) {
			reasons[n] = []byte{}
		}
		if err == nil {
			step := &steps[rows[n]]
			reasons[n] = []byte(reasonOf(&m, step.Marks))
			if len(reasons[n]) > 0 {
				step.Note = string(reasons[n])
			}
		}
		n++
	}
	return s.ask(ctx, func(x *index) {
		for n, reason := range reasons {
			if reason != nil {
				x.reasons.put(events[n].Sequence, reason)
			}
		}
	})
}

// longestReason is enough for a sentence; a stack trace is for the event's own page.
const longestReason = 200 // bytes

// reasonFields are where failures say why, in the body or below it.
var reasonFields = []string{"reason", "error", "message", "cause", "failure_reason", "error_message", "description"}

// reasonOf is why a message reports a failure, or died: in its own words, or "".
func reasonOf(m *adapters.Message, marks Marks) string {
	var reason string
	if death, dead := deadheader.Read(payload.ShownHeaders(m)); dead && marks.Has(DeadLetter) {
		reason = death.Message
		if reason == "" {
			reason = death.Reason
		}
		if death.Exception != "" {
			reason = lastName(death.Exception) + ": " + reason
		}
	} else {
		reason = saidReason(payload.Readable(m, envelope.MaxBody))
	}
	if len(reason) > longestReason {
		reason = strings.ToValidUTF8(reason[:longestReason], "")
	}
	return reason
}

// saidReason is the reason that a JSON body gives.
func saidReason(value []byte) string {
	for _, parent := range []string{"payload.", "data.", ""} {
		for _, field := range reasonFields {
			text, err := jsontext.AppendUnquote(nil, payload.Lookup(value, parent+field))
			if err == nil && len(text) > 0 { // a string, that is
				return string(text)
			}
		}
	}
	return ""
}

// lastName is a class without its package: people know it by that.
func lastName(class string) string {
	for i := len(class) - 1; i >= 0; i-- {
		if class[i] == '.' || class[i] == ':' {
			return class[i+1:]
		}
	}
	return class
}

package output

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/payload"
	"eventscope/tracing"
	"eventscope/tui/text"
)

// jsonLines writes one JSON object a line. The names and the order of fields are a
// promise to scripts.
type jsonLines struct {
	options Options
	scratch []byte
}

func number(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

func boolean(dst []byte, b bool) []byte { return strconv.AppendBool(dst, b) }

// AppendEvent appends an event line.
func (l *jsonLines) AppendEvent(dst []byte, e *Event) []byte {
	start := len(dst)
	dst = l.event(append(dst, '{'), e)
	return l.end(dst, start)
}

// event appends the fields of an event line.
func (l *jsonLines) event(dst []byte, e *Event) []byte {
	m, id := e.Message, e.Identity
	dst = quote(field(dst, "source"), e.Source)
	dst = quote(field(dst, "broker"), e.Broker)
	dst = quote(field(dst, "destination"), m.Position.Destination)
	dst = position(field(dst, "position"), m.Position)
	dst = moment(field(dst, "time"), m.Time)
	if m.TimeRaw != 0 {
		dst = number(field(dst, "time_raw"), m.TimeRaw)
	}
	dst = key(field(dst, "key"), m)
	dst = append(field(dst, "headers"), '[')
	headers := payload.Headers(m)
	for i := range headers {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = quote(append(dst, '['), headers[i].Name)
		dst = append(binary(append(dst, ','), headers[i].Value), ']')
	}
	dst = append(dst, ']')
	dst = l.identity(dst, id)
	dst = number(field(dst, "size"), int64(m.Size()))
	dst = boolean(field(dst, "redelivered"), m.Redelivered)
	switch {
	case m.Schemas != nil:
		dst = written(dst, m, !l.options.NoValue)
	case !l.options.NoValue:
		dst = value(dst, m)
	}
	if id.DeadLetter {
		if info, ok := deadheader.Read(payload.ShownHeaders(m)); ok {
			dst = death(field(dst, "dead_letter"), &info)
		}
	}
	return dst
}

func (l *jsonLines) identity(dst []byte, id *envelope.Identity) []byte {
	flow, from, byKey := flowOf(id)
	dst = known(field(dst, "type"), id.Type.Value)
	dst = known(field(dst, "service"), id.Service.Value)
	dst = known(field(dst, "id"), id.ID.Value)
	dst = known(field(dst, "flow"), flow)
	l.scratch = l.scratch[:0]
	if byKey {
		l.scratch = append(l.scratch, "by key"...) // in the words of the index
	} else {
		l.scratch = from.AppendTo(l.scratch)
	}
	dst = known(field(dst, "flow_from"), l.scratch)
	dst = known(field(dst, "cause"), id.Cause.Value)
	dst = known(field(dst, "entity"), id.Entity.Value)
	return known(field(dst, "version"), id.Version.Value)
}

// AppendFlow appends a flow line.
func (l *jsonLines) AppendFlow(dst []byte, f *tracing.FlowSummary) []byte {
	start := len(dst)
	dst = flowHead(append(dst, '{'), f)
	dst = number(field(dst, "events"), int64(f.Events))
	dst = flowRest(dst, f)
	return l.end(dst, start)
}

// flowHead appends the fields of a flow before its events.
func flowHead(dst []byte, f *tracing.FlowSummary) []byte {
	dst = known(field(dst, "flow"), f.ID)
	dst = known(field(dst, "flow_from"), f.From)
	dst = known(field(dst, "entity"), f.Entity)
	return quote(field(dst, "status"), f.Status)
}

// flowRest appends the fields of a flow behind its events.
func flowRest(dst []byte, f *tracing.FlowSummary) []byte {
	dst = list(field(dst, "services"), f.Services)
	dst = list(field(dst, "brokers"), f.Brokers)
	dst = moment(field(dst, "started"), f.Started)
	dst = moment(field(dst, "last"), f.Last)
	dst = number(field(dst, "duration_ms"), f.Duration().Milliseconds())
	dst = list(field(dst, "types"), f.Types)
	dst = known(field(dst, "failed_at"), f.FailedAt)
	dst = number(field(dst, "dead_letters"), int64(f.DeadLetters))
	dst = number(field(dst, "duplicates"), int64(f.Duplicates))
	if f.Entities > 0 {
		dst = number(field(dst, "entities"), int64(f.Entities))
	}
	return boolean(field(dst, "cut"), f.Cut)
}

// WriteTrace writes a trace line: the flow with its events in place of their number.
func (l *jsonLines) WriteTrace(w *Writer, t *Trace) error {
	f := t.Flow
	dst := flowHead(append(w.Available(), '{'), &f.FlowSummary)
	dst = append(field(dst, "events"), '[')
	reader := envelope.NewReader(t.Rules)
	err := t.eachStep(func(s *traceStep) error {
		if s.number > 0 {
			dst = append(dst, ',')
		}
		dst = append(l.step(append(dst, '{'), s, reader), '}')
		err := w.Write(l.drawable(dst, 0))
		dst = w.Available()
		return err
	})
	if err != nil {
		return err
	}
	dst = append(dst, ']')
	dst = flowRest(dst, &f.FlowSummary)
	dst = append(field(dst, "expected"), '[')
	for i := range f.Expected {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(expectation(append(dst, '{'), &f.Expected[i]), '}')
	}
	return w.Write(l.end(append(dst, ']'), 0))
}

// step appends an event line's fields and its place in the flow.
func (l *jsonLines) step(dst []byte, s *traceStep, reader *envelope.Reader) []byte {
	step := s.Step
	if s.unreadable == nil {
		var id envelope.Identity
		reader.Read(s.message, &id)
		dst = l.event(dst, &Event{Source: step.Source, Broker: step.Broker, Message: s.message, Identity: &id})
	} else {
		dst = quote(field(indexed(dst, step), "unreadable"), s.unreadable.Error())
	}
	dst = number(field(dst, "offset_ms"), step.Offset.Milliseconds())
	dst = field(dst, "parent")
	if step.Parent < 0 {
		dst = append(dst, "null"...)
	} else {
		dst = number(dst, int64(step.Parent))
	}
	dst = known(field(dst, "edge"), step.Edge)
	return list(field(dst, "marks"), step.Marks.Names())
}

// indexed appends what the index knows of an event whose message cannot be read any
// more. Fields of the message itself are left out rather than made up.
func indexed(dst []byte, step *tracing.Step) []byte {
	dst = quote(field(dst, "source"), step.Source)
	dst = quote(field(dst, "broker"), step.Broker)
	dst = quote(field(dst, "destination"), step.Position.Destination)
	dst = position(field(dst, "position"), step.Position)
	dst = moment(field(dst, "time"), step.Time)
	dst = known(field(dst, "type"), step.Type)
	dst = known(field(dst, "service"), step.Service)
	dst = known(field(dst, "flow"), step.FlowID)
	return known(field(dst, "entity"), step.Entity)
}

func expectation(dst []byte, e *tracing.Expectation) []byte {
	dst = quote(field(dst, "type"), e.Type)
	dst = quote(field(dst, "state"), e.State)
	dst = number(field(dst, "usual_ms"), e.Usual.Milliseconds())
	dst = number(field(dst, "late_ms"), e.Late.Milliseconds())
	dst = strconv.AppendFloat(field(dst, "seen"), e.Seen, 'f', -1, 64)
	return known(field(dst, "why"), e.Why)
}

// end closes the line that begins at start, and makes it safe for a terminal.
func (l *jsonLines) end(dst []byte, start int) []byte {
	return append(l.drawable(append(dst, '}'), start), '\n')
}

// drawable makes what begins at start, whole members of JSON, safe for a terminal.
func (l *jsonLines) drawable(dst []byte, start int) []byte {
	if !l.options.Terminal {
		return dst
	}
	l.scratch = append(l.scratch[:0], dst[start:]...)
	return escapeUndrawn(dst[:start], l.scratch, text.Cleaner{ASCII: l.options.ASCII})
}

// escapeUndrawn copies JSON with every character that the sanitiser does not leave as
// it is written as \u escapes. Outside strings JSON has printable ASCII only, so each
// such character is in one.
func escapeUndrawn(dst, line []byte, cleaner text.Cleaner) []byte {
	var room [64]byte
	for len(line) > 0 {
		r, size := utf8.DecodeRune(line)
		if r < utf8.RuneSelf && r != 0x7f || bytes.Equal(cleaner.Append(room[:0], line[:size]), line[:size]) {
			dst = append(dst, line[:size]...)
		} else if r > 0xffff { // as a pair of surrogates
			r -= 0x10000
			dst = hexadecimal(hexadecimal(dst, 0xd800+r>>10), 0xdc00+r&0x3ff)
		} else {
			dst = hexadecimal(dst, r)
		}
		line = line[size:]
	}
	return dst
}

func hexadecimal(dst []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

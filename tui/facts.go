package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/payload"
	"eventscope/tracing"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// fact is a row beside the value: what, which, and where that is known from.
type fact struct {
	role        theme.Role // of the value
	label       text.Safe
	value, from text.Safe
	column      int // cells of the labels of its section, see alignFacts
}

// leastLabel is the least that labels are given, so that sections look alike.
const leastLabel = 10

// alignFacts gives the facts of each section one width for their labels, and returns how
// many cells the widest fact needs.
func alignFacts(list []fact) (widest int) {
	for at := 0; at < len(list); {
		end, column := at, leastLabel
		for ; end < len(list) && (end == at || !list[end].heads()); end++ {
			if !list[end].heads() {
				column = max(column, min(mostLabel, list[end].label.Width()))
			}
		}
		for ; at < end; at++ {
			f := &list[at]
			f.column = column
			widest = max(widest, column+f.value.Width()+f.from.Width()+5)
		}
	}
	return widest
}

// mostLabel is the most that the label of a fact may take of the others' room.
const mostLabel = 28

// heads says that a fact is the heading of a section.
func (f *fact) heads() bool { return f.role == theme.Title }

// orEmpty is a value, or that it is empty.
func orEmpty(label, value text.Safe) fact {
	if value.Empty() {
		return fact{label: label, role: theme.Dim, value: text.Own("(empty)")}
	}
	return fact{label: label, value: value}
}

// factsOf is everything that is known of an event without its message.
func (d *eventConfig) factsOf(e *tracing.Event) []fact {
	t := d.Theme()
	list := []fact{
		{label: text.Own("position"), value: d.words.Product(d.Theme(), e.Broker).Add(text.Space, t.String(e.Position.String()))},
		{label: text.Own("source"), value: t.String(e.Source)},
		{label: text.Own("written"), value: page.Moment(e.Time)},
	}
	if names := e.Marks.Names(); len(names) > 0 {
		role, glyph := t.Marks(e.Marks)
		list = append(list, fact{label: text.Own("marks"), role: role, value: glyph.Add(text.Space, t.String(strings.Join(names, ", ")))})
	}
	return list
}

// read is what reading a message again gave, made ready to be drawn.
type read struct {
	message adapters.Message
	decoded payload.Decoded
	facts   []fact
}

// readMessage reads identity, headers and value of a message. It works outside the
// event loop.
func readMessage(t text.Cleaner, rules *envelope.Rules, e *tracing.Event, m adapters.Message) read {
	r := read{message: m, decoded: payload.Decode(&m, 0)}
	var id envelope.Identity
	envelope.NewReader(rules).Read(&m, &id)
	r.facts = append(r.facts, identityFacts(t, &id, e)...)
	if death, ok := envelope.Certify(&m); ok {
		r.facts = append(r.facts, deathFacts(t, &death)...)
	}
	r.facts = append(r.facts, messageFacts(t, &m)...)
	r.facts = append(r.facts, valueFacts(t, &r.decoded)...)
	return r
}

func heading(s text.Safe) fact { return fact{label: s, role: theme.Title} }

// identityFacts are what the message says of itself, each with its evidence.
func identityFacts(t text.Cleaner, id *envelope.Identity, e *tracing.Event) []fact {
	list := []fact{heading(text.Own("Identity"))}
	add := func(label text.Safe, f envelope.Field) {
		if f.Known() {
			list = append(list, fact{label: label, value: t.Bytes(f.Value, mostFact), from: t.String(f.From.String())})
		}
	}
	add(text.Own("type"), id.Type)
	add(text.Own("service"), id.Service)
	add(text.Own("id"), id.ID)
	add(text.Own("flow"), id.Flow)
	add(text.Own("cause"), id.Cause)
	add(text.Own("entity"), id.Entity)
	add(text.Own("trace"), id.Trace)
	add(text.Own("schema"), id.Version)
	if !id.Time.IsZero() {
		value := text.Moment(id.Time.Local())
		switch late := e.Time.Sub(id.Time); {
		case e.Time.IsZero():
		case late > time.Second:
			value = value.Add(text.Own(", written "), text.Span(late), text.Own(" later"))
		case late < -time.Second: // the clocks of the service and the broker differ
			value = value.Add(text.Own(", written "), text.Span(-late), text.Own(" earlier"))
		}
		list = append(list, fact{label: text.Own("occurred"), value: value, from: t.String(id.TimeFrom.String())})
	}
	if id.Dialect != envelope.Plain {
		list = append(list, fact{label: text.Own("dialect"), value: t.String(string(id.Dialect))})
	}
	if len(list) == 1 {
		list = append(list, fact{label: text.Own("none"), role: theme.Dim, value: text.Own("the message says nothing of itself that is understood")})
	}
	return list
}

// deathFacts are the certificate of a dead letter.
func deathFacts(t text.Cleaner, d *envelope.Death) []fact {
	list := []fact{heading(text.Own("Death"))}
	add := func(label text.Safe, value, from string) {
		if value != "" {
			list = append(list, fact{label: label, role: theme.Bad, value: t.String(value), from: t.String(from)})
		}
	}
	add(text.Own("origin"), d.Origin, strings.TrimPrefix(d.OriginFrom+", "+string(d.Confidence), ", "))
	add(text.Own("reason"), d.Reason, "")
	add(text.Own("exception"), d.Exception, "")
	add(text.Own("message"), d.Message, "")
	if d.Attempts > 0 {
		add(text.Own("attempts"), fmt.Sprint(d.Attempts), "")
	}
	add(text.Own("group"), d.Group, "")
	for _, at := range []struct {
		label text.Safe
		time  time.Time
	}{{text.Own("first"), d.FirstAt}, {text.Own("last"), d.LastAt}} {
		if !at.time.IsZero() {
			list = append(list, fact{label: at.label, value: text.Moment(at.time.Local())})
		}
	}
	add(text.Own("writer"), d.Writer, "")
	return list
}

// messageFacts are the key, the routing and the headers as they are on the wire.
func messageFacts(t text.Cleaner, m *adapters.Message) []fact {
	var list []fact
	if m.TimeRaw != 0 {
		list = append(list, fact{label: text.Own("time"), role: theme.Warn, value: text.Own("time ").Add(t.String(strconv.FormatInt(m.TimeRaw, 10)), text.Own(" is out of range"))})
	}
	switch {
	case len(m.Key) > 0:
		list = append(list, fact{label: text.Own("key"), value: t.Bytes(m.Key, mostFact)})
	case m.Key != nil:
		list = append(list, fact{label: text.Own("key"), role: theme.Dim, value: text.Own("(empty)")})
	}
	if p := m.Properties; p != nil {
		list = append(list, heading(text.Own("Properties")))
		for _, property := range []struct {
			label text.Safe
			value string
		}{
			{text.Own("exchange"), p.Exchange}, {text.Own("routing"), p.RoutingKey}, {text.Own("queue"), p.Queue},
			{text.Own("content"), p.ContentType}, {text.Own("encoding"), p.ContentEncoding}, {text.Own("correlat."), p.CorrelationID},
			{text.Own("reply to"), p.ReplyTo}, {text.Own("expires"), p.Expiration}, {text.Own("message id"), p.MessageID},
			{text.Own("type"), p.Type}, {text.Own("user"), p.UserID}, {text.Own("app"), p.AppID},
		} {
			if property.value != "" {
				list = append(list, fact{label: property.label, value: t.String(property.value)})
			}
		}
	}
	if len(m.Headers) > 0 {
		list = append(list, heading(text.Own("Headers ").Add(text.Count(int64(len(m.Headers))))))
	}
	for i := range m.Headers {
		list = append(list, orEmpty(t.String(m.Headers[i].Name), t.Bytes(m.Headers[i].Value, mostFact)))
	}
	return list
}

// valueFacts are what the value turned out to be, and what it is not.
func valueFacts(t text.Cleaner, d *payload.Decoded) []fact {
	list := []fact{heading(text.Own("Value"))}
	what := t.String(string(d.Format)).Add(text.Own(", "), text.Size(int64(d.Size)))
	if d.Compression != "" {
		what = what.Add(text.Own(" as "), t.String(d.Compression), text.Own(", "), text.Size(int64(len(d.Data))), text.Own(" unpacked"))
	}
	if d.Cut {
		what = what.Add(text.Own(", cut"))
	}
	list = append(list, fact{label: text.Own("is"), value: what})
	for _, declined := range d.Declined {
		list = append(list, fact{label: text.Own("not ").Add(t.String(declined.Decoder)), role: theme.Dim, value: t.String(declined.Why)})
	}
	return list
}

// mostFact is how many cells of a key or a header are kept for the screen.
const mostFact = 1000

// factLine draws a fact, its value scrolled by shift cells to the right.
func factLine(t *theme.Theme, f *fact, width, shift int, selected bool) widget.Line {
	row := widget.NewRow(t, width)
	if selected {
		row.Base(theme.Selected).Put(theme.Accent, t.Glyph.Cursor)
	} else {
		row.Gap(1)
	}
	if f.heads() {
		return row.Put(f.role, f.label).Line()
	}
	label := min(f.column, max(leastLabel, width*2/5))
	row.Cell(theme.Dim, t.CutMiddle(f.label, label), label).Gap(1)
	value := f.value
	if shift > 0 {
		return row.Put(f.role, value.From(shift)).Line()
	}
	if room := row.Left(); f.from.Width() > 0 && value.Width()+f.from.Width()+2 > room {
		value = t.CutMiddle(value, max(room/2, room-f.from.Width()-2))
	}
	return row.Put(f.role, value).Gap(2).Put(theme.Dim, f.from).Line()
}

package eventpage

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/envelope/dialect"
	"eventscope/adapters/payload"
	"eventscope/adapters/payload/jsonschema"
	"eventscope/adapters/schemas"
	"eventscope/tracing"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// Fact is a row beside the value: what, which, and where that is known from.
type Fact struct {
	Role        theme.Role // of the value
	Label       text.Safe
	Value, From text.Safe
	Link        text.Link // that the value opens
	column      int       // cells of the labels of its section, see alignFacts
}

// leastLabel is the least that labels are given, so that sections look alike.
const leastLabel = 10

// alignFacts gives the facts of each section one width for their labels, and returns how
// many cells the widest fact needs.
func alignFacts(list []Fact) (widest int) {
	for at := 0; at < len(list); {
		end, column := at, leastLabel
		for ; end < len(list) && (end == at || !list[end].heads()); end++ {
			if !list[end].heads() {
				column = max(column, min(mostLabel, list[end].Label.Width()))
			}
		}
		for ; at < end; at++ {
			f := &list[at]
			f.column = column
			widest = max(widest, column+f.Value.Width()+f.From.Width()+5)
		}
	}
	return widest
}

// mostLabel is the most that the label of a fact may take of the others' room.
const mostLabel = 28

// heads reports whether a fact is the heading of a section.
func (f *Fact) heads() bool { return f.Role == theme.Title }

// orEmpty is a value, or that it is empty.
func orEmpty(label, value text.Safe) Fact {
	if value.Empty() {
		return Fact{Label: label, Role: theme.Dim, Value: text.Own("(empty)")}
	}
	return Fact{Label: label, Value: value}
}

// factsOf is everything that is known of an event without its message.
func (c *Config) factsOf(e *tracing.Event) []Fact {
	t := c.Theme()
	list := []Fact{
		{Label: text.Own("position"), Value: c.Words.Product(c.Theme(), e.Broker).Add(text.Space, t.String(e.Position.String())), Link: c.LinkTo(e.Source, e.Position)},
		{Label: text.Own("source"), Value: t.String(e.Source)},
		{Label: text.Own("written"), Value: page.Moment(e.Time)},
	}
	if names := e.Marks.Names(); len(names) > 0 {
		role, glyph := t.Marks(e.Marks)
		list = append(list, Fact{Label: text.Own("marks"), Role: role, Value: glyph.Add(text.Space, t.String(strings.Join(names, ", ")))})
	}
	return list
}

// read is what reading a message again gave, made ready to be drawn.
type read struct {
	message adapters.Message
	decoded payload.Decoded
	facts   []Fact
}

// readMessage reads identity, headers and value of a message. It works outside the
// event loop.
func readMessage(t text.Cleaner, rules *envelope.Rules, e *tracing.Event, m adapters.Message) read {
	r := read{message: m, decoded: payload.Decode(&m, 0)}
	var id envelope.Identity
	envelope.NewReader(rules).Read(&m, &id)
	r.facts = append(r.facts, identityFacts(t, &id, e)...)
	if death, ok := deadheader.Read(payload.ShownHeaders(&m)); ok {
		r.facts = append(r.facts, deathFacts(t, &death)...)
	}
	r.facts = append(r.facts, rowFacts(t, &r.decoded)...)
	r.facts = append(r.facts, messageFacts(t, &m)...)
	r.facts = append(r.facts, valueFacts(t, &r.decoded)...)
	r.facts = append(r.facts, schemaFacts(t, &m, &r.decoded)...)
	return r
}

func heading(s text.Safe) Fact { return Fact{Label: s, Role: theme.Title} }

// identityFacts are what the message says of itself, each with its evidence.
func identityFacts(t text.Cleaner, id *envelope.Identity, e *tracing.Event) []Fact {
	list := []Fact{heading(text.Own("Identity"))}
	add := func(label text.Safe, f envelope.Field) {
		if f.Known() {
			list = append(list, Fact{Label: label, Value: t.Bytes(f.Value, mostFact), From: t.String(f.From.String())})
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
			value = value.Add(text.Own(", written "), text.Span(late.Abs()), text.Own(" earlier"))
		}
		list = append(list, Fact{Label: text.Own("occurred"), Value: value, From: t.String(id.TimeFrom.String())})
	}
	if id.Dialect != dialect.Plain {
		list = append(list, Fact{Label: text.Own("dialect"), Value: t.String(string(id.Dialect))})
	}
	if len(list) == 1 {
		list = append(list, Fact{Label: text.Own("none"), Role: theme.Dim, Value: text.Own("the message says nothing of itself that is understood")})
	}
	return list
}

// deathFacts are what the headers of a dead letter say.
func deathFacts(t text.Cleaner, d *deadheader.Info) []Fact {
	list := []Fact{heading(text.Own("Death"))}
	add := func(label text.Safe, value, from string) {
		if value != "" {
			list = append(list, Fact{Label: label, Role: theme.Bad, Value: t.String(value), From: t.String(from)})
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
			list = append(list, Fact{Label: at.label, Value: text.Moment(at.time.Local())})
		}
	}
	add(text.Own("writer"), d.Writer, "")
	return list
}

// rowFacts are what a change of a row in a database did.
func rowFacts(t text.Cleaner, d *payload.Decoded) []Fact {
	change, ok := d.RowChange()
	if !ok {
		return nil
	}
	what := "changed"
	if op := dialect.DebeziumOps[change.Op[0]]; op != "" {
		what = op
	}
	list := []Fact{heading(text.Own("Row")), {Label: t.String(what), Value: t.String(change.Table)}}
	if !change.Compared {
		return list
	}
	side := func(value []byte) text.Safe {
		if value == nil {
			return text.Own("(not there)")
		}
		return t.Bytes(value, mostFact)
	}
	for i := range change.Columns {
		column := &change.Columns[i]
		list = append(list, Fact{Label: t.String(column.Name), Role: theme.Warn, Value: side(column.Before).Add(text.Own(" → "), side(column.After))})
	}
	rest := text.Plural(change.Same, text.Own(" column is as before"), text.Own(" columns are as before"))
	if change.More > 0 {
		rest = text.Plural(change.More, text.Own(" more column changed, "), text.Own(" more columns changed, ")).Add(rest)
	}
	if change.Masked > 0 {
		rest = rest.Add(text.Own(", "), text.Plural(change.Masked, text.Own(" masked column is not compared"), text.Own(" masked columns are not compared")))
	}
	if change.Encrypted > 0 {
		rest = rest.Add(text.Own(", "), text.Plural(change.Encrypted, text.Own(" encrypted column is not compared"), text.Own(" encrypted columns are not compared")))
	}
	return append(list, Fact{Label: text.Own("others"), Role: theme.Dim, Value: rest})
}

// messageFacts are the key, the routing and the headers as they are on the wire.
func messageFacts(t text.Cleaner, m *adapters.Message) []Fact {
	var list []Fact
	if m.TimeRaw != 0 {
		list = append(list, Fact{Label: text.Own("time"), Role: theme.Warn, Value: text.Own("time ").Add(t.String(strconv.FormatInt(m.TimeRaw, 10)), text.Own(" is out of range"))})
	}
	switch {
	case len(m.Key) > 0:
		list = append(list, Fact{Label: text.Own("key"), Value: t.Bytes(payload.ReadableKey(m, mostFact), mostFact), From: keySchema(t, m)})
	case m.Key != nil:
		list = append(list, Fact{Label: text.Own("key"), Role: theme.Dim, Value: text.Own("(empty)")})
	}
	shown := payload.ShownHeaders(m)
	if p := shown.Properties; p != nil {
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
				list = append(list, Fact{Label: property.label, Value: t.String(property.value)})
			}
		}
	}
	headers := shown.Headers
	if len(headers) > 0 {
		list = append(list, heading(text.Own("Headers ").Add(text.Count(int64(len(headers))))))
	}
	for i := range headers {
		list = append(list, orEmpty(t.String(headers[i].Name), t.Bytes(headers[i].Value, mostFact)))
	}
	return list
}

// valueFacts are what the value turned out to be, and what it is not.
func valueFacts(t text.Cleaner, d *payload.Decoded) []Fact {
	list := []Fact{heading(text.Own("Value"))}
	_, format, _ := d.Names()
	what := t.String(format).Add(text.Own(", "), text.Size(int64(d.Size)))
	if d.Compression != "" {
		what = what.Add(text.Own(" as "), t.String(d.Compression), text.Own(", "), text.Size(int64(len(d.Data))), text.Own(" unpacked"))
	}
	if d.Cut {
		what = what.Add(text.Own(", cut"))
	}
	list = append(list, Fact{Label: text.Own("is"), Value: what})
	if _, fields := d.Tree(); fields && d.Format == payload.Binary {
		list = append(list, Fact{Label: text.Own("looks like"), Value: text.Own("Protobuf, whose schema is not known: fields by their numbers")})
	}
	for _, declined := range d.Declined {
		list = append(list, Fact{Label: text.Own("not ").Add(t.String(declined.Decoder)), Role: theme.Dim, Value: t.String(declined.Why.Error())})
	}
	return list
}

// schemaFacts are the schema by which the value was read, or would be.
func schemaFacts(t text.Cleaner, m *adapters.Message, d *payload.Decoded) []Fact {
	if m.Schemas == nil || d.Frame.Ref.By == schemas.ByNothing {
		return nil
	}
	list := []Fact{heading(text.Own("Schema"))}
	add := func(label text.Safe, value string) {
		if value != "" {
			list = append(list, Fact{Label: label, Value: t.String(value)})
		}
	}
	add(text.Own("names"), d.Frame.Ref.String())
	if s := d.Written; s != nil {
		if s.Place().Subject != "" {
			add(text.Own("is"), s.Title())
		}
		add(text.Own("type"), s.Name)
		add(text.Own("format"), payload.FormatName(s.Format))
		add(text.Own("rules"), strings.Join(s.Rules, ", "))
		for _, encryption := range s.Encrypts {
			add(text.Own("members"), encryption.String())
		}
	}
	switch claims, err := payload.Fit(m); {
	case claims && errors.Is(err, jsonschema.ErrUnchecked):
		add(text.Own("fits"), err.Error())
	case claims && err != nil:
		list = append(list, Fact{Label: text.Own("misfit"), Role: theme.Bad, Value: t.String(err.Error())})
	case claims:
		add(text.Own("fits"), "yes")
	}
	add(text.Own("registry"), m.Schemas.Registry())
	return list
}

// keySchema is by which schema a key is read, or nothing.
func keySchema(t text.Cleaner, m *adapters.Message) text.Safe {
	reading, _ := payload.ReadingOf(m, payload.Key, m.Key, payload.FindSchema)
	switch {
	case m.Schemas == nil || reading.Frame.Ref.By == schemas.ByNothing:
		return text.Safe{}
	case reading.Schema != nil:
		return t.String(reading.Schema.Title())
	}
	return t.String("schema " + reading.Frame.Ref.Number())
}

// mostFact is how many cells of a key or a header are kept for the screen.
const mostFact = 1000

// factLine draws a fact, its value scrolled by shift cells to the right.
func factLine(t *theme.Theme, f *Fact, width, shift int, selected bool) widget.Line {
	row := widget.CursorRow(t, width, selected)
	if f.heads() {
		return row.Put(f.Role, f.Label).Line()
	}
	label := min(f.column, max(leastLabel, width*2/5))
	row.Cell(theme.Dim, t.CutMiddle(f.Label, label), label).Gap(1)
	value := f.Value
	if shift > 0 {
		return row.Link(f.Link).Put(f.Role, value.From(shift)).Line()
	}
	if room := row.Left(); f.From.Width() > 0 && value.Width()+f.From.Width()+2 > room {
		value = t.CutMiddle(value, max(room/2, room-f.From.Width()-2))
	}
	return row.Link(f.Link).Put(f.Role, value).Gap(2).Put(theme.Dim, f.From).Line()
}

package compare

import (
	"bytes"
	"strconv"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/payload"
	"eventscope/adapters/payload/mask"
	"eventscope/tracing"
)

// Side is one of two events that are compared.
type Side struct {
	Event   *tracing.Event
	Message *adapters.Message // nil where it was not read
	Err     error             // why not
}

// Place is where a field is.
type Place string

// The places, in the order in which fields are told.
const (
	InEvent    Place = "event" // what the broker, or the form of the message, tells
	InKey      Place = "key"
	InProperty Place = "property"
	InHeader   Place = "header"
	InValue    Place = "value"
)

// Field is something of two events that is not the same in both.
type Field struct {
	In   Place
	Name string // of a value, the path in it, or its line
	// A and B are what it is, cut where it is long; nil where it is not there.
	A, B []byte
	// JSON says that A and B are spelled as the JSON of a value spells them.
	JSON bool
	// Varies says why it differs between any two events; empty for what does not.
	Varies Varies
}

// Label is what a field is called: header tenant, payload.amount.
func (f *Field) Label() string {
	switch {
	case f.Name == "":
		return string(f.In)
	case f.In == InEvent, f.In == InValue:
		return f.Name
	}
	return string(f.In) + " " + f.Name
}

// Result is what differs between two events.
type Result struct {
	Differs []Field // what may matter
	Varies  []Field // what differs between any two
	Same    int     // fields that are the same, lines of a value that is no JSON among them
	Masked  int     // fields that are masked, and not compared
	More    int     // further fields that are not the same, and not listed
	// Beyond says that the values are too large to be compared whole: their lines are, the first of
	// them, as far as there is room.
	Beyond bool
	// Err says why one of the two messages could not be read; nothing but the events is compared
	// then.
	Err error
}

// Equal reports whether nothing is known to differ, but for what differs between any two.
func (r *Result) Equal() bool { return len(r.Differs)+r.More == 0 && r.Err == nil && !r.Beyond }

const (
	// mostFields is how many differences are listed of two events.
	mostFields = 1000
	// mostText is how much of a field is kept, in bytes.
	mostText = 2048
)

// Comparer compares events by the rules by which their ids are read.
type Comparer struct{ reader *envelope.Reader }

// New is a comparer. It belongs to one goroutine.
func New(rules *envelope.Rules) *Comparer { return &Comparer{envelope.NewReader(rules)} }

// comparison is what comparing two events has come to.
type comparison struct {
	Result
	a, b  *known
	masks bool // something of the messages may be masked
	json  bool // the values are compared as JSON
}

// known is what is known of a side beside its fields.
type known struct {
	at  time.Time // of its message
	ids [][]byte  // those that it has, the longest first
}

// Events compares two events.
func (c *Comparer) Events(a, b *Side) *Result {
	r := &comparison{a: c.known(a), b: c.known(b)}
	r.text(InEvent, "destination", a.Event.Position.Destination, b.Event.Position.Destination)
	r.text(InEvent, "position", a.Event.Position.String(), b.Event.Position.String())
	r.text(InEvent, "time", moment(a.Event.Time), moment(b.Event.Time))
	switch {
	case a.Err != nil:
		r.Err = a.Err
	case b.Err != nil:
		r.Err = b.Err
	case a.Message != nil && b.Message != nil:
		r.messages(a.Message, b.Message)
	}
	return &r.Result
}

// moment is a time as people write it, in UTC.
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// messages compares two messages.
func (c *comparison) messages(a, b *adapters.Message) {
	c.text(InEvent, "redelivered", redelivered(a), redelivered(b))
	shownA, shownB := payload.ShownHeaders(a), payload.ShownHeaders(b) // copies where there are masks
	c.masks = shownA != a || shownB != b
	was, is := payload.Decode(a, mostRead), payload.Decode(b, mostRead)
	for _, f := range [][3]string{{"format", formatOf(&was), formatOf(&is)}, {"compression", was.Compression, is.Compression}, {"schema", schemaOf(&was), schemaOf(&is)}} {
		c.text(InEvent, f[0], f[1], f[2])
	}
	c.field(InKey, "", payload.ReadableKey(a, mostText), payload.ReadableKey(b, mostText))
	c.properties(shownA.Properties, shownB.Properties)
	c.headers(shownA.Headers, shownB.Headers)
	c.value(&was, &is)
}

func redelivered(m *adapters.Message) string {
	if m.Redelivered {
		return "yes"
	}
	return ""
}

func formatOf(d *payload.Decoded) string {
	_, format, _ := d.Names()
	return format
}

func schemaOf(d *payload.Decoded) string {
	if d.Written != nil {
		return d.Written.Title()
	}
	if schema, _, _ := d.Names(); schema != nil {
		return d.Frame.Ref.String()
	}
	return ""
}

// text compares what is empty where it is not there.
func (c *comparison) text(in Place, name, a, b string) { c.field(in, name, some(a), some(b)) }

func some(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// field tells a field; nil is for one that is not there.
func (c *comparison) field(in Place, name string, a, b []byte) {
	c.lazily(in, func() string { return name }, a, b)
}

// lazily is field with a name that is made when it is needed.
func (c *comparison) lazily(in Place, name func() string, a, b []byte) {
	switch {
	case a == nil && b == nil:
	case c.masks && (isMasked(a) || isMasked(b)):
		c.Masked++
	case a != nil && b != nil && bytes.Equal(a, b):
		c.Same++
	case len(c.Differs)+len(c.Varies) >= mostFields:
		c.More++
	default:
		f := Field{In: in, Name: name(), A: cut(a), B: cut(b), JSON: in == InValue && c.json && max(len(a), len(b)) <= mostText}
		if f.Varies = c.varies(in, f.Name, a, b); f.Varies != "" {
			c.Varies = append(c.Varies, f)
			return
		}
		c.Differs = append(c.Differs, f)
	}
}

// isMasked reports whether something stands in the place of a field.
func isMasked(b []byte) bool {
	return string(b) == mask.Shown || string(b) == `"`+mask.Shown+`"`
}

// cut is a copy of what is kept of a field.
func cut(b []byte) []byte {
	if len(b) <= mostText {
		return bytes.Clone(b)
	}
	return append(bytes.Clone(payload.CutRunes(b, mostText)), "…"...)
}

// properties compares what a message of AMQP has beside its headers.
func (c *comparison) properties(a, b *adapters.Properties) {
	if a == nil {
		a = &adapters.Properties{}
	}
	if b == nil {
		b = &adapters.Properties{}
	}
	was, is := propertiesOf(a), propertiesOf(b)
	for i := range was {
		c.text(InProperty, was[i][0], was[i][1], is[i][1])
	}
}

func propertiesOf(p *adapters.Properties) [][2]string {
	number := func(n uint8) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(int(n))
	}
	return [][2]string{
		{"exchange", p.Exchange}, {"routing_key", p.RoutingKey}, {"queue", p.Queue}, {"content_type", p.ContentType}, {"content_encoding", p.ContentEncoding},
		{"correlation_id", p.CorrelationID}, {"reply_to", p.ReplyTo}, {"expiration", p.Expiration}, {"message_id", p.MessageID}, {"type", p.Type},
		{"user_id", p.UserID}, {"app_id", p.AppID}, {"timestamp", moment(p.Timestamp)}, {"delivery_mode", number(p.DeliveryMode)}, {"priority", number(p.Priority)},
	}
}

// headers compares headers: the n-th of a name with the n-th of that name.
func (c *comparison) headers(a, b []adapters.Header) {
	of := make(map[string][]int, len(b))
	for i := range b {
		of[b[i].Name] = append(of[b[i].Name], i)
	}
	taken := make([]bool, len(b))
	for i := range a {
		var is []byte
		if same := of[a[i].Name]; len(same) > 0 {
			is, taken[same[0]], of[a[i].Name] = there(b[same[0]].Value), true, same[1:]
		}
		c.field(InHeader, a[i].Name, there(a[i].Value), is)
	}
	for i := range b {
		if !taken[i] {
			c.field(InHeader, b[i].Name, nil, there(b[i].Value))
		}
	}
}

// there is the value of a header, which is there though it may be nil.
func there(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}

package envelope

import (
	"bytes"

	"eventscope/adapters"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/envelope/dialect"
	"eventscope/adapters/envelope/jsonscan"
	"eventscope/adapters/envelope/spelling"
	"eventscope/adapters/payload"
)

// Reader reads identities. It has scratch memory: one a goroutine.
type Reader struct {
	rules   *Rules
	pinned  map[string]*rule // of a destination, nil for none
	headers vocabulary

	// What follows is about the message being read.
	message     *adapters.Message // without what is masked
	whole       *adapters.Message
	id          *Identity
	dialect     *dialect.Dialect
	meanings    []*meaning // of its headers
	contentType []byte
	marks       uint64
	rank        [dialect.RoleCount]uint16 // of what each role has now
	known       roles                     // those that need no more looking
	died        bool                      // it has the marks of a dead-letter writer
	members     []member                  // of its body
	scratch     []byte                    // values that are not as they stand in the message
	xml         []byte                    // JSON that was made of its body, if that is XML
	xmlTried    bool

	recent [32]recent // names of members, by their place in the body
	place  int
	// enveloped says that the body holds an object that is looked into: it is an
	// envelope, rather than the thing itself.
	enveloped bool

	scanner jsonscan.Scanner

	writings writings
}

// roles is a set of roles.
type roles uint16

func (s roles) has(other roles) bool { return s&other == other }

func only(r dialect.Role) roles { return 1 << r }

const (
	// enough is what must be known for the body to be left alone.
	enough = roles(1<<dialect.Flow | 1<<dialect.OwnID | 1<<dialect.EventType | 1<<dialect.Entity)
	// unranked is the rank of a role for which nothing was found.
	unranked = 0xffff
)

// NewReader returns a reader that knows rules, which may be nil.
func NewReader(rules *Rules) *Reader {
	r := &Reader{rules: rules, headers: vocabulary{names: map[string]*meaning{}}, members: make([]member, 0, maxMembers), scratch: make([]byte, 0, 1024)}
	if rules != nil {
		r.pinned = map[string]*rule{}
	}
	return r
}

// Read fills id with what m says about itself. What it points to is borrowed until
// the next Read or until m's batch is released.
func (r *Reader) Read(m *adapters.Message, id *Identity) {
	shown := m
	if m.Schemas != nil { // which know what is masked
		shown = payload.Shown(m) // what is masked is no id
	}
	r.read(shown, m, id)
}

// ReadUnmasked is [Reader.Read] with what is masked, for those who tell messages apart: nothing of it
// may be shown.
func (r *Reader) ReadUnmasked(m *adapters.Message, id *Identity) { r.read(m, m, id) }

// read reads a message, as it may be read, and which it is.
func (r *Reader) read(m, whole *adapters.Message, id *Identity) {
	*id = Identity{}
	r.whole = whole
	r.begin(m, id)
	r.readMarks()
	if r.rules != nil {
		r.readPinned()
	}
	r.readHeaders()
	if m.Properties != nil {
		r.readProperties(m.Properties)
	}
	if !r.known.has(enough) && !r.keyWillDo() {
		r.readBody()
	}
	r.readRest()
	r.readKey()
	r.readNames()
	if bytes.Equal(id.Cause.Value, id.ID.Value) {
		id.Cause = Field{}
	}
	r.message, r.whole, r.id = nil, nil, nil
}

func (r *Reader) begin(m *adapters.Message, id *Identity) {
	r.message, r.id, r.dialect, r.contentType = m, id, nil, nil
	r.meanings, r.members, r.scratch = r.meanings[:0], r.members[:0], r.scratch[:0]
	r.marks, r.known, r.xml, r.xmlTried = 0, 0, nil, false
	for i := range r.rank {
		r.rank[i] = unranked
	}
}

// readMarks finds what each header can mean, and from that the dialect.
func (r *Reader) readMarks() {
	var dead, retry bool
	headers := spelling.Headers(r.message)
	for i := range headers {
		meaning := r.headers.look(i, headers[i].Name)
		r.meanings = append(r.meanings, meaning)
		r.marks |= meaning.marks
		dead = dead || meaning.dead
		retry = retry || meaning.retry
		if meaning.replay {
			r.id.Replayed = true
		}
		if meaning.contentType && r.contentType == nil {
			r.contentType = headers[i].Value
		}
	}
	if p := r.message.Properties; p != nil && r.contentType == nil && p.ContentType != "" {
		r.contentType = r.text(p.ContentType)
	}
	if r.died = dead; dead {
		r.id.DeadLetter = !(retry && deadheader.IsRetryStage(r.message.Position.Destination)) && !deadheader.PublishedAgain(r.whole)
	}
	if r.marks != 0 || len(r.contentType) > 0 {
		r.recognise()
	}
}

// recognise picks the first dialect whose marks are all there.
func (r *Reader) recognise() {
	for i := range needs {
		n := &needs[i]
		if n.headers&^r.marks == 0 || n.body&^r.marks == 0 ||
			len(r.contentType) > 0 && n.contentType != "" && hasPrefixFold(r.contentType, n.contentType) {
			r.dialect, r.id.Dialect = dialect.All[i], dialect.All[i].Name
			return
		}
	}
}

// readHeaders takes what headers say, by the dialect where it knows them and by the
// common names where it does not.
func (r *Reader) readHeaders() {
	headers := spelling.Headers(r.message)
	for i := range headers {
		meaning, value := r.meanings[i], spelling.Unquoted(headers[i].Value)
		if meaning.idle() {
			continue
		}
		where := Evidence{Place: InHeader, Name: meaning.name}
		if r.dialect != nil && meaning.in(r.dialect) {
			for j := range meaning.uses {
				if u := &meaning.uses[j]; u.dialect == r.dialect {
					r.offer(&u.use, byDialect, value, &where)
				}
			}
		} else if u := &meaning.common; u.role != dialect.Nothing {
			r.offer(u, u.class, value, &where)
		}
	}
}

// propertyUses are the uses of AMQP properties outside dialects.
var (
	useID      = use{role: dialect.OwnID}
	useType    = use{role: dialect.EventType}
	useService = use{role: dialect.Service}
	useFlow    = use{role: dialect.Flow}
	useEntity  = use{role: dialect.Entity}
)

// readProperties takes what the AMQP properties say, except what is only a last
// resort (see readRest).
func (r *Reader) readProperties(p *adapters.Properties) {
	r.id.Request = p.ReplyTo != ""
	r.offerProperty(&useID, byProperty, "message-id", p.MessageID)
	r.offerProperty(&useType, byProperty, "type", p.Type)
	r.offerProperty(&useService, byProperty, "app-id", p.AppID)
	if d := r.dialect; d != nil {
		for i := range d.Properties {
			e := &d.Properties[i]
			r.offerProperty(&use{role: e.Role, form: e.Form, index: uint8(i)}, byDialect, e.Name, property(p, e.Name))
		}
	}
}

func (r *Reader) offerProperty(u *use, c class, name, value string) {
	if value != "" && u.role != dialect.Nothing {
		r.offer(u, c, r.text(value), &Evidence{Place: InProperty, Name: r.text(name)})
	}
}

// property is the text of an AMQP property by its name on the wire, or "".
func property(p *adapters.Properties, name string) string {
	switch name {
	case "correlation-id":
		return p.CorrelationID
	case "message-id":
		return p.MessageID
	case "type":
		return p.Type
	case "app-id":
		return p.AppID
	case "reply-to":
		return p.ReplyTo
	case "user-id":
		return p.UserID
	case "content-type":
		return p.ContentType
	case "exchange":
		return p.Exchange
	case "routing-key":
		return p.RoutingKey
	}
	return ""
}

// readRest fills the flow and the time, where they are still open, from what is only a last resort.
func (r *Reader) readRest() {
	if p := r.message.Properties; p != nil {
		if r.trustsCorrelationID(p) {
			r.offerProperty(&useFlow, byCorrelationID, "correlation-id", p.CorrelationID)
		}
		if r.rank[dialect.Occurred] == unranked && !p.Timestamp.IsZero() {
			r.id.Time, r.id.TimeFrom = p.Timestamp.UTC(), Evidence{Place: InProperty, Name: r.text("timestamp")}
		}
	}
	if t := &r.id.Trace; t.Known() {
		r.offer(&useFlow, byTrace, t.Value, &Evidence{Place: InTrace, Parent: t.From.Parent, Name: t.From.Name})
	}
}

// readNames fills the type, where it is still open, from the names of places.
func (r *Reader) readNames() {
	m := r.message
	if r.rank[dialect.EventType] == unranked && m.Properties != nil {
		r.offer(&useType, byRouting, r.text(m.Properties.RoutingKey), &Evidence{Place: InRouting})
	}
	if r.rank[dialect.EventType] == unranked {
		r.offer(&useType, byName, r.text(m.Position.Destination), &Evidence{Place: InName})
	}
}

// trustsCorrelationID reports whether the AMQP correlation-id may be a flow: it is not the
// id of a request, which reply-to shows, nor the message's own id, and the dialect has
// no other meaning for it.
func (r *Reader) trustsCorrelationID(p *adapters.Properties) bool {
	if p.CorrelationID == "" || p.ReplyTo != "" || p.CorrelationID == p.MessageID || string(r.id.ID.Value) == p.CorrelationID {
		return false
	}
	if r.dialect != nil {
		for i := range r.dialect.Properties {
			if r.dialect.Properties[i].Name == "correlation-id" {
				return false
			}
		}
	}
	return true
}

// text copies s to the scratch memory.
func (r *Reader) text(s string) []byte {
	start := len(r.scratch)
	r.scratch = append(r.scratch, s...)
	return r.scratch[start:len(r.scratch):len(r.scratch)]
}

func hasPrefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && bytes.EqualFold(b[:len(prefix)], []byte(prefix))
}

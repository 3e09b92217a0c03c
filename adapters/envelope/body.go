package envelope

import (
	"bytes"
	"errors"
	"io"

	// Unquotes what the scanner has found to be a string.
	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters/envelope/dialect"
	"eventscope/adapters/envelope/jsonscan"
	"eventscope/adapters/envelope/spelling"
	"eventscope/adapters/payload"
)

const (
	// MaxBody is how much of a body is read for an identity, in bytes. What lies
	// behind is not looked at, and a body that is longer is not called malformed
	// for breaking off there.
	MaxBody = 64 << 10
	// maxMembers bounds how many telling members of one body are kept.
	maxMembers = 128
)

// member is a member of the body whose name means something.
type member struct {
	meaning      *meaning
	parent, name []byte
	value        []byte
	depth        depth

	// fact is what value was found to be for a role already.
	role dialect.Role
	fact []byte
}

// readBody looks for what is not known yet in a JSON object. It stops as soon as it
// knows enough.
func (r *Reader) readBody() {
	if v := r.message.Value; (r.message.Schemas != nil || len(v) > 0 && v[0] >= 0x80) && r.readWritten() {
		return // by a schema, or as bytes of a format that needs none
	}
	rest := r.start("{")
	if rest == nil {
		return
	}
	known, marks := r.known, r.marks
	err := r.readObject(rest)
	if numbers := r.withoutNaN(rest, err); numbers != nil {
		r.known, r.marks, r.members = known, marks, r.members[:0]
		err = r.readObject(numbers)
	}
	if err != nil && !r.breaksOff(err) {
		r.id.Malformed = true
		return
	}
	r.recognise()
	r.offerMembers(nil)
}

// start is the JSON of the body, as far as it is read, if it begins with one of those
// signs; else nil.
func (r *Reader) start(signs string) []byte {
	body := payload.Unframed(r.message.Value)
	rest := unspaced(body[:min(len(body), MaxBody)])
	for i := range len(signs) {
		if len(rest) > 0 && rest[0] == signs[i] {
			return rest
		}
	}
	return nil
}

// unspaced is JSON without the white space before it.
func unspaced(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}

// breaksOff reports whether reading ended where the part of a body ends that is looked at.
func (r *Reader) breaksOff(err error) bool {
	return len(r.message.Value) > MaxBody && errors.Is(err, io.ErrUnexpectedEOF)
}

// withoutNaN is a body that could not be read because Python and others write NaN and
// Infinity where JSON has no such numbers, with a 0 in their places, which is no id; nil
// when it has none.
func (r *Reader) withoutNaN(body []byte, err error) []byte {
	if err == nil || !bytes.Contains(body, []byte("NaN")) && !bytes.Contains(body, []byte("Infinity")) {
		return nil
	}
	start, quoted := len(r.scratch), false
	r.scratch = append(r.scratch, body...)
	copied := r.scratch[start:len(r.scratch):len(r.scratch)]
	for i := 0; i < len(copied); i++ {
		switch c := copied[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == 'N' && bytes.HasPrefix(copied[i:], []byte("NaN")):
			copy(copied[i:], "0  ")
		case c == 'I' && bytes.HasPrefix(copied[i:], []byte("Infinity")):
			copy(copied[i:], "0       ")
		}
	}
	return copied
}

var (
	errTrailing = errors.New("something follows the JSON value")
	errTwice    = errors.New("a telling member is there twice")
)

// readObject reads the object that is the body.
func (r *Reader) readObject(body []byte) error {
	r.scanner.Reset(body)
	r.place, r.enveloped = 0, false
	if err := r.scanner.Enter(); err != nil {
		return err
	}
	done, err := r.readMembers(wholeBody, nil)
	if err != nil || done {
		return err
	}
	if len(unspaced(body[r.scanner.Offset():])) > 0 && len(body) < MaxBody {
		return errTrailing
	}
	return nil
}

// wholeBody is the object that is the body.
var wholeBody = &meaning{parent: atTop}

// readMembers reads the members of the object that was just entered, which is the value of a
// member of that meaning and name. It reports true when it stopped because enough is known.
func (r *Reader) readMembers(object *meaning, parent []byte) (done bool, err error) {
	at := object.parent
	for {
		name, meaning, err := r.nextMember(object)
		if err != nil {
			return false, err
		}
		if name == nil {
			return r.satisfied(true), nil
		}
		if r.looksInto(at, meaning) {
			if r.known.has(enough) {
				return true, nil // what envelopes say, they say before the payload
			}
			if err := r.scanner.Enter(); err != nil {
				return false, err
			}
			r.mark(at, meaning)
			r.enveloped = true
			if done, err := r.readMembers(meaning, name); done || err != nil {
				return done, err
			}
			continue
		}
		value, err := r.scanner.Value()
		if err != nil {
			return false, err
		}
		if meaning != nil {
			if r.collected(at, meaning, parent, name) {
				return false, errTwice
			}
			r.collect(at, meaning, parent, name, value)
			if r.satisfied(false) {
				return true, nil
			}
		}
	}
}

// looksInto reports whether the value ahead is an object whose members may mean something.
func (r *Reader) looksInto(at depth, meaning *meaning) bool {
	if meaning == nil || meaning.parent == notThere || (at != atTop && !(at == inDeep && meaning.nested)) {
		return false
	}
	return r.scanner.Ahead() == '{'
}

// mark notes the marks of a member. Below the top only those of dialects that are
// found there count.
func (r *Reader) mark(at depth, meaning *meaning) {
	if at == atTop {
		r.marks |= meaning.marks
	} else if at != inObject {
		r.marks |= meaning.marks & marksAnywhere
	}
}

// satisfied reports whether nothing more needs to be looked for. When the flow was found in
// the body its cause is most likely beside it, so the object is read to its end.
func (r *Reader) satisfied(atEnd bool) bool {
	if !r.known.has(enough) {
		return false
	}
	return atEnd || r.rank[dialect.Flow] != unranked || r.known.has(only(dialect.Cause))
}

// recent is the meaning of a member that was looked up for the message before; bodies of
// one producer have the same names in the same order.
type recent struct {
	object  *meaning // whose member it is, or nil when nothing is remembered
	meaning *meaning
	seen    jsonscan.Seen
}

// nextMember moves before the value of the next member. It returns its name and what that
// can mean in that object, or nil; a name that is nil is the end of the object.
func (r *Reader) nextMember(object *meaning) (name []byte, _ *meaning, err error) {
	latest := &r.recent[r.place%len(r.recent)]
	if latest.object == object {
		if quoted, ok := r.scanner.Again(&latest.seen); ok {
			r.place++
			return quoted[1 : len(quoted)-1], latest.meaning, nil
		}
	}
	quoted, ok, err := r.scanner.Member()
	if !ok {
		return nil, nil, err
	}
	r.place++
	name = quoted[1 : len(quoted)-1]
	if len(name) > spelling.LongestName {
		return name, nil, nil
	}
	latest.object, latest.meaning = object, memberMeaning(object.scope, name)
	if !r.scanner.See(&latest.seen) {
		latest.object = nil
	}
	return name, latest.meaning, nil
}

// memberMeaning is what a member's name can mean below a scope, or nil.
func memberMeaning(scope string, name []byte) *meaning {
	var buffer [spelling.LongestName + 16]byte
	folded, _ := spelling.Fold(append(buffer[:0], scope...), name)
	return memberNames[string(folded)]
}

// collected reports whether the same member of the same object was there before. Readers of
// JSON differ in which of two they believe (RFC 8259, section 4), so neither is a fact.
func (r *Reader) collected(at depth, meaning *meaning, parent, name []byte) bool {
	for i := range r.members {
		if known := &r.members[i]; known.meaning == meaning && known.depth == at &&
			bytes.Equal(known.name, name) && bytes.Equal(known.parent, parent) {
			return true
		}
	}
	return false
}

// collect keeps a member to be weighed when the dialect is known.
func (r *Reader) collect(at depth, meaning *meaning, parent, name, raw []byte) {
	r.mark(at, meaning)
	if len(r.members) == maxMembers {
		return
	}
	if raw[0] == '[' && meaning.common.form == dialect.MessageURN {
		raw = firstString(raw)
	}
	value := r.scalar(raw)
	if value != nil {
		r.keep(at, meaning, parent, name, value)
	}
}

// keep keeps the value of a member, and notes which role it will certainly fill.
func (r *Reader) keep(at depth, meaning *meaning, parent, name, value []byte) {
	if len(r.members) == maxMembers {
		return
	}
	// Filled in place, field by field: to copy a member costs as much as to scan it.
	r.members = r.members[:len(r.members)+1]
	found := &r.members[len(r.members)-1]
	found.meaning, found.depth = meaning, at
	found.parent, found.name, found.value = parent, name, value
	found.fact = nil
	if r.speaks(found) {
		for i := range meaning.uses {
			if u := &meaning.uses[i]; u.dialect == r.dialect {
				r.note(found, &u.use)
			}
		}
	} else if u := &meaning.common; u.firm && (u.deep || at <= inMeta) {
		r.note(found, u)
	}
}

// note marks the role of u as known, if value will do for it. Nobody asks that of other
// roles.
func (r *Reader) note(found *member, u *use) {
	if !(enough | 1<<dialect.Cause).has(only(u.role)) || u.form == dialect.Spare {
		return
	}
	if found.fact = r.acceptable(u.role, found.value); found.fact != nil {
		found.role = u.role
		r.known |= only(u.role)
	}
}

// speaks reports whether the dialect has its own meaning for a member: by its place, for a
// member with a scope, else at the top, or anywhere where the dialect allows that.
func (r *Reader) speaks(found *member) bool {
	d := r.dialect
	if d == nil || len(found.meaning.uses) == 0 || !found.meaning.in(d) {
		return false
	}
	return found.depth == atTop || found.meaning.scoped || d.BodyAnywhere && found.depth != inObject
}

// scalar is the text of a string, number or boolean; nil for everything else and for
// what is too long to be a fact.
func (r *Reader) scalar(raw []byte) []byte {
	if len(raw) == 0 || len(raw) > 6*spelling.MaxID+2 {
		return nil
	}
	switch raw[0] {
	case '"':
		if bytes.IndexByte(raw, '\\') < 0 {
			return raw[1 : len(raw)-1]
		}
		start := len(r.scratch)
		unquoted, err := jsontext.AppendUnquote(r.scratch, raw)
		if err != nil {
			return nil
		}
		r.scratch = unquoted
		return r.scratch[start:len(r.scratch):len(r.scratch)]
	case '{', '[', 'n':
		return nil
	}
	return raw
}

// firstString is the first element of an array if that is a string without escapes.
func firstString(array []byte) []byte {
	rest := unspaced(array[1:])
	if len(rest) == 0 || rest[0] != '"' {
		return nil
	}
	end := bytes.IndexByte(rest[1:], '"')
	if end < 0 || bytes.IndexByte(rest[1:1+end], '\\') >= 0 {
		return nil
	}
	return rest[:end+2]
}

// offerMembers weighs what was collected, now that the dialect is known. Written is the schema
// by which the body was read, or nil.
func (r *Reader) offerMembers(written *Written) {
	where := Evidence{Place: InBody, Written: written}
	for i := range r.members {
		found := &r.members[i]
		where.Parent, where.Name = found.parent, found.name
		if r.speaks(found) {
			for j := range found.meaning.uses {
				if u := &found.meaning.uses[j]; u.dialect == r.dialect {
					r.offerMember(found, &u.use, byDialect, &where)
				}
			}
			continue
		}
		u := &found.meaning.common
		switch {
		case found.depth == atTop && string(found.name) == "type":
			r.offerMember(found, u, byBodyType, &where)
		case found.depth == atTop && u.form == dialect.NameOfEvent && !r.enveloped:
		case found.depth == atTop:
			r.offerMember(found, u, byBody, &where)
		case found.depth == inMeta:
			r.offerMember(found, u, byMeta, &where)
		case u.deep || found.meaning.scoped:
			r.offerMember(found, u, byDeep, &where)
		}
	}
}

// offerMember offers the value of a member, or the fact that it was found to be.
func (r *Reader) offerMember(found *member, u *use, c class, where *Evidence) {
	if found.fact == nil || found.role != u.role || u.form != dialect.AsIs {
		r.offer(u, c, found.value, where)
	} else if rank, ok := r.outranks(u, c); ok {
		r.take(u.role, c, rank, found.fact, where)
	}
}

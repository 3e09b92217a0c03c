package envelope

import (
	"bytes"
	"unicode/utf8"

	"eventscope/adapters/envelope/dialect"
	"eventscope/adapters/envelope/spelling"
)

// offer takes value for the role of u, if it is better than what that role has now and
// if it can be what the role asks for.
func (r *Reader) offer(u *use, c class, value []byte, from *Evidence) {
	if u.role == dialect.Nothing {
		return
	}
	if u.form == dialect.Spare {
		c = bySpare
	}
	rank, ok := r.outranks(u, c)
	if !ok {
		return
	}
	if u.role == dialect.Occurred {
		if t, ok := spelling.Time(value); ok {
			r.id.Time, r.id.TimeFrom, r.rank[dialect.Occurred] = t, *from, rank
		}
		return
	}
	if u.form != dialect.AsIs {
		value = r.shape(u, c, value, from)
	}
	if value = r.acceptable(u.role, value); value != nil {
		r.take(u.role, c, rank, value, from)
	}
}

// outranks reports whether u is better in this class than what its role has now, and how good it is.
func (r *Reader) outranks(u *use, c class) (rank uint16, ok bool) {
	rank = uint16(c)<<8 | uint16(u.index)
	return rank, rank < r.rank[u.role]
}

// take makes a fact the value of a role.
func (r *Reader) take(role dialect.Role, c class, rank uint16, fact []byte, from *Evidence) {
	field := r.id.field(role)
	field.Value = fact
	field.From.Place, field.From.Parent, field.From.Name, field.From.Written = from.Place, from.Parent, from.Name, from.Written
	r.rank[role] = rank
	if c <= byTypeID {
		r.known |= only(role)
	}
}

// shape brings a value out of its form; nil is a value that is not of that form.
func (r *Reader) shape(u *use, c class, value []byte, from *Evidence) []byte {
	switch u.form {
	case dialect.AssemblyList:
		name, release := spelling.Assembly(value)
		if len(release) > 0 {
			r.offer(&use{role: dialect.Version, index: u.index}, c, release, from)
		}
		return name
	case dialect.MessageURN:
		return bytes.TrimPrefix(spelling.FirstOf(value, ';'), []byte("urn:message:"))
	case dialect.LastSegment:
		return spelling.Segment(value)
	case dialect.TraceParent:
		return r.trace(spelling.TraceparentID(value))
	case dialect.XRay:
		start := len(r.scratch)
		if r.scratch = spelling.AppendXRayID(r.scratch, value); len(r.scratch) == start {
			return nil
		}
		return r.trace(r.scratch[start:len(r.scratch):len(r.scratch)])
	case dialect.B3:
		return r.trace(spelling.B3ID(value))
	case dialect.DebeziumOp:
		return r.change(value)
	case dialect.Identifier, dialect.NameOfEvent:
		if !spelling.IsIdentifier(value) {
			return nil
		}
	}
	return value
}

// trace is a trace id in the one form: the bytes of the message where they have it.
func (r *Reader) trace(id []byte) []byte {
	if id == nil {
		return nil
	}
	if len(id) == 32 && !spelling.MayHaveUpper(id) {
		return id
	}
	start := len(r.scratch)
	r.scratch = spelling.AppendTraceID(r.scratch, id)
	return r.scratch[start:len(r.scratch):len(r.scratch)]
}

// acceptable is value if it can be what a role asks for, or the text of a binary UUID,
// or nil. Nothing that is empty, over-long or not text is a fact; and what stands for
// nothing is not an id.
func (r *Reader) acceptable(role dialect.Role, value []byte) []byte {
	if len(value) == 0 || len(value) > spelling.MaxID {
		return nil
	}
	if ids.has(only(role)) && spelling.PlainlyID(value) {
		return value
	}
	if len(value) == 16 && !utf8.Valid(value) {
		start := len(r.scratch)
		r.scratch = spelling.AppendUUID(r.scratch, value)
		value = r.scratch[start:len(r.scratch):len(r.scratch)]
	}
	if !spelling.Textual(value) {
		return nil
	}
	if ids.has(only(role)) {
		if value = r.spelled(value); spelling.IsNone(value) {
			return nil
		}
	}
	return value
}

// spelled is an id in that form: the bytes of the message where they have it.
func (r *Reader) spelled(id []byte) []byte {
	if spelling.BareUUID(id) == nil {
		return id
	}
	start := len(r.scratch)
	r.scratch = spelling.AppendID(r.scratch, id)
	return r.scratch[start:len(r.scratch):len(r.scratch)]
}

// ids are the roles whose values are ids.
const ids = roles(1<<dialect.Flow | 1<<dialect.Cause | 1<<dialect.OwnID | 1<<dialect.Entity | 1<<dialect.Trace | 1<<dialect.Tenant)

// change is what was done to which table, as orders.update, by its code; nil where there is no such
// code.
func (r *Reader) change(code []byte) []byte {
	if len(code) != 1 || dialect.DebeziumOps[code[0]] == "" {
		return nil
	}
	start := len(r.scratch)
	if table := r.changedTable(); table != nil {
		r.scratch = append(append(r.scratch, table...), '.')
	}
	r.scratch = append(r.scratch, dialect.DebeziumOps[code[0]]...)
	return r.scratch[start:len(r.scratch):len(r.scratch)]
}

// changedTable is the table or the collection of which the body says that a row changed, or nil.
func (r *Reader) changedTable() []byte {
	for i := range r.members {
		found := &r.members[i]
		if r.speaks(found) && found.meaning.uses[0].use.form == dialect.TableOfOp && len(found.value) <= spelling.MaxID/2 {
			return found.value
		}
	}
	return nil
}

package envelope

import (
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/payload"
	"eventscope/adapters/payload/encoded"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/schemas"
)

// Written is what a body or a key was read by, where that is a schema.
type Written struct {
	Schema *schemas.Schema
	// note is what evidence says of it: " (Avro, schema 12)".
	note []byte
}

// plan finds the telling members of the values of one schema, or is nil where none has one.
type plan struct {
	find payload.Plan[*meaning]
	// marks are those of dialects among the members at the top.
	marks uint64
}

const (
	// mostPlans bounds how many plans a reader keeps, and rememberedSchemas of how many it
	// knows without asking what they stand for.
	mostPlans         = 512
	rememberedSchemas = 8
	// longestKey bounds the JSON that is made of a key.
	longestKey = 4096
)

// knownSchema is a schema that was found for a reference.
type knownSchema struct {
	of      schemas.Finder
	ref     schemas.Ref
	written *Written
}

// writings is what a reader knows of schemas. What it remembers it finds without a lock.
type writings struct {
	recent [rememberedSchemas]knownSchema
	next   int
	plans  map[payload.Values]*plan
	// latest is what was found last, and look is find, made once: to make it anew costs memory
	// each time.
	latest *Written
	look   payload.Find
	// scratch are values that are not as they stand in the message. It is not that of the
	// reader, to which more is added while a plan adds to this.
	scratch []byte
	// found is told members by a plan; within is what held the latest.
	found  func(encoded.Found[*meaning]) bool
	within *meaning
}

// find is the schema that a reference names. What it was read by is then the latest.
func (w *writings) find(m *adapters.Message, ref schemas.Ref) (*schemas.Schema, error) {
	for i := range w.recent {
		if k := &w.recent[i]; k.ref == ref && k.of == m.Schemas {
			w.latest = k.written
			return k.written.Schema, nil
		}
	}
	schema, err := payload.FindSchema(m, ref)
	if err != nil {
		return nil, err
	}
	w.remember(m, ref, schema)
	return schema, nil
}

// remember keeps a schema that was found, or that was assigned to its destination.
func (w *writings) remember(m *adapters.Message, ref schemas.Ref, schema *schemas.Schema) {
	note := " (" + payload.FormatName(schema.Format) + ", schema " + ref.Number() + ")"
	if payload.Schemaless(ref.Name) == schema {
		note = " (" + payload.FormatName(schema.Format) + ")"
	}
	w.latest = &Written{schema, []byte(note)}
	w.recent[w.next%len(w.recent)] = knownSchema{m.Schemas, ref, w.latest}
	w.next++
}

// plan is that of values.
func (w *writings) plan(v payload.Values, s *schemas.Schema) *plan {
	known, ok := w.plans[v]
	if ok {
		return known
	}
	if len(w.plans) >= mostPlans || w.plans == nil {
		w.plans = map[payload.Values]*plan{}
	}
	made := newPlan(v, mask.EncryptedNames(s))
	w.plans[v] = made
	return made
}

// newPlan compiles which members mean something: the names that mean something in JSON, but those
// of what is encrypted, which is no id.
func newPlan(v payload.Values, encrypted []string) *plan {
	made, compiling := &plan{}, true
	find, err := payload.NewPlan(v, wholeBody, func(object *meaning, name []byte) (*meaning, bool, bool) {
		m := memberMeaning(object.scope, name)
		if m == nil || slices.Contains(encrypted, string(name)) {
			return nil, false, false
		}
		if compiling && object == wholeBody {
			made.marks |= m.marks
		}
		at := object.parent
		return m, true, m.parent != notThere && (at == atTop || at == inDeep && m.nested)
	})
	compiling = false
	if err != nil || find == nil {
		return &plan{}
	}
	made.find = find
	return made
}

// reading is how a part of the message is to be read, and by what where that is a schema.
func (r *Reader) reading(part payload.Part, data []byte) (payload.Reading, *Written, error) {
	w := &r.writings
	if w.look == nil {
		w.look = w.find
	}
	found, err := payload.ReadingOf(r.message, part, data, w.look)
	if found.Schema == nil {
		return found, nil, err
	}
	if w.latest == nil || w.latest.Schema != found.Schema { // it was assigned
		if known, _ := w.find(r.message, found.Schema.Ref); known != found.Schema {
			w.remember(r.message, found.Schema.Ref, found.Schema)
		}
	}
	return found, w.latest, err
}

// readWritten reads a body by the schema that it names. It reports false where the body is not
// to be read so: it names none that is known, or it is JSON.
func (r *Reader) readWritten() bool {
	reading, written, err := r.reading(payload.Value, r.message.Value)
	if reading.Values == nil || err != nil {
		return false
	}
	r.id.Written = written
	plan := r.writings.plan(reading.Values, reading.Schema)
	if plan.find == nil {
		r.readMade(&reading, written)
		return true
	}
	if err := r.readPlan(plan, reading.Body); err != nil {
		r.id.Malformed = true
		return true
	}
	r.marks |= plan.marks
	r.recognise()
	r.offerMembers(written)
	return true
}

// readMade reads a body of a format that has no plans as the JSON that is made of it.
func (r *Reader) readMade(reading *payload.Reading, written *Written) {
	if reading.Schema.Text != "" { // by whose schema nothing of it has a telling name
		return
	}
	start := len(r.scratch)
	made, err := reading.Values.AppendJSON(r.scratch, reading.Body, MaxBody)
	if err != nil {
		r.id.Malformed = encoded.IsMisfit(err)
		return
	}
	r.scratch = made
	if made = made[start:len(made):len(made)]; len(made) == 0 || made[0] != '{' {
		return
	}
	known, marks := r.known, r.marks
	if err := r.readObject(made); err != nil {
		r.known, r.marks, r.members = known, marks, r.members[:0]
		return
	}
	r.recognise()
	r.offerMembers(written)
}

// readPlan collects the telling members of a value.
func (r *Reader) readPlan(plan *plan, body []byte) error {
	known, marks := r.known, r.marks
	w := &r.writings
	if w.found == nil {
		w.found = r.foundMember // once: to make it anew costs memory each time
	}
	r.enveloped, w.within = false, nil
	var err error
	if w.scratch, err = plan.find.Read(body, w.scratch[:0], w.found); err != nil {
		r.known, r.marks, r.members = known, marks, r.members[:0]
	}
	return err
}

// foundMember collects a member. It stops as soon as enough is known, as reading JSON does.
func (r *Reader) foundMember(f encoded.Found[*meaning]) (done bool) {
	w := &r.writings
	if f.Object != w.within && w.within != nil && r.satisfied(true) {
		return true // what says the cause is beside the flow
	}
	w.within = f.Object
	at := f.Object.parent
	r.enveloped = r.enveloped || at != atTop
	r.mark(at, f.Member)
	r.keep(at, f.Member, f.Parent, f.Name, f.Value)
	return r.satisfied(false)
}

// writtenBody is the JSON of a body that is read by its schema, in the scratch memory, or nil.
func (r *Reader) writtenBody() []byte {
	if r.message.Schemas == nil {
		return nil
	}
	reading, _, err := r.reading(payload.Value, r.message.Value)
	if reading.Values == nil || err != nil {
		return nil
	}
	start := len(r.scratch)
	made, err := reading.Values.AppendJSON(r.scratch, reading.Body, MaxBody)
	if err != nil {
		r.id.Malformed = r.id.Malformed || encoded.IsMisfit(err)
		return nil
	}
	r.scratch = made
	return made[start:len(made):len(made)]
}

// writtenKey is what a key says that was written with a schema, as JSON in the scratch memory,
// and by which schema. Nil is a key that names a schema and cannot be read.
func (r *Reader) writtenKey(key []byte) ([]byte, *Written) {
	reading, written, err := r.reading(payload.Key, key)
	switch {
	case reading.Frame.Ref.By == schemas.ByNothing:
		return key, nil
	case reading.Schema == nil:
		return r.plainKey(key), nil
	case err != nil:
		return nil, nil
	case reading.Values == nil:
		return reading.Body, written
	}
	start := len(r.scratch)
	made, err := reading.Values.AppendJSON(r.scratch, reading.Body, longestKey)
	if err != nil {
		return nil, nil
	}
	r.scratch = made
	return made[start:len(made):len(made)], written
}

// plainKey is a key that may be framed, or may be none: bytes that happen to be a UUID are no
// id then.
func (r *Reader) plainKey(key []byte) []byte {
	if len(key) > 0 && key[0] <= 3 {
		return nil
	}
	return key
}

package envelope

import (
	"strings"

	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/envelope/dialect"
	"eventscope/adapters/envelope/spelling"
)

// meaning is everything that a name can mean, in any dialect. Meanings are made once
// for a name and never change.
type meaning struct {
	name  []byte // as it is spelled in headers
	marks uint64 // of the dialects it is a mark of

	// common is the name's use as a common name; uses are those in dialects.
	common use
	uses   []dialectUse

	// parent says how members below one of this name are read.
	parent depth
	nested bool
	scope  string
	scoped bool // the name is that of a member below such a parent

	dead        bool // a mark of a dead-letter writer
	replay      bool // a mark of a replay
	contentType bool
	retry       bool // a mark of a retry topic
}

// use is what a value of a name is read as. Index orders names of one role.
type use struct {
	role  dialect.Role
	form  dialect.Form
	index uint8
	firm  bool
	deep  bool
	class class // of a header with this name
}

type dialectUse struct {
	dialect *dialect.Dialect
	use     use
}

// class orders the places a fact may come from, best first. What is better within
// one class is said by the index of the name.
type class uint8

const (
	byMapping class = iota
	byDialect
	byBodyType // the member "type" at the top of the body, for types
	byProperty
	byHeader
	byTypeID        // __TypeId__, which names a class rather than an event
	byBody          // a member of the body
	byMeta          // below metadata
	byDeep          // below payload
	bySpare         // a dialect's second best
	byCorrelationID // AMQP correlation-id, which may be anything
	byTrace         // a trace often ends at a batch or a timer
	byTimestamp     // AMQP timestamp, in whole seconds
	byKey
	byRouting
	byName
	byNothing
)

// idle reports whether a name means nothing at all.
func (m *meaning) idle() bool {
	return m.common.role == dialect.Nothing && len(m.uses) == 0 && m.marks == 0 && !m.dead && !m.replay && !m.contentType && !m.retry
}

// in reports whether a dialect has a use for the name.
func (m *meaning) in(d *dialect.Dialect) bool {
	for i := range m.uses {
		if m.uses[i].dialect == d {
			return true
		}
	}
	return false
}

var (
	// markGroups are the groups of marks of all dialects, one a bit.
	headerMarks, bodyMarks []markGroup
	// marksAnywhere are the body marks that count below the top as well.
	marksAnywhere uint64
	// headerUses are the uses of header names, in lower case, in dialects.
	headerUses = map[string][]dialectUse{}
	// commonUses are the common names, folded.
	commonUses = map[string]use{}
	// memberNames are all names of members of a body that mean anything, folded.
	memberNames = map[string]*meaning{}
)

// needs say what tells each of the dialects, close together since every message asks all.
var needs = make([]need, len(dialect.All))

// need is the marks that must all be there, of headers or of the body. A dialect without
// such marks has all bits.
type need struct {
	headers, body uint64
	contentType   string
}

type markGroup struct {
	bit   uint64
	names []string
}

func init() {
	bit := uint64(1)
	for at, d := range dialect.All {
		var n need
		for _, names := range d.Marks {
			headerMarks = append(headerMarks, markGroup{bit, names})
			n.headers |= bit
			bit <<= 1
		}
		for _, names := range d.BodyMarks {
			bodyMarks = append(bodyMarks, markGroup{bit, names})
			if d.BodyAnywhere {
				marksAnywhere |= bit
			}
			n.body |= bit
			bit <<= 1
		}
		if n.headers == 0 {
			n.headers = ^n.headers
		}
		if n.body == 0 {
			n.body = ^n.body
		}
		n.contentType = d.ContentType
		needs[at] = n
		for i, e := range d.Headers {
			headerUses[e.Name] = append(headerUses[e.Name], dialectUse{d, use{role: e.Role, form: e.Form, index: uint8(i), class: byDialect}})
		}
	}
	if bit == 0 {
		panic("envelope: more groups of marks than bits")
	}
	for i, a := range dialect.Common {
		u := use{role: a.Role, form: a.Form, index: uint8(i), firm: a.Firm, deep: a.Deep, class: byHeader}
		if a.Name == "typeid" {
			u.class = byTypeID
		}
		commonUses[a.Name] = u
	}
	nameMembers()
}

// nameMembers fills memberNames.
func nameMembers() {
	at := func(name string) *meaning {
		m := memberNames[name]
		if m == nil {
			m = &meaning{parent: notThere, scoped: strings.Contains(name, ".")}
			memberNames[name] = m
		}
		return m
	}
	for name, u := range commonUses {
		if name != "typeid" {
			at(name).common = u
		}
	}
	for _, d := range dialect.All {
		for i, e := range d.Body {
			m := at(e.Name)
			m.uses = append(m.uses, dialectUse{d, use{role: e.Role, form: e.Form, index: uint8(i), firm: true, class: byDialect}})
		}
	}
	for _, group := range bodyMarks {
		for _, name := range group.names {
			at(name).marks |= group.bit
		}
	}
	for name, p := range parents {
		m := at(name)
		m.parent, m.scope, m.nested = p.depth, p.scope, nested[name]
	}
}

// headerMeaning works out what a header of this name can mean.
func headerMeaning(name string) *meaning {
	m := &meaning{name: []byte(name), parent: notThere}
	lower := strings.ToLower(name)
	for _, group := range headerMarks {
		for _, pattern := range group.names {
			if spelling.Match(pattern, lower) {
				m.marks |= group.bit
			}
		}
	}
	m.uses = headerUses[lower]
	var buffer [spelling.LongestName]byte
	if folded, ok := spelling.Fold(buffer[:0], lower); ok {
		m.common = commonUses[string(folded)]
		m.contentType = string(folded) == "contenttype"
	}
	m.dead = deadheader.IsMark(lower)
	m.retry = spelling.Match("retry_topic-*", lower) || spelling.Match("delayed-retry-*", lower)
	m.replay = lower == "x-replay-id"
	return m
}

// vocabulary remembers the meanings of header names, which come again with every
// message, mostly at the same place. What it does not remember, because names never end,
// is worked out each time.
type vocabulary struct {
	names  map[string]*meaning
	latest [16]*meaning // by the place of the header in its message
}

// vocabularySize bounds a vocabulary.
const vocabularySize = 512

// unknown is what every name too long to be looked at means.
var unknown = &meaning{parent: notThere}

// look is what the name of the header at a place means.
func (v *vocabulary) look(place int, name string) *meaning {
	latest := &v.latest[place%len(v.latest)]
	if m := *latest; m != nil && string(m.name) == name {
		return m
	}
	if len(name) > spelling.LongestName {
		return unknown
	}
	m := v.names[name]
	if m == nil {
		m = headerMeaning(strings.Clone(name))
		if len(v.names) < vocabularySize {
			v.names[string(m.name)] = m
		}
	}
	*latest = m
	return m
}

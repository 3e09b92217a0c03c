package query

import (
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	// The expression language: typed, without loops that never end, and bounded in
	// memory. Its errors say where.
	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/payload"
)

// expression is a compiled expression.
type expression struct {
	program *vm.Program
	uses    nameSet
	runs    sync.Pool // of *run
}

// run is what one goroutine needs to evaluate an expression.
type run struct {
	vm  vm.VM
	env environment
}

// environment is what an expression sees. Only the fields that it uses are filled in.
type environment struct {
	Source      string    `expr:"source"`
	Broker      string    `expr:"broker"`
	Destination string    `expr:"destination"`
	Partition   int       `expr:"partition"`
	Offset      int       `expr:"offset"`
	Key         string    `expr:"key"`
	Type        string    `expr:"type"`
	Service     string    `expr:"service"`
	ID          string    `expr:"id"`
	Flow        string    `expr:"flow"`
	Entity      string    `expr:"entity"`
	Cause       string    `expr:"cause"`
	Version     string    `expr:"version"`
	Size        int       `expr:"size"`
	Time        time.Time `expr:"time"`
	Redelivered bool      `expr:"redelivered"`
	DeadLetter  bool      `expr:"dead_letter"`
	Value       string    `expr:"value"`
	Status      string    `expr:"status"`
	Reason      string    `expr:"dead_letter_reason"`
	Exception   string    `expr:"dead_letter_exception"`
	Message     string    `expr:"dead_letter_message"`
	Origin      string    `expr:"dead_letter_origin"`
	Group       string    `expr:"dead_letter_group"`
	Attempts    any       `expr:"dead_letter_attempts"`
	Writer      string    `expr:"dead_letter_writer"`

	subject *Subject
	plain   []byte // its value, decompressed, when it was asked for
}

// Fields are the names an expression can use, with what they are.
var Fields = [][2]string{
	{"source", "name of the source"}, {"broker", "kind of broker, as in JSON lines"}, {"destination", "topic, exchange, queue or stream"},
	{"partition", "number"}, {"offset", "number"}, {"key", "text"}, {"type", "event type"}, {"service", "producer"}, {"id", "event id"},
	{"flow", "flow id"}, {"entity", "business object"}, {"cause", "id of the causing event"}, {"version", "of the schema, text"},
	{"size", "bytes"}, {"time", "of the broker"}, {"redelivered", "true or false"}, {"dead_letter", "true or false"}, {"value", "the body as text"},
	{"status", "of a dead letter: open, replayed or discarded"}, {"dead_letter.reason", "why it died"}, {"dead_letter.exception", "class"},
	{"dead_letter.message", "of the exception"}, {"dead_letter.origin", "where it died"}, {"dead_letter.group", "consumer group that failed"},
	{"dead_letter.attempts", "number"}, {"dead_letter.writer", "what wrote it there: a broker or a framework"},
}

// In an expression, dead_letter is true or false and has parts, too. The language knows no
// such thing, so its parts are names of their own behind the screen.
const deadLetterPart, deadLetterName = "dead_letter.", "dead_letter_"

// Functions are the functions an expression can call beside the language's own.
var Functions = [][2]string{
	{`json("payload.amount")`, "a part of the body: a number, text, true or false, list or object; nil when it is not there"},
	{`header("tenant")`, "the header of that name, in any case, any one of several; nil when there is none"},
	{`has("tenant")`, "whether there is a header of that name or such a part of the body"},
	{`ago("10m")`, "the time ten minutes ago"},
}

// nameSet is a set of fields, by their place in environment, and of functions that
// read the message.
type nameSet uint32

var (
	// bitOf is the bit of each name.
	bitOf = map[string]nameSet{}
	// needMessage are those that an Entry does not hold.
	needMessage nameSet
	// partsOfDeath are the parts of dead_letter.
	partsOfDeath nameSet
)

func init() {
	names := reflect.TypeFor[environment]()
	for i, field := range Fields {
		name := names.Field(i).Tag.Get("expr")
		bitOf[name] = 1 << i
		if strings.HasPrefix(field[0], deadLetterPart) {
			partsOfDeath |= bitOf[name]
		}
	}
	needMessage |= partsOfDeath
	read := nameSet(1) << len(Fields)
	bitOf["json"], bitOf["header"], bitOf["has"] = read, read, read
	for _, name := range []string{"key", "id", "cause", "version", "size", "value", "json"} {
		needMessage |= bitOf[name]
	}
}

func compileExpression(text string) (*expression, error) {
	source, places, open := spellOut(text)
	if open > 0 {
		return nil, &Error{Column: open, Reason: "a quote opens here and is not closed"}
	}
	patcher := &patcher{decided: map[ast.Node]bool{}}
	options := append(dynamicFunctions(), expr.Env(&environment{}), expr.Patch(patcher), expr.AsBool())
	program, err := expr.Compile(source, options...)
	if patcher.fault != nil {
		return nil, places.at(patcher.fault)
	}
	if err != nil {
		return nil, places.at(faultOf(err))
	}
	e := &expression{program: program, uses: patcher.uses}
	e.runs.New = func() any { return new(run) }
	return e, nil
}

// match evaluates the expression. A result that is neither true nor false, such as the
// nil of a missing part, is no match.
func (e *expression) match(s *Subject) (bool, error) {
	if s.Message == nil && e.uses&needMessage != 0 {
		return false, nil
	}
	run := e.runs.Get().(*run)
	run.env = environment{subject: s}
	run.env.fill(e.uses)
	result, err := run.vm.Run(e.program, &run.env)
	run.env = environment{} // what it points to is borrowed
	e.runs.Put(run)
	matched, _ := result.(bool)
	return matched && err == nil, err
}

// uses says that a field is wanted.
func (u nameSet) has(name string) bool { return u&bitOf[name] != 0 }

// fill sets the fields that are used, from the message and its identity, or from the
// event that stands in for them.
func (v *environment) fill(uses nameSet) {
	s := v.subject
	v.Source, v.Broker, v.Status = s.Source, string(s.Broker), s.Status
	if uses&partsOfDeath != 0 {
		v.fillDeath()
	}
	switch {
	case s.Message != nil:
		v.fillMessage(uses, s.Message)
	case s.Entry != nil:
		v.fillPosition(s.Entry.Position)
		v.Time, v.Redelivered = s.Entry.Time, s.Entry.Redelivered
	}
	switch {
	case s.Identity != nil:
		v.fillIdentity(uses)
	case s.Entry != nil:
		v.Type, v.Service, v.Flow, v.Entity, v.DeadLetter = s.Entry.Type, s.Entry.Service, s.Entry.Flow, s.Entry.Entity, s.Entry.DeadLetter
	}
}

// fillDeath sets the parts of dead_letter. What is not known is nil, or an empty text.
func (v *environment) fillDeath() {
	death := v.subject.Death
	if death == nil && v.subject.Message != nil {
		if read, ok := envelope.Certify(v.subject.Message); ok && read.Confidence != envelope.NameOnly {
			death = &read
		}
	}
	if death == nil {
		return
	}
	v.Reason, v.Exception, v.Message, v.Origin, v.Group, v.Writer = death.Reason, death.Exception, death.Message, death.Origin, death.Group, death.Writer
	if death.Attempts > 0 {
		v.Attempts = death.Attempts
	}
}

func (v *environment) fillPosition(p adapters.Position) {
	v.Destination, v.Partition, v.Offset = p.Destination, int(p.Partition), int(p.Offset)
}

func (v *environment) fillMessage(uses nameSet, m *adapters.Message) {
	v.fillPosition(m.Position)
	v.Time, v.Redelivered, v.Size = m.Time, m.Redelivered, m.Size()
	if uses.has("key") {
		v.Key = string(m.Key)
	}
	if uses.has("value") {
		v.Value = string(v.body())
	}
}

func (v *environment) fillIdentity(uses nameSet) {
	id := v.subject.Identity
	v.DeadLetter = id.DeadLetter
	for _, field := range []struct {
		name string
		into *string
		from []byte
	}{
		{"type", &v.Type, id.Type.Value}, {"service", &v.Service, id.Service.Value}, {"id", &v.ID, id.ID.Value}, {"flow", &v.Flow, id.Flow.Value},
		{"entity", &v.Entity, id.Entity.Value}, {"cause", &v.Cause, id.Cause.Value}, {"version", &v.Version, id.Version.Value},
	} {
		if uses.has(field.name) {
			*field.into = string(field.from)
		}
	}
	if v.Flow == "" && uses.has("flow") { // by key
		if v.Flow = string(id.Entity.Value); v.subject.Entry != nil && v.subject.Entry.Flow != "" {
			v.Flow = v.subject.Entry.Flow
		}
	}
}

// body is the value of the message, decompressed once.
func (v *environment) body() []byte {
	if v.plain == nil && v.subject.Message != nil {
		v.plain = payload.Plain(v.subject.Message, mostOfValue)
	}
	return v.plain
}

// places says which rune of the text each rune of the spelled-out source is of.
type places []int

// at is a fault with its column in the text as it was written.
func (p places) at(fault *Error) *Error {
	if i := fault.Column - 1; i >= 0 && i < len(p) {
		fault.Column = p[i] + 1
	} else if len(p) > 0 {
		fault.Column = p[len(p)-1] + 1
	} else {
		fault.Column = 1
	}
	return fault
}

func isWordRune(r rune) bool {
	return r == '_' || r == '.' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// spellOut writes the sign ~ outside of quotes as the operator matches, !~ as its
// opposite, and the parts of dead_letter by their names. It also gives the column of a quote that is not closed, or 0.
func spellOut(text string) (source string, places places, open int) {
	var out strings.Builder
	write := func(s string, place int) {
		out.WriteString(s)
		for range utf8.RuneCountInString(s) {
			places = append(places, place)
		}
	}
	runes := []rune(text)
	quote := rune(0)
	for i := 0; i < len(runes); i++ {
		c := runes[i]
		switch {
		case quote != 0 && c == '\\' && quote != '`' && i+1 < len(runes):
			write(string(c), i)
			i++
			write(string(runes[i]), i)
			continue
		case quote != 0:
			if c == quote {
				quote, open = 0, 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote, open = c, i+1
		case strings.HasPrefix(string(runes[i:min(len(runes), i+len(deadLetterPart))]), deadLetterPart) && (i == 0 || !isWordRune(runes[i-1])):
			write(deadLetterName, i)
			i += len(deadLetterPart) - 1
			continue
		case c == '~':
			write(" matches ", i)
			continue
		case c == '!' && i+1 < len(runes) && runes[i+1] == '~':
			write(" not matches ", i)
			i++
			continue
		}
		write(string(c), i)
	}
	return out.String(), places, open
}

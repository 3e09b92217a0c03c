package tracing

import (
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	// The expression language: typed, without loops that never end, and bounded in
	// memory. Its errors say where.
	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"

	"eventscope/adapters"
	"eventscope/adapters/payload"
)

// filterExpression is a compiled expression.
type filterExpression struct {
	program *vm.Program
	uses    filterUses
	runs    sync.Pool // of *filterRun
}

// filterRun is what one goroutine needs to evaluate an expression.
type filterRun struct {
	vm  vm.VM
	env filterEnv
}

// filterEnv is what an expression sees. Only the fields that it uses are filled in.
type filterEnv struct {
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

	subject *Subject
	plain   []byte // its value, decompressed, when it was asked for
}

// FilterFields are the names an expression can use, with what they are.
var FilterFields = [][2]string{
	{"source", "name of the source"}, {"broker", "kafka or rabbitmq"}, {"destination", "topic, exchange, queue or stream"},
	{"partition", "number"}, {"offset", "number"}, {"key", "text"}, {"type", "event type"}, {"service", "producer"}, {"id", "event id"},
	{"flow", "flow id"}, {"entity", "business object"}, {"cause", "id of the causing event"}, {"version", "of the schema, text"},
	{"size", "bytes"}, {"time", "of the broker"}, {"redelivered", "true or false"}, {"dead_letter", "true or false"}, {"value", "the body as text"},
}

// FilterFunctions are the functions an expression can call beside the language's own.
var FilterFunctions = [][2]string{
	{`json("payload.amount")`, "a part of the body: a number, text, true or false, list or object; nil when it is not there"},
	{`header("tenant")`, "the first header of that name, in any case; nil when there is none"},
	{`has("tenant")`, "whether there is a header of that name or such a part of the body"},
	{`ago("10m")`, "the time ten minutes ago"},
}

// filterUses is a set of fields, by their place in filterEnv, and of functions that
// read the message.
type filterUses uint32

var (
	// filterUse is the bit of each name.
	filterUse = map[string]filterUses{}
	// filterNeedsMessage are those that an Event does not hold.
	filterNeedsMessage filterUses
)

func init() {
	names := reflect.TypeFor[filterEnv]()
	for i := range FilterFields {
		filterUse[names.Field(i).Tag.Get("expr")] = 1 << i
	}
	read := filterUses(1) << len(FilterFields)
	filterUse["json"], filterUse["header"], filterUse["has"] = read, read, read
	for _, name := range []string{"key", "id", "cause", "version", "size", "value", "json"} {
		filterNeedsMessage |= filterUse[name]
	}
}

func compileExpression(text string) (*filterExpression, error) {
	source, places, open := spellOut(text)
	if open > 0 {
		return nil, &FilterError{Column: open, Reason: "a quote opens here and is not closed"}
	}
	patcher := &filterPatcher{decided: map[ast.Node]bool{}}
	options := append(dynamicFunctions(), expr.Env(&filterEnv{}), expr.Patch(patcher), expr.AsBool())
	program, err := expr.Compile(source, options...)
	if patcher.fault != nil {
		return nil, places.at(patcher.fault)
	}
	if err != nil {
		return nil, places.at(filterFault(err))
	}
	e := &filterExpression{program: program, uses: patcher.uses}
	e.runs.New = func() any { return new(filterRun) }
	return e, nil
}

// match evaluates the expression. A result that is neither true nor false, such as the
// nil of a missing part, is no match.
func (e *filterExpression) match(s *Subject) (bool, error) {
	if s.Message == nil && e.uses&filterNeedsMessage != 0 {
		return false, nil
	}
	run := e.runs.Get().(*filterRun)
	run.env = filterEnv{subject: s}
	run.env.fill(e.uses)
	result, err := run.vm.Run(e.program, &run.env)
	run.env = filterEnv{} // what it points to is borrowed
	e.runs.Put(run)
	matched, _ := result.(bool)
	return matched && err == nil, err
}

// uses says that a field is wanted.
func (u filterUses) has(name string) bool { return u&filterUse[name] != 0 }

// fill sets the fields that are used, from the message and its identity, or from the
// event that stands in for them.
func (v *filterEnv) fill(uses filterUses) {
	s := v.subject
	v.Source, v.Broker = s.Source, string(s.Broker)
	switch {
	case s.Message != nil:
		v.fillMessage(uses, s.Message)
	case s.Event != nil:
		v.fillPosition(s.Event.Position)
		v.Time, v.Redelivered = s.Event.Time, s.Event.Marks.Has(Redelivered)
	}
	switch {
	case s.Identity != nil:
		v.fillIdentity(uses)
	case s.Event != nil:
		v.Type, v.Service, v.Flow, v.Entity = s.Event.Type, s.Event.Service, s.Event.FlowID, s.Event.Entity
		v.DeadLetter = s.Event.Marks.Has(DeadLetter)
	}
}

func (v *filterEnv) fillPosition(p adapters.Position) {
	v.Destination, v.Partition, v.Offset = p.Destination, int(p.Partition), int(p.Offset)
}

func (v *filterEnv) fillMessage(uses filterUses, m *adapters.Message) {
	v.fillPosition(m.Position)
	v.Time, v.Redelivered, v.Size = m.Time, m.Redelivered, m.Size()
	if uses.has("key") {
		v.Key = string(m.Key)
	}
	if uses.has("value") {
		v.Value = string(v.body())
	}
}

func (v *filterEnv) fillIdentity(uses filterUses) {
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
		if v.Flow = string(id.Entity.Value); v.subject.Event != nil && v.subject.Event.FlowID != "" {
			v.Flow = v.subject.Event.FlowID
		}
	}
}

// body is the value of the message, decompressed once.
func (v *filterEnv) body() []byte {
	if v.plain == nil && v.subject.Message != nil {
		v.plain = payload.Plain(v.subject.Message, maxFilterValue)
	}
	return v.plain
}

// filterPlaces says which rune of the text each rune of the spelled-out source is of.
type filterPlaces []int

// at is a fault with its column in the text as it was written.
func (p filterPlaces) at(fault *FilterError) *FilterError {
	if i := fault.Column - 1; i >= 0 && i < len(p) {
		fault.Column = p[i] + 1
	} else if len(p) > 0 {
		fault.Column = p[len(p)-1] + 1
	} else {
		fault.Column = 1
	}
	return fault
}

// spellOut writes the sign ~ outside of quotes as the operator matches, and !~ as its
// opposite. It also gives the column of a quote that is not closed, or 0.
func spellOut(text string) (source string, places filterPlaces, open int) {
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

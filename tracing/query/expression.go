package query

import (
	"errors"
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
	"eventscope/adapters/envelope/deadheader"
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
	Services    []string  `expr:"services"`
	Reason      string    `expr:"dead_letter_reason"`
	Exception   string    `expr:"dead_letter_exception"`
	Message     string    `expr:"dead_letter_message"`
	Origin      string    `expr:"dead_letter_origin"`
	Group       string    `expr:"dead_letter_group"`
	Attempts    any       `expr:"dead_letter_attempts"`
	Writer      string    `expr:"dead_letter_writer"`
	Schema      any       `expr:"schema"`
	Format      string    `expr:"format"`
	Decoded     bool      `expr:"decoded"`

	subject *Subject
	plain   []byte // its value, decompressed, when it was asked for
	found   []byte // the same in the form in which its parts are found
}

// compileExpression compiles an expression. Of one that chooses flows, whole is what asks about
// the flow itself, and the rest about single events; either is nil where nothing does.
func compileExpression(text string, of Of) (rest, whole *expression, err error) {
	source, places, open := spellOut(text)
	if open > 0 {
		return nil, nil, &Error{Column: open, Reason: "a quote opens here and is not closed"}
	}
	rest, err = compileSource(source, of)
	if err == nil && of == Flows && rest.uses&ofFlowAlone != 0 {
		rest, whole, err = split(source)
	}
	var fault *Error
	if errors.As(err, &fault) {
		return nil, nil, places.at(fault)
	}
	return rest, whole, err
}

func compileSource(source string, of Of) (*expression, error) {
	patcher := &patcher{of: of, decided: map[ast.Node]bool{}}
	options := append(dynamicFunctions(), expr.Env(&environment{}), expr.Patch(patcher), expr.AsBool())
	program, err := expr.Compile(source, options...)
	if patcher.fault != nil {
		return nil, patcher.fault
	}
	if err != nil {
		return nil, faultOf(err, of)
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

// fill sets the fields that are used, from the message and its identity, or from the
// event that stands in for them.
func (e *environment) fill(uses nameSet) {
	s := e.subject
	e.Source, e.Broker, e.Status, e.Services = s.Source, string(s.Broker), s.Status, s.Services
	if uses&partsOfDeath != 0 {
		e.fillDeath()
	}
	switch {
	case s.Message != nil:
		e.fillMessage(uses, s.Message)
	case s.Entry != nil:
		e.fillPosition(s.Entry.Position)
		e.Time, e.Redelivered = s.Entry.Time, s.Entry.Redelivered
	}
	switch {
	case s.Identity != nil:
		e.fillIdentity(uses)
	case s.Entry != nil:
		e.Type, e.Service, e.Flow, e.Entity, e.DeadLetter = s.Entry.Type, s.Entry.Service, s.Entry.Flow, s.Entry.Entity, s.Entry.DeadLetter
	}
}

// fillDeath sets the parts of dead_letter. What is not known is nil, or an empty text.
func (e *environment) fillDeath() {
	death := e.subject.DeadLetter
	if death == nil && e.subject.Message != nil {
		if read, ok := deadheader.Read(payload.ShownHeaders(e.subject.Message)); ok && read.Confidence != deadheader.NameOnly {
			death = &read
		}
	}
	if death == nil {
		return
	}
	e.Reason, e.Exception, e.Message, e.Origin, e.Group, e.Writer = death.Reason, death.Exception, death.Message, death.Origin, death.Group, death.Writer
	if death.Attempts > 0 {
		e.Attempts = death.Attempts
	}
}

func (e *environment) fillPosition(p adapters.Position) {
	e.Destination, e.Partition, e.Offset = p.Destination, int(p.Partition), int(p.Offset)
}

func (e *environment) fillMessage(uses nameSet, m *adapters.Message) {
	e.fillPosition(m.Position)
	e.Time, e.Redelivered, e.Size = m.Time, m.Redelivered, m.Size()
	if uses.has("key") {
		e.Key = string(payload.ReadableKey(m, mostOfValue))
	}
	if uses.has("schema") || uses.has("format") || uses.has("decoded") {
		e.fillFormat(uses, m)
	}
	if uses.has("value") {
		e.Value = string(e.body())
	}
}

// fillFormat says what a value is. Where the value is asked for as well, it is decoded once.
func (e *environment) fillFormat(uses nameSet, m *adapters.Message) {
	var decoded payload.Decoded
	if uses.has("value") || uses.has("json") {
		if decoded = payload.Decode(m, mostOfValue); !decoded.Cut {
			e.plain = decoded.Data
		}
	} else {
		decoded = payload.Recognise(m, mostOfValue)
	}
	e.Schema, e.Format, e.Decoded = decoded.Names()
}

func (e *environment) fillIdentity(uses nameSet) {
	id := e.subject.Identity
	e.DeadLetter = id.DeadLetter
	for _, field := range []struct {
		name string
		into *string
		from []byte
	}{
		{"type", &e.Type, id.Type.Value}, {"service", &e.Service, id.Service.Value}, {"id", &e.ID, id.ID.Value}, {"flow", &e.Flow, id.Flow.Value},
		{"entity", &e.Entity, id.Entity.Value}, {"cause", &e.Cause, id.Cause.Value}, {"version", &e.Version, id.Version.Value},
	} {
		if uses.has(field.name) {
			*field.into = string(field.from)
		}
	}
	if e.Flow == "" && uses.has("flow") { // by key
		if e.Flow = string(id.Entity.Value); e.subject.Entry != nil && e.subject.Entry.Flow != "" {
			e.Flow = e.subject.Entry.Flow
		}
	}
}

// body is the value of the message, made readable once.
func (e *environment) body() []byte {
	if e.plain == nil && e.subject.Message != nil {
		e.plain = payload.Readable(e.subject.Message, mostOfValue)
	}
	return e.plain
}

// parts is the body in the form in which its parts are found, made once.
func (e *environment) parts() []byte {
	if e.found == nil {
		e.found = payload.Parts(e.body())
	}
	return e.found
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

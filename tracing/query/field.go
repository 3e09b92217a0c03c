package query

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Of is what a filter chooses among, or of which of these a field is, as bits.
type Of uint8

const (
	Events Of = 1 << iota
	Flows
	Letters // dead letters

	all = Events | Flows | Letters
)

// one is a single one of them in words.
func (o Of) one() string {
	return map[Of]string{Events: "an event", Flows: "a flow", Letters: "a dead letter"}[o]
}

// Field is a name that an expression can use.
type Field struct {
	Name string
	Is   string // what it is, in a few words
	Of   Of
	// Values are all that it can be, where these are few: of a flow, and of a dead letter.
	Values map[Of][]string
}

// Fields are all fields, in the order of environment.
var Fields = []Field{
	{Name: "source", Is: "name of the source", Of: all}, {Name: "broker", Is: "kind of broker, as in JSON lines", Of: all},
	{Name: "destination", Is: "topic, exchange, queue or stream", Of: all}, {Name: "partition", Is: "number", Of: all}, {Name: "offset", Is: "number", Of: all},
	{Name: "key", Is: "text", Of: all}, {Name: "type", Is: "event type", Of: all}, {Name: "service", Is: "producer", Of: all}, {Name: "id", Is: "event id", Of: all},
	{Name: "flow", Is: "flow id", Of: all}, {Name: "entity", Is: "business object", Of: all}, {Name: "cause", Is: "id of the causing event", Of: all},
	{Name: "version", Is: "of the schema, text", Of: all}, {Name: "size", Is: "bytes", Of: all}, {Name: "time", Is: "of the broker", Of: all},
	{Name: "redelivered", Is: "true or false", Of: all}, {Name: "dead_letter", Is: "true or false", Of: all}, {Name: "value", Is: "the body as text", Of: all},
	{Name: "status", Is: "how a dead letter or a flow stands", Of: Letters | Flows, Values: map[Of][]string{
		Letters: {"open", "planned", "sent", "confirmed", "replayed", "discarded", "unknown"},
		Flows:   {"failed", "stuck", "late", "compensated", "running", "unknown", "complete"},
	}},
	{Name: "services", Is: "list of those that wrote an event of the flow", Of: Flows},
	{Name: "dead_letter.reason", Is: "why it died", Of: all}, {Name: "dead_letter.exception", Is: "class", Of: all},
	{Name: "dead_letter.message", Is: "of the exception", Of: all}, {Name: "dead_letter.origin", Is: "where it died", Of: all},
	{Name: "dead_letter.group", Is: "consumer group that failed", Of: all}, {Name: "dead_letter.attempts", Is: "number", Of: all},
	{Name: "dead_letter.writer", Is: "what wrote it there: a broker or a framework", Of: all},
	{Name: "schema", Is: "id of the schema that the value names, a number, or a GUID as text", Of: all},
	{Name: "format", Is: "of the value: avro, json, text, binary, empty, tombstone", Of: all},
	{Name: "decoded", Is: "whether the value could be read: true or false", Of: all},
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
	// bitOf is the bit of each name, fieldOf its field.
	bitOf   = map[string]nameSet{}
	fieldOf = map[string]*Field{}
	// needMessage are those that an Entry does not hold.
	needMessage nameSet
	// partsOfDeath are the parts of dead_letter.
	partsOfDeath nameSet
	// ofFlowAlone are those of a flow that its single events do not have.
	ofFlowAlone nameSet
)

func init() {
	names := reflect.TypeFor[environment]()
	for i := range Fields {
		field, name := &Fields[i], names.Field(i).Tag.Get("expr")
		bitOf[name], fieldOf[name] = 1<<i, field
		if strings.HasPrefix(field.Name, deadLetterPart) {
			partsOfDeath |= bitOf[name]
		}
		if field.Of&Flows != 0 && field.Of&Events == 0 {
			ofFlowAlone |= bitOf[name]
		}
	}
	needMessage |= partsOfDeath
	read := nameSet(1) << len(Fields)
	bitOf["json"], bitOf["header"], bitOf["has"] = read, read, read
	for _, name := range []string{"key", "id", "cause", "version", "size", "value", "json", "schema", "format", "decoded"} {
		needMessage |= bitOf[name]
	}
}

// has reports whether a field is wanted.
func (s nameSet) has(name string) bool { return s&bitOf[name] != 0 }

// notOf is what is wrong with a field in a filter of something else, or "".
func (f *Field) notOf(of Of) string {
	if f == nil || f.Of&of != 0 {
		return ""
	}
	var whose []string
	for _, other := range []Of{Letters, Flows, Events} {
		if f.Of&other != 0 {
			whose = append(whose, "of "+other.one())
		}
	}
	return fmt.Sprintf("%s is that %s, not of %s", f.Name, strings.Join(whose, " or "), of.one())
}

// never is what is wrong with a value that a field never has, or "".
func (f *Field) never(value string, of Of) string {
	if f == nil || f.Values[of] == nil || slices.Contains(f.Values[of], value) {
		return ""
	}
	return fmt.Sprintf("%s is never %q; it is one of %s", f.Name, value, strings.Join(f.Values[of], ", "))
}

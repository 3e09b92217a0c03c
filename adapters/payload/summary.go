package payload

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/schemas"
)

const (
	// summaryBytes is how much of a value a summary looks at.
	summaryBytes = 4096
	// summaryFacts bounds how many facts a summary has.
	summaryFacts = 12
	// summaryValue is how long a value may be to be told, in bytes; a longer one is cut.
	summaryValue = 48
)

// AppendSummary appends one line that tells what the value says, at most width bytes
// long and never ending within a rune: for JSON its telling fields ("4 items, 129.90
// EUR" style: short scalars with their names), for text its beginning, for the rest what
// it is and its size. It is not yet safe to print.
//
// What other columns show is left out: ids, types and times. Members of a payload or
// data object count as members of the value; of another object is told that it is there. A value that can be read by its schema is what
// its JSON is; one that names a schema and cannot be read says which.
func AppendSummary(dst []byte, m *adapters.Message, width int) []byte {
	if width <= 0 {
		return dst
	}
	start := len(dst)
	switch value := m.Value; {
	case value == nil:
		dst = append(dst, "tombstone"...)
	case len(value) == 0:
		dst = append(dst, "empty"...)
	case m.Schemas != nil:
		if hidden := maskOf(m); hidden != nil && hidden.OfValue() {
			d := Decode(m, MaxDecompressed)
			dst = appendSummary(dst, d.Data, width)
			break
		}
		dst = appendWrittenSummary(dst, m, width)
	default:
		dst = appendSummary(dst, value, width)
	}
	return dst[:start+len(CutRunes(dst[start:], width))]
}

// appendWrittenSummary reads a value by its schema, if it has one.
func appendWrittenSummary(dst []byte, m *adapters.Message, width int) []byte {
	data := Plain(m, summaryBytes)
	r, err := ReadingOf(m, Value, data, FindSchema)
	if r.Values != nil {
		made, wrong := r.Values.AppendJSON(nil, r.Body, summaryBytes)
		if wrong == nil && len(r.Schema.Encrypts) > 0 {
			made = mask.Encrypted(made, r.Schema, schemas.Encryption.String)
		}
		if wrong == nil || len(made) >= summaryBytes/2 {
			return appendSummary(dst, made, width)
		}
		err = wrong
	}
	if err == nil || looksLikeJSON(Unframed(data)) {
		return appendSummary(dst, r.Body, width)
	}
	return append(append(appendSize(dst, "binary", len(m.Value)), " of schema "...), r.Frame.Ref.Number()...)
}

func appendSummary(dst, value []byte, width int) []byte {
	if c := codecOf("", value); c != nil {
		data, _, err := c.decompress(value, summaryBytes)
		if err != nil || len(data) == 0 {
			return appendSize(dst, "broken "+c.name, len(value))
		}
		value = data
	}
	value = Unframed(value)
	head := bytes.TrimLeft(value[:min(len(value), summaryBytes)], " \t\r\n")
	if len(head) > 0 && (head[0] == '{' || head[0] == '[') {
		start := len(dst)
		if dst = appendFacts(dst, head, width); len(dst) > start {
			return dst
		}
	}
	if !printable(head) {
		return appendSize(dst, "binary", len(value))
	}
	return appendLine(dst, head, width)
}

// printable reports whether text can be shown as a line: UTF-8 without a zero byte.
func printable(head []byte) bool {
	return utf8.Valid(wholeRunes(head)) && bytes.IndexByte(head, 0) < 0
}

// appendLine appends text with each run of white space as one space.
func appendLine(dst, text []byte, width int) []byte {
	start := len(dst)
	space := false
	for _, c := range text {
		switch {
		case c == ' ' || c == '\n' || c == '\r' || c == '\t':
			space = true
			continue
		case space && len(dst) > start:
			dst = append(dst, ' ')
		}
		space = false
		if dst = append(dst, c); len(dst)-start > width {
			break
		}
	}
	return dst
}

func appendSize(dst []byte, what string, size int) []byte {
	dst = append(append(dst, what...), ", "...)
	return append(strconv.AppendInt(dst, int64(size), 10), " bytes"...)
}

// fact is one member that a summary may tell.
type fact struct {
	name  []byte
	value jsontext.Value
	count int  // of an array's elements, else -1
	more  bool // the array goes on behind the part that is looked at
}

// moreInside stands for an object whose members are not told.
var moreInside = jsontext.Value("{…}")

// summary collects facts from JSON.
type summary struct {
	*decoder
	facts    [summaryFacts]fact
	count    int
	currency []byte
	budget   int // bytes of facts that the line has room for
}

// appendFacts appends what JSON tells, as far as it is JSON: nothing when that is
// nothing.
func appendFacts(dst, head []byte, width int) []byte {
	s := summary{decoder: decoders.get(), budget: width}
	defer decoders.put(s.decoder)
	s.reset(head)
	if head[0] == '[' {
		if n, err := s.elements(); err == nil {
			dst = strconv.AppendInt(dst, int64(n), 10)
			if dst = append(dst, " element"...); n != 1 {
				dst = append(dst, 's')
			}
		}
		return dst
	}
	if _, err := s.ReadToken(); err != nil {
		return dst
	}
	s.members(nil)
	for i := range s.count {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = s.appendFact(dst, &s.facts[i])
	}
	return dst
}

// members collects from the object whose brace was just read. An error, which is also
// where the part that is looked at ends, only ends the collecting; so does a full line.
func (s *summary) members(within []byte) (ok bool) {
	for {
		if s.PeekKind() == '}' {
			_, err := s.ReadToken()
			return err == nil
		}
		quoted, err := s.ReadValue()
		if err != nil {
			return false
		}
		name := quoted[1 : len(quoted)-1]
		if !s.member(name, within) || s.count == summaryFacts || s.budget <= 0 {
			return false
		}
	}
}

func (s *summary) member(name, within []byte) bool {
	meaning := telling(name)
	switch kind := s.PeekKind(); {
	case kind == '{' && (meaning == isContainer && within == nil || meaning == isMoney && telling(within) != isMoney):
		if _, err := s.ReadToken(); err != nil {
			return false
		}
		return s.members(name)
	case kind == '[' && meaning != isKnown:
		n, err := s.elements()
		if err != nil && n == 0 {
			return false
		}
		s.add(fact{name: name, count: n, more: err != nil})
		return err == nil
	}
	value, err := s.ReadValue()
	if err != nil {
		return false
	}
	switch kind := value.Kind(); {
	case meaning == isCurrency && kind == '"' && len(value) <= 8:
		s.currency = value[1 : len(value)-1]
	case kind == '{' && meaning == isPlain && telling(within) != isMoney && len(bytes.TrimSpace(value[1:len(value)-1])) > 0:
		s.add(fact{name: name, value: moreInside, count: -1})
	case meaning == isKnown, kind == '{', kind == '[', kind == 'n', kind == '"' && len(value) == 2:
	default:
		if within != nil && telling(within) == isMoney && meaning == isPlain {
			return true // a part of an amount that needs no telling
		}
		s.add(fact{name: name, value: value, count: -1})
	}
	return true
}

func (s *summary) add(f fact) {
	s.facts[s.count] = f
	s.count++
	s.budget -= len(f.name) + min(len(f.value), summaryValue) + 2
}

// elements counts the elements of an array, as many as there are before an error.
func (s *summary) elements() (n int, err error) {
	if _, err := s.ReadToken(); err != nil {
		return 0, err
	}
	for s.PeekKind() != ']' {
		if _, err := s.ReadValue(); err != nil {
			return n, err
		}
		n++
	}
	_, err = s.ReadToken()
	return n, err
}

// appendCount appends how many elements an array has: "4 items", "1 item", "102+ items" if
// there are more than were looked at.
func appendCount(dst []byte, f *fact) []byte {
	dst = strconv.AppendInt(dst, int64(f.count), 10)
	name := f.name
	switch {
	case f.more:
		dst = append(dst, '+')
	case f.count == 1 && len(name) > 2 && name[len(name)-1] == 's' && name[len(name)-2] != 's':
		name = name[:len(name)-1]
	}
	return append(append(dst, ' '), name...)
}

// appendFact appends one fact: "4 items", "129.90 EUR", "tx 7f3a", "Out of stock",
// "carrier=DHL".
func (s *summary) appendFact(dst []byte, f *fact) []byte {
	if f.count >= 0 {
		return appendCount(dst, f)
	}
	value := f.value
	if value[0] == '"' {
		value = value[1 : len(value)-1]
	}
	short := CutRunes(value, summaryValue)
	switch meaning := telling(f.name); {
	case meaning == isTransaction:
		short = CutRunes(value, 8)
		dst = append(append(dst, "tx "...), short...)
	case meaning == isMoney && f.value.Kind() == '0' && len(s.currency) > 0:
		dst = append(append(append(dst, short...), ' '), s.currency...)
	case meaning == isReason:
		dst = append(dst, short...)
	default:
		dst = append(append(append(dst, f.name...), '='), short...)
	}
	if len(short) < len(value) {
		dst = append(dst, "…"...)
	}
	return dst
}

// meaning is what the name of a member says to a summary.
type meaning uint8

const (
	isPlain       meaning = iota
	isKnown               // shown in another column
	isContainer           // its members count as members of the value
	isMoney               // an amount, which goes with a currency
	isCurrency            // the currency
	isTransaction         // a transaction id
	isReason              // words that need no name
)

// tellingNames are names that are not plain, in lower case without separators.
var tellingNames = map[string]meaning{
	"payload": isContainer, "data": isContainer, "message": isContainer, "detail": isContainer, "body": isContainer,
	"total": isMoney, "amount": isMoney, "price": isMoney, "totalprice": isMoney, "totalamount": isMoney, "value": isMoney,
	"currency": isCurrency, "currencycode": isCurrency,
	"transactionid": isTransaction, "txid": isTransaction, "transaction": isTransaction,
	"reason": isReason, "error": isReason, "errormessage": isReason,
}

func init() {
	for _, name := range []string{
		"id", "eventid", "messageid", "msgid", "uuid", "idempotencykey", "correlationid", "correlation", "xcorrelationid", "conversationid", "flowid", "sagaid", "requestid",
		"causationid", "causedby", "parentid", "type", "eventtype", "messagetype", "eventname", "event", "kind", "specversion", "datacontenttype", "dataschema", "schemaversion",
		"version", "time", "timestamp", "occurredat", "occurredon", "createdat", "sentat", "eventtime", "senttime", "source", "service", "producer", "subject", "orderid", "aggregateid",
		"entityid", "traceparent", "tracestate", "traceid", "metadata", "meta", "headers", "envelope", "header", "messageversion",
	} {
		tellingNames[name] = isKnown
	}
}

func telling(name []byte) meaning {
	var buffer [24]byte
	folded := buffer[:0]
	for _, c := range name {
		if c == '_' || c == '-' || c == '.' {
			continue
		}
		if len(folded) == cap(folded) {
			return isPlain
		}
		folded = append(folded, lower(c))
	}
	return tellingNames[string(folded)]
}

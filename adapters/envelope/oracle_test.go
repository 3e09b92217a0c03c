package envelope

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/envelope/dialect"
	"eventscope/adapters/envelope/spelling"
)

// oracle reads as Reader does, with jsontext in place of the scanner: slowly, and to be
// compared with.
type oracle struct {
	*Reader
	decoder jsontext.Decoder
}

func (o *oracle) reset(text []byte) {
	o.decoder.Reset(bytes.NewBuffer(bytes.Clone(text)), jsontext.AllowDuplicateNames(true))
}

// read is Reader.Read.
func (o *oracle) read(m *adapters.Message, id *Identity) {
	r := o.Reader
	*id = Identity{}
	r.whole = m
	r.begin(m, id)
	r.readMarks()
	r.readHeaders()
	if m.Properties != nil {
		r.readProperties(m.Properties)
	}
	if !r.known.has(enough) && !r.keyWillDo() {
		o.readBody()
	}
	r.readRest()
	if r.rank[dialect.Entity] == unranked {
		r.offerKey(o.keyText(m.Key), nil)
	}
	r.readNames()
	if bytes.Equal(id.Cause.Value, id.ID.Value) {
		id.Cause = Field{}
	}
}

// readBody is Reader.readBody.
func (o *oracle) readBody() {
	r := o.Reader
	rest := r.start("{")
	if rest == nil {
		return
	}
	known, marks := r.known, r.marks
	err := o.readObject(rest)
	if numbers := r.withoutNaN(rest, err); numbers != nil {
		r.known, r.marks, r.members = known, marks, r.members[:0]
		err = o.readObject(numbers)
	}
	if err != nil && !r.breaksOff(err) {
		r.id.Malformed = true
		return
	}
	r.recognise()
	r.offerMembers(nil)
}

// readObject is Reader.readObject.
func (o *oracle) readObject(body []byte) error {
	o.reset(body)
	o.place, o.enveloped = 0, false
	if _, err := o.decoder.ReadToken(); err != nil {
		return err
	}
	done, err := o.readMembers(atTop, "", nil)
	if err != nil || done {
		return err
	}
	if len(bytes.TrimLeft(body[o.decoder.InputOffset():], " \t\r\n")) > 0 && len(body) < MaxBody {
		return errTrailing
	}
	return nil
}

// readMembers is Reader.readMembers.
func (o *oracle) readMembers(at depth, scope string, parent []byte) (done bool, err error) {
	for {
		if o.decoder.PeekKind() == '}' {
			_, err := o.decoder.ReadToken()
			return o.satisfied(true), err
		}
		quoted, err := o.decoder.ReadValue()
		if err != nil {
			return false, err
		}
		name := quoted[1 : len(quoted)-1]
		meaning := o.meaningOf(scope, name)
		into := meaning != nil && meaning.parent != notThere && (at == atTop || at == inDeep && meaning.nested) && o.decoder.PeekKind() == '{'
		if into {
			if o.known.has(enough) {
				return true, nil
			}
			if _, err := o.decoder.ReadToken(); err != nil {
				return false, err
			}
			o.mark(at, meaning)
			o.enveloped = true
			if done, err := o.readMembers(meaning.parent, meaning.scope, name); done || err != nil {
				return done, err
			}
			continue
		}
		value, err := o.decoder.ReadValue()
		if err != nil {
			return false, err
		}
		if meaning != nil {
			if o.collected(at, meaning, parent, name) {
				return false, errTwice
			}
			o.collect(at, meaning, parent, name, value)
			if o.satisfied(false) {
				return true, nil
			}
		}
	}
}

// meaningOf is what Reader.nextMember says of a name.
func (o *oracle) meaningOf(scope string, name []byte) *meaning {
	if len(name) > spelling.LongestName {
		return nil
	}
	return memberMeaning(scope, name)
}

// keyText is Reader.keyText.
func (o *oracle) keyText(key []byte) keySaid {
	if text := spelling.Unquoted(key); len(text) < len(key) {
		return keySaid{text, false}
	}
	if len(key) < 2 || len(key) > MaxBody || key[0] != '{' {
		return keySaid{key, false}
	}
	o.reset(key)
	if _, err := o.decoder.ReadToken(); err != nil {
		return keySaid{key, false}
	}
	found, telling, err := o.keyMember()
	switch {
	case err != nil:
		return keySaid{key, false}
	case found == nil:
		return keySaid{key, true}
	case len(found) < len(key) && len(found) > 0 && found[0] == '{':
		found = o.keyText(found).text
	}
	return keySaid{found, !telling}
}

// keyMember is Reader.keyMember.
func (o *oracle) keyMember() (found []byte, telling bool, err error) {
	count := 0
	for o.decoder.PeekKind() != '}' {
		quoted, err := o.decoder.ReadValue()
		if err != nil {
			return nil, false, err
		}
		name := quoted[1 : len(quoted)-1]
		if string(name) == "payload" && o.decoder.PeekKind() == '{' {
			if _, err := o.decoder.ReadToken(); err != nil {
				return nil, false, err
			}
			return o.keyMember()
		}
		value, err := o.decoder.ReadValue()
		if err != nil {
			return nil, false, err
		}
		text := o.scalar(value)
		if text == nil {
			continue
		}
		if meaning := o.meaningOf("", name); meaning != nil && meaning.common.role == dialect.Entity {
			return text, true, nil
		}
		found = text
		count++
	}
	if count != 1 {
		found = nil
	}
	return found, false, nil
}

// follow is Reader.follow.
func (o *oracle) follow(body []byte, pointer []string) ([]byte, error) {
	o.reset(body)
	for _, token := range pointer {
		start, err := o.decoder.ReadToken()
		if err != nil {
			return nil, err
		}
		found := false
		switch start.Kind() {
		case '{':
			found, err = o.toMember(token)
		case '[':
			found, err = o.toElement(token)
		}
		if !found || err != nil {
			return nil, err
		}
	}
	return o.decoder.ReadValue()
}

// toMember is Reader.toMember.
func (o *oracle) toMember(name string) (bool, error) {
	for o.decoder.PeekKind() != '}' {
		quoted, err := o.decoder.ReadValue()
		if err != nil {
			return false, err
		}
		if o.sameName(quoted, name) {
			return true, nil
		}
		if _, err := o.decoder.ReadValue(); err != nil {
			return false, err
		}
	}
	return false, nil
}

// toElement is Reader.toElement.
func (o *oracle) toElement(token string) (bool, error) {
	index, err := strconv.Atoi(token)
	if err != nil || index < 0 {
		return false, nil
	}
	for ; o.decoder.PeekKind() != ']'; index-- {
		if index == 0 {
			return true, nil
		}
		if _, err := o.decoder.ReadValue(); err != nil {
			return false, err
		}
	}
	return false, nil
}

var pointers = [][]string{{""}, {"type"}, {"payload", "order_id"}, {"payload", "items", "1", "sku"}, {"0"}, {"1", "0"}, {"order_id"}, {"a", "a", "a"}}

// both are the two readers that are compared.
type both struct {
	reader *Reader
	other  oracle
}

func newBoth() *both { return &both{reader: NewReader(nil), other: oracle{Reader: NewReader(nil)}} }

// compare reads a message with both, and follows pointers through its body.
func (b *both) compare(t interface{ Fatalf(string, ...any) }, m *adapters.Message) {
	reader, other := b.reader, &b.other
	var got, want Identity
	for range 2 { // the second time with names that are known
		reader.Read(m, &got)
		other.read(m, &want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("key %.200q, body %.400q: (-jsontext +scanner)\n%s", m.Key, m.Value, diff)
		}
	}
	reader.message, other.message = m, m
	body := reader.start("{[")
	if body == nil || len(body) > 4096 {
		return // the rest of it is slow
	}
	for _, pointer := range pointers {
		value, err := reader.follow(body, pointer)
		wanted, wantedErr := other.follow(body, pointer)
		if string(value) != string(wanted) || (err == nil) != (wantedErr == nil) || errors.Is(err, io.ErrUnexpectedEOF) != errors.Is(wantedErr, io.ErrUnexpectedEOF) {
			t.Fatalf("%v in %.400q: %q, %v; by jsontext %q, %v", pointer, body, value, err, wanted, wantedErr)
		}
	}
}

// bodies are to be read as they are and changed.
var bodies = func() []string {
	found := []string{
		orderBody, string(orderOf(2)),
		"\ufeff" + orderBody, "\x00\x00\x00\x00\x07" + orderBody, orderBody + "\n", orderBody + orderBody, orderBody + " x", orderBody[:200], orderBody[:len(orderBody)-1],
		`{"type":"T","order_id":"ord-1","order_id":"ord-1"}`, `{"order":{"id":"ord-1","id":"ord-2"},"event_id":"e-1"}`, `{"x":1,"x":2,"order_id":"ord-1"}`,
		`{"type":"\u0054","order_id":"\u006frd\u002d1","event_id":"\"e\\1\/"}`, `{"order\u005fid":"ord-1","\u0074ype":"T"}`, `{"type":"\ud83d\ude00","event_id":"\ud83d"}`, `{"type":"T\ud83d\u0041"}`,
		"{\"type\":\"\xc3\xa9v\xc3\xa9nement\",\"order_id\":\"\xe6\xbc\xa2\xe5\xad\x97\"}", "{\"type\":\"T\",\"order_id\":\"\xe6\xbc\"}", "{\"type\":\"\xff\"}", "{\"ty\xffpe\":1,\"order_id\":\"ord-1\"}",
		`{"order_id":123456789012345678901234567890,"event_id":1e400,"type":-0.0,"version":01}`, `{"order_id":1.}`, `{"order_id":NaN,"event_id":"e-1","x":[Infinity,-Infinity]}`, `{"event_id":"NaN","x":nan}`,
		`{"type":"T","x":` + strings.Repeat("[", 9998) + strings.Repeat("]", 9998) + `,"order_id":"ord-1"}`, `{"type":"T","x":` + strings.Repeat("[", 10_000), `{"payload":{"order":{"order":{"order_id":"ord-1"}}}}`,
		`[{"type":"T"},["a","b"]]`, `{"a":{"a":{"a":"f"}},"":"e"}`, "{ \"type\" :\t\"T\" ,\r\n \"payload\" : { } , \"order_id\":null }", `{"type":"T","payload":"{\"order_id\":\"ord-1\"}"}`, `{"type":{},"order_id":[],"event_id":true}`,
		`{"type":"T","blob":"` + strings.Repeat("\u00e9", 40_000) + `","order_id":"ord-1"}`, `{"type":"T","blob":[` + strings.Repeat(`"a\"b",`, 10_000) + `1]}`, `{"type":"T","list":[` + strings.Repeat("1.5,", 17_000) + "NaN]}", `{"type":"T"}` + strings.Repeat(" ", MaxBody) + "x",
	}
	for _, c := range append(append([]goldenCase{}, dialectCases...), commonCases...) {
		found = append(found, string(c.m.Value))
	}
	return found
}()

// TestJSONIsReadAsByJSONText: with another reader of JSON, the identity is the same, whatever is
// wrong with the body or the key.
func TestJSONIsReadAsByJSONText(t *testing.T) {
	b := newBoth()
	for _, c := range append(append([]goldenCase{}, dialectCases...), commonCases...) {
		b.compare(t, &c.m)
	}
	for _, body := range bodies {
		for _, m := range []adapters.Message{kafka("", body), kafka(body, ""), kafka("", body, "correlation_id", "f-1", "content-type", "application/cloudevents+json")} {
			b.compare(t, &m)
		}
		if len(body) > 400 {
			continue
		}
		for end := range body {
			m := kafka(body[:end], body[:end])
			b.compare(t, &m)
		}
	}
}

// TestALargeBodyIsReadAsByJSONText breaks bodies off at [MaxBody].
func TestALargeBodyIsReadAsByJSONText(t *testing.T) {
	b := newBoth()
	const start, end = `{"x":"`, `","payload":`
	for _, body := range []string{`{"type":"T\ud83d\ude00é","n":-1.5e+1,"b":true}`, `[NaN]`} {
		for cut := range len(end) + len(body) + 2 {
			size := MaxBody - len(start) - cut
			m := kafka("", start+strings.Repeat("x", size)+end+body+"}")
			b.compare(t, &m)
		}
	}
}

// TestAnyJSONIsReadAsByJSONText changes bodies.
func TestAnyJSONIsReadAsByJSONText(t *testing.T) {
	piece := rapid.OneOf(rapid.SampledFrom([]string{"{", "}", "[", "]", ",", ":", `"`, `\`, "\\u00", `\ud83d`, `\ude00`, "\xff", "\xc3", "é", "\t", " ", "0", "-", ".", "e9", "null", "NaN", `"id":`, `"order_id":"a",`, `"type":1,`, `"payload":{`, "\xef\xbb\xbf", "\x00\x00\x00\x00\x07"}),
		rapid.Map(rapid.Byte(), func(b byte) string { return string([]byte{b}) }))
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SampledFrom(bodies).Draw(t, "body")
		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			from := rapid.IntRange(0, min(len(body), 2000)).Draw(t, "from")
			to := min(from+rapid.IntRange(0, 12).Draw(t, "bytes"), len(body))
			switch rapid.IntRange(0, 4).Draw(t, "change") {
			case 0:
				body = body[:from]
			case 1:
				body = body[:from] + body[to:]
			case 2:
				body = body[:to] + body[from:]
			case 3:
				body = body[:from] + piece.Draw(t, "piece") + body[from:]
			case 4:
				body = body[:from] + piece.Draw(t, "piece") + body[to:]
			}
		}
		m := kafka(rapid.SampledFrom([]string{"", "ord-1", body}).Draw(t, "key"), body)
		if rapid.Bool().Draw(t, "correlated") {
			m.Headers = h("correlation_id", "f-1")
		}
		newBoth().compare(t, &m)
	})
}

func FuzzJSON(f *testing.F) {
	for _, body := range bodies {
		if len(body) < 4096 {
			f.Add([]byte("ord-1"), []byte(body))
			f.Add([]byte(body), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, key, body []byte) {
		m := adapters.Message{Position: orders, Key: key, Value: body}
		newBoth().compare(t, &m)
	})
}

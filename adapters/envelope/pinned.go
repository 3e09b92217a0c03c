package envelope

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters/envelope/dialect"
	"eventscope/adapters/payload/xmltext"
)

// pinnedSize bounds the memory of which rule belongs to which destination.
const pinnedSize = 4096

// readPinned takes what the operator's mappings find.
func (r *Reader) readPinned() {
	name := r.message.Position.Destination
	rule, remembered := r.pinned[name]
	if !remembered {
		rule = r.rules.forDestination(name)
		if len(r.pinned) < pinnedSize {
			r.pinned[strings.Clone(name)] = rule
		}
	}
	if rule == nil {
		return
	}
	for role := range dialect.RoleCount {
		if where := rule.sources[role]; where != nil {
			r.offer(&use{role: role}, byMapping, r.find(where), &Evidence{Place: ByMapping, Name: where.from})
		}
	}
}

// find is the value at a location, or nil.
func (r *Reader) find(where *location) []byte {
	m := r.message
	switch where.kind {
	case inHeader:
		value, _ := m.Header(where.name)
		return value
	case inProperty:
		if m.Properties != nil {
			return r.text(property(m.Properties, where.name))
		}
	case inKey:
		said, _ := r.key()
		return said.text
	case inBody:
		return r.findInBody(where.pointer)
	}
	return nil
}

// findInBody follows a JSON pointer through the body, or through the JSON that is made of XML.
func (r *Reader) findInBody(pointer []string) []byte {
	rest := r.writtenBody()
	if rest == nil {
		rest = r.start("{[")
	}
	if rest == nil {
		rest = r.xmlBody()
	}
	if rest == nil {
		return nil
	}
	value, err := r.follow(rest, pointer)
	if numbers := r.withoutNaN(rest, err); numbers != nil {
		value, err = r.follow(numbers, pointer)
	}
	if err != nil {
		if !r.breaksOff(err) {
			r.id.Malformed = true
		}
		return nil
	}
	if len(value) == 0 {
		return nil
	}
	return r.scalar(value)
}

// xmlBody is the JSON of a body that is XML, in the scratch memory, or nil.
func (r *Reader) xmlBody() []byte {
	if r.xmlTried {
		return r.xml
	}
	r.xmlTried = true
	text := r.start("<")
	if text == nil || len(r.message.Value) > MaxBody {
		return nil
	}
	start := len(r.scratch)
	made, err := xmltext.AppendJSON(r.scratch, text, MaxBody)
	if err != nil {
		return nil
	}
	r.scratch = made
	r.xml = made[start:len(made):len(made)]
	return r.xml
}

// follow walks through a body to what a pointer names; nil when it is not there.
func (r *Reader) follow(body []byte, pointer []string) ([]byte, error) {
	r.scanner.Reset(body)
	for _, token := range pointer {
		found := false
		var err error
		switch r.scanner.Ahead() {
		case '{':
			found, err = r.toMember(token)
		case '[':
			found, err = r.toElement(token)
		default:
			_, err = r.scanner.Value()
		}
		if !found || err != nil {
			return nil, err
		}
	}
	return r.scanner.Value()
}

// toMember moves before the value of a member of the object ahead.
func (r *Reader) toMember(name string) (bool, error) {
	if err := r.scanner.Enter(); err != nil {
		return false, err
	}
	for {
		quoted, ok, err := r.scanner.Member()
		if !ok {
			return false, err
		}
		if r.sameName(quoted, name) {
			return true, nil
		}
		if _, err := r.scanner.Value(); err != nil {
			return false, err
		}
	}
}

func (r *Reader) sameName(quoted []byte, name string) bool {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1:len(quoted)-1]) == name
	}
	start := len(r.scratch)
	unquoted, err := jsontext.AppendUnquote(r.scratch, quoted)
	if err != nil {
		return false
	}
	r.scratch = unquoted[:start]
	return string(unquoted[start:]) == name
}

// toElement moves before an element of the array ahead.
func (r *Reader) toElement(token string) (bool, error) {
	if err := r.scanner.Enter(); err != nil {
		return false, err
	}
	index, err := strconv.Atoi(token)
	if err != nil || index < 0 {
		return false, nil
	}
	for ; ; index-- {
		ok, err := r.scanner.Element()
		if !ok || index == 0 {
			return ok, err
		}
		if _, err := r.scanner.Value(); err != nil {
			return false, err
		}
	}
}

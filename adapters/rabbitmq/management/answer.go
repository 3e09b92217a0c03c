package management

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unsafe"
)

const (
	// MostAnswer is what one answer of the management API may hold, unless the config says less.
	MostAnswer = 32 << 20

	// mostItem is the most of one item of a list, in bytes of JSON.
	mostItem = 1 << 20
)

var (
	errTooMuch = errors.New("the answer is larger than there is room for")
	errTooLong = errors.New("an item of the answer is too long")
)

// answer is the body of an answer of the management API, which may be anything, and endless.
// It is read item by item, and what is kept of it has a bound.
type answer struct {
	body *meter
	json *json.Decoder
	room int64 // what the items that are still to come may take in memory
}

func newAnswer(body io.Reader, room int64) *answer {
	counted := &meter{from: body}
	return &answer{body: counted, json: json.NewDecoder(counted), room: room}
}

// meter ends a stream when an item is too long.
type meter struct {
	from io.Reader
	left int
}

// Read implements [io.Reader].
func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errTooLong
	}
	n, err := m.from.Read(p[:min(len(p), m.left)])
	m.left -= n
	return n, err
}

// value reads one value.
func (a *answer) value(into any) error {
	a.body.left = mostItem
	return a.json.Decode(into)
}

// opens reads the bracket that a list or an object begins with.
func (a *answer) opens(bracket json.Delim) error {
	a.body.left = mostItem
	token, err := a.json.Token()
	if err == nil && token != bracket {
		err = fmt.Errorf("it does not begin with %v", bracket)
	}
	return err
}

// more reports whether the list or object goes on.
func (a *answer) more() bool {
	a.body.left = mostItem
	return a.json.More()
}

// ends reads the bracket at the end.
func (a *answer) ends() error {
	_, err := a.json.Token()
	return err
}

// list reads a list of items.
func list[T any](a *answer) (items []T, err error) {
	if err := a.opens('['); err != nil {
		return nil, err
	}
	for a.more() {
		var text json.RawMessage
		if err := a.value(&text); err != nil {
			return nil, err
		}
		var item T
		if a.room -= weight(text) + 2*int64(unsafe.Sizeof(item)); a.room < 0 { // twice, since a list is copied as it grows
			return nil, errTooMuch
		}
		if err := json.Unmarshal(text, &item); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, a.ends()
}

// weight is about what an item takes in memory beyond its own fields: its texts, and the
// tables and lists within it, of which each member takes more than it is long.
func weight(text []byte) int64 {
	const member = 48
	depth, members, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case quoted:
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			depth--
		}
		if within := depth > 1 && !quoted; within && (text[i] == ',' || text[i] == '{' || text[i] == '[') {
			members++
		}
	}
	return int64(len(text) + member*members)
}

// object reads an object, field by field. What is not wanted is passed over.
func (a *answer) object(fields map[string]func() error) error {
	if err := a.opens('{'); err != nil {
		return err
	}
	for a.more() {
		name, err := a.json.Token()
		if err != nil {
			return err
		}
		read, wanted := fields[fmt.Sprint(name)]
		if !wanted {
			read = func() error { return a.value(&json.RawMessage{}) }
		}
		if err := read(); err != nil {
			return err
		}
	}
	return a.ends()
}

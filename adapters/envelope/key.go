package envelope

import (
	"eventscope/adapters/envelope/dialect"
	"eventscope/adapters/envelope/spelling"
)

// keyWillDo reports whether the Kafka key can be the entity without a look at the body:
// the headers have said everything else.
func (r *Reader) keyWillDo() bool {
	key := r.message.Key
	return r.known.has(enough&^only(dialect.Entity)) && len(key) > 0 && len(key) <= spelling.MaxID && spelling.Textual(key) && !spelling.IsNone(key)
}

// key is what the Kafka key says, and the schema by which it was read, or nil.
func (r *Reader) key() ([]byte, *Written) {
	if r.message.Schemas == nil || len(r.message.Key) == 0 {
		return r.keyText(r.message.Key), nil
	}
	key, written := r.writtenKey(r.message.Key)
	return r.keyText(key), written
}

// keyText is what a key says: a string without the quotes that a JSON serialiser puts
// round it; of an object the member that names a business object, or the only one there
// is, as Kafka Connect writes keys; and the key itself where it is anything else.
func (r *Reader) keyText(key []byte) []byte {
	if text := spelling.Unquoted(key); len(text) < len(key) {
		return text
	}
	if len(key) < 2 || len(key) > MaxBody || key[0] != '{' {
		return key
	}
	r.place = len(r.recent) / 2 // not where the names of the body are remembered
	r.scanner.Reset(key)
	if err := r.scanner.Enter(); err != nil {
		return key
	}
	if found, ok := r.keyMember(); ok {
		if len(found) < len(key) && len(found) > 0 && found[0] == '{' {
			return r.keyText(found) // JSON in a string, as keys of documents of MongoDB are
		}
		return found
	}
	return key
}

// keyMember is the telling member of the object that was just entered. Connect's converter
// puts the key itself into a payload when it writes schemas.
func (r *Reader) keyMember() (found []byte, ok bool) {
	for count := 0; ; {
		name, meaning, err := r.nextMember(wholeBody)
		if err != nil {
			return nil, false
		}
		if name == nil {
			return found, count == 1
		}
		if string(name) == "payload" && r.scanner.Ahead() == '{' {
			if err := r.scanner.Enter(); err != nil {
				return nil, false
			}
			return r.keyMember()
		}
		value, err := r.scanner.Value()
		if err != nil {
			return nil, false
		}
		text := r.scalar(value)
		if text == nil {
			continue
		}
		if meaning != nil && meaning.common.role == dialect.Entity {
			return text, true
		}
		found = text
		count++
	}
}

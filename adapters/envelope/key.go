package envelope

import (
	"strings"

	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/envelope/dialect"
	"eventscope/adapters/envelope/spelling"
)

// keyWillDo reports whether the Kafka key can be the entity without a look at the body:
// the headers have said everything else.
func (r *Reader) keyWillDo() bool {
	key := r.message.Key
	return r.known.has(enough&^only(dialect.Entity)) && len(key) > 0 && len(key) <= spelling.MaxID && spelling.Textual(key) && !spelling.IsNone(key)
}

// readKey fills the entity, where it is still open, from the Kafka key.
func (r *Reader) readKey() {
	if r.rank[dialect.Entity] == unranked {
		said, written := r.key()
		r.offerKey(said, written)
	}
}

// key is what the Kafka key says, and the schema by which it was read, or nil.
func (r *Reader) key() (keySaid, *Written) {
	if r.message.Schemas == nil || len(r.message.Key) == 0 {
		return r.keyText(r.message.Key), nil
	}
	key, written := r.writtenKey(r.message.Key)
	return r.keyText(key), written
}

// offerKey offers what a key says. Where that names no business object, or the body tells of a change
// of a row, it is the key of one.
func (r *Reader) offerKey(said keySaid, written *Written) {
	if said.row || r.dialect == dialect.Debezium {
		said.text = r.ofTable(said.text)
	}
	r.offer(&useEntity, byKey, said.text, &Evidence{Place: InKey, Written: written})
}

// keySaid is what a key says, and whether that is the key of a row: an object that names no business
// object.
type keySaid struct {
	text []byte
	row  bool
}

// keyText is what a key says: a string without the quotes that a JSON serialiser puts
// round it; of an object the member that names a business object, or the only one there
// is, as Kafka Connect writes keys; and the key itself where it is anything else.
func (r *Reader) keyText(key []byte) keySaid {
	if text := spelling.Unquoted(key); len(text) < len(key) {
		return keySaid{text, false}
	}
	if len(key) < 2 || len(key) > MaxBody || key[0] != '{' {
		return keySaid{key, false}
	}
	r.place = len(r.recent) / 2 // not where the names of the body are remembered
	r.scanner.Reset(key)
	if err := r.scanner.Enter(); err != nil {
		return keySaid{key, false}
	}
	found, telling, err := r.keyMember()
	switch {
	case err != nil:
		return keySaid{key, false}
	case found == nil:
		return keySaid{key, true}
	case len(found) < len(key) && len(found) > 0 && found[0] == '{':
		found = r.keyText(found).text // JSON in a string, as keys of documents of MongoDB are
	}
	return keySaid{found, !telling}
}

// ofTable is the key of a row with its table before it, as shop.public.orders/7: rows of two tables
// may have one key. Debezium names the destination for the table, and what it writes when a row is
// gone says nothing else; the table is added where the destination has another name. A UUID is
// of one row in any case.
func (r *Reader) ofTable(key []byte) []byte {
	if len(key) == 0 || spelling.IsNone(key) || spelling.IsUUID(key) {
		return key
	}
	table := r.message.Position.Destination
	if r.died {
		if info, _ := deadheader.Read(r.message); info.OriginName() != "" {
			table = info.OriginName()
		}
	}
	start := len(r.scratch)
	r.scratch = append(append(r.scratch, table...), spelling.OfTable)
	if changed := r.changedTable(); len(changed) > 0 && !strings.HasSuffix(table, string(changed)) {
		r.scratch = append(append(r.scratch, changed...), spelling.OfTable)
	}
	r.scratch = append(r.scratch, key...)
	return r.scratch[start:len(r.scratch):len(r.scratch)]
}

// keyMember is the telling member of the object that was just entered, else the only one. Connect's
// converter puts the key itself into a payload when it writes schemas.
func (r *Reader) keyMember() (found []byte, telling bool, err error) {
	for count := 0; ; {
		name, meaning, err := r.nextMember(wholeBody)
		if err != nil {
			return nil, false, err
		}
		if name == nil {
			if count != 1 {
				found = nil
			}
			return found, false, nil
		}
		if string(name) == "payload" && r.scanner.Ahead() == '{' {
			if err := r.scanner.Enter(); err != nil {
				return nil, false, err
			}
			return r.keyMember()
		}
		value, err := r.scanner.Value()
		if err != nil {
			return nil, false, err
		}
		text := r.scalar(value)
		if text == nil {
			continue
		}
		if meaning != nil && meaning.common.role == dialect.Entity {
			return text, true, nil
		}
		found = text
		count++
	}
}

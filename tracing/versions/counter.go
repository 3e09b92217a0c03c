package versions

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"

	"github.com/cespare/xxhash/v2" // fast on the short texts that types and services are

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
)

const (
	// mostKeys bounds what a counter remembers. It begins anew when there are more.
	mostKeys = 4096
	// longest is how much is kept of a type, a service or a version, in bytes.
	longest = 200
	// recentKeys is how many keys are found without a hash of all their texts.
	recentKeys = 256
)

// Counter counts the messages of one batch after the other. It belongs to one goroutine.
type Counter struct {
	rows    map[uint64]*counted
	recent  [recentKeys]*counted // by a few bytes of their names
	touched []*counted           // in this batch
	shapes  shaper
}

// counted is a key in one log, and what the batch under way has of it.
type counted struct {
	key     *Key
	log     int32  // its partition
	spelled string // the type as the message has it
	version string // as the message declares it, whether that counts or not
	row     Row
	sampling
}

// NewCounter returns a counter that has met nothing.
func NewCounter() *Counter { return &Counter{rows: map[uint64]*counted{}} }

// Count counts a message, which comes behind those before it in its log.
func (c *Counter) Count(m *adapters.Message, id *envelope.Identity) {
	ref := schemaOf(m)
	at := &c.recent[slotFor(m, id, &ref)]
	row := *at
	if row == nil || id.DeadLetter || !row.is(m, id, &ref) {
		row = c.find(m, id, ref)
		*at = row
	}
	r := &row.row
	if r.Events == 0 {
		r.Key, r.First = row.key, Sighting{m.Position, m.Time}
		c.touched = append(c.touched, row)
	}
	r.Events++
	r.Last = Sighting{m.Position, m.Time}
	if id.Malformed || m.Misfit {
		r.Misfits++
	}
	if ref.By == schemas.ByNothing && row.wants() {
		c.sample(row, m)
	}
}

// schemaOf is what the value of a message names as its schema. Where there is no registry to ask,
// headers are not looked at.
func schemaOf(m *adapters.Message) schemas.Ref {
	if m.Schemas != nil {
		return payload.FrameOf(m, payload.Value, m.Value).Ref
	}
	if len(m.Value) == 0 || m.Value[0] == '{' {
		return schemas.Ref{}
	}
	return payload.FrameBefore(m.Value).Ref
}

// slotFor is where a key is remembered, by what tells most keys apart.
func slotFor(m *adapters.Message, id *envelope.Identity, ref *schemas.Ref) uint8 {
	h := uint64(len(m.Position.Destination)) ^ uint64(m.Position.Partition)<<4 ^ ref.ID<<8 ^ ends(id.Type.Value) ^ ends(id.Service.Value)<<1 ^ ends(id.Version.Value)<<2
	return uint8(h * 0x9e3779b97f4a7c15 >> 56)
}

// ends is the length of a text and its first and last bytes.
func ends(text []byte) uint64 {
	n := len(text)
	if n < 4 {
		if n == 0 {
			return 0
		}
		return uint64(n)<<24 ^ uint64(text[0])<<16 ^ uint64(text[n-1])
	}
	return uint64(n)<<48 ^ uint64(text[0])<<40 ^ uint64(text[n/2])<<32 ^ uint64(binary.LittleEndian.Uint32(text[n-4:]))
}

// is reports whether a message is of the same key as those before.
func (c *counted) is(m *adapters.Message, id *envelope.Identity, ref *schemas.Ref) bool {
	k := c.key
	return !k.Death.Dead && c.log == m.Position.Partition && k.Schema == *ref && k.Destination == m.Position.Destination && c.spelled == string(id.Type.Value) &&
		c.version == string(id.Version.Value) && k.Service == string(id.Service.Value)
}

// find is the key of a message, or a new one.
func (c *Counter) find(m *adapters.Message, id *envelope.Identity, ref schemas.Ref) *counted {
	death := Death{}
	if id.DeadLetter {
		death, ref = deathOf(m, ref)
	}
	hash := hashOf(&m.Position, id, &ref, &death)
	for ; ; hash++ { // which another key may have by chance
		known := c.rows[hash]
		if known == nil {
			break
		}
		if known.key.Death == death && known.same(m, id, &ref) {
			return known
		}
	}
	if len(c.rows) >= mostKeys {
		clear(c.rows)
		clear(c.recent[:])
	}
	made := &counted{log: m.Position.Partition, spelled: cut(id.Type.Value), version: cut(id.Version.Value)}
	key := &Key{Destination: strings.Clone(m.Position.Destination), Type: made.spelled, Unnamed: id.Type.From.Place == envelope.InName, Service: cut(id.Service.Value), Schema: ref, Death: death}
	key.Type, key.Declared = declared(made.spelled, made.version)
	if ref.By != schemas.ByNothing {
		key.Declared = ""
	}
	made.key = key
	c.rows[hash] = made
	return made
}

// same is [counted.is] of a key that may be that of dead letters.
func (c *counted) same(m *adapters.Message, id *envelope.Identity, ref *schemas.Ref) bool {
	k := c.key
	return c.log == m.Position.Partition && k.Schema == *ref && k.Destination == m.Position.Destination && equal(c.spelled, id.Type.Value) && equal(c.version, id.Version.Value) && equal(k.Service, id.Service.Value)
}

func equal(kept string, value []byte) bool { return kept == string(value[:min(len(value), longest)]) }

func cut(value []byte) string { return string(value[:min(len(value), longest)]) }

func hashOf(at *adapters.Position, id *envelope.Identity, ref *schemas.Ref, death *Death) uint64 {
	h := xxhash.Sum64String(at.Destination) + uint64(at.Partition)
	add := func(n uint64) { h = bits.RotateLeft64(h, 9)*0x9e3779b97f4a7c15 ^ n }
	add(xxhash.Sum64(id.Type.Value[:min(len(id.Type.Value), longest)]))
	add(xxhash.Sum64(id.Service.Value[:min(len(id.Service.Value), longest)]))
	add(xxhash.Sum64(id.Version.Value[:min(len(id.Version.Value), longest)]))
	add(ref.ID ^ uint64(ref.By)<<60)
	if ref.By != schemas.ByID {
		add(xxhash.Sum64(ref.GUID[:]) ^ xxhash.Sum64String(ref.Name))
	}
	if death.Dead {
		add(xxhash.Sum64String(death.Origin + "\x00" + death.Group + "\x00" + death.Exception))
	}
	return h
}

// deathOf is what a dead letter tells of its end. Where it names no schema itself, the error may.
func deathOf(m *adapters.Message, ref schemas.Ref) (Death, schemas.Ref) {
	info, _ := deadheader.Read(payload.ShownHeaders(m))
	exception := info.Exception
	if exception == "" {
		exception = info.Reason
	}
	death := Death{Dead: true, Origin: cut([]byte(info.OriginName())), Group: cut([]byte(info.Group)), Exception: cut([]byte(exception))}
	death.Unreadable = tellsOfReading(info.Exception) || tellsOfReading(info.Message)
	if id, ok := schemaNamedIn(info.Message); ok && ref.By == schemas.ByNothing && death.Unreadable {
		ref = schemas.Ref{By: schemas.ByID, ID: id}
	}
	return death, ref
}

// sample looks at the shape of a value that is JSON without a schema. Names of members may be what
// is masked.
func (c *Counter) sample(row *counted, m *adapters.Message) {
	if !isObjectAhead(m.Value) || len(m.Value) > largestSampled {
		return
	}
	value := payload.Shown(m).Value
	if !isObjectAhead(value) {
		return
	}
	shape := c.shapes.of(value)
	if shape == nil {
		return
	}
	row.met(shape)
	row.row.Shapes = append(row.row.Shapes, Sample{shape, Sighting{m.Position, m.Time}})
}

// isObjectAhead reports whether a value begins as an object of JSON does.
func isObjectAhead(value []byte) bool {
	trimmed := bytes.TrimLeft(value, " \t\r\n")
	return len(trimmed) > 0 && trimmed[0] == '{'
}

// Take appends what was counted since the last Take to dst.
func (c *Counter) Take(dst []Row) []Row {
	for _, row := range c.touched {
		dst = append(dst, row.row)
		row.row = Row{}
	}
	c.touched = c.touched[:0]
	return dst
}

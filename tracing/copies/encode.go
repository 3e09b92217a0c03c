package copies

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"

	"eventscope/adapters"
)

// The encoding of a kept message: its parts one after the other, each with its length,
// private to the process. It exists because millions of kept messages must not be
// millions of objects for the garbage collector.

const (
	hasKey = 1 << iota
	hasValue
	hasProperties
	wasRedelivered
)

// Append appends a message as bytes.
func Append(dst []byte, m *adapters.Message) []byte {
	var flags byte
	if m.Key != nil {
		flags |= hasKey
	}
	if m.Value != nil {
		flags |= hasValue
	}
	if m.Properties != nil {
		flags |= hasProperties
	}
	if m.Redelivered {
		flags |= wasRedelivered
	}
	dst = append(dst, flags)
	dst = appendTime(dst, m.Time)
	dst = binary.AppendVarint(dst, m.TimeRaw)
	dst = appendPart(dst, m.Key)
	dst = appendPart(dst, m.Value)
	dst = binary.AppendUvarint(dst, uint64(len(m.Headers)))
	for i := range m.Headers {
		dst = appendPart(dst, m.Headers[i].Name)
		if m.Headers[i].Value == nil {
			dst = append(dst, 0)
		} else {
			dst = appendPart(append(dst, 1), m.Headers[i].Value)
		}
		dst = appendStructured(dst, m.Headers[i].Structured)
	}
	if p := m.Properties; p != nil {
		for _, text := range propertyTexts(p) {
			dst = appendPart(dst, *text)
		}
		dst = appendTime(dst, p.Timestamp)
		dst = append(dst, p.DeliveryMode, p.Priority)
	}
	return dst
}

func propertyTexts(p *adapters.Properties) []*string {
	return []*string{&p.Exchange, &p.RoutingKey, &p.Queue, &p.ContentType, &p.ContentEncoding, &p.CorrelationID,
		&p.ReplyTo, &p.Expiration, &p.MessageID, &p.Type, &p.UserID, &p.AppID}
}

func appendPart[T string | []byte](dst []byte, part T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(part))), part...)
}

func appendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, 0)
	}
	dst = binary.AppendVarint(append(dst, 1), t.Unix()) // nanoseconds alone end in the year 2262
	return binary.AppendUvarint(dst, uint64(t.Nanosecond()))
}

// The tags of structured header values.
const (
	tagNil = iota
	tagFalse
	tagTrue
	tagInt
	tagFloat
	tagString
	tagBytes
	tagTime
	tagList
	tagMap
)

func appendStructured(dst []byte, value any) []byte {
	switch v := value.(type) {
	case bool:
		if v {
			return append(dst, tagTrue)
		}
		return append(dst, tagFalse)
	case int64:
		return binary.AppendVarint(append(dst, tagInt), v)
	case float64:
		return binary.LittleEndian.AppendUint64(append(dst, tagFloat), math.Float64bits(v))
	case string:
		return appendPart(append(dst, tagString), v)
	case []byte:
		return appendPart(append(dst, tagBytes), v)
	case time.Time:
		return appendTime(append(dst, tagTime), v)
	case []any:
		dst = binary.AppendUvarint(append(dst, tagList), uint64(len(v)))
		for _, element := range v {
			dst = appendStructured(dst, element)
		}
		return dst
	case map[string]any:
		dst = binary.AppendUvarint(append(dst, tagMap), uint64(len(v)))
		for key, element := range v {
			dst = appendStructured(appendPart(dst, key), element)
		}
		return dst
	}
	return append(dst, tagNil)
}

var errEncoding = errors.New("kept message is damaged")

// parts reads an encoded message; the first error sticks.
type parts struct {
	rest []byte
	bad  bool
}

func (p *parts) fail() { p.rest, p.bad = nil, true }

func (p *parts) byte() byte {
	if len(p.rest) == 0 {
		p.fail()
		return 0
	}
	b := p.rest[0]
	p.rest = p.rest[1:]
	return b
}

func (p *parts) number() uint64 {
	n, size := binary.Uvarint(p.rest)
	if size <= 0 {
		p.fail()
		return 0
	}
	p.rest = p.rest[size:]
	return n
}

func (p *parts) signed() int64 {
	n, size := binary.Varint(p.rest)
	if size <= 0 {
		p.fail()
		return 0
	}
	p.rest = p.rest[size:]
	return n
}

func (p *parts) part() []byte {
	n := p.number()
	if n > uint64(len(p.rest)) {
		p.fail()
		return nil
	}
	part := p.rest[:n]
	p.rest = p.rest[n:]
	return part
}

// own is part as memory of its own, never nil.
func (p *parts) own() []byte { return append([]byte{}, p.part()...) }

func (p *parts) time() time.Time {
	if p.byte() == 0 {
		return time.Time{}
	}
	seconds := p.signed()
	return time.Unix(seconds, int64(p.number())).UTC()
}

func (p *parts) structured() any {
	switch p.byte() {
	case tagFalse:
		return false
	case tagTrue:
		return true
	case tagInt:
		return p.signed()
	case tagFloat:
		if len(p.rest) < 8 {
			p.fail()
			return nil
		}
		f := math.Float64frombits(binary.LittleEndian.Uint64(p.rest))
		p.rest = p.rest[8:]
		return f
	case tagString:
		return string(p.part())
	case tagBytes:
		return p.own()
	case tagTime:
		return p.time()
	case tagList:
		list := []any{}
		for n := p.number(); n > 0 && !p.bad; n-- {
			list = append(list, p.structured())
		}
		return list
	case tagMap:
		table := map[string]any{}
		for n := p.number(); n > 0 && !p.bad; n-- {
			key := string(p.part())
			table[key] = p.structured()
		}
		return table
	}
	return nil
}

// Decode reads what Append wrote; the result shares no memory with it.
func Decode(encoded []byte) (adapters.Message, error) {
	p := &parts{rest: encoded}
	flags := p.byte()
	m := adapters.Message{Time: p.time(), TimeRaw: p.signed(), Redelivered: flags&wasRedelivered != 0}
	if m.Key = p.own(); flags&hasKey == 0 {
		m.Key = nil
	}
	if m.Value = p.own(); flags&hasValue == 0 {
		m.Value = nil
	}
	for n := p.number(); n > 0 && !p.bad; n-- {
		header := adapters.Header{Name: string(p.part())}
		if p.byte() == 1 {
			header.Value = p.own()
		}
		header.Structured = p.structured()
		m.Headers = append(m.Headers, header)
	}
	m.Headers = slices.Clip(m.Headers)
	if flags&hasProperties != 0 {
		m.Properties = &adapters.Properties{}
		for _, text := range propertyTexts(m.Properties) {
			*text = string(p.part())
		}
		m.Properties.Timestamp = p.time()
		m.Properties.DeliveryMode, m.Properties.Priority = p.byte(), p.byte()
	}
	if p.bad {
		return adapters.Message{}, errEncoding
	}
	return m, nil
}

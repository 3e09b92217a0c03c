package binary

import (
	"errors"
	"fmt"
	"strconv"

	// Reads MessagePack where it lies, and of the libraries for it is the one that survives
	// hostile lengths and nesting.
	"github.com/tinylib/msgp/msgp"

	"eventscope/adapters/payload/encoded"
)

// MessagePack reads values in MessagePack.
type MessagePack struct{}

// Name is that of the format.
func (*MessagePack) Name() string { return "MessagePack" }

// Check says whether data is one value and nothing else.
func (*MessagePack) Check(data []byte) (unknown int, err error) {
	_, err = (*MessagePack)(nil).AppendJSON(nil, data, 0)
	return 0, err
}

// AppendJSON appends a value as JSON of at most limit bytes; 0 or less is no limit.
func (*MessagePack) AppendJSON(dst, data []byte, limit int) ([]byte, error) {
	p := packed{newWriter(dst, limit), data}
	err := p.write(0)
	if err == nil && len(p.data) > 0 {
		err = fmt.Errorf("the value ends, and %d bytes follow", len(p.data))
	}
	if err != nil && !errors.Is(err, encoded.ErrTooLong) {
		err = encoded.MisfitAt(len(data)-len(p.data), "%v", err)
	}
	return p.done(err)
}

// packed is what is left of a value.
type packed struct {
	writer
	data []byte
}

var errCut = errors.New("it is cut")

func (p *packed) write(depth int) (err error) {
	if err := p.full(); err != nil {
		return err
	}
	if depth > maxDepth {
		return fmt.Errorf("values are nested more than %d deep", maxDepth)
	}
	if len(p.data) == 0 {
		return errCut
	}
	switch msgp.NextType(p.data) {
	case msgp.MapType:
		return p.writeMap(depth)
	case msgp.ArrayType:
		return p.writeArray(depth)
	}
	return p.writeScalar()
}

func (p *packed) writeMap(depth int) error {
	n, rest, err := msgp.ReadMapHeaderBytes(p.data)
	if err != nil {
		return err
	}
	p.data = rest
	p.dst = append(p.dst, '{')
	for i := range n {
		if i > 0 {
			p.dst = append(p.dst, ',')
		}
		if err := p.writeKey(); err != nil {
			return err
		}
		if err := p.write(depth + 1); err != nil {
			return err
		}
	}
	p.dst = append(p.dst, '}')
	return nil
}

// writeKey writes the key of a member. A map or an array is none: what is quoted in what is quoted
// is twice as long at every level.
func (p *packed) writeKey() error {
	if err := p.full(); err != nil {
		return err
	}
	if len(p.data) == 0 {
		return errCut
	}
	if kind := msgp.NextType(p.data); kind == msgp.MapType || kind == msgp.ArrayType {
		return fmt.Errorf("a key of a map is of type %s", kind)
	}
	key := packed{newWriter(nil, p.limit-len(p.dst)+1), p.data}
	if err := key.writeScalar(); err != nil {
		return err
	}
	p.data = key.data
	p.key(key.dst)
	return nil
}

func (p *packed) writeArray(depth int) error {
	n, rest, err := msgp.ReadArrayHeaderBytes(p.data)
	if err != nil {
		return err
	}
	p.data = rest
	p.dst = append(p.dst, '[')
	for i := range n {
		if i > 0 {
			p.dst = append(p.dst, ',')
		}
		if err := p.write(depth + 1); err != nil {
			return err
		}
	}
	p.dst = append(p.dst, ']')
	return nil
}

func (p *packed) writeScalar() (err error) {
	switch kind := msgp.NextType(p.data); kind {
	case msgp.StrType:
		var text []byte
		if text, p.data, err = msgp.ReadStringZC(p.data); err == nil {
			p.text(text)
		}
	case msgp.BinType:
		var b []byte
		if b, p.data, err = msgp.ReadBytesZC(p.data); err == nil {
			p.bytes(b)
		}
	case msgp.IntType:
		var n int64
		n, p.data, err = msgp.ReadInt64Bytes(p.data)
		p.dst = strconv.AppendInt(p.dst, n, 10)
	case msgp.UintType:
		var n uint64
		n, p.data, err = msgp.ReadUint64Bytes(p.data)
		p.dst = strconv.AppendUint(p.dst, n, 10)
	case msgp.Float32Type:
		var f float32
		f, p.data, err = msgp.ReadFloat32Bytes(p.data)
		p.float(float64(f), 32)
	case msgp.Float64Type:
		var f float64
		f, p.data, err = msgp.ReadFloat64Bytes(p.data)
		p.float(f, 64)
	case msgp.BoolType:
		var is bool
		is, p.data, err = msgp.ReadBoolBytes(p.data)
		p.dst = strconv.AppendBool(p.dst, is)
	case msgp.NilType:
		p.data, err = msgp.ReadNilBytes(p.data)
		p.dst = append(p.dst, "null"...)
	default:
		return p.writeExtension()
	}
	return err
}

// writeExtension writes a time, or an extension by its number.
func (p *packed) writeExtension() error {
	if t, rest, err := msgp.ReadTimeBytes(p.data); err == nil {
		p.data = rest
		p.time(t)
		return nil
	}
	var extension msgp.RawExtension
	rest, err := msgp.Skip(p.data)
	if err != nil {
		return err
	}
	extension.Type = int8(p.data[1])
	if b := p.data[0]; b >= 0xc7 && b <= 0xc9 { // of a length in one, two or four bytes
		extension.Type = int8(p.data[1+1<<(b-0xc7)])
	}
	raw := p.data[:len(p.data)-len(rest)]
	p.data = rest
	p.dst = strconv.AppendInt(append(p.dst, `{"extension":`...), int64(extension.Type), 10)
	p.dst = append(p.dst, `,"bytes":`...)
	p.bytes(raw)
	p.dst = append(p.dst, '}')
	return nil
}

package binary

import (
	"errors"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"time"

	// Reads CBOR, and refuses hostile lengths and nesting by itself.
	"github.com/fxamacker/cbor/v2"

	"eventscope/adapters/payload/encoded"
)

// CBOR reads values in CBOR (RFC 8949).
type CBOR struct{}

// mode bounds what is taken. Members may be there twice, and text need not be UTF-8: the value is
// shown, not interpreted.
var mode = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		MaxNestedLevels: maxDepth, TimeTagToAny: cbor.TimeTagToTime, UTF8: cbor.UTF8DecodeInvalid,
		DefaultMapType: reflect.TypeFor[map[any]any](), MapKeyByteString: cbor.MapKeyByteStringAllowed,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}()

// Name is that of the format.
func (*CBOR) Name() string { return "CBOR" }

// Check says whether data is one value and nothing else.
func (*CBOR) Check(data []byte) (unknown int, err error) {
	if err := mode.Wellformed(data); err != nil {
		return 0, encoded.MisfitAt(0, "%v", err)
	}
	return 0, nil
}

// AppendJSON appends a value as JSON of at most limit bytes; 0 or less is no limit.
func (*CBOR) AppendJSON(dst, data []byte, limit int) ([]byte, error) {
	var value any
	if err := mode.Unmarshal(data, &value); err != nil {
		return dst, encoded.MisfitAt(0, "%v", err)
	}
	w := newWriter(dst, limit)
	return w.done(w.value(value))
}

// value writes what the library made.
func (w *writer) value(value any) error {
	if err := w.full(); err != nil {
		return err
	}
	switch v := value.(type) {
	case nil:
		w.dst = append(w.dst, "null"...)
	case bool:
		w.dst = strconv.AppendBool(w.dst, v)
	case uint64:
		w.dst = strconv.AppendUint(w.dst, v, 10)
	case int64:
		w.dst = strconv.AppendInt(w.dst, v, 10)
	case big.Int:
		w.dst = v.Append(w.dst, 10)
	case float64:
		w.float(v, 64)
	case string:
		w.text([]byte(v))
	case []byte:
		w.bytes(v)
	case cbor.ByteString:
		w.bytes([]byte(v))
	case time.Time:
		w.time(v)
	case cbor.SimpleValue:
		w.dst = strconv.AppendUint(w.dst, uint64(v), 10)
	case cbor.Tag:
		w.dst = append(strconv.AppendUint(append(w.dst, `{"tag":`...), v.Number, 10), `,"value":`...)
		err := w.value(v.Content)
		w.dst = append(w.dst, '}')
		return err
	case []any:
		return w.list(v)
	case map[any]any:
		return w.members(v)
	default:
		return errors.New("it has a value of a kind that is not known")
	}
	return nil
}

func (w *writer) list(values []any) error {
	w.dst = append(w.dst, '[')
	for i, item := range values {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		if err := w.value(item); err != nil {
			return err
		}
	}
	w.dst = append(w.dst, ']')
	return nil
}

// members writes a map in the order of its names.
func (w *writer) members(values map[any]any) error {
	type member struct {
		name  string
		value any
	}
	all := make([]member, 0, len(values))
	for key, value := range values {
		name := newWriter(nil, w.limit-len(w.dst)+1)
		if err := name.value(key); err != nil {
			return err
		}
		all = append(all, member{string(name.dst), value})
	}
	slices.SortFunc(all, func(a, b member) int { return compareNames(a.name, b.name) })
	w.dst = append(w.dst, '{')
	for i := range all {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.key([]byte(all[i].name))
		if err := w.value(all[i].value); err != nil {
			return err
		}
	}
	w.dst = append(w.dst, '}')
	return nil
}

// compareNames orders short numbers before long ones, and text as text.
func compareNames(a, b string) int {
	if a[0] != '"' && b[0] != '"' && len(a) != len(b) {
		return len(a) - len(b)
	}
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

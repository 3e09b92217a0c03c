package preserved

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters/rabbitmq/wording"
)

// field is a field value of AMQP with its type, and in a table with its name. Integers of
// 64 bits and times are decimal text, since programs that read JSON round numbers.
type field struct {
	Name  *exact          `json:"name,omitempty"`
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value,omitempty"`
}

// fieldsOf turns a table into its fields, sorted by name.
func fieldsOf(table amqp.Table) ([]field, error) {
	names := make([]string, 0, len(table))
	for name := range table {
		names = append(names, name)
	}
	slices.Sort(names)
	fields := make([]field, len(names))
	for i, name := range names {
		f, err := fieldOf(table[name])
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", wording.Quoted(name), err)
		}
		named := exact(name)
		f.Name = &named
		fields[i] = f
	}
	return fields, nil
}

func fieldOf(value any) (field, error) {
	switch v := value.(type) {
	case nil:
		return field{Type: "void"}, nil
	case bool:
		return typed("bool", v)
	case int8:
		return typed("int8", v)
	case uint8:
		return typed("uint8", v)
	case int16:
		return typed("int16", v)
	case uint16:
		return typed("uint16", v)
	case int32:
		return typed("int32", v)
	case int: // never read; the client writes it so
		return typed("int32", int32(v))
	case uint32:
		return typed("uint32", v)
	case int64:
		return typed("int64", strconv.FormatInt(v, 10))
	case float32:
		return floating("float32", float64(v), uint64(math.Float32bits(v)), 32)
	case float64:
		return floating("float64", v, math.Float64bits(v), 64)
	case amqp.Decimal:
		return typed("decimal", fmt.Sprintf("%de-%d", v.Value, v.Scale))
	case time.Time:
		return typed("timestamp", strconv.FormatInt(v.Unix(), 10))
	case string:
		return typed("string", exact(v))
	case []byte:
		return typed("bytes", append([]byte{}, v...)) // none is empty
	case []any:
		list := make([]field, len(v))
		for i := range v {
			f, err := fieldOf(v[i])
			if err != nil {
				return field{}, err
			}
			list[i] = f
		}
		return typed("array", list)
	case amqp.Table:
		fields, err := fieldsOf(v)
		if err != nil {
			return field{}, err
		}
		return typed("table", fields)
	}
	return field{}, fmt.Errorf("a value of type %T cannot be written", value)
}

func typed(kind string, value any) (field, error) {
	text, err := json.Marshal(value)
	return field{Type: kind, Value: text}, err
}

// floating writes what is no number to JSON by its bits.
func floating(kind string, value float64, bits uint64, size int) (field, error) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return typed(kind, fmt.Sprintf("0x%x", bits))
	}
	return field{Type: kind, Value: strconv.AppendFloat(nil, value, 'g', -1, size)}, nil
}

// tableOf undoes fieldsOf. No fields are a nil table.
func tableOf(fields []field) (amqp.Table, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	table := make(amqp.Table, len(fields))
	for i := range fields {
		if fields[i].Name == nil {
			return nil, fmt.Errorf("a field of type %q has no name", fields[i].Type)
		}
		value, err := fields[i].read()
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", wording.Quoted(string(*fields[i].Name)), err)
		}
		table[string(*fields[i].Name)] = value
	}
	return table, nil
}

// read undoes fieldOf.
func (f *field) read() (any, error) {
	switch f.Type {
	case "void":
		return nil, nil
	case "bool":
		return into[bool](f)
	case "int8":
		return into[int8](f)
	case "uint8":
		return into[uint8](f)
	case "int16":
		return into[int16](f)
	case "uint16":
		return into[uint16](f)
	case "int32":
		return into[int32](f)
	case "uint32":
		return into[uint32](f)
	case "bytes":
		return into[[]byte](f)
	case "string":
		text, err := into[exact](f)
		return string(text), err
	case "float32":
		return f.float32()
	case "float64":
		return f.float64()
	case "int64", "timestamp", "decimal":
		return f.decimalText()
	case "array":
		return f.array()
	case "table":
		fields, err := into[[]field](f)
		if err != nil {
			return nil, err
		}
		table, err := tableOf(fields)
		if table == nil && err == nil {
			table = amqp.Table{}
		}
		return table, err
	}
	return nil, fmt.Errorf("there is no type %q", f.Type)
}

func into[T any](f *field) (T, error) {
	var value T
	err := json.Unmarshal(f.Value, &value)
	return value, err
}

// bits is the number that floating wrote by its bits, if it did.
func (f *field) bits(size int) (bits uint64, ok bool, err error) {
	if len(f.Value) == 0 || f.Value[0] != '"' {
		return 0, false, nil
	}
	text, err := into[string](f)
	if err == nil {
		bits, err = strconv.ParseUint(text, 0, size)
	}
	return bits, true, err
}

func (f *field) float32() (any, error) {
	if bits, ok, err := f.bits(32); ok {
		return math.Float32frombits(uint32(bits)), err
	}
	value, err := strconv.ParseFloat(string(f.Value), 32)
	return float32(value), err
}

func (f *field) float64() (any, error) {
	if bits, ok, err := f.bits(64); ok {
		return math.Float64frombits(bits), err
	}
	return strconv.ParseFloat(string(f.Value), 64)
}

func (f *field) decimalText() (any, error) {
	text, err := into[string](f)
	if err != nil {
		return nil, err
	}
	if f.Type == "decimal" {
		value, scale, _ := strings.Cut(text, "e-")
		v, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return nil, err
		}
		s, err := strconv.ParseUint(scale, 10, 8)
		return amqp.Decimal{Value: int32(v), Scale: uint8(s)}, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if f.Type == "timestamp" {
		return time.Unix(n, 0), err
	}
	return n, err
}

func (f *field) array() (any, error) {
	fields, err := into[[]field](f)
	if err != nil {
		return nil, err
	}
	list := make([]any, len(fields))
	for i := range fields {
		if list[i], err = fields[i].read(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

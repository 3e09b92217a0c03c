package avro

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/twmb/avro"
	"pgregory.net/rapid"

	"eventscope/adapters/payload/encoded"
)

// sample is a schema with a value of it, as the library takes it, and as people read it.
type sample struct {
	schema string
	value  any
	text   string
}

// samples draws a schema and a value. The names of its types are distinct.
func samples(depth int, names *int) *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		kinds := []string{"null", "boolean", "int", "long", "float", "double", "bytes", "string", "fixed", "enum"}
		if depth > 0 {
			kinds = append(kinds, "array", "map", "union", "record", "record")
		}
		*names++
		name := "t" + strconv.Itoa(*names)
		switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
		case "fixed":
			b := rapid.SliceOfN(rapid.Byte(), 3, 3).Draw(t, "fixed")
			return sample{`{"type":"fixed","name":"` + name + `","size":3}`, b, `"` + base64.StdEncoding.EncodeToString(b) + `"`}
		case "enum":
			symbol := rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "symbol")
			return sample{`{"type":"enum","name":"` + name + `","symbols":["A","B","C"]}`, symbol, `"` + symbol + `"`}
		case "array":
			of := samples(depth-1, names).Draw(t, "of")
			n := rapid.IntRange(0, 3).Draw(t, "items")
			made := sample{`{"type":"array","items":` + of.schema + `}`, []any{}, "[" + strings.TrimSuffix(strings.Repeat(of.text+",", n), ",") + "]"}
			for range n {
				made.value = append(made.value.([]any), of.value)
			}
			return made
		case "map":
			of := samples(depth-1, names).Draw(t, "of")
			key := rapid.String().Draw(t, "key")
			quoted, _ := jsontext.AppendQuote(nil, key)
			return sample{`{"type":"map","values":` + of.schema + `}`, map[string]any{key: of.value}, "{" + string(quoted) + ":" + of.text + "}"}
		case "union":
			of := samples(0, names).Draw(t, "of")
			if of.schema == `"null"` {
				return sample{`["null","int"]`, nil, "null"}
			}
			return sample{`["null",` + of.schema + `]`, of.value, of.text}
		case "record":
			made, value := sample{schema: `{"type":"record","name":"` + name + `","fields":[`, text: "{"}, map[string]any{}
			for i := range rapid.IntRange(0, 4).Draw(t, "fields") {
				of := samples(depth-1, names).Draw(t, "of")
				comma := map[bool]string{true: ",", false: ""}[i > 0]
				made.schema += fmt.Sprintf(`%s{"name":"f%d","type":%s}`, comma, i, of.schema)
				made.text += fmt.Sprintf(`%s"f%d":%s`, comma, i, of.text)
				value[fmt.Sprintf("f%d", i)] = of.value
			}
			made.schema, made.text, made.value = made.schema+"]}", made.text+"}", value
			return made
		default:
			return scalarSample(t, kind)
		}
	})
}

func scalarSample(t *rapid.T, kind string) sample {
	made := sample{schema: `"` + kind + `"`}
	switch kind {
	case "null":
		made.text = "null"
	case "boolean":
		b := rapid.Bool().Draw(t, "boolean")
		made.value, made.text = b, strconv.FormatBool(b)
	case "int":
		n := rapid.Int32().Draw(t, "int")
		made.value, made.text = n, strconv.Itoa(int(n))
	case "long":
		n := rapid.Int64().Draw(t, "long")
		made.value, made.text = n, strconv.FormatInt(n, 10)
	case "float":
		n := rapid.SampledFrom([]float32{0, 1.5, -3.25, 1e-9, 3e30, float32(math.NaN())}).Draw(t, "float")
		made.value, made.text = n, map[float32]string{0: "0", 1.5: "1.5", -3.25: "-3.25", 1e-9: "1e-09", 3e30: "3e+30"}[n]
		if n != n {
			made.text = `"NaN"`
		}
	case "double":
		n := rapid.SampledFrom([]float64{0, 0.1, -2, 1e300, math.Inf(1), math.Inf(-1)}).Draw(t, "double")
		made.value, made.text = n, map[float64]string{0: "0", 0.1: "0.1", -2: "-2", 1e300: "1e+300", math.Inf(1): `"Infinity"`, math.Inf(-1): `"-Infinity"`}[n]
	case "bytes":
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		made.value, made.text = b, `"`+base64.StdEncoding.EncodeToString(b)+`"`
	case "string":
		s := rapid.String().Draw(t, "string")
		quoted, _ := jsontext.AppendQuote(nil, s)
		made.value, made.text = s, string(quoted)
	}
	return made
}

// drawn draws a sample, and encodes it by the library.
func drawn(t *rapid.T, depth int) (s sample, library *avro.Schema, data []byte) {
	names := 0
	s = samples(depth, &names).Draw(t, "sample")
	library, err := avro.Parse(s.schema)
	if err == nil {
		data, err = library.Encode(s.value)
	}
	if err != nil {
		t.Fatalf("%s: %v", s.schema, err)
	}
	return s, library, data
}

// TestValuesAreWrittenAsTheyWereSent encodes by the library and reads by this package.
func TestValuesAreWrittenAsTheyWereSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _, data := drawn(t, 4)
		schema := parsed(t, s.schema)
		text, err := schema.AppendJSON([]byte("before"), data, 0)
		if err != nil || string(text) != "before"+s.text {
			t.Fatalf("%s: %x is %s, %v; want %s", s.schema, data, text, err, s.text)
		}
		skipping := decoder{data: data}
		if err := skipping.skip(schema.root); err != nil || skipping.at != len(data) {
			t.Fatalf("%s: %x is stepped over to %d, %v", s.schema, data, skipping.at, err)
		}
		limit := rapid.IntRange(1, len(s.text)+1).Draw(t, "limit")
		if text, err = schema.AppendJSON(nil, data, limit); errors.Is(err, encoded.ErrTooLong) != (limit < len(s.text)) || !strings.HasPrefix(s.text, string(text)) {
			t.Fatalf("%s within %d of %d bytes: %s, %v", s.schema, limit, len(s.text), text, err)
		}
	})
}

// TestWhatDoesNotFitIsRefusedByBoth damages values.
func TestWhatDoesNotFitIsRefusedByBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, library, data := drawn(t, 4)
		for range rapid.IntRange(0, 3).Draw(t, "damages") {
			if len(data) > 0 {
				data[rapid.IntRange(0, len(data)-1).Draw(t, "at")] ^= byte(1) << rapid.IntRange(0, 7).Draw(t, "bit")
			}
		}
		data = data[:rapid.IntRange(0, len(data)).Draw(t, "cut")]
		var value any
		rest, wrong := library.Decode(data, &value)
		fits := wrong == nil && len(rest) == 0
		schema := parsed(t, s.schema)
		text, err := schema.AppendJSON(nil, data, 0)
		if err != nil && strings.Contains(err.Error(), "no boolean") {
			return // the library takes any byte for one
		}
		if (err == nil) != fits {
			t.Fatalf("%s: %x is %s, %v; the library says %v, %d bytes left", s.schema, data, text, err, wrong, len(rest))
		}
		if err == nil && jsontext.Value(text).IsValid() == false {
			t.Fatalf("%s: %x is %s, which is no JSON", s.schema, data, text)
		}
		if misfit := (*encoded.Misfit)(nil); err != nil && (!errors.As(err, &misfit) || misfit.At < 0 || misfit.At > len(data)) {
			t.Fatalf("%s: %x: %v", s.schema, data, err)
		}
	})
}

type fatal interface {
	Helper()
	Fatalf(string, ...any)
}

func parsed(t fatal, schema string, references ...string) *Schema {
	t.Helper()
	made, err := Parse(schema, references...)
	if err != nil {
		t.Fatalf("%s: %v", schema, err)
	}
	return made
}

// TestWhatValuesMean has a row for each thing that a value can mean beyond its bytes.
func TestWhatValuesMean(t *testing.T) {
	field := func(of string) string { return `{"type":"record","name":"r","fields":[{"name":"f",` + of + `}]}` }
	decimals := `{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}`
	variable := `{"type":"record","name":"VariableScaleDecimal","namespace":"io.debezium.data","fields":[{"name":"scale","type":"int"},{"name":"value","type":"bytes"}]}`
	for name, c := range map[string]struct{ schema, hex, want string }{
		"a price":                        {decimals, "0432ca", "130.02"},
		"a price below one":              {decimals, "0202", "0.02"},
		"a negative price":               {decimals, "02fb", "-0.05"},
		"no bytes":                       {decimals, "00", "0.00"},
		"a scale of 0":                   {`{"type":"bytes","logicalType":"decimal","precision":9}`, "027f", "127"},
		"a fixed decimal":                {`{"type":"fixed","name":"f","size":2,"logicalType":"decimal","precision":4,"scale":3}`, "fc18", "-1.000"},
		"a decimal beside its type":      {field(`"type":"bytes","logicalType":"decimal","precision":5,"scale":1`), "0219", `{"f":2.5}`},
		"a decimal in a union":           {`["null",` + decimals + `]`, "020432ca", "130.02"},
		"a decimal of Debezium":          {variable, "060432ca", "13.002"},
		"a decimal without a precision":  {`{"type":"bytes","logicalType":"decimal"}`, "0432ca", `"Mso="`},
		"a date":                         {`{"type":"int","logicalType":"date"}`, "ee8502", `"2015-11-20"`},
		"a day before":                   {`{"type":"int","logicalType":"date"}`, "01", `"1969-12-31"`},
		"a date out of range":            {`{"type":"int","logicalType":"date"}`, "feffffff0f", "2147483647"},
		"a time in milliseconds":         {`{"type":"int","logicalType":"time-millis"}`, "b28a9c23", `"10:15:30.201"`},
		"a time out of range":            {`{"type":"int","logicalType":"time-millis"}`, "01", "-1"},
		"a time in microseconds":         {`{"type":"long","logicalType":"time-micros"}`, "02", `"00:00:00.000001"`},
		"a timestamp in milliseconds":    {`{"type":"long","logicalType":"timestamp-millis"}`, "03", `"1969-12-31T23:59:59.998Z"`},
		"a timestamp in microseconds":    {`{"type":"long","logicalType":"timestamp-micros"}`, "02", `"1970-01-01T00:00:00.000001Z"`},
		"a timestamp in nanoseconds":     {`{"type":"long","logicalType":"timestamp-nanos"}`, "02", `"1970-01-01T00:00:00.000000001Z"`},
		"a timestamp out of range":       {`{"type":"long","logicalType":"timestamp-millis"}`, "feffffffffffffffff01", "9223372036854775807"},
		"a local timestamp":              {`{"type":"long","logicalType":"local-timestamp-millis"}`, "02", `"1970-01-01T00:00:00.001"`},
		"a local timestamp in nanos":     {`{"type":"long","logicalType":"local-timestamp-nanos"}`, "02", `"1970-01-01T00:00:00.000000001"`},
		"a uuid":                         {`{"type":"fixed","name":"u","size":16,"logicalType":"uuid"}`, "00112233445566778899aabbccddeeff", `"00112233-4455-6677-8899-aabbccddeeff"`},
		"a uuid of another size":         {`{"type":"fixed","name":"u","size":2,"logicalType":"uuid"}`, "0011", `"ABE="`},
		"a uuid as text":                 {`{"type":"string","logicalType":"uuid"}`, "0461", ``},
		"a duration":                     {`{"type":"fixed","name":"d","size":12,"logicalType":"duration"}`, "010000000200000003000000", `"1 month 2 days 3 ms"`},
		"an unknown logical type":        {`{"type":"int","logicalType":"colour"}`, "02", "1"},
		"a logical type of another kind": {`{"type":"string","logicalType":"date"}`, "0261", `"a"`},
		"a number beyond 2^53":           {`"long"`, "8280808080808020", "9007199254740993"},
		"a number of five bytes":         {`"int"`, "8080808010", ""},
		"a number that is too long":      {`"long"`, "ffffffffffffffffffff7f", ""},
		"text that is not UTF-8":         {`"string"`, "02ff", `"�"`},
		"quotes and controls":            {`"string"`, "062208e2", "\"\\\"\\b�\""},
		"a length below zero":            {`"string"`, "01", ""},
		"no branch of that number":       {`["null","int"]`, "04", ""},
		"no symbol of that number":       {`{"type":"enum","name":"e","symbols":["A"]}`, "02", ""},
		"a boolean of 2":                 {`"boolean"`, "02", ""},
		"bytes behind the value":         {`"int"`, "0200", ""},
		"blocks with their sizes":        {`{"type":"array","items":"int"}`, "050602040600", "[1,2,3]"},
		"a block of a size below zero":   {`{"type":"array","items":"int"}`, "030100", ""},
		"2^62 items without bytes":       {`{"type":"array","items":"null"}`, "feffffffffffffff7f00", ""},
		"the least count":                {`{"type":"array","items":"int"}`, "ffffffffffffffffff0100", ""},
		"a union of many":                {`["string","int","null"]`, "0206", "3"},
	} {
		data, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(name, err)
		}
		text, err := parsed(t, c.schema).AppendJSON(nil, data, 0)
		if c.want == "" && err == nil || c.want != "" && (err != nil || string(text) != c.want) {
			t.Errorf("%s: %s, %v, want %s", name, text, err, c.want)
		}
	}
}

// TestSchemasThatReferToOthers have their definitions elsewhere, or around them.
func TestSchemasThatReferToOthers(t *testing.T) {
	money := `{"type":"record","name":"Money","namespace":"shop","fields":[{"name":"cents","type":"long"}]}`
	line := `{"type":"record","name":"Line","namespace":"shop","fields":[{"name":"price","type":"Money"}]}`
	order := `{"type":"record","name":"Order","namespace":"orders","fields":[{"name":"line","type":"shop.Line"},{"name":"total","type":"shop.Money"}]}`
	if text, err := parsed(t, order, money, line).AppendJSON(nil, []byte{2, 4}, 0); err != nil || string(text) != `{"line":{"price":{"cents":1}},"total":{"cents":2}}` {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := Parse(order, money); err == nil {
		t.Error("a schema is taken whose reference is missing")
	}
	list := parsed(t, `{"type":"record","name":"Node","namespace":"x","fields":[{"name":"next","type":["null","Node"]}]}`)
	if text, err := list.AppendJSON(nil, []byte{2, 2, 0}, 0); err != nil || string(text) != `{"next":{"next":{"next":null}}}` {
		t.Errorf("%s, %v", text, err)
	}
	deep := make([]byte, 5<<20)
	for i := range deep {
		deep[i] = 2
	}
	if _, err := list.AppendJSON(nil, deep, 0); err == nil {
		t.Error("a value is written that is nested without end")
	}
	if d := (&decoder{data: deep}); d.skip(list.root) == nil {
		t.Error("a value is stepped over that is nested without end")
	}
	doubling := `{"type":"record","name":"r0","fields":[]}`
	for i := range 50 {
		doubling = fmt.Sprintf(`{"type":"record","name":"r%d","fields":[{"name":"a","type":%s},{"name":"b","type":"r%d"}]}`, i+1, doubling, i)
	}
	empty := parsed(t, doubling)
	if _, err := empty.AppendJSON(nil, nil, 0); err == nil {
		t.Error("a value is written that has 2^50 parts and no bytes")
	}
	if _, err := empty.Check(nil); err == nil {
		t.Error("a value is stepped over that has 2^50 parts and no bytes")
	}
	plan, err := NewPlan(empty, "", func(object string, name []byte) (string, bool, bool) { return string(name), false, true })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Read(nil, nil, func(encoded.Found[string]) bool { return false }); err != nil {
		t.Errorf("nothing in it is wanted: %v", err)
	}
	same := parsed(t, `{"type":"record","name":"a.Same","fields":[{"name":"own","type":{"type":"record","name":"b.Same","fields":[{"name":"of","type":["null","Same"]}]}},{"name":"of","type":["null","Same"]}]}`)
	if text, err := same.AppendJSON(nil, []byte{2, 0, 2, 0, 0}, 0); err != nil || string(text) != `{"own":{"of":{"of":null}},"of":{"own":{"of":null},"of":null}}` {
		t.Errorf("two types of one name: %s, %v", text, err)
	}
	if name := same.Name(); name != "a.Same" || parsed(t, `"bytes"`).Name() != "bytes" || !parsed(t, `"bytes"`).Bytes() || same.Bytes() {
		t.Error(name)
	}
	if _, err := Parse(strings.Repeat(" ", MaxSchema) + `"int"`); err == nil {
		t.Error("a schema is taken that is too long")
	}
	fields := make([]string, maxNodes)
	for i := range fields {
		fields[i] = fmt.Sprintf(`{"name":"f%d","type":"int"}`, i)
	}
	if _, err := Parse(`{"type":"record","name":"r","fields":[` + strings.Join(fields, ",")[:MaxSchema-100] + "]}"); err == nil {
		t.Error("a schema is taken that breaks off")
	}
}

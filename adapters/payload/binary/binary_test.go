package binary

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/tinylib/msgp/msgp"
	"pgregory.net/rapid"

	"eventscope/adapters/payload/encoded"
)

type format interface {
	AppendJSON(dst, data []byte, limit int) ([]byte, error)
	Check(data []byte) (int, error)
}

var formats = map[string]format{"MessagePack": &MessagePack{}, "CBOR": &CBOR{}}

// sample draws a value as JSON would have it.
func sample(t *rapid.T, depth int) any {
	switch kind := rapid.IntRange(0, 6).Draw(t, "kind"); {
	case kind == 0 && depth > 0:
		members := map[string]any{}
		for range rapid.IntRange(0, 4).Draw(t, "members") {
			members[rapid.StringMatching(`[a-zé"\\]{0,40}`).Draw(t, "name")] = sample(t, depth-1)
		}
		return members
	case kind == 1 && depth > 0:
		list := []any{}
		for range rapid.IntRange(0, 20).Draw(t, "items") {
			list = append(list, sample(t, depth-1))
		}
		return list
	case kind == 2:
		return rapid.Int64().Draw(t, "n")
	case kind == 3:
		return float64(rapid.Int32().Draw(t, "f")) / 4
	case kind == 4:
		return rapid.String().Draw(t, "text")
	}
	return rapid.SampledFrom([]any{nil, true, false, uint64(math.MaxUint64)}).Draw(t, "scalar")
}

// TestValuesAreReadAsTheLibrariesWroteThem, in both formats, and cut to a limit.
func TestValuesAreReadAsTheLibrariesWroteThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := sample(t, 4)
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		packed, err := msgp.AppendIntf(nil, value)
		if err != nil {
			t.Fatal(err)
		}
		binary, err := cbor.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{"MessagePack": packed, "CBOR": binary} {
			made, err := formats[name].AppendJSON([]byte("x"), data, 0)
			if err != nil || !same(made[1:], text) {
				t.Fatalf("%s: %s, want %s, %v", name, made, text, err)
			}
			if _, err := formats[name].Check(data); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			limit := rapid.IntRange(1, len(made)).Draw(t, "limit")
			some, err := formats[name].AppendJSON(nil, data, limit)
			if errors.Is(err, encoded.ErrTooLong) != (limit < len(made)-1) || !strings.HasPrefix(string(made[1:]), string(some)) {
				t.Fatalf("%s in %d bytes: %s of %s, %v", name, limit, some, made, err)
			}
			if _, err := formats[name].Check(append(data[:len(data):len(data)], 0)); err == nil {
				t.Fatalf("%s: a byte more is taken", name)
			}
		}
	})
}

// same reports whether two JSON texts mean the same, every digit of their numbers included.
func same(a, b []byte) bool {
	read := func(text []byte) (value any, ok bool) {
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.UseNumber()
		return value, d.Decode(&value) == nil
	}
	canonical := func(text []byte) any {
		value, _ := read(text)
		return value
	}
	return reflect.DeepEqual(canonical(a), canonical(b))
}

// TestWhatJSONDoesNotHave is written so that nothing is lost.
func TestWhatJSONDoesNotHave(t *testing.T) {
	noon := time.Date(2026, 1, 31, 12, 0, 0, 5e6, time.UTC)
	for _, c := range []struct{ format, data, want string }{
		{"MessagePack", string(msgp.AppendTime(nil, noon)), `"2026-01-31T12:00:00.005Z"`},
		{"MessagePack", "\xc4\x02\x01\x02", `"AQI="`},
		{"MessagePack", "\xd4\x05\x07", `{"extension":5,"bytes":"1AUH"}`},
		{"MessagePack", "\xc7\x02\x05ab", `{"extension":5,"bytes":"xwIFYWI="}`},
		{"MessagePack", "\x81\x01\xa1a", `{"1":"a"}`},
		{"MessagePack", "\x81\xa1\xff\xc0", "{\"\ufffd\":null}"},
		{"MessagePack", string(msgp.AppendFloat64(nil, math.Inf(-1))), `"-Infinity"`},
		{"MessagePack", string(msgp.AppendFloat32(nil, 0.1)), `0.1`},
		{"CBOR", "\xc1\x1a\x69\x7d\xf0\xc0", `"2026-01-31T12:08:32Z"`},
		{"CBOR", "\x42\x01\x02", `"AQI="`},
		{"CBOR", "\xa2\x01\x61a\x0a\x61b", `{"1":"a","10":"b"}`},
		{"CBOR", "\xd9\xd9\xf7\xa1\x61a\x01", `{"a":1}`},
		{"CBOR", "\xd8\x64\x01", `{"tag":100,"value":1}`},
		{"CBOR", "\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00", `18446744073709551616`},
		{"CBOR", "\xf9\x7e\x00", `"NaN"`},
		{"CBOR", "\xa1\x41\x01\x02", `{"AQ==":2}`},
	} {
		if got, err := formats[c.format].AppendJSON(nil, []byte(c.data), 0); string(got) != c.want || err != nil {
			t.Errorf("%s %x: %s, want %s, %v", c.format, c.data, got, c.want, err)
		}
	}
}

// nestedKeys is a map of MessagePack whose key is a map whose key is one, so deep.
func nestedKeys(depth int) string {
	return "\x82\xa1a\xc0" + strings.Repeat("\x81", depth) + "\xa0" + strings.Repeat("\xc0", depth+1)
}

// TestKeysThatAreNoScalarsAreRefused: as JSON, each of them would be quoted in the one around it, and
// be twice as long at every level.
func TestKeysThatAreNoScalarsAreRefused(t *testing.T) {
	for _, data := range []string{nestedKeys(20), "\x81\x80\x01", "\x81\x90\x01", "\x81\xde\x00\x00\x01", "\x81\xdd\x00\x00\x00\x00\x01"} {
		if made, err := new(MessagePack).AppendJSON(nil, []byte(data), 0); !encoded.IsMisfit(err) || len(made) > 100 {
			t.Errorf("MessagePack %x: %d bytes, %v", data, len(made), err)
		}
	}
	for _, data := range []string{"\xa1\xa0\x01", "\xa1\x80\x01", "\xa1\xd8\x64\xa0\x01", "\xa1\xd8\x64\x80\x01"} {
		if made, err := new(CBOR).AppendJSON(nil, []byte(data), 0); !encoded.IsMisfit(err) {
			t.Errorf("CBOR %x: %s, %v", data, made, err)
		}
	}
}

// FuzzHostile: whatever comes, there is JSON or a misfit, and checking agrees with reading.
func FuzzHostile(f *testing.F) {
	for _, seed := range []string{"\x81\xa1a\x01", "\xdd\x7f\xff\xff\xff", "\xdf\xff\xff\xff\xff\x00", strings.Repeat("\x91", 1000), "\xa1\x61a\x01", "\x9b\x00\x00\x00\x00\x00\x00\x00\x05", strings.Repeat("\x81", 1000),
		"\xbf\x61a\xff", "\xc7\xff\x05", "\xd8", "\xc1\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00", "\xa1\xa0\x01", "\xa1\x80\x01", "", nestedKeys(24), "\xa1" + strings.Repeat("\xd8\x64", 60) + "\x61\"\x01"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, format := range formats {
			made, err := format.AppendJSON(nil, data, 1<<20)
			if err == nil && !jsontext.Value(made).IsValid(jsontext.AllowDuplicateNames(true)) {
				t.Errorf("%s: %s", name, made)
			}
			if misfit := encoded.IsMisfit(err); err != nil && !misfit && !errors.Is(err, encoded.ErrTooLong) {
				t.Errorf("%s: %v", name, err)
			}
			if _, wrong := format.Check(data); err == nil && wrong != nil {
				t.Errorf("%s: read, and %v", name, wrong)
			}
		}
	})
}

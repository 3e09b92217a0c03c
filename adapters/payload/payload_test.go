package payload

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/schemas"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// compressed is data in an encoding; "deflate raw" and "snappy block" are the bare
// forms.
func compressed(t testing.TB, encoding string, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	switch encoding {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "zstd":
		w, err = zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
	case "lz4":
		w = lz4.NewWriter(&out)
	case "snappy":
		w = s2.NewWriter(&out, s2.WriterSnappyCompat(), s2.WriterConcurrency(1))
	case "snappy block":
		return s2.EncodeSnappy(nil, data)
	case "deflate":
		w = zlib.NewWriter(&out)
	case "deflate raw":
		w, err = flate.NewWriter(&out, 5)
	}
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func message(value []byte, encoding string) *adapters.Message {
	m := &adapters.Message{Value: value}
	if encoding != "" {
		m.Headers = []adapters.Header{{Name: "Content-Encoding", Value: []byte(encoding)}}
	}
	return m
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name     string
		value    string
		encoding string
		limit    int
		want     Decoded
	}{
		{"JSON", ` {"a":1.10} `, "", 0, Decoded{Format: JSON, Data: []byte(` {"a":1.10} `), Size: 12}},
		{"JSON with a character set", `{}`, "UTF-8", 0, Decoded{Format: JSON, Data: []byte(`{}`), Size: 2}},
		{"half JSON", `{"a":`, "", 0, Decoded{Format: Text, Data: []byte(`{"a":`), Size: 5, Declined: []Declined{{"json", errors.New("unexpected EOF at byte 5")}}}},
		{"nearly JSON", `{"a":x}`, "", 0, Decoded{Format: Text, Data: []byte(`{"a":x}`), Size: 7, Declined: []Declined{{"json", errors.New("invalid character 'x' at start of value at byte 5")}}}},
		{"two values", `{} {}`, "", 0, Decoded{Format: Text, Data: []byte(`{} {}`), Size: 5, Declined: []Declined{{"json", errors.New("something follows the value at byte 3")}}}},
		{"cut JSON", `{"a":"é"}`, "", 7, Decoded{Format: Text, Data: []byte("{\"a\":\"\xc3"), Size: 10, Cut: true, Declined: []Declined{{"json", errors.New("it was cut")}}}},
		{"text", "order placed\n", "", 0, Decoded{Format: Text, Data: []byte("order placed\n"), Size: 13, Declined: []Declined{{"json", errors.New("invalid character 'o' at start of value at byte 0")}}}},
		{"binary", "\x08\x96\x01\xff", "", 0, Decoded{Format: Binary, Data: []byte("\x08\x96\x01\xff"), Size: 4, Declined: []Declined{{"json", errors.New(`invalid character '\b' at start of value at byte 0`)}, {"text", errors.New("not UTF-8 at byte 1")}}}},
		{"control characters", "ab\x01\x02", "", 0, Decoded{Format: Binary, Data: []byte("ab\x01\x02"), Size: 4, Declined: []Declined{{"json", errors.New("invalid character 'a' at start of value at byte 0")}, {"text", errors.New("2 of 4 bytes are control characters")}}}},
		{"Avro with a schema id", "\x00\x00\x00\x00\x07\x02\xff", "", 0, Decoded{Format: Binary, Data: []byte("\x00\x00\x00\x00\x07\x02\xff"), Size: 7, Frame: Frame{Ref: schemas.Ref{By: schemas.ByID, ID: 7}, At: 5}, Declined: []Declined{{"schema", ErrNoRegistry}, {"json", errors.New(`invalid character '\x00' at start of value at byte 0`)}, {"text", errors.New("not UTF-8 at byte 6")}}}},
		{"JSON with a schema id", "\x00\x00\x00\x01\x00{}", "", 0, Decoded{Format: JSON, Data: []byte("{}"), Size: 7, Frame: Frame{Ref: schemas.Ref{By: schemas.ByID, ID: 256}, At: 5}}},
		{"a number of eight bytes", "\x00\x00\x00\x00\x07\x02\x00\x01", "", 0, Decoded{Format: Binary, Data: []byte("\x00\x00\x00\x00\x07\x02\x00\x01"), Size: 8, Declined: []Declined{{"json", errors.New(`invalid character '\x00' at start of value at byte 0`)}, {"text", errors.New("a zero byte at byte 0")}}}},
		{"not gzip", "{}", "gzip", 0, Decoded{Format: JSON, Data: []byte("{}"), Size: 2, Declined: []Declined{{"gzip", errors.New("unexpected EOF")}}}},
		{"empty", "", "", 0, Decoded{Format: Empty, Data: []byte{}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Decode(message([]byte(c.value), c.encoding), c.limit), cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) })); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if got := Decode(&adapters.Message{}, 0); got.Format != Tombstone {
		t.Errorf("no value: %+v", got)
	}
	deep := Decode(message([]byte(strings.Repeat(`{"a":`, 50_000)+"1"+strings.Repeat(`}`, 50_000)), ""), 0)
	if deep.Format != Text || len(deep.Declined) != 1 {
		t.Errorf("50,000 deep: %s, %v", deep.Format, deep.Declined)
	}
}

func TestDecompression(t *testing.T) {
	value := []byte(`{"text":"` + strings.Repeat("again ", 10_000) + `"}`)
	for _, c := range []struct{ made, named, is string }{
		{"gzip", "gzip", "gzip"}, {"gzip", "", "gzip"}, {"zstd", "zstd", "zstd"}, {"zstd", "", "zstd"}, {"lz4", "lz4", "lz4"}, {"lz4", "", "lz4"},
		{"snappy", "snappy", "snappy"}, {"snappy", "", "snappy"}, {"snappy block", "snappy", "snappy"}, {"deflate", "deflate", "deflate"}, {"deflate raw", "Deflate", "deflate"},
	} {
		wire := compressed(t, c.made, value)
		for range 3 { // a pooled decoder must be as good as a new one
			whole := Decode(message(wire, c.named), 0)
			if whole.Format != JSON || whole.Compression != c.is || !bytes.Equal(whole.Data, value) || whole.Cut || whole.Size != len(wire) {
				t.Fatalf("%+v: %s %q, %d bytes of %d, %v", c, whole.Format, whole.Compression, len(whole.Data), whole.Size, whole.Declined)
			}
			part := Decode(message(wire, c.named), 100)
			if part.Format != Text || !part.Cut || !bytes.Equal(part.Data, value[:100]) {
				t.Fatalf("%+v: %s, %d bytes, cut %v", c, part.Format, len(part.Data), part.Cut)
			}
			broken := Decode(message(wire[:len(wire)/2], c.named), 0)
			if broken.Compression != "" || len(broken.Declined) == 0 || broken.Declined[0].Decoder != c.is {
				t.Fatalf("%+v broken: %+v", c, broken.Declined)
			}
		}
	}
}

func TestBombIsBounded(t *testing.T) {
	bomb := compressed(t, "zstd", make([]byte, 64<<20))
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if d := Decode(message(bomb, ""), 1000); !d.Cut || len(d.Data) != 1000 {
				b.Fatalf("%d bytes", len(d.Data))
			}
		}
	}).AllocedBytesPerOp()
	if allocated > 32<<20 {
		t.Errorf("%d bytes are allocated to look at 1000", allocated)
	}
}

// A value without a limit of its own has one nevertheless, and so has the window that it asks for.
func TestWhatAValueAsksForIsBounded(t *testing.T) {
	if d := Decode(message(compressed(t, "zstd", make([]byte, MaxDecompressed+1)), ""), 0); !d.Cut || len(d.Data) != MaxDecompressed {
		t.Errorf("%d bytes, cut %v", len(d.Data), d.Cut)
	}
	for window, shown := range map[int]bool{8 << 20: true, 16 << 20: false} {
		var packed bytes.Buffer
		w, err := zstd.NewWriter(&packed, zstd.WithWindowSize(window))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"as a stream, ", "which does not know its end"} {
			if _, err := w.Write([]byte(part)); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if d := Decode(message(packed.Bytes(), "zstd"), 0); (d.Compression == "zstd") != shown {
			t.Errorf("a window of %d bytes: %q, %v", window, d.Compression, d.Declined)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"a":[1,2,{"b":"c"}]}`), "", 0)
	f.Add([]byte("\x00\x00\x00\x00\x07{}"), "", 5)
	f.Add([]byte("line\nline\r\n"), "identity", 3)
	for _, encoding := range []string{"gzip", "zstd", "lz4", "snappy", "deflate", "deflate raw", "snappy block"} {
		f.Add(compressed(f, encoding, []byte(`{"a":1}`)), strings.Fields(encoding)[0], 4)
	}
	f.Fuzz(func(t *testing.T, value []byte, encoding string, limit int) {
		limit = limit%4096 + 4096 // small, so that a bomb is no work
		d := Decode(message(value, encoding), limit)
		if len(d.Data) > limit || (d.Format == JSON) != (len(value) > 0 && checkJSON(d.Data) == nil && !d.Cut) {
			t.Fatalf("%s, %d bytes, limit %d", d.Format, len(d.Data), limit)
		}
		o := NewOutline(d)
		for range 2 {
			for i := range o.Len() {
				o.Line(i)
				o.Path(i)
			}
			o.Find("a", 0, true)
			o.ToggleAll()
		}
		AppendSummary(nil, &adapters.Message{Value: value}, 80)
		for row := range HexRows(d.Data, HexWidth) {
			if len(AppendHexRow(nil, d.Data, row, HexWidth)) < 60 {
				t.Fatal("a short row")
			}
		}
	})
}

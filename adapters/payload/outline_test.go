package payload

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"eventscope/adapters"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// anyJSON draws JSON as producers write it: with spaces, escapes and long numbers.
func anyJSON() *rapid.Generator[string] {
	quoted := rapid.Map(rapid.String(), func(s string) string {
		out, _ := jsontext.AppendQuote(nil, strings.ToValidUTF8(s, "?"))
		return string(out)
	})
	space := rapid.SampledFrom([]string{"", " ", "\n\t"})
	scalar := rapid.OneOf(quoted, rapid.SampledFrom([]string{"null", "true", "false", "0", "-1.50e+10", "12345678901234567890.10", `"\u00e9\\\""`}))
	var value func(depth int) *rapid.Generator[string]
	value = func(depth int) *rapid.Generator[string] {
		if depth == 0 {
			return scalar
		}
		return rapid.Custom(func(t *rapid.T) string {
			inner := value(depth - 1)
			gap := space.Draw(t, "space")
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				return scalar.Draw(t, "scalar")
			case 1:
				return "[" + gap + strings.Join(rapid.SliceOfN(inner, 0, 4).Draw(t, "elements"), gap+",") + gap + "]"
			}
			var members []string
			for range rapid.IntRange(0, 4).Draw(t, "members") {
				members = append(members, quoted.Draw(t, "name")+gap+":"+gap+inner.Draw(t, "value"))
			}
			return "{" + strings.Join(members, ","+gap) + gap + "}"
		})
	}
	return value(4)
}

// written is an outline that is wholly unfolded, written as JSON again.
func written(o *Outline) string {
	var out strings.Builder
	var closers []byte
	for i := range o.Len() {
		line := o.Line(i)
		for len(closers) > line.Depth {
			out.WriteByte(closers[len(closers)-1])
			closers = closers[:len(closers)-1]
		}
		if last := out.Len() - 1; last >= 0 && !strings.ContainsRune("{[", rune(out.String()[last])) {
			out.WriteByte(',')
		}
		if line.Key != nil {
			fmt.Fprintf(&out, `"%s":`, line.Key)
		}
		switch line.Kind {
		case Object:
			out.WriteByte('{')
			closers = append(closers, '}')
		case Array:
			out.WriteByte('[')
			closers = append(closers, ']')
		default:
			out.Write(line.Value)
		}
	}
	for i := len(closers) - 1; i >= 0; i-- {
		out.WriteByte(closers[i])
	}
	return out.String()
}

func compact(t interface{ Fatal(...any) }, text string) string {
	out, err := jsontext.AppendFormat(nil, []byte(text), jsontext.AllowDuplicateNames(true), jsontext.PreserveRawStrings(true))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func unfold(o *Outline) {
	for i := 0; i < o.Len(); i++ {
		if line := o.Line(i); line.Children > 0 && !line.Open {
			o.Toggle(i)
		}
	}
}

func TestUnfoldedOutlineIsTheJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anyJSON().Draw(t, "json")
		o := NewOutline(Decode(&adapters.Message{Value: []byte(text)}, 0))
		unfold(o)
		if got, want := compact(t, written(o)), compact(t, text); got != want {
			t.Fatalf("got %s\nwant %s", got, want)
		}
		for i := range o.Len() { // children are said as they are shown
			line, shown := o.Line(i), 0
			for j := i + 1; j < o.Len() && o.Line(j).Depth > line.Depth; j++ {
				if o.Line(j).Depth == line.Depth+1 {
					shown++
				}
			}
			if shown != line.Children {
				t.Fatalf("line %d shows %d children and says %d", i, shown, line.Children)
			}
		}
	})
}

// Folding hides exactly what is below, and unfolding brings it back.
func TestFoldingIsUndone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := NewOutline(Decode(&adapters.Message{Value: []byte(anyJSON().Draw(t, "json"))}, 0))
		unfold(o)
		before, count := written(o), o.Len()
		i := rapid.IntRange(0, count-1).Draw(t, "line")
		line := o.Line(i)
		below := 0
		for j := i + 1; j < count && o.Line(j).Depth > line.Depth; j++ {
			below++
		}
		o.Toggle(i)
		if o.Len() != count-below {
			t.Fatalf("%d lines, want %d", o.Len(), count-below)
		}
		o.Toggle(i)
		if written(o) != before {
			t.Fatal("not as before")
		}
	})
}

func outlineOf(text string) *Outline {
	return NewOutline(Decode(&adapters.Message{Value: []byte(text)}, 0))
}

func TestOutlineLines(t *testing.T) {
	o := outlineOf(`{"type":"OrderPlaced","payload":{"items":[{"sku":"a"},{"sku":"B"}],"n":1e2}}`)
	var got []string
	for i := range o.Len() {
		line := o.Line(i)
		got = append(got, fmt.Sprintf("%d %s %q %d %d %q", line.Depth, line.Key, line.Value, line.Children, line.Index, o.Path(i)))
	}
	want := []string{
		`0  "{\"type\":\"OrderPlaced\",\"payload\":{\"items\":[{\"sku\":\"a\"},{\"sku\":\"B\"}],\"n\":1e2}}" 2 -1 ""`,
		`1 type "\"OrderPlaced\"" 0 -1 "type"`,
		`1 payload "{\"items\":[{\"sku\":\"a\"},{\"sku\":\"B\"}],\"n\":1e2}" 2 -1 "payload"`,
		`2 items "[{\"sku\":\"a\"},{\"sku\":\"B\"}]" 2 -1 "payload.items"`,
		`3  "{\"sku\":\"a\"}" 1 0 "payload.items.0"`,
		`4 sku "\"a\"" 0 -1 "payload.items.0.sku"`,
		`3  "{\"sku\":\"B\"}" 1 1 "payload.items.1"`,
		`4 sku "\"B\"" 0 -1 "payload.items.1.sku"`,
		`2 n "1e2" 0 -1 "payload.n"`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestFind(t *testing.T) {
	o := outlineOf(`{"type":"OrderPlaced","payload":{"items":[{"sku":"a"},{"sku":"B"}],"n":1e2}}`)
	o.ToggleAll() // nothing is folded, so all but the root folds
	if o.Len() != 3 {
		t.Fatalf("%d lines", o.Len())
	}
	at := o.Find("sku", -1, true)
	if at != 5 || o.Path(at) != "payload.items.0.sku" {
		t.Fatalf("line %d, %s", at, o.Path(at))
	}
	if at = o.Find("sku", at, true); o.Path(at) != "payload.items.1.sku" {
		t.Fatalf("next: %s", o.Path(at))
	}
	if at = o.Find("sku", at, true); o.Path(at) != "payload.items.0.sku" {
		t.Fatalf("round: %s", o.Path(at))
	}
	if at = o.Find("sku", at, false); o.Path(at) != "payload.items.1.sku" {
		t.Fatalf("back: %s", o.Path(at))
	}
	for text, want := range map[string]string{"b": "payload.items.1.sku", "B": "payload.items.1.sku", "orderplaced": "type", "1E2": "", "1e2": "payload.n", "nowhere": ""} {
		at := o.Find(text, -1, true)
		if (at >= 0) != (want != "") || at >= 0 && o.Path(at) != want {
			t.Errorf("%s: line %d", text, at)
		}
	}
	text := outlineOf("one\ntwo\nthree")
	if got := text.Find("t", 1, true); got != 2 {
		t.Errorf("text: line %d", got)
	}
	if got := text.Find("t", 1, false); got != 2 {
		t.Errorf("text, back: line %d", got)
	}
}

func TestLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := []byte(rapid.StringN(0, 50, -1).Draw(t, "text") + strings.Repeat("é", rapid.IntRange(0, 9000).Draw(t, "long")) + rapid.SampledFrom([]string{"", "\n", "\r\n\n"}).Draw(t, "end"))
		l := NewLines(data)
		var joined []byte
		for i := range l.Len() {
			line := l.Line(i)
			if len(line) > MaxLine || bytes.IndexByte(line, '\n') >= 0 {
				t.Fatalf("line of %d bytes", len(line))
			}
			joined = append(joined, line...)
		}
		want := bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r\n"), nil), []byte("\n"), nil)
		if got := bytes.ReplaceAll(joined, []byte("\r"), nil); !bytes.Equal(got, bytes.ReplaceAll(want, []byte("\r"), nil)) {
			t.Fatalf("lines say %q, want %q", got, want)
		}
	})
}

func TestHexRows(t *testing.T) {
	data := []byte("0123456789abcdef\x00\xff~")
	if HexRows(data, HexWidth) != 2 || HexRows(nil, HexWidth) != 0 {
		t.Fatal("wrong count")
	}
	got := string(AppendHexRow(nil, data, 0, HexWidth)) + "\n" + string(AppendHexRow(nil, data, 1, HexWidth)) + string(AppendHexRow(nil, data, 2, HexWidth))
	want := "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n" +
		"00000010  00 ff 7e                                          |..~|"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// large is a JSON record of two megabytes.
func large() []byte {
	var out bytes.Buffer
	out.WriteString(`{"type":"OrderPlaced","payload":{"items":[`)
	for i := 0; out.Len() < 2<<20; i++ {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, `{"sku":"sku-%06d","name":"A useful thing","quantity":%d,"price":12.50,"tags":["a","b"]}`, i, i%10)
	}
	out.WriteString(`]}}`)
	return out.Bytes()
}

func BenchmarkOutline(b *testing.B) {
	m := &adapters.Message{Value: large()}
	d := Decode(m, 0)
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Decode(m, 0)
		}
	})
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			NewOutline(d)
		}
	})
	o := NewOutline(d)
	b.Run("toggle all", func(b *testing.B) {
		for b.Loop() {
			o.ToggleAll()
		}
	})
	b.Run("find nothing", func(b *testing.B) {
		for b.Loop() {
			if o.Find("not there", 0, true) >= 0 {
				b.Fatal("found")
			}
		}
	})
	unfold(o)
	b.Run("line", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			o.Line(o.Len() / 2)
		}
	})
}

// TestHexRowsFit a narrow terminal with their ASCII, and lose no byte.
func TestHexRowsFit(t *testing.T) {
	data := make([]byte, 300)
	for i := range data {
		data[i] = 'a' + byte(i%26)
	}
	for cells := 29; cells < 200; cells++ {
		width, ascii := HexFit(cells), ""
		for row := range HexRows(data, width) {
			line := string(AppendHexRow(nil, data, row, width))
			if len(line) > cells {
				t.Fatalf("%d cells for %d: %s", len(line), cells, line)
			}
			_, part, _ := strings.Cut(line, "|")
			ascii += strings.TrimSuffix(part, "|")
		}
		if ascii != string(data) || width == HexWidth != (cells >= 78) {
			t.Fatalf("rows of %d for %d show %q", width, cells, ascii)
		}
	}
}

// JSON of very many values is shown as its text.
func TestJSONOfTooManyValuesHasNoOutline(t *testing.T) {
	list := func(n int) Decoded {
		return Decoded{Format: JSON, Data: []byte("[" + strings.Repeat("0,", n-2) + "0]")}
	}
	if o := NewOutline(list(mostOutlined)); len(o.nodes) != mostOutlined || o.text != nil {
		t.Errorf("there are %d nodes", len(o.nodes))
	}
	if o := NewOutline(list(mostOutlined + 1)); len(o.nodes) != 0 || o.text.Len() != 2*(mostOutlined+1)/MaxLine+1 {
		t.Errorf("there are %d nodes", len(o.nodes))
	}
}

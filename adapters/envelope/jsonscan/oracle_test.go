package jsonscan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	// A tokeniser that is as strict, to compare with.
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// walker is what the scanner and jsontext can both do. An end of text is io.ErrUnexpectedEOF
// to both, and everything else that is wrong is one error.
type walker interface {
	ahead() byte
	enter() error
	member() ([]byte, bool, error)
	element() (bool, error)
	value() ([]byte, error)
	offset() int
}

// scanning remembers how members were written, by their places, over several texts.
type scanning struct {
	Scanner
	seen  [8]Seen
	known [8]bool
	place int
}

func (s *scanning) start(text []byte) {
	s.Reset(text)
	s.place = 0
}

func (s *scanning) ahead() byte            { return s.Ahead() }
func (s *scanning) enter() error           { return s.Enter() }
func (s *scanning) element() (bool, error) { return s.Element() }
func (s *scanning) value() ([]byte, error) { return s.Value() }
func (s *scanning) offset() int            { return s.Offset() }

func (s *scanning) member() ([]byte, bool, error) {
	place := s.place % len(s.seen)
	s.place++
	if s.known[place] {
		if quoted, ok := s.Again(&s.seen[place]); ok {
			return quoted, true, nil
		}
	}
	quoted, ok, err := s.Member()
	if ok {
		s.known[place] = s.See(&s.seen[place])
	}
	return quoted, ok, err
}

type tokens struct{ *jsontext.Decoder }

func (d tokens) ahead() byte {
	if kind := d.PeekKind(); kind == '{' || kind == '[' {
		return byte(kind)
	}
	return 0
}

func (d tokens) enter() error { _, err := d.ReadToken(); return err }

func (d tokens) member() ([]byte, bool, error) {
	if d.PeekKind() == '}' {
		_, err := d.ReadToken()
		return nil, false, err
	}
	quoted, err := d.ReadValue()
	return quoted, err == nil, err
}

func (d tokens) element() (bool, error) {
	switch d.PeekKind() {
	case ']':
		_, err := d.ReadToken()
		return false, err
	case jsontext.KindInvalid:
		_, err := d.ReadValue()
		return false, err
	}
	return true, nil
}

func (d tokens) value() ([]byte, error) { return d.ReadValue() }

func (d tokens) offset() int { return int(d.InputOffset()) }

// walk reads text and says which values it saw. Choices says, one bit a value, which objects and
// arrays are entered.
func walk(w walker, choices uint64) string {
	var said strings.Builder
	var value func(name string, depth int) error
	value = func(name string, depth int) error {
		sign := w.ahead()
		enter := choices>>(depth%64)&1 != 0
		if !enter || sign != '{' && sign != '[' {
			written, err := w.value()
			if err == nil {
				fmt.Fprintf(&said, "%s%s ", name, written)
			}
			return err
		}
		if err := w.enter(); err != nil {
			return err
		}
		fmt.Fprintf(&said, "%s%c ", name, sign)
		for {
			name := ""
			if sign == '{' {
				quoted, ok, err := w.member()
				if !ok {
					return err
				}
				name = string(quoted) + ":"
			} else if ok, err := w.element(); !ok {
				return err
			}
			if err := value(name, depth+1); err != nil {
				return err
			}
		}
	}
	switch err := value("", 0); {
	case err == nil:
		fmt.Fprintf(&said, "end at %d", w.offset())
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		said.WriteString("cut")
	default:
		said.WriteString("wrong")
	}
	return said.String()
}

// compare reads text with both, after the scanner has seen other texts.
func (s *scanning) compare(t interface{ Fatalf(string, ...any) }, text []byte, choices uint64) {
	s.start(text)
	decoder := jsontext.NewDecoder(bytes.NewBuffer(bytes.Clone(text)), jsontext.AllowDuplicateNames(true))
	if got, want := walk(s, choices), walk(tokens{decoder}, choices); got != want {
		t.Fatalf("%.200q, entered by %b:\n%.2000s\nand by jsontext\n%.2000s", text, choices, got, want)
	}
}

var texts = []string{
	"", " ", "{}", "[]", " { } ", "[ ]", "{", "[", "}", "]", ",", ":", `"`, "-", "{,", "{:", `{"a"`, `{"a":`, `{"a",`, `{"a":1`, `{"a":1,`, `{"a":1:`, `{"a":1,}`, `{"a":}`, `{"a" 1}`, `{1:2}`, `{[1,2]:3}`, `{[1,`, `{tru`, `{true:1}`,
	`[1,2`, `[1,]`, `[,1]`, `[1 2]`, `[1}`, `{"a":1]`, `[[],{},[{}],{"a":{}},""]`, `[{"a":[1,{"b":[]}]}]`, `{"":{"":""}}`, `{"a":1,"a":2,"a":{"a":3}}`,
	"0", "-0", "00", "01", "-1.5e+10", "1.", "1.e1", "1e", "1e+", "1E-7", "+1", ".5", "0x1", "1_0", "-a", "--1", "123456789012345678901234567890.123456789", "[1.5,2e5,-0.0E0]", strings.Repeat("9", 400), "1e" + strings.Repeat("9", 400),
	"true", "false", "null", "tru", "fals", "nul", "t", "trux", "nulll", "True", "NaN", "Infinity", "[true,false,null]", "[truefalse]",
	`"plain"`, `"eight by"`, `"eight byte"`, `"sixteen bytes 16"`, `"é"`, `"漢字漢字漢字"`, `"😀"`, `"aé漢😀 and more of the same"`, `"cut`, `"cut in a text that is longer`, "\"\t\"", "\"a longer text with a tab\t in it\"", "\"\x00\"", "\"\x1f\"", "\"\x7f\"", "\"\n\"",
	`"\""`, `"\\"`, `"\\\""`, `"\/\b\f\n\r\t"`, `"\a"`, `"\`, `"\x41"`, `"\u"`, `"\u00"`, `"\u00e9"`, `"\u00E9"`, `"\u00g9"`, `"\u00e`, `"\u000"`, `"\U0041"`, `"a\u0022b"`, `"ends in \\"`, `"ends in \`,
	`"\ud83d\ude00"`, `"\uD83D\uDE00"`, `"\ud83d"`, `"\ude00"`, `"\ude00\ud83d"`, `"\ud83d\u0041"`, `"\ud83dx"`, `"\ud83d`, `"\ud83d\`, `"\ud83d\u`, `"\ud83d\ud`, `"\ud83d\ude`, `"\ud83d\ude0`, `"\ud83d\ude00`, `"\ud83d\u0`, `"\ud83d\ud8`, `"\ud83d\uda00"`, `"\ude00\u`, `"\ude00\ude00"`, `"\ud83d\x`, `"\ud83d\ue000"`, `"\ud83d\ud83d\ude00"`,
	`"привет, как дела"`, `"Ελλάδα Ελλάδα"`, `"請把它 交給 二樓的鄰居"`, "\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xe1\x80\x80\xec\xbf\xbf\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"", "\"\xe0\x80\x80\"", "\"\xc1\xbf\"", "\"\xe1\x80\"", "\"\xe1\x80\xc0\"", "\"\xc2\x7f\"", "\"\xe1\x41\x80\"", "\"\xf0\x80\x80\x80\"", "\"\xf5\x80\x80\x80\"", "\"\x80\"",
	"\"\xff\"", "\"\xc3\"", "\"\xc3", "\"\xc3\xa9", "\"\xe6\xbc", "\"\xe6\xbc\"", "\"\xf0\x9f\x98", "\"\xf0\x9f\x98\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xed\xa0", "\"\xf4\x90\x80\x80\"", "\"\xef\xbf\xbd\"", "\"\xef\xbb\xbf\"", "\"text before it \xe9\"", "{\"\xff\":1}", "{\"a\":\"\xff",
	"\ufeff{}", "\x00\x00\x00\x00\x07{}", "{} {}", "{}x", "{\"a\":1}\n\t \r", "{\u00a0}", "\v{}", "[\f]", "{/**/}", `{'a':1}`, `{a:1}`,
	`{"a":1,"b":{"a":2,"b":3},"c":4}`, `{"a":1,"b":{"b":3},"c":4}`, `{"a":1,"b":{},"c":4}`, `{,"a":1}`, `{"a":1"b":{}}`, `{"a":1 ,"b" :{ "a":2}}`, `{"a":  1,"b":{"a":`, `{"a":1,"a":1,"a":1}`, `{"a":`,
	`{"text":"{\"type\":\"T\",\"list\":[1,2,{\"a\":\"b\\\\\\\"\"}]}"}`, "{\n\t\"a\" : [ 1 , 2 ] ,\r\n\t\"b\" : { \"c\" : null }\n}",
	`{"a":` + strings.Repeat(" ", 300) + `1,"b":2}`, strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth), strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1),
	strings.Repeat(`{"a":`, MaxDepth) + "1" + strings.Repeat("}", MaxDepth), strings.Repeat(`{"a":`, MaxDepth+1), strings.Repeat(`[{"a":`, 100) + "{}" + strings.Repeat("}]", 100), strings.Repeat(`[{"a":`, 100) + "{}" + strings.Repeat("}]", 99) + "]}",
}

// choicesOf are ways to go into a text: over it, all the way, the first levels, and every
// second level.
var choicesOf = []uint64{0, ^uint64(0), 1, 3, 0x5555555555555555}

func TestTheScannerReadsWhatJSONTextReads(t *testing.T) {
	var s scanning
	for _, text := range texts {
		for _, choices := range choicesOf {
			s.compare(t, []byte(text), choices)
			if len(text) > 200 {
				continue
			}
			for i := range text { // cut, and in places that are not eight bytes apart
				s.compare(t, []byte(text[:i]), choices)
				s.compare(t, []byte(strings.Repeat(" ", i%8)+text), choices)
			}
		}
	}
}

// TestTheScannerReadsWhatJSONTextReadsOfAnyText takes texts apart, puts them together in other ways and
// changes some bytes.
func TestTheScannerReadsWhatJSONTextReadsOfAnyText(t *testing.T) {
	short := rapid.Map(rapid.SampledFrom(texts), func(text string) string { return text[:min(len(text), 100)] })
	sign := rapid.SampledFrom(strings.Split(`{ } [ ] , : " \ \u d8 "a": 1 - . e é `+"\xff \t", " "))
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.OneOf(short, sign, rapid.String()), 1, 12).Draw(t, "parts")
		text := []byte(strings.Join(parts, rapid.SampledFrom([]string{"", ",", " ", ","}).Draw(t, "between")))
		switch rapid.IntRange(0, 4).Draw(t, "frame") {
		case 0:
			text = []byte("[" + string(text) + "]")
		case 1:
			text = []byte(`{"member":` + string(text) + `}`)
		case 2:
			text = []byte(`{"member":[` + string(text) + `,"a longer text"],"x":{}}`)
		}
		choices := rapid.Uint64().Draw(t, "choices")
		var s scanning
		s.compare(t, text, choices)
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			if len(text) > 0 {
				text[rapid.IntRange(0, len(text)-1).Draw(t, "place")] = rapid.Byte().Draw(t, "byte")
			}
		}
		s.compare(t, text, choices)
	})
}

func FuzzScanner(f *testing.F) {
	for i, text := range texts {
		if before := texts[max(i-1, 0)]; len(before)+len(text) < 4096 {
			f.Add([]byte(before), []byte(text), uint64(0))
			f.Add([]byte(text), []byte(text), ^uint64(0))
		}
	}
	f.Fuzz(func(t *testing.T, before, text []byte, choices uint64) {
		var s scanning
		s.compare(t, before, choices)
		s.compare(t, text, choices)
	})
}

func TestTheScannerDoesNotAllocate(t *testing.T) {
	var s Scanner
	for _, text := range texts {
		b := []byte(text)
		if n := testing.AllocsPerRun(5, func() { s.Reset(b); _, _ = s.Value() }); n != 0 {
			t.Errorf("%.100q: %v allocations", text, n)
		}
	}
}

package text_test

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"eventscope/tui/text"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

func TestCleanerShowsWhatATerminalWouldObey(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain text", "plain text"},
		{"", ""},
		{"\x1b[31mred\x1b]0;pwned\a", `\x1b[31mred\x1b]0;pwned\x07`},
		{"one\r\ntwo", `one\r\ntwo`},
		{"a\tb", "a   b"},
		{"abcd\te", "abcd    e"},
		{"\x7f", `\x7f`},
		{"\u009b31m", `\u009b31m`},
		{"\x9b31m", `\x9b31m`},
		{"half \xe2\x82", `half \xe2\x82`},
		{"abc\u202etxt.exe", `abc\u202etxt.exe`},
		{"\u2066\u2069\u200e\u200f\u061c", `\u2066\u2069\u200e\u200f\u061c`},
		{"\u2028\u2029", `\u2028\u2029`},
		{"pay\u200bpal\ufeff\u00ad", `pay\u200bpal\ufeff\u00ad`},
		{"\U000e0041", `\U000e0041`},
		{"\u0301first", `\u0301first`},
		{"e\u0301 \u00e9", "e\u0301 \u00e9"},
		{"日本語 €", "日本語 €"},
		{"👍", "👍"},
		{"❤\ufe0f", `❤\ufe0f`},
		{"👩\u200d💻", `👩\u200d💻`},
	} {
		if got := (text.Cleaner{}).String(c.in); got.String() != c.want {
			t.Errorf("%q is shown as %q, want %q", c.in, got, c.want)
		}
	}
}

// No character comes through alone that a terminal would obey, or that one cannot see: each
// stands between two plain ones, and in no other's company.
func TestEachCharacterAloneIsSafe(t *testing.T) {
	c := text.Cleaner{}
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if r > 0x3200 && r < 0xfe00 || r > 0xffff && r < 0x1f000 || r > 0x1fb00 && r < 0xe0000 || r > 0xe0200 && r < utf8.MaxRune-2 {
			continue // ideographs, rare letters and what is assigned to nothing
		}
		in := "x" + string(r) + "x"
		shown := c.String(in)
		if wrong := check(shown, text.Bound); wrong != "" {
			t.Fatalf("%U: %s in %q", r, wrong, shown)
		}
		if shown.Width() < 3 && !unicode.Is(unicode.M, r) { // a mark is seen on the x
			t.Fatalf("%U cannot be seen in %q", r, shown)
		}
		if bytes, appended := c.Bytes([]byte(in), text.Bound), string(c.Append(nil, []byte(in))); bytes != shown || appended != shown.String() {
			t.Fatalf("%U: %q, but %q as bytes and %q in a command's output", r, shown, bytes, appended)
		}
	}
}

func TestCleanerForASCIITerminals(t *testing.T) {
	if got := (text.Cleaner{ASCII: true}).String("é € x").String(); got != `\u00e9 \u20ac x` {
		t.Errorf("got %q", got)
	}
}

func TestCuttingKeepsWhatTells(t *testing.T) {
	c := text.Cleaner{}
	for _, k := range []struct {
		got  text.Safe
		want string
	}{
		{c.Cut(c.String("a long sentence"), 7), "a long…"},
		{c.CutMiddle(c.String("0af7651916cd43dd8448eb211c80319c"), 9), "0af7…319c"},
		{c.Cut(c.String("日本語"), 4), "日…"},
		{c.CutMiddle(c.String("日本語テキスト"), 7), "日…スト"[:len("日…")] + "ト"},
		{c.Cut(c.String("abc"), 0), ""},
		{c.Cut(c.String("abc"), 1), "…"},
		{text.Cleaner{ASCII: true}.Cut(c.String("abcdef"), 4), "abc~"},
		{c.String("0123456789").From(4), "456789"},
	} {
		if k.got.String() != k.want {
			t.Errorf("got %q, want %q", k.got, k.want)
		}
	}
}

// check says what is wrong with s as something to write to a terminal.
func check(s text.Safe, limit int) string {
	switch {
	case !utf8.ValidString(s.String()):
		return "not UTF-8"
	case s.Width() != ansi.StringWidth(s.String()):
		return "width is not what the renderer measures"
	case s.Width() != ansi.StringWidthWc(s.String()):
		return "width depends on how it is measured"
	case s.Width() > limit:
		return "too wide"
	}
	for _, r := range s.String() {
		switch {
		case r < ' ' || r >= 0x7f && r <= 0x9f:
			return "a control character"
		case strings.ContainsRune("\u200b\u200c\u200d\u200e\u200f\u061c\u2028\u2029\ufeff\u00ad\ufe0f\u2060", r):
			return "an invisible character"
		case r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return "a bidirectional control"
		}
	}
	return ""
}

func FuzzCleaner(f *testing.F) {
	for _, seed := range []string{
		"", "plain", "\x1b]52;c;aGk=\a", "\x9b\u009b\r\n\t\v", "\u202e\u2066\u200b\ufeff", "\xff\xfe\xc0\x80\xed\xa0\x80",
		"e" + strings.Repeat("\u0301", 40), "👩\u200d👩\u200d👧", "🇩🇪🇩", "नमस्ते", "ᄀ\u1160ᆨ", "\u3164\u034f", "日本\x00語", "ก\u0e33", "\U000e0001\U0010ffff",
	} {
		f.Add([]byte(seed), uint8(20), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, limit uint8, ascii bool) {
		c := text.Cleaner{ASCII: ascii}
		s := c.Bytes(b, int(limit))
		if wrong := check(s, int(limit)); wrong != "" {
			t.Fatalf("%q: %s in %q", b, wrong, s)
		}
		if again := c.String(s.String()); again.String() != s.String() {
			t.Fatalf("%q cleaned twice: %q, then %q", b, s, again)
		}
		if wrong := check(s.Add(s), 2*int(limit)); wrong != "" {
			t.Fatalf("%q after itself: %s", s, wrong)
		}
		for width := range s.Width() + 2 {
			for _, cut := range []text.Safe{c.Cut(s, width), c.CutMiddle(s, width), s.From(width)} {
				most := max(width, s.Width()-width)
				if wrong := check(cut, most); wrong != "" {
					t.Fatalf("%q cut at %d: %s in %q", s, width, wrong, cut)
				}
			}
		}
	})
}

func TestCleanerProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(rapid.String().Draw(t, "text"))
		b = append(b, rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")...)
		limit := rapid.IntRange(0, 300).Draw(t, "limit")
		s := text.Cleaner{}.Bytes(b, limit)
		if wrong := check(s, limit); wrong != "" {
			t.Fatalf("%s in %q", wrong, s)
		}
		if all := string(text.Cleaner{}.Append(nil, b)); limit > 4*len(b)+4 && len(b) < 60 && all != s.String() {
			t.Fatalf("Append gives %q, Bytes gives %q", all, s)
		}
	})
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		got  text.Safe
		want string
	}{
		{text.Count(0), "0"}, {text.Count(1204), "1,204"}, {text.Count(-1234567), "-1,234,567"},
		{text.Short(80), "80"}, {text.Short(1234), "1.2k"}, {text.Short(35_400), "35k"}, {text.Short(999_999), "1.0M"},
		{text.Size(812), "812 B"}, {text.Size(2_000_000), "2.0 MB"}, {text.Size(1200), "1.2 KB"},
		{text.Span(0), "0 ms"}, {text.Span(2310 * time.Millisecond), "2.31 s"}, {text.Span(800 * time.Microsecond), "0.8 ms"},
		{text.Span(250 * time.Second), "4m 10s"}, {text.Span(182 * time.Minute), "3h 02m"}, {text.Span(292 * time.Hour), "12d 4h"},
		{text.Ago(300 * time.Millisecond), "just now"}, {text.Ago(90 * time.Second), "1m ago"}, {text.Age(300 * time.Millisecond), "now"}, {text.Age(12 * time.Second), "12s"}, {text.Age(72 * time.Hour), "3d"},
		{text.Offset(173 * time.Millisecond), "+0.173"}, {text.Offset(math.MinInt64), "-9223372036.855"}, {text.Offset(-20 * time.Millisecond), "-0.020"},
	} {
		if c.got.String() != c.want || c.got.Width() != len(c.want) {
			t.Errorf("got %q (%d cells), want %q", c.got, c.got.Width(), c.want)
		}
	}
}

func BenchmarkCleaner(b *testing.B) {
	for name, value := range map[string]string{
		"ascii": strings.Repeat(`{"order_id":"ord-1009"}`, 5),
		"mixed": strings.Repeat(`{"größe":"日本"}`, 5),
	} {
		b.Run(name, func(b *testing.B) {
			data := []byte(value)
			b.ReportAllocs()
			for b.Loop() {
				text.Cleaner{}.Bytes(data, 120)
			}
		})
	}
}

// A moment of another day is not told as one of today, in the same room.
func TestMomentsOfOtherDays(t *testing.T) {
	now := time.Date(2026, 1, 31, 0, 30, 0, 0, time.UTC)
	for at, want := range map[time.Time][2]string{
		now.Add(time.Hour):         {"01:30:00.000", "01:30:00.000"},
		now.Add(-time.Hour):        {"Jan 30 23:30", "2026-01-30 23:30:00.000"},
		now.AddDate(-1, 0, 0):      {"2025-01-31  ", "2025-01-31 00:30:00.000"},
		now.AddDate(0, 0, -400):    {"2024-12-27  ", "2024-12-27 00:30:00.000"},
		now.Add(25 * time.Hour):    {"Feb 01 01:30", "2026-02-01 01:30:00.000"},
		now.Add(-30 * time.Minute): {"00:00:00.000", "00:00:00.000"},
	} {
		if got := text.ShortMoment(at, now); got.String() != want[0] || got.Width() != len("15:04:05.000") {
			t.Errorf("%v: %q, want %q", at, got, want[0])
		}
		if got := text.DayMoment(at, now).String(); got != want[1] {
			t.Errorf("%v: %q, want %q", at, got, want[1])
		}
	}
}

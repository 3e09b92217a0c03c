package widget_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

// anyTheme draws one of the kinds of terminal there are.
func anyTheme(t *rapid.T) *theme.Theme {
	return theme.New(colorprofile.Profile(rapid.IntRange(int(colorprofile.NoTTY), int(colorprofile.TrueColor)).Draw(t, "colours")), rapid.Bool().Draw(t, "dark"), rapid.Bool().Draw(t, "ascii"))
}

// anyText draws text as strangers write it.
func anyText(t *rapid.T, th *theme.Theme, label string) text.Safe {
	hostile := rapid.SampledFrom([]string{"", "OrderPlaced", "\x1b[31m\x1b]0;x\a", "日本語テキスト", "e\u0301\u0301", "\u202eabc", "\xff\xfe", "स्न", "👩\u200d💻", "a\r\nb\tc"})
	return th.String(hostile.Draw(t, label) + rapid.String().Draw(t, label+" more"))
}

// check fails unless l is exactly width cells, and holds no sequence but SGR.
func check(t *rapid.T, l widget.Line, width int) {
	if got := ansi.StringWidth(l.Content()); got != width || l.Width() != width {
		t.Fatalf("width %d (says %d), want %d: %q", got, l.Width(), width, l.Content())
	}
	if got := ansi.StringWidthWc(l.Content()); got != width {
		t.Fatalf("width by code points %d, want %d: %q", got, width, l.Content())
	}
	rest := l.Content()
	for {
		at := strings.IndexByte(rest, '\x1b')
		if at < 0 {
			break
		}
		end := strings.IndexByte(rest[at:], 'm')
		if !strings.HasPrefix(rest[at:], "\x1b[") || end < 0 || strings.Trim(rest[at+2:at+end], "0123456789;") != "" {
			t.Fatalf("not an SGR sequence in %q", l.Content())
		}
		rest = rest[:at] + rest[at+end+1:]
	}
	for _, r := range rest {
		if r < ' ' || r >= 0x7f && r <= 0x9f || r >= 0x202a && r <= 0x202e {
			t.Fatalf("control character %U in %q", r, l.Content())
		}
	}
}

func TestRowsAreExactlyAsWideAsAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		th := anyTheme(t)
		width := rapid.IntRange(0, 200).Draw(t, "width")
		r := widget.NewRow(th, width)
		if rapid.Bool().Draw(t, "selected") {
			r.Base(theme.Selected)
		}
		for range rapid.IntRange(0, 8).Draw(t, "pieces") {
			cells := rapid.IntRange(-2, 60).Draw(t, "cells")
			s := anyText(t, th, "text")
			switch rapid.IntRange(0, 6).Draw(t, "kind") {
			case 0:
				r.Put(theme.Dim, s)
			case 1:
				r.Cell(theme.Plain, s, cells)
			case 2:
				r.ID(theme.Link, s, cells)
			case 3:
				r.Right(theme.Plain, s, cells)
			case 4:
				r.End(theme.Dim, s)
			case 5:
				r.StyledCell(th.Service(s.String()), s, cells)
			default:
				r.Gap(cells)
			}
		}
		check(t, r.Line(), width)
	})
}

func TestWaterfallFitsAnyBar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		th := anyTheme(t)
		width, cells := rapid.IntRange(0, 120).Draw(t, "width"), rapid.IntRange(-1, 130).Draw(t, "cells")
		r := widget.NewRow(th, width)
		widget.Waterfall(r, widget.Bar{
			At: rapid.IntRange(-2, 140).Draw(t, "at"), Cause: rapid.IntRange(-2, 140).Draw(t, "cause"),
			Known: rapid.Bool().Draw(t, "known"), Style: th.Style(theme.Good),
		}, cells)
		if used := width - r.Left(); used != max(0, min(cells, width)) {
			t.Fatalf("used %d cells of %d", used, cells)
		}
		check(t, r.Line(), width)
	})
}

// TestAnAxisFitsAnyScale, and each of its times stands where the waterfall has that time.
func TestAnAxisFitsAnyScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		th := anyTheme(t)
		width, cells := rapid.IntRange(0, 120).Draw(t, "width"), rapid.IntRange(-1, 130).Draw(t, "cells")
		end := time.Duration(rapid.Int64Range(0, 1e17).Draw(t, "end") >> rapid.IntRange(0, 57).Draw(t, "by"))
		_, scale := widget.Places([]time.Duration{0, end}, []int{-1, -1}, cells)
		r := widget.NewRow(th, width)
		widget.Axis(r, scale, cells)
		if used := width - r.Left(); used != max(0, min(cells, width)) {
			t.Fatalf("used %d cells of %d", used, cells)
		}
		check(t, r.Line(), width)
	})
	th := theme.New(colorprofile.ASCII, true, false)
	draw := func(end time.Duration, width int) string {
		_, scale := widget.Places([]time.Duration{0, end}, []int{-1, -1}, width)
		r := widget.NewRow(th, width)
		widget.Axis(r, scale, width)
		return ansi.Strip(r.Line().Content())
	}
	for _, c := range []struct {
		end   time.Duration
		width int
		want  string
	}{
		{time.Second, 51, "│0        │200 ms   │400 ms   │600 ms   │800 ms    "}, {2400 * time.Millisecond, 41, "│0              │1 s             │2 s    "},
		{time.Second, 15, "│0          1 s"}, {0, 15, "│0             "}, {time.Second, 5, "│0   "}, {time.Second, 1, "│"},
	} {
		if got := draw(c.end, c.width); got != c.want {
			t.Errorf("%s in %d cells is %q, want %q", c.end, c.width, got, c.want)
		}
	}
}

func TestPlacesAreInOrderAndShowEveryLink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, width := rapid.IntRange(0, 30).Draw(t, "events"), rapid.IntRange(0, 120).Draw(t, "width")
		times, causes, deepest, depth := make([]time.Duration, n), make([]int, n), 0, make([]int, n)
		for i := range n {
			times[i] = time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, "time"))
			if causes[i] = rapid.IntRange(-1, i).Draw(t, "cause"); causes[i] >= 0 && causes[i] < i {
				depth[i] = depth[causes[i]] + 1
			}
			deepest = max(deepest, depth[i])
		}
		places, _ := widget.Places(times, causes, width)
		for i, at := range places {
			if at < 0 || at >= max(width, 1) {
				t.Fatalf("place %d of %d", at, width)
			}
			if c := causes[i]; c >= 0 && c < i && times[i] >= times[c] && deepest < width/2 && at <= places[c] {
				t.Fatalf("event %d is at %d, its cause at %d, of %d cells: %v", i, at, places[c], width, places)
			}
		}
	})
}

// A link that is inferred must differ from one that is known without any colour, however
// near the two events are.
func TestLinksDifferWithoutColour(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		th := theme.New(colorprofile.ASCII, true, ascii)
		for at := 1; at < 9; at++ {
			draw := func(known bool) string {
				r := widget.NewRow(th, 10)
				widget.Waterfall(r, widget.Bar{At: at, Cause: 0, Known: known}, 10)
				return ansi.Strip(r.Line().Content())
			}
			if draw(true) == draw(false) {
				t.Errorf("a link of %d cells looks the same known and inferred: %q", at, draw(true))
			}
		}
	}
}

func TestLanesFitAnySteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		th := anyTheme(t)
		width, count := rapid.IntRange(0, 160).Draw(t, "width"), rapid.IntRange(1, 30).Draw(t, "count")
		left := rapid.IntRange(0, 12).Draw(t, "left")
		l := widget.LanesFor(count, rapid.IntRange(-3, 40).Draw(t, "first"), max(0, width-left))
		r := widget.NewRow(th, width).Gap(left)
		l.Draw(r, widget.Step{
			Lane: rapid.IntRange(0, count-1).Draw(t, "lane"), From: rapid.IntRange(-1, count-1).Draw(t, "from"),
			Known: rapid.Bool().Draw(t, "known"), Label: anyText(t, th, "label"), Style: th.Style(theme.Good),
		})
		check(t, r.Line(), width)
	})
}

func TestColumnsNeverExceedTheRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) widget.Column {
			return widget.Column{Min: rapid.IntRange(1, 20).Draw(t, "min"), Want: rapid.IntRange(0, 60).Draw(t, "want"), Rank: rapid.IntRange(1, 9).Draw(t, "rank"), Rest: rapid.Bool().Draw(t, "rest")}
		}), 0, 9).Draw(t, "columns")
		width := rapid.IntRange(0, 200).Draw(t, "width")
		sum, shown := 0, 0
		for _, w := range widget.Layout(columns, width) {
			if sum += w; w > 0 {
				shown++
			}
		}
		if sum+2*max(0, shown-1) > width {
			t.Fatalf("columns take %d with %d shown, of %d", sum, shown, width)
		}
	})
}

func TestColumnsLeaveInTheirOrder(t *testing.T) {
	columns := []widget.Column{{Min: 12}, {Min: 10, Rank: 1}, {Min: 20, Rank: 3}, {Min: 10, Rank: 2, Rest: true}}
	for _, c := range []struct {
		width int
		want  [4]int
	}{{80, [4]int{12, 10, 20, 32}}, {50, [4]int{12, 10, 0, 24}}, {30, [4]int{12, 10, 0, 0}}, {15, [4]int{12, 0, 0, 0}}} {
		if got := widget.Layout(columns, c.width); [4]int(got) != c.want {
			t.Errorf("at %d: %v, want %v", c.width, got, c.want)
		}
	}
}

func TestCursorIsAlwaysOnTheScreen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c widget.Cursor
		length := rapid.IntRange(0, 100).Draw(t, "length")
		for range rapid.IntRange(1, 20).Draw(t, "moves") {
			length = max(0, length+rapid.IntRange(-30, 30).Draw(t, "change"))
			height := rapid.IntRange(1, 50).Draw(t, "height")
			c.Move(rapid.IntRange(-120, 120).Draw(t, "by"), length)
			c.Show(height, length)
			from, to := c.Range(height, length)
			if length > 0 && (c.Index < from || c.Index >= to) {
				t.Fatalf("cursor %d outside %d..%d", c.Index, from, to)
			}
			if want := min(height, length); to-from != want {
				t.Fatalf("%d rows shown, want %d (%+v, length %d)", to-from, want, c, length)
			}
		}
	})
}

func TestSparklineAndProgress(t *testing.T) {
	th := theme.New(colorprofile.ASCII, true, false)
	if got := widget.Sparkline(th, []float64{9, 0, 1, 4, 8}, 4).String(); got != "▁▂▅█" {
		t.Errorf("sparkline %q", got)
	}
	if got := widget.Progress(th, 1, 4, 8).String(); got != "██░░░░░░" {
		t.Errorf("progress %q", got)
	}
	if got := widget.Progress(th, 5, 0, 3).String(); got != "░░░" {
		t.Errorf("progress of unknown %q", got)
	}
}

func TestAPanelChangesOnlyWhatItCovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		th := anyTheme(t)
		width, height := rapid.IntRange(1, 90).Draw(t, "width"), rapid.IntRange(1, 20).Draw(t, "height")
		page := func(label string, width, height int) []widget.Line {
			var lines []widget.Line
			for range height {
				lines = append(lines, widget.NewRow(th, width).Put(theme.Role(rapid.IntRange(0, 3).Draw(t, "role")), anyText(t, th, label)).Line())
			}
			return lines
		}
		under, inner := page("page", width, height), page("panel", rapid.IntRange(1, 60).Draw(t, "inner"), rapid.IntRange(1, 9).Draw(t, "lines"))
		panel := widget.Panel(th, inner)
		for i, line := range panel {
			check(t, line, inner[0].Width()+widget.FrameWidth)
			if i > 0 && i <= len(inner) && !strings.Contains(ansi.Strip(line.Content()), ansi.Strip(inner[i-1].Content())) {
				t.Fatalf("line %q is not in the panel: %q", inner[i-1].Content(), line.Content())
			}
		}
		if len(panel) != len(inner)+widget.FrameHeight {
			t.Fatalf("a panel of %d lines for %d", len(panel), len(inner))
		}
		x, y := rapid.IntRange(-5, 90).Draw(t, "x"), rapid.IntRange(-5, 20).Draw(t, "y")
		before := slices.Clone(under)
		for i, line := range widget.Over(under, panel, x, y) {
			check(t, line, width)
			covered := i >= max(0, y) && i < max(0, y)+len(panel)
			was, is := ansi.Strip(before[i].Content()), ansi.Strip(line.Content())
			if !covered && was != is || ansi.Truncate(was, max(0, x)-1, "") != ansi.Truncate(is, max(0, x)-1, "") {
				t.Fatalf("line %d was %q and is %q under a panel at %d, %d", i, was, is, x, y)
			}
		}
	})
}

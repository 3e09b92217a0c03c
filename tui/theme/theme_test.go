package theme_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"eventscope/tui/text"
	"eventscope/tui/theme"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
)

func TestEveryGlyphIsOneCellHoweverItIsMeasured(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		glyphs := reflect.ValueOf(theme.New(colorprofile.ASCII, true, ascii).Glyph)
		for i := range glyphs.NumField() {
			name := glyphs.Type().Field(i).Name
			all, isSlice := glyphs.Field(i).Interface().([]text.Safe)
			if !isSlice {
				all = []text.Safe{glyphs.Field(i).Interface().(text.Safe)}
			}
			for _, g := range all {
				if name == "Enter" && ascii {
					continue // spelled out
				}
				if g.Width() != 1 || ansi.StringWidthWc(g.String()) != 1 {
					t.Errorf("%s %q is %d cells", name, g, g.Width())
				}
				if clean := (text.Cleaner{ASCII: ascii}).String(g.String()); clean != g {
					t.Errorf("%s %q would be escaped: %q", name, g, clean)
				}
			}
		}
	}
}

func TestServicesKeepDistinctColours(t *testing.T) {
	th := theme.New(colorprofile.TrueColor, true, false)
	names := []string{"order", "payment", "fraud", "inventory", "shipping", "mail", "profile", "analytics"}
	seen := map[theme.Style]string{}
	for _, name := range names {
		style := th.Service(name)
		if other, taken := seen[style]; taken {
			t.Errorf("%s and %s look the same", name, other)
		}
		seen[style] = name
	}
	for _, name := range names {
		if seen[th.Service(name)] != name {
			t.Errorf("%s changed its colour", name)
		}
	}
	light := theme.New(colorprofile.TrueColor, false, false)
	if light.Service("order") == th.Service("order") {
		t.Error("light and dark backgrounds need different colours")
	}
}

func TestWithoutColourNothingIsColoured(t *testing.T) {
	th := theme.New(colorprofile.ASCII, true, false)
	for r := theme.Plain; r <= theme.Marked; r++ {
		switch th.Style(r) {
		case "", "1", "2", "7":
		default:
			t.Errorf("role %d has style %q", r, th.Style(r))
		}
	}
}

// TestStylesAreWrittenAsTheTerminalKnowsThem looks at the sequences themselves: rows are
// written with them.
func TestStylesAreWrittenAsTheTerminalKnowsThem(t *testing.T) {
	for _, c := range []struct {
		profile  colorprofile.Profile
		dark     bool
		role     theme.Role
		sequence theme.Style
	}{
		{colorprofile.TrueColor, true, theme.Good, "38;2;126;200;130"}, {colorprofile.TrueColor, false, theme.Good, "38;2;20;110;40"},
		{colorprofile.TrueColor, true, theme.Selected, "38;2;235;238;242;48;2;50;56;68"}, {colorprofile.TrueColor, true, theme.Plain, ""},
		{colorprofile.ANSI256, true, theme.Good, "38;5;114"}, {colorprofile.ANSI256, true, theme.Dim, "38;5;246"}, {colorprofile.ANSI, true, theme.Bad, "31"}, {colorprofile.ANSI, false, theme.Selected, "7"},
		{colorprofile.ASCII, true, theme.Accent, "1"}, {colorprofile.NoTTY, true, theme.Dim, "2"}, {colorprofile.ASCII, true, theme.Good, ""},
	} {
		if got := theme.New(c.profile, c.dark, false).Style(c.role); got != c.sequence {
			t.Errorf("%v, dark %v: role %d is %q, want %q", c.profile, c.dark, c.role, got, c.sequence)
		}
	}
}

// TestTextCanBeReadOnBothBackgrounds: the contrast of WCAG, 4.5 for text on the
// terminal's background and on that of the row under the cursor.
func TestTextCanBeReadOnBothBackgrounds(t *testing.T) {
	for _, dark := range []bool{true, false} {
		th := theme.New(colorprofile.TrueColor, dark, false)
		background := [3]int{255, 255, 255}
		if dark {
			background = [3]int{24, 24, 24}
		}
		_, selected := colours(t, th.Style(theme.Selected))
		styles := map[string]theme.Style{}
		for r := theme.Dim; r <= theme.Marked; r++ {
			if r != theme.Faint && r != theme.Strong && r != theme.Title && r != theme.Selected {
				styles[fmt.Sprint("role ", r)] = th.Style(r)
			}
		}
		for i := range 8 {
			name := fmt.Sprint("service ", i)
			styles[name] = th.Service(name)
		}
		for name, style := range styles {
			text, _ := colours(t, style)
			for _, under := range [][3]int{background, selected} {
				if c := contrast(text, under); c < leastContrast(under, background) {
					t.Errorf("dark %v: %s on %v has a contrast of %.1f", dark, name, under, c)
				}
			}
		}
	}
}

// leastContrast is less for the one row under the cursor.
func leastContrast(under, background [3]int) float64 {
	if under == background {
		return 4.5
	}
	return 3.7
}

// colours are the foreground and the background of a style.
func colours(t *testing.T, style theme.Style) (text, under [3]int) {
	t.Helper()
	for kind, to := range map[string]*[3]int{"38": &text, "48": &under} {
		if at := strings.Index(string(style), kind+";2;"); at >= 0 {
			if _, err := fmt.Sscanf(string(style)[at:], kind+";2;%d;%d;%d", &to[0], &to[1], &to[2]); err != nil {
				t.Fatal(err)
			}
		}
	}
	return text, under
}

// contrast is that of WCAG 2: from 1 to 21.
func contrast(a, b [3]int) float64 {
	luminance := func(c [3]int) (sum float64) {
		for i, weight := range [3]float64{0.2126, 0.7152, 0.0722} {
			v := float64(c[i]) / 255
			if v <= 0.04045 {
				v /= 12.92
			} else {
				v = math.Pow((v+0.055)/1.055, 2.4)
			}
			sum += weight * v
		}
		return sum
	}
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return max(x/y, y/x)
}

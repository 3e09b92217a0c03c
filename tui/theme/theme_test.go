package theme_test

import (
	"reflect"
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
		{colorprofile.ANSI256, true, theme.Good, "38;5;114"}, {colorprofile.ANSI, true, theme.Bad, "31"}, {colorprofile.ANSI, false, theme.Selected, "7"},
		{colorprofile.ASCII, true, theme.Accent, "1"}, {colorprofile.NoTTY, true, theme.Dim, "2"}, {colorprofile.ASCII, true, theme.Good, ""},
	} {
		if got := theme.New(c.profile, c.dark, false).Style(c.role); got != c.sequence {
			t.Errorf("%v, dark %v: role %d is %q, want %q", c.profile, c.dark, c.role, got, c.sequence)
		}
	}
}

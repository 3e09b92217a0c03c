package theme_test

import (
	"reflect"
	"testing"

	"eventscope/tui/text"
	"eventscope/tui/theme"

	"github.com/charmbracelet/x/ansi"
)

func TestEveryGlyphIsOneCellHoweverItIsMeasured(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		glyphs := reflect.ValueOf(theme.New(theme.NoColours, true, ascii).Glyph)
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
	th := theme.New(theme.ManyColours, true, false)
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
	light := theme.New(theme.ManyColours, false, false)
	if light.Service("order") == th.Service("order") {
		t.Error("light and dark backgrounds need different colours")
	}
}

func TestWithoutColourNothingIsColoured(t *testing.T) {
	th := theme.New(theme.NoColours, true, false)
	for r := theme.Plain; r <= theme.Marked; r++ {
		switch th.Style(r) {
		case "", "1", "2", "7":
		default:
			t.Errorf("role %d has style %q", r, th.Style(r))
		}
	}
}

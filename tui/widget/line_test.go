package widget_test

import (
	"strings"
	"testing"

	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
)

func TestWrapSaysWhenThereIsMore(t *testing.T) {
	th := theme.New(colorprofile.ASCII, true, false)
	for _, c := range []struct {
		text        string
		width, most int
		want        string
	}{
		{"a:  b   c", 20, 2, "a:  b   c"}, // what fits stays as it is
		{"one two three", 7, 2, "one two|three"},
		{"one two three four", 7, 2, "one two|three …"},
		{"one two three", 7, 1, "one tw…"},
		{"unbreakable", 7, 2, "unbrea…"},
		{"an unbreakable", 7, 3, "an|unbrea…"},
	} {
		var lines []string
		for _, line := range widget.Wrap(th, th.String(c.text), c.width, c.most) {
			lines = append(lines, line.String())
		}
		if got := strings.Join(lines, "|"); got != c.want {
			t.Errorf("%q in %d lines of %d is %q, want %q", c.text, c.most, c.width, got, c.want)
		}
	}
}

// Where the row under the cursor is reversed, a colour would be a patch of background
// and faint text would be lost.
func TestAReversedRowHasNoColours(t *testing.T) {
	for _, profile := range []colorprofile.Profile{colorprofile.ANSI, colorprofile.ASCII} {
		th := theme.New(profile, true, false)
		row := widget.NewRow(th, 20).Base(theme.Selected)
		row.Put(theme.Bad, text.Own("bad")).Put(theme.Dim, text.Own("dim")).Styled(th.Service("order"), text.Own("order")).Put(theme.Strong, text.Own("name"))
		content := row.Line().Content()
		for sequence := range strings.SplitSeq(content, "\x1b[") {
			if style, _, ok := strings.Cut(sequence, "m"); ok && style != "" && style != "0;7" && style != "0;7;1" {
				t.Errorf("%v: the style %q is in %q", profile, style, content)
			}
		}
	}
}

// A mark stays when its label is cut: without colour it is all that tells.
func TestTheMarkOfALaneStays(t *testing.T) {
	th := theme.New(colorprofile.ASCII, true, false)
	for _, width := range []int{14, 30, 60} {
		row := widget.NewRow(th, width)
		widget.LanesFor(1, 0, width).Draw(row, widget.Step{From: -1, Label: text.Own("PaymentApprovedByFraudAgent"), Mark: th.Glyph.Dead})
		if line := ansi.Strip(row.Line().Content()); !strings.Contains(line, th.Glyph.Dead.String()) {
			t.Errorf("at %d the mark is not in %q", width, line)
		}
	}
}

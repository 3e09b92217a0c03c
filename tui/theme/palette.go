package theme

import (
	"image/color"
	"slices"
	"strings"

	// Lip Gloss makes the styles: it knows how a colour is written for a terminal and
	// what fits its background.
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// palette is the roles' styles and the services' colours for one kind of terminal.
type palette struct {
	roles    [roleCount]lipgloss.Style
	services []lipgloss.Style
}

// paletteFor is the palette of a terminal.
func paletteFor(profile colorprofile.Profile, dark bool) palette {
	switch {
	case profile <= colorprofile.ASCII:
		return plainPalette()
	case profile == colorprofile.ANSI:
		return basicPalette()
	}
	return richPalette(profile, dark)
}

// richPalette is for terminals of 256 colours and more: each colour has one shade for
// light and one for dark backgrounds.
func richPalette(profile colorprofile.Profile, dark bool) palette {
	pick := lipgloss.LightDark(dark)
	shade := func(light, dark string) color.Color {
		return profile.Convert(pick(lipgloss.Color(light), lipgloss.Color(dark)))
	}
	ink := func(light, dark string) lipgloss.Style { return lipgloss.NewStyle().Foreground(shade(light, dark)) }
	bold := lipgloss.NewStyle().Bold(true)
	dim, faint := ink("#5F646C", "#8C929B"), ink("#969BA2", "#5C626C")
	if profile == colorprofile.ANSI256 { // the nearest ones are violet
		dim, faint = ink("241", "246"), ink("247", "241")
	}
	return palette{
		roles: [roleCount]lipgloss.Style{
			Dim: dim, Faint: faint, Accent: ink("#964B00", "#FFCB6B").Bold(true),
			Good: ink("#146E28", "#7EC882"), Warn: ink("#965A00", "#F0B450"), Bad: ink("#B91919", "#FF7870"), Link: ink("#1450BE", "#6EAAFF"),
			Strong: bold, Title: bold, Selected: ink("#191C21", "#EBEEF2").Background(shade("#DEE5F0", "#323844")), Marked: ink("#964B00", "#FFCB6B"),
		},
		services: []lipgloss.Style{
			ink("#3366AA", "#77AADD"), ink("#B4501E", "#EE8866"), ink("#786900", "#EEDD88"), ink("#BE326E", "#FFAABB"),
			ink("#0077A0", "#99DDFF"), ink("#00785F", "#44BB99"), ink("#69641E", "#CCBB44"), ink("#733CBE", "#CC99FF"),
		},
	}
}

// basicPalette uses the 16 colours that a terminal's own theme chooses, so it fits dark
// and light backgrounds alike.
func basicPalette() palette {
	ink := func(number string) lipgloss.Style { return lipgloss.NewStyle().Foreground(lipgloss.Color(number)) }
	p := plainPalette()
	p.roles[Accent], p.roles[Marked] = ink("6").Bold(true), ink("6")
	p.roles[Good], p.roles[Warn], p.roles[Bad], p.roles[Link] = ink("2"), ink("3"), ink("1"), ink("4")
	p.services = nil
	for _, number := range []string{"6", "5", "12", "3", "14", "13", "4", "11"} {
		p.services = append(p.services, ink(number))
	}
	return p
}

// plainPalette has no colour: weight and reversal only.
func plainPalette() palette {
	style := lipgloss.NewStyle
	return palette{
		roles: [roleCount]lipgloss.Style{
			Dim: style().Faint(true), Faint: style().Faint(true), Accent: style().Bold(true), Warn: style().Bold(true), Bad: style().Bold(true),
			Strong: style().Bold(true), Title: style().Bold(true), Selected: style().Reverse(true), Marked: style().Bold(true),
		},
		services: []lipgloss.Style{style()},
	}
}

// Style is the parameters of an SGR sequence, such as "38;2;86;180;233;1". Empty is the
// terminal's own colour.
type Style string

// Reverses reports whether text and background are swapped.
func (s Style) Reverses() bool { return s == "7" }

// Weight is a style of a palette that reverses, without its colour: bold, or nothing.
func (s Style) Weight() Style {
	if slices.Contains(strings.Split(string(s), ";"), "1") {
		return "1"
	}
	return ""
}

// parameters are what a style of Lip Gloss writes before a text.
func parameters(style lipgloss.Style) Style {
	const text = "x"
	before, _, _ := strings.Cut(style.Render(text), text)
	return Style(strings.TrimSuffix(strings.TrimPrefix(before, "\x1b["), "m"))
}

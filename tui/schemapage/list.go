package schemapage

import (
	"slices"
	"strings"

	"eventscope/tracing/versions"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// list is the page of all versions.
type list struct {
	page.Listing
	*Model
	rows   []*versions.Version
	filter string
	shown  int // of the model's
	at     versionKey
}

// NewList is the page of all versions.
func NewList(m *Model) page.Page { return &list{Model: m} }

func (p *list) Scope() keymap.Scope      { return keymap.OnSchemas }
func (p *list) Ages() bool               { return true }
func (p *list) WaitsFor() *page.Question { return &p.Model.Question }
func (p *list) Name() text.Safe          { return text.Own("Schemas") }

func (p *list) Refresh() tea.Cmd {
	if p.shown != p.Changes() {
		p.shown = p.Changes()
		p.choose()
	}
	return p.update()
}

// choose lays out the versions that pass the filter; the cursor stays where it was.
func (p *list) choose() {
	words := strings.Fields(strings.ToLower(p.filter))
	p.rows = p.rows[:0]
	for _, v := range p.Last {
		if passes(v, words) {
			p.rows = append(p.rows, v)
		}
	}
	if i := slices.IndexFunc(p.rows, func(v *versions.Version) bool { return keyOf(v) == p.at }); i >= 0 {
		p.Cursor.Index = i
	}
	p.stay()
	p.Redraw()
}

// passes reports whether what a row shows has all the words.
func passes(v *versions.Version, words []string) bool {
	said := []string{v.Type, v.Destination, v.Source, v.Title, v.Name, string(v.State), v.Format, v.WrittenBy()}
	for i := range v.Broke {
		said = append(said, v.Broke[i].Group, v.Broke[i].State.String(), v.Broke[i].Exception)
	}
	all := strings.ToLower(strings.Join(said, "\n"))
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(all, word) })
}

// stay notes what is under the cursor.
func (p *list) stay() {
	p.Cursor.To(p.Cursor.Index, len(p.rows))
	if v := p.selected(); v != nil {
		p.at = keyOf(v)
	}
}

// selected is the version under the cursor, or nil.
func (p *list) selected() *versions.Version {
	if p.Cursor.Index >= len(p.rows) {
		return nil
	}
	return p.rows[p.Cursor.Index]
}

func (p *list) Hint(b *keymap.Binding) text.Safe {
	if p.selected() == nil && (b.Action == keymap.Enter || b.Action == keymap.View) {
		return text.Safe{}
	}
	return b.Hint()
}

func (p *list) Do(a keymap.Action) tea.Cmd {
	if p.Move(a, len(p.rows)) {
		p.stay()
		return nil
	}
	v := p.selected()
	switch {
	case v == nil:
	case a == keymap.Enter:
		return p.Open(&one{Model: p.Model, key: keyOf(v), version: v})
	case a == keymap.View:
		return p.ShowStream(filterOf(v))
	}
	return nil
}

func (p *list) Back() bool {
	was := p.filter != ""
	if was {
		p.filter = ""
		p.choose()
	}
	return was
}

// FilterPrompt asks for words.
func (p *list) FilterPrompt() *page.Prompt {
	about := text.Own("words of a type, a destination, a version, its state, who writes it or who could not read it, such as OrderPlaced old")
	return &page.Prompt{Sign: text.Own("/"), Value: p.filter, Explain: about, Accept: func(value string) tea.Cmd {
		p.filter = strings.TrimSpace(value)
		p.choose()
		return nil
	}}
}

func (p *list) Click(_, row int) bool {
	again := p.Listing.Click(row, len(p.rows))
	p.stay()
	return again
}

func (p *list) Status() []page.Piece {
	if !p.Known() {
		return nil
	}
	types, broke := map[typeOf]bool{}, 0
	for _, v := range p.Last {
		types[typeKey(v)] = true
		if len(v.Broke) > 0 {
			broke++
		}
	}
	counts := text.Join(text.Own(", "), text.Plural(len(types), text.Own(" type"), text.Own(" types")), text.Plural(len(p.Last), text.Own(" version"), text.Own(" versions")))
	pieces := []page.Piece{{Role: theme.Dim, Text: counts}}
	if broke > 0 {
		pieces = append(pieces, page.Piece{Role: theme.Bad, Text: text.Own("  ").Add(text.Plural(broke, text.Own(" broke somebody"), text.Own(" broke somebody")))})
	}
	if p.filter != "" {
		pieces = append(pieces, page.Piece{Role: theme.Accent, Text: text.Own("  /").Add(p.Theme().Cut(p.Theme().String(p.filter), 20))})
	}
	return pieces
}

func (p *list) Render(width, height int) []widget.Line {
	if len(p.rows) == 0 {
		return p.empty(width, height)
	}
	return page.Detailed(p.Theme(), width, height, func(height int) []widget.Line { return p.lines(width, height) }, p.details)
}

// empty says what would be here.
func (p *list) empty(width, height int) []widget.Line {
	t := p.Theme()
	lines := []widget.Line{widget.Blank(t, width)}
	if !p.Known() {
		return widget.Fit(t, lines, width, height) // the footer says what is waited for
	}
	hint := text.Own("No event was read yet: each type of event appears here with its versions. : from -1h reads what came before.")
	if p.filter != "" {
		hint = text.Own("No version has these words. / changes them; esc clears them.")
	}
	lines = append(lines, widget.Paragraph(t, width, 2, theme.Dim, hint, 3)...)
	return widget.Fit(t, lines, width, height)
}

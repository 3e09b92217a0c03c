package schemapage

import (
	"slices"

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
	page.List[*versions.Version, versionKey]
	*Model
	filter page.WordFilter
	shown  int // changes of the model
}

// NewList is the page of all versions.
func NewList(m *Model) page.Page {
	p := &list{Model: m}
	p.Key = keyOf
	return p
}

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
	p.Set(slices.DeleteFunc(slices.Clone(p.Last), func(v *versions.Version) bool { return !p.filter.Passes(shownOf(v)...) }), true)
	p.Redraw()
}

// shownOf are the words that a filter finds a version by.
func shownOf(v *versions.Version) []string {
	said := []string{v.Type, v.Destination, v.Source, v.Title, v.Name, string(v.State), v.Format, v.WrittenBy()}
	for i := range v.Broke {
		said = append(said, v.Broke[i].Group, v.Broke[i].State.String(), v.Broke[i].Exception)
	}
	return said
}

func (p *list) Hint(b *keymap.Binding) text.Safe {
	if p.Selected() == nil && (b.Action == keymap.Enter || b.Action == keymap.View) {
		return text.Safe{}
	}
	return b.Hint()
}

func (p *list) Do(a keymap.Action) tea.Cmd {
	if p.Act(a) {
		return nil
	}
	v := p.Selected()
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
	was := p.filter.Clear()
	if was {
		p.choose()
	}
	return was
}

// FilterPrompt asks for words.
func (p *list) FilterPrompt() *page.Prompt {
	about := text.Own("words of a type, a destination, a version, its state, who writes it or who could not read it, such as OrderPlaced old")
	return p.filter.Prompt(about, p.choose)
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
	return append(pieces, p.filter.Status(p.Theme())...)
}

func (p *list) Render(width, height int) []widget.Line {
	if len(p.Rows) == 0 {
		return p.empty(width, height)
	}
	return page.Detailed(p.Theme(), width, height, func(height int) []widget.Line { return p.lines(width, height) }, p.details)
}

// empty says what would be here.
func (p *list) empty(width, height int) []widget.Line {
	if !p.Known() {
		return page.Empty(p.Theme(), width, height, nil)
	}
	hint := text.Own("No event was read yet: each type of event appears here with its versions. : from -1h reads what came before.")
	if p.filter.Any() {
		hint = text.Own("No version has these words. / changes them; esc clears them.")
	}
	return page.Empty(p.Theme(), width, height, nil, page.Piece{Role: theme.Dim, Text: hint})
}

package schemapage

import (
	"strings"

	"eventscope/tracing/versions"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// one is the page of one version.
type one struct {
	page.Listing
	*Model
	key     versionKey
	version *versions.Version // as it was last put together
	pieces  []page.Piece
	shown   int
}

func (p *one) Scope() keymap.Scope              { return keymap.OnVersion }
func (p *one) Ages() bool                       { return false }
func (p *one) WaitsFor() *page.Question         { return &p.Model.Question }
func (p *one) Hint(b *keymap.Binding) text.Safe { return b.Hint() }
func (p *one) Back() bool                       { return false }
func (p *one) Click(_, row int) bool            { return p.Listing.Click(row, len(p.pieces)) }

func (p *one) Name() text.Safe {
	return p.Theme().String(strings.TrimSpace(p.version.Type + " " + p.version.Name))
}

func (p *one) Refresh() tea.Cmd {
	if p.shown != p.Changes() || p.pieces == nil {
		p.shown = p.Changes()
		if now := p.find(p.key); now != nil {
			p.version = now
		}
		p.pieces = p.tell()
		p.Redraw()
	}
	return p.update()
}

func (p *one) Do(a keymap.Action) tea.Cmd {
	switch {
	case p.Move(a, len(p.pieces)):
	case a == keymap.Enter:
		return p.ShowStream(filterOf(p.version))
	case a == keymap.CopyText:
		return page.CopyOrSave(p, &p.Files, p.plain(), text.Own("what is known of this version"), "version-"+p.Name().String(), ".txt")
	}
	return nil
}

// plain is the page as text, to be pasted into a ticket.
func (p *one) plain() string {
	var all strings.Builder
	for _, piece := range p.pieces {
		all.WriteString(strings.TrimRight(piece.Text.String(), " "))
		all.WriteByte('\n')
	}
	return all.String()
}

func (p *one) Status() []page.Piece {
	return []page.Piece{{Role: stateRole(p.version), Text: p.Theme().String(string(p.version.State))}}
}

// tell is what the page says, a line each.
func (p *one) tell() (lines []page.Piece) {
	t, v := p.Theme(), p.version
	add := func(role theme.Role, s text.Safe) { lines = append(lines, page.Piece{Role: role, Text: s}) }
	title := func(s text.Safe) { add(theme.Title, s) }
	fact := func(name, value text.Safe) {
		if !value.Empty() {
			add(theme.Plain, text.Own("  ").Add(name, text.Space.Repeat(max(1, 14-name.Width())), value))
		}
	}
	fact(text.Own("type"), t.String(v.Type))
	fact(text.Own("version"), t.String(v.Title))
	fact(text.Own("destination"), t.String(v.Destination))
	fact(text.Own("format"), t.String(v.Format))
	fact(text.Own("state"), t.String(string(v.State)))
	fact(text.Own("events"), text.Count(v.Events).Add(text.Own(" of "), text.Count(v.OfType), text.Own(", "), text.Share(v.Events, v.OfType)))
	fact(text.Own("first seen"), page.Moment(v.First.Time).Add(text.Own(" at "), t.String(v.First.Position.String())))
	fact(text.Own("last seen"), page.Moment(v.Last.Time).Add(text.Own(" at "), t.String(v.Last.Position.String())))
	fact(text.Own("written by"), t.String(v.WrittenBy()))
	if v.Misfits > 0 {
		fact(text.Own("misfits"), text.Count(v.Misfits).Add(text.Own(" values are not what they claim to be")))
	}
	if v.Why != "" {
		add(theme.Warn, text.Own("  not decoded   ").Add(t.String(v.Why)))
	}
	title(text.Own("Who could not read it"))
	for i := range v.Broke {
		add(theme.Bad, text.Own("  ").Add(t.Glyph.Failed, text.Space, t.String(v.Broke[i].Told(v))))
	}
	for i := range v.Earlier {
		add(theme.Warn, text.Own("  ").Add(t.String(v.Earlier[i].ToldEarlier())))
	}
	if len(v.Broke)+len(v.Earlier) == 0 {
		add(theme.Dim, text.Own("  nobody, as far as consumers and dead letters tell"))
	}
	lines = append(lines, p.changes()...)
	if v.Schema != nil {
		title(text.Own("Schema"))
		for line := range strings.Lines(v.SchemaText()) {
			add(theme.Plain, text.Own("  ").Add(t.String(strings.TrimRight(line, "\r\n"))))
		}
	}
	return lines
}

// changes are what differs from the version before.
func (p *one) changes() (lines []page.Piece) {
	t, v := p.Theme(), p.version
	if v.Before == nil {
		return nil
	}
	name := t.String(v.Before.Title)
	if name.Empty() {
		name = text.Own("the one before")
	}
	lines = append(lines, page.Piece{Role: theme.Title, Text: text.Own("Changed since ").Add(name)})
	switch {
	case !v.Compared:
		lines = append(lines, page.Piece{Role: theme.Dim, Text: text.Own("  not known: the two cannot be compared")})
	case len(v.Changes) == 0:
		lines = append(lines, page.Piece{Role: theme.Dim, Text: text.Own("  nothing that a reader sees")})
	}
	for i := range v.Changes {
		role := theme.Plain
		if v.Changes[i].Breaking {
			role = theme.Warn
		}
		lines = append(lines, page.Piece{Role: role, Text: text.Own("  ").Add(changeText(t, &v.Changes[i]))})
	}
	return lines
}

func (p *one) Render(width, height int) []widget.Line {
	t := p.Theme()
	return p.Draw(t, nil, width, height, len(p.pieces), func(i int, selected bool) widget.Line {
		row := widget.CursorRow(t, width, selected)
		return row.Put(p.pieces[i].Role, t.Cut(p.pieces[i].Text, row.Left())).Line()
	})
}

package schemapage

import (
	"strconv"

	"eventscope/adapters"
	"eventscope/adapters/schemas"
	"eventscope/tracing/versions"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// The columns of versions, in their order on the screen.
const (
	ofType = iota
	ofVersion
	ofState
	ofShare
	ofRate
	ofFirst
	ofWriters
	ofBroke
	ofDestination
)

func (p *list) columns(width int) []int {
	name, version, writers, destination, broke := 12, 7, 10, 8, 9
	for _, v := range p.Rows[:min(len(p.Rows), page.MostMeasured)] {
		name = max(name, min(34, p.Theme().String(v.Type).Width()))
		version = max(version, min(14, p.nameOf(v).Width()))
		writers = max(writers, min(30, p.Theme().String(v.WrittenBy()).Width()))
		destination = max(destination, min(20, p.Theme().String(v.Destination).Width()))
		_, told := p.told(v)
		broke = max(broke, min(40, told.Width()))
	}
	name = max(12, min(name, width-version-broke-2*9)) // who could not read it is what the page is for
	return widget.Layout([]widget.Column{
		ofType:        {Min: min(name, 14), Want: name},
		ofVersion:     {Min: version},
		ofState:       {Min: 7, Rank: 1},
		ofShare:       {Min: 5, Rank: 2},
		ofRate:        {Min: 6, Rank: 4},
		ofFirst:       {Min: page.ClockWidth, Rank: 5},
		ofWriters:     {Min: min(writers, 14), Want: writers, Rank: 3},
		ofBroke:       {Min: min(broke, max(12, width/4)), Want: broke},
		ofDestination: {Min: destination, Rank: 6},
	}, width-2)
}

// nameOf is the version in a word.
func (p *list) nameOf(v *versions.Version) text.Safe {
	if v.Name == "" {
		return text.Own("-")
	}
	return p.Theme().String(v.Name)
}

func (p *list) lines(width, height int) []widget.Line {
	t := p.Theme()
	columns := p.columns(width)
	names := []text.Safe{
		text.Own("Type"), text.Own("Version"), text.Own("State"), text.Own("Share"), text.Own("/s"), text.Own("Since"),
		text.Own("Writers"), text.Own("For whom"), text.Own("Destination"),
	}
	lines := []widget.Line{widget.Headings(t, width, columns, names, ofShare, ofRate)}
	return p.Draw(t, lines, width, height, len(p.Rows), func(i int, selected bool) widget.Line {
		named := i == p.Cursor.Top || typeKey(p.Rows[i]) != typeKey(p.Rows[i-1])
		return p.row(columns, p.Rows[i], width, selected, named)
	})
}

// row draws a version. Its type is named in the first row of it, and in the first on the screen.
func (p *list) row(columns []int, v *versions.Version, width int, selected, named bool) widget.Line {
	t := p.Theme()
	row := widget.ListRow(t, width, selected, false)
	name, destination := text.Safe{}, text.Safe{}
	if named {
		name, destination = t.String(v.Type), t.String(v.Destination)
	}
	row.Cell(theme.Strong, t.Cut(name, columns[ofType]), columns[ofType])
	row.Column(theme.Plain, p.nameOf(v), columns[ofVersion])
	row.Column(stateRole(v), t.String(string(v.State)), columns[ofState])
	row.ColumnRight(theme.Plain, text.Share(v.Events, v.OfType), columns[ofShare])
	row.ColumnRight(theme.Dim, page.RateText(adapters.Rate{PerSecond: v.PerSecond, Known: true}), columns[ofRate])
	row.Column(theme.Dim, page.ShortMoment(v.First.Time, p.Now()), columns[ofFirst])
	row.Column(theme.Plain, t.String(v.WrittenBy()), columns[ofWriters])
	role, told := p.told(v)
	row.Column(role, told, columns[ofBroke])
	row.Column(theme.Dim, destination, columns[ofDestination])
	return row.Line()
}

func stateRole(v *versions.Version) theme.Role {
	switch v.State {
	case versions.Old, versions.Back, versions.Unknown:
		return theme.Warn
	case versions.New:
		return theme.Accent
	case versions.Gone:
		return theme.Dim
	}
	return theme.Plain
}

// told is in a few words who could not read a version, or what else is wrong with it.
func (p *list) told(v *versions.Version) (theme.Role, text.Safe) {
	t := p.Theme()
	switch {
	case len(v.Broke) > 0:
		b := &v.Broke[0]
		who := t.String(b.Group)
		if b.Group == "" {
			who = text.Own("a consumer")
		}
		said := t.Glyph.Failed.Add(text.Space, who)
		if b.Letters > 0 {
			said = t.Glyph.Dead.Add(text.Space, text.Count(b.Letters), text.Own(" of "), who)
		} else {
			said = said.Add(text.Space, t.String(b.State.String()))
		}
		if more := len(v.Broke) - 1; more > 0 {
			said = said.Add(text.Own(", "), text.Count(int64(more)), text.Own(" more"))
		}
		return theme.Bad, said
	case v.Misfits > 0:
		return theme.Warn, t.Glyph.Warning.Add(text.Space, text.Plural(int(v.Misfits), text.Own(" misfit"), text.Own(" misfits")))
	case v.State != versions.Gone && v.Breaking():
		return theme.Warn, text.Own("breaking change")
	case v.Compared && len(v.Changes) > 0:
		return theme.Dim, text.Plural(len(v.Changes), text.Own(" change"), text.Own(" changes"))
	}
	return theme.Dim, text.Safe{}
}

// details are what a row has no room for: the version, who could not read it, what changed.
func (p *list) details() []page.Piece {
	v := p.Selected()
	if v == nil {
		return nil
	}
	t := p.Theme()
	pieces := []page.Piece{{Role: theme.Dim, Text: factsOf(t, v)}}
	if v.Why != "" {
		pieces = append(pieces, page.Piece{Role: theme.Warn, Text: t.String(v.Why)})
	}
	for i := range v.Broke {
		pieces = append(pieces, page.Piece{Role: theme.Bad, Text: text.Own("broke ").Add(t.String(v.Broke[i].Told(v)))})
	}
	for i := range v.Earlier {
		pieces = append(pieces, page.Piece{Role: theme.Warn, Text: t.String(v.Earlier[i].ToldEarlier())})
	}
	if v.Before != nil {
		pieces = append(pieces, page.Piece{Role: changeRole(v), Text: changesText(t, v)})
	}
	return pieces
}

func changeRole(v *versions.Version) theme.Role {
	if v.Breaking() {
		return theme.Warn
	}
	return theme.Dim
}

// changesText is what changed since the version before, in a sentence.
func changesText(t *theme.Theme, v *versions.Version) text.Safe {
	since := text.Own("since ").Add(t.String(v.Before.Title), text.Own(": "))
	if v.Before.Title == "" {
		since = text.Own("since the one before: ")
	}
	switch {
	case !v.Compared:
		return since.Add(text.Own("what changed is not known"))
	case len(v.Changes) == 0:
		return since.Add(text.Own("nothing changed"))
	}
	var all []text.Safe
	for i := range v.Changes[:min(len(v.Changes), mostTold)] {
		all = append(all, changeText(t, &v.Changes[i]))
	}
	if more := len(v.Changes) - mostTold; more > 0 {
		all = append(all, text.Count(int64(more)).Add(text.Own(" more")))
	}
	return since.Add(text.Join(text.Own("; "), all...))
}

// mostTold is how many changes a sentence has.
const mostTold = 6

func changeText(t *theme.Theme, c *versions.Change) text.Safe {
	said := t.String(versions.Told(c))
	if c.Breaking {
		said = said.Add(text.Own(" (breaking)"))
	}
	return said
}

// factsOf are where a version is from, and since when.
func factsOf(t *theme.Theme, v *versions.Version) text.Safe {
	facts := []text.Safe{t.String(v.Type)}
	if v.Title != "" {
		facts = append(facts, t.String(v.Title))
	}
	if v.Format != "" {
		facts = append(facts, t.String(v.Format))
	}
	facts = append(facts, text.Plural(int(v.Events), text.Own(" event"), text.Own(" events")),
		text.Own("first at ").Add(t.String(v.First.Position.String())), text.Own("last at ").Add(t.String(v.Last.Position.String())))
	return text.Join(text.Own(", "), facts...)
}

// filterOf is the filter for the events of a version, as far as one can tell it.
func filterOf(v *versions.Version) string {
	filter := "destination == " + strconv.Quote(v.Destination)
	switch v.Ref.By {
	case schemas.ByNothing:
		return filter + " && type contains " + strconv.Quote(v.Type)
	case schemas.ByID, schemas.ByGlobalID, schemas.ByContentID:
		return filter + " && schema == " + v.Ref.Number()
	}
	return filter + " && schema == " + strconv.Quote(v.Ref.Number())
}

package lagpage

import (
	"cmp"
	"slices"
	"strings"

	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// lagPage is how far every group and queue is behind, a row each.
type lagPage struct {
	page.Screen
	page.Listing
	model   *Model
	rows    []*consumerLag
	sorting page.Sorting[*consumerLag]
	filter  string
	seen    int
	at      lag.Key // under the cursor
}

// lagOrders are the orders of the rows, which come worst first.
var lagOrders = []page.Order[*consumerLag]{
	{Name: "trouble", Column: lagState},
	{Name: "lag", Column: lagCount, Compare: page.Largest(func(c *consumerLag) int64 { return c.Total.Lag })},
	{Name: "time behind", Column: lagBehind, Compare: func(a, b *consumerLag) int { return cmp.Compare(b.Standing.Seconds, a.Standing.Seconds) }},
	{Name: "name", Column: lagGroup, Compare: byName},
	{Name: "kind", Column: lagKind, Compare: page.Alphabetic(func(c *consumerLag) string { return string(c.Lag.Kind) })},
	{Name: "rate", Column: lagRates, Compare: func(a, b *consumerLag) int { return cmp.Compare(b.Standing.In.PerSecond, a.Standing.In.PerSecond) }},
	{Name: "drains in", Column: lagLeft, Compare: func(a, b *consumerLag) int { return cmp.Compare(b.Standing.Left, a.Standing.Left) }},
	{Name: "members", Column: lagMembers, Compare: page.Largest(func(c *consumerLag) int64 { return int64(len(c.Lag.Members)) })},
	{Name: "source", Column: lagSource, Compare: page.Alphabetic(func(c *consumerLag) string { return c.Source })},
}

// NewList is the page of all consumers, a row each.
func NewList(m *Model) page.Page {
	return &lagPage{Screen: m, model: m, sorting: page.Sorting[*consumerLag]{Orders: lagOrders}}
}

func (p *lagPage) Scope() keymap.Scope      { return keymap.OnLag }
func (p *lagPage) Ages() bool               { return false }
func (p *lagPage) WaitsFor() *page.Question { return &p.model.Question }
func (p *lagPage) Name() text.Safe          { return text.Own("Lag") }

func (p *lagPage) Refresh() tea.Cmd {
	if p.seen != p.model.Changes() {
		p.seen = p.model.Changes()
		p.choose(false)
	}
	return p.model.Update(p.shown())
}

// shown names the consumers on the screen.
func (p *lagPage) shown() (keys []lag.Key) {
	from, to := p.Cursor.Range(max(1, p.Height), len(p.rows))
	for _, c := range p.rows[from:to] {
		keys = append(keys, c.Key())
	}
	return keys
}

// choose takes the rows that pass the filter, in order. The cursor stays on its consumer; at
// the first row it is on the worst, unless it is to stay there, too.
func (p *lagPage) choose(stays bool) {
	p.rows = p.rows[:0]
	p.Redraw()
	if p.model.Last == nil {
		return
	}
	words := strings.Fields(strings.ToLower(p.filter))
	for _, c := range p.model.Last.consumers {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(c.words, word) }) {
			p.rows = append(p.rows, c)
		}
	}
	p.sorting.Sort(p.rows)
	if i := slices.IndexFunc(p.rows, func(c *consumerLag) bool { return c.Key() == p.at }); i >= 0 && (stays || p.Cursor.Index > 0) {
		p.Cursor.Index = i
	}
	p.stay()
}

// stay notes which consumer is under the cursor.
func (p *lagPage) stay() {
	p.Cursor.To(p.Cursor.Index, len(p.rows))
	p.at = lag.Key{}
	if c := p.selected(); c != nil {
		p.at = c.Key()
	}
}

// selected is the consumer under the cursor, or nil.
func (p *lagPage) selected() *consumerLag {
	if p.Cursor.Index >= len(p.rows) {
		return nil
	}
	return p.rows[p.Cursor.Index]
}

// Hint leaves out keys that have nothing to act on.
func (p *lagPage) Hint(b *keymap.Binding) text.Safe {
	if b.Action == keymap.Enter && p.selected() == nil {
		return text.Safe{}
	}
	return b.Hint()
}

func (p *lagPage) Do(a keymap.Action) tea.Cmd {
	if p.Move(a, len(p.rows)) {
		p.stay()
		return nil
	}
	switch a {
	case keymap.SortOrder, keymap.ReverseSort:
		p.sorting.Do(a)
		p.sorted()
	case keymap.Enter:
		if c := p.selected(); c != nil {
			return p.Open(newPartitions(p.model, c))
		}
	}
	return nil
}

// sorted shows the rows in another order, from its first.
func (p *lagPage) sorted() {
	p.Cursor, p.at = widget.Cursor{}, lag.Key{}
	p.choose(false)
}

// SortNames are the orders of the consumers.
func (p *lagPage) SortNames() []string { return p.sorting.Names() }

// SortBy sorts by one of them.
func (p *lagPage) SortBy(name string, reversed bool) bool {
	known := p.sorting.By(name, reversed)
	if known {
		p.sorted()
	}
	return known
}

func (p *lagPage) Back() bool {
	was := p.filter != ""
	if was {
		p.filter = ""
		p.choose(true)
	}
	return was
}

// FilterPrompt asks for words.
func (p *lagPage) FilterPrompt() *page.Prompt {
	about := text.Own("words of a group, its topics, members, kind or state, such as billing STOP")
	return &page.Prompt{Sign: text.Own("/"), Value: p.filter, Explain: about, Accept: func(value string) tea.Cmd {
		p.filter = strings.TrimSpace(value)
		p.choose(true)
		return nil
	}}
}

func (p *lagPage) Click(_, row int) bool {
	again := p.Listing.Click(row, len(p.rows))
	p.stay()
	return again
}

func (p *lagPage) Status() []page.Piece {
	if p.model.Last == nil {
		return nil
	}
	pieces := []page.Piece{{Role: theme.Dim, Text: text.Plural(len(p.rows), text.Own(" consumer"), text.Own(" consumers")).Add(text.Space, p.sorting.Said(p.Theme()))}}
	add := func(role theme.Role, s text.Safe) {
		pieces = append(pieces, page.Piece{Role: role, Text: text.Own("  ").Add(s)})
	}
	if p.filter != "" {
		add(theme.Accent, text.Own("/").Add(p.Theme().Cut(p.Theme().String(p.filter), 20)))
	}
	if more := p.model.Last.more; more > 0 {
		add(theme.Warn, text.Count(int64(more)).Add(text.Own(" not listed")))
	}
	if n := p.model.Last.unwatched; n > 0 {
		add(theme.Warn, text.Plural(n, text.Own(" partition"), text.Own(" partitions")).Add(text.Own(" not watched")))
	}
	return pieces
}

func (p *lagPage) Render(width, height int) []widget.Line {
	if p.model.Last == nil || len(p.rows) == 0 {
		return p.empty(width, height)
	}
	return page.Detailed(p.Theme(), width, height, func(height int) []widget.Line { return p.list(width, height) }, func() []page.Piece {
		if c := p.selected(); c != nil {
			return consumerDetails(p.Theme(), c)
		}
		return nil
	})
}

// empty says what would be here.
func (p *lagPage) empty(width, height int) []widget.Line {
	t := p.Theme()
	lines := []widget.Line{widget.Blank(t, width)}
	if p.model.Last == nil {
		return widget.Fit(t, lines, width, height) // the footer says what is waited for
	}
	lines = append(lines, page.TroubleLines(p.Theme(), p.model.Last.troubles, width)...)
	lines = append(lines, p.unroutedLines(width)...)
	hint := text.Own("No consumer group or queue was found. Groups appear here when they commit or join: who is behind, by how much, and whether it becomes better.")
	if p.filter != "" {
		hint = text.Own("No group has these words. / changes them; esc clears them.")
	}
	lines = append(lines, widget.Paragraph(t, width, 2, theme.Dim, hint, 3)...)
	return widget.Fit(t, lines, width, height)
}

// consumerDetails are what a consumer's row has no room for.
func consumerDetails(t *theme.Theme, c *consumerLag) []page.Piece {
	role, glyph := stateLook(t, c)
	why := t.String(c.Standing.Why)
	if _, direction := directionText(t, c); c.moves() {
		if c.Standing.Direction == lag.Draining {
			direction = direction.Add(text.Own(" to zero"))
		}
		why = text.Join(text.Own("; "), why, direction)
	}
	switch {
	case c.Err != nil && len(c.Lag.Logs) == 0:
		why = page.Repeated(t, c.Err)
	case c.Err != nil:
		why = text.Join(text.Own("; "), why, page.Repeated(t, c.Err))
	}
	what := t.String(c.Lag.Group).Add(text.Own(": "), kindText(t, c.Lag.Kind), text.Own(" on "), t.String(c.Source))
	return []page.Piece{{Role: theme.Dim, Text: text.Join(text.Own(", "), append([]text.Safe{what}, consumerFacts(t, c)...)...)}, {Role: role, Text: glyph.Add(text.Space, why)}}
}

// stateLook is how a consumer's state looks: all is not well while it falls behind.
func stateLook(t *theme.Theme, c *consumerLag) (theme.Role, text.Safe) {
	role, glyph := t.Lag(c.Standing.State)
	if role == theme.Good && c.moves() && c.Standing.Direction == lag.Growing {
		role = theme.Plain
	}
	return role, glyph
}

// consumerFacts are how a consumer is set up, and how much of it is known.
func consumerFacts(t *theme.Theme, c *consumerLag) (facts []text.Safe) {
	add := func(parts ...text.Safe) { facts = append(facts, text.Safe{}.Add(parts...)) }
	if c.Lag.Phase != "" {
		add(t.String(c.Lag.Phase))
	}
	if c.Lag.Protocol != "" {
		add(text.Own("of "), t.String(c.Lag.Protocol))
	}
	if q := c.Lag.Queue; q != nil {
		add(text.Count(q.Ready), text.Own(" ready"))
		add(text.Count(q.Unacked), text.Own(" unacknowledged"))
		facts = append(facts, deliveryFacts(q)...)
	}
	if c.Lag.MembersKnown {
		add(text.Plural(len(c.Lag.Members), text.Own(" member"), text.Own(" members")))
	}
	total := &c.Total
	if c.inPart() {
		add(text.Count(int64(total.Known)), text.Own(" of "), text.Count(int64(total.Of)), text.Own(" known"))
	}
	if total.Unread > 0 && c.Lag.Kind != consumer.QueueConsumers { // of a queue its members tell that
		add(text.Plural(total.Unread, text.Own(" partition has no consumer"), text.Own(" partitions have no consumer")))
	}
	if total.Left > 0 {
		add(text.Count(total.Left), text.Own(" more in topics that it reads no more"))
	}
	return facts
}

// deliveryFacts are how a queue hands out what it has.
func deliveryFacts(q *consumer.QueueDepth) (facts []text.Safe) {
	if q.Delivered.Known {
		facts = append(facts, page.RateText(q.Delivered).Add(text.Own("/s delivered")))
	}
	if q.Redelivered.Known && q.Redelivered.PerSecond > 0 {
		facts = append(facts, page.RateText(q.Redelivered).Add(text.Own("/s of that again")))
	}
	if q.Capacity >= 0 && q.Consumers > 0 {
		facts = append(facts, text.Own("could deliver at once ").Add(text.Count(int64(100*q.Capacity+0.5)), text.Own(" % of the time")))
	}
	return facts
}

// kindText is a kind in words.
func kindText(t *theme.Theme, kind consumer.Kind) text.Safe {
	switch kind {
	case consumer.QueueConsumers:
		return text.Own("queue")
	case consumer.StreamConsumer:
		return text.Own("reader of a stream")
	}
	return t.String(string(kind)).Add(text.Own(" group"))
}

package lagpage

import (
	"cmp"

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
	page.List[*consumerLag, lag.Key]
	page.Sorting[*consumerLag]
	model  *Model
	filter page.WordFilter
	seen   int
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
	p := &lagPage{Screen: m, model: m}
	p.Key = (*consumerLag).Key
	p.Sorting = page.Sorting[*consumerLag]{Orders: lagOrders, Changed: func() {
		p.Restart()
		p.choose(false)
	}}
	return p
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
	from, to := p.Cursor.Range(max(1, p.Height), len(p.Rows))
	for _, c := range p.Rows[from:to] {
		keys = append(keys, c.Key())
	}
	return keys
}

// choose takes the rows that pass the filter, in order. The cursor stays on its consumer; at
// the first row it is on the worst, unless it is to stay there, too.
func (p *lagPage) choose(stays bool) {
	p.Redraw()
	if p.model.Last == nil {
		return
	}
	var rows []*consumerLag
	for _, c := range p.model.Last.consumers {
		if p.filter.Passes(c.words) {
			rows = append(rows, c)
		}
	}
	p.Sort(rows)
	p.Set(rows, stays || p.Cursor.Index > 0)
}

// Hint leaves out keys that have nothing to act on.
func (p *lagPage) Hint(b *keymap.Binding) text.Safe {
	if (b.Action == keymap.Enter || b.Action == keymap.NextMessage) && p.Selected() == nil {
		return text.Safe{}
	}
	return b.Hint()
}

func (p *lagPage) Do(a keymap.Action) tea.Cmd {
	if p.Act(a) || p.Reorder(a) {
		return nil
	}
	c := p.Selected()
	switch {
	case c == nil:
	case a == keymap.Enter:
		return p.Open(newPartitions(p.model, c))
	case a == keymap.NextMessage:
		return p.openNext(newPartitions(p.model, c))
	}
	return nil
}

// openNext opens the next message of the worst partition that has one to show. Where none has, the
// partitions tell why.
func (p *lagPage) openNext(of *partitionsPage) tea.Cmd {
	for i := range of.consumer.Lag.Logs {
		if l := &of.consumer.Lag.Logs[i]; noNext(l).Empty() {
			return p.Open(newNextMessage(p.model, of.consumer, l, &of.consumer.Logs[i]))
		}
	}
	if logs := of.consumer.Lag.Logs; len(logs) > 0 {
		p.Say(theme.Warn, noNext(&logs[0]))
		return nil
	}
	return p.Open(of)
}

func (p *lagPage) Back() bool {
	was := p.filter.Clear()
	if was {
		p.choose(true)
	}
	return was
}

// FilterPrompt asks for words.
func (p *lagPage) FilterPrompt() *page.Prompt {
	about := text.Own("words of a group, its topics, members, kind or state, such as billing STOP")
	return p.filter.Prompt(about, func() { p.choose(true) })
}

func (p *lagPage) Status() []page.Piece {
	if p.model.Last == nil {
		return nil
	}
	pieces := []page.Piece{{Role: theme.Dim, Text: text.Plural(len(p.Rows), text.Own(" consumer"), text.Own(" consumers")).Add(text.Space, p.Said(p.Theme()))}}
	add := func(role theme.Role, s text.Safe) {
		pieces = append(pieces, page.Piece{Role: role, Text: text.Own("  ").Add(s)})
	}
	pieces = append(pieces, p.filter.Status(p.Theme())...)
	if more := p.model.Last.more; more > 0 {
		add(theme.Warn, text.Count(int64(more)).Add(text.Own(" not listed")))
	}
	if n := p.model.Last.unwatched; n > 0 {
		add(theme.Warn, text.Plural(n, text.Own(" partition"), text.Own(" partitions")).Add(text.Own(" not watched")))
	}
	return pieces
}

func (p *lagPage) Render(width, height int) []widget.Line {
	if p.model.Last == nil || len(p.Rows) == 0 {
		return p.empty(width, height)
	}
	return page.Detailed(p.Theme(), width, height, func(height int) []widget.Line { return p.list(width, height) }, func() []page.Piece {
		if c := p.Selected(); c != nil {
			return p.model.consumerDetails(c)
		}
		return nil
	})
}

// empty says what would be here.
func (p *lagPage) empty(width, height int) []widget.Line {
	t := p.Theme()
	if p.model.Last == nil {
		return page.Empty(t, width, height, nil)
	}
	hint := text.Own("No consumer group or queue was found. Groups appear here when they commit or join: who is behind, by how much, and whether it becomes better.")
	if p.filter.Any() {
		hint = text.Own("No group has these words. / changes them; esc clears them.")
	}
	return page.Empty(t, width, height, append(page.TroubleLines(t, p.model.Last.troubles, width), p.unroutedLines(width)...), page.Piece{Role: theme.Dim, Text: hint})
}

// consumerDetails are what a consumer's row has no room for.
func (m *Model) consumerDetails(c *consumerLag) []page.Piece {
	t := m.Theme()
	role, glyph := m.stateLook(c)
	why := t.String(c.Standing.Why)
	if m.holdsDead(c) {
		why = text.Own("dead letters wait here, and nobody reads them: 4 lists them")
	}
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

// stateLook is how a consumer's state looks: all is not well while it falls behind. That nobody reads a
// queue of dead letters is as it should be.
func (m *Model) stateLook(c *consumerLag) (theme.Role, text.Safe) {
	t := m.Theme()
	role, glyph := t.Lag(c.Standing.State)
	if m.holdsDead(c) {
		return theme.Dim, t.Glyph.Dead
	}
	if role == theme.Good && c.moves() && c.Standing.Direction == lag.Growing {
		role = theme.Plain
	}
	return role, glyph
}

// holdsDead reports whether a consumer is a queue of dead letters that nobody reads.
func (m *Model) holdsDead(c *consumerLag) bool {
	return c.Standing.State == consumer.LagStop && m.Dead()[c.Key()]
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

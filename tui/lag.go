package tui

import (
	"cmp"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// lagPage is how far every group and queue is behind, a row each.
type lagPage struct {
	*shell
	listing
	lagModel *lagModel
	rows     []*consumerLag
	order    int // of lagOrders
	filter   string
	seen     int
	at       lag.Key // under the cursor
}

// lagOrders are the orders of the rows, the first one first.
var lagOrders = []struct {
	name    text.Safe
	column  int
	compare func(a, b *consumerLag) int
}{
	{text.Own("by trouble"), lagState, worse},
	{text.Own("by lag"), lagCount, func(a, b *consumerLag) int { return cmp.Or(cmp.Compare(b.Total.Lag, a.Total.Lag), worse(a, b)) }},
	{text.Own("by time behind"), lagBehind, func(a, b *consumerLag) int {
		return cmp.Or(cmp.Compare(b.Standing.Seconds, a.Standing.Seconds), worse(a, b))
	}},
	{text.Own("by name"), lagGroup, byName},
}

func newLag(d *shell) *lagPage { return &lagPage{shell: d, lagModel: d.lagModel} }

func (p *lagPage) scope() keymap.Scope { return keymap.OnLag }
func (p *lagPage) ages() bool          { return false }
func (p *lagPage) waitsFor() *question { return &p.lagModel.question }
func (p *lagPage) name() text.Safe     { return text.Own("Lag") }

func (p *lagPage) refresh() tea.Cmd {
	if p.seen != p.lagModel.seen {
		p.seen = p.lagModel.seen
		p.choose(false)
	}
	return p.lagModel.update(p.shown())
}

// shown names the consumers on the screen.
func (p *lagPage) shown() (keys []lag.Key) {
	from, to := p.cursor.Range(max(1, p.height), len(p.rows))
	for _, c := range p.rows[from:to] {
		keys = append(keys, c.Key())
	}
	return keys
}

// choose takes the rows that pass the filter, in order. The cursor stays on its consumer; at
// the first row it is on the worst, unless it is to stay there, too.
func (p *lagPage) choose(stays bool) {
	p.rows, p.dirty = p.rows[:0], true
	if p.lagModel.contents == nil {
		return
	}
	words := strings.Fields(strings.ToLower(p.filter))
	for _, c := range p.lagModel.contents.consumers {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(c.words, word) }) {
			p.rows = append(p.rows, c)
		}
	}
	if p.order > 0 { // they come worst first
		slices.SortFunc(p.rows, lagOrders[p.order].compare)
	}
	if i := slices.IndexFunc(p.rows, func(c *consumerLag) bool { return c.Key() == p.at }); i >= 0 && (stays || p.cursor.Index > 0) {
		p.cursor.Index = i
	}
	p.stay()
}

// stay notes which consumer is under the cursor.
func (p *lagPage) stay() {
	p.cursor.To(p.cursor.Index, len(p.rows))
	p.at = lag.Key{}
	if c := p.selected(); c != nil {
		p.at = c.Key()
	}
}

// selected is the consumer under the cursor, or nil.
func (p *lagPage) selected() *consumerLag {
	if p.cursor.Index >= len(p.rows) {
		return nil
	}
	return p.rows[p.cursor.Index]
}

// hint leaves out keys that have nothing to act on.
func (p *lagPage) hint(b *keymap.Binding) text.Safe {
	if b.Action == keymap.Enter && p.selected() == nil {
		return text.Safe{}
	}
	return b.Hint()
}

func (p *lagPage) do(a keymap.Action) tea.Cmd {
	if p.move(a, len(p.rows)) {
		p.stay()
		return nil
	}
	switch a {
	case keymap.SortOrder:
		p.order = (p.order + 1) % len(lagOrders)
		p.cursor, p.at = widget.Cursor{}, lag.Key{}
		p.choose(false)
	case keymap.Enter:
		if c := p.selected(); c != nil {
			return p.open(newPartitions(p.shell, c))
		}
	}
	return nil
}

func (p *lagPage) back() bool {
	was := p.filter != ""
	if was {
		p.filter = ""
		p.choose(true)
	}
	return was
}

// filterLine asks for words.
func (p *lagPage) filterLine() *prompt {
	line := newPrompt(text.Own("/"), p.filter)
	line.explain = func(string) text.Safe {
		return text.Own("words of a group, its topics, members, kind or state, such as billing STOP")
	}
	line.accept = func(_ *Model, value string) tea.Cmd {
		p.filter = strings.TrimSpace(value)
		p.choose(true)
		return nil
	}
	return line
}

func (p *lagPage) click(_, row int) bool {
	again := p.listing.click(row, len(p.rows))
	p.stay()
	return again
}

func (p *lagPage) status() []piece {
	if p.lagModel.contents == nil {
		return nil
	}
	pieces := []piece{{theme.Dim, plural(len(p.rows), text.Own(" consumer"), text.Own(" consumers")).Add(space, lagOrders[p.order].name)}}
	add := func(role theme.Role, s text.Safe) { pieces = append(pieces, piece{role, text.Own("  ").Add(s)}) }
	if p.filter != "" {
		add(theme.Accent, text.Own("/").Add(p.theme.Cut(p.theme.String(p.filter), 20)))
	}
	if more := p.lagModel.contents.more; more > 0 {
		add(theme.Warn, text.Count(int64(more)).Add(text.Own(" not listed")))
	}
	if n := p.lagModel.contents.unwatched; n > 0 {
		add(theme.Warn, plural(n, text.Own(" partition"), text.Own(" partitions")).Add(text.Own(" not watched")))
	}
	return pieces
}

func (p *lagPage) render(width, height int) []widget.Line {
	if p.lagModel.contents == nil || len(p.rows) == 0 {
		return p.empty(width, height)
	}
	return p.detailed(width, height, func(height int) []widget.Line { return p.list(width, height) }, func() []piece {
		if c := p.selected(); c != nil {
			return consumerDetails(p.shell, c)
		}
		return nil
	})
}

// troubleLines are what cannot be told of whole sources.
func troubleLines(d *shell, troubles []lag.Trouble, width int) (lines []widget.Line) {
	t := d.theme
	for _, trouble := range troubles {
		role, glyph := theme.Bad, t.Glyph.Failed
		if isUnsupported(trouble.Err) {
			role, glyph = theme.Dim, t.Glyph.Dot
		}
		sentence := glyph.Add(space, t.String(trouble.Source), text.Own(": "), d.repeated(trouble.Err))
		for _, s := range widget.Wrap(t, sentence, width-4, 2) {
			lines = append(lines, widget.NewRow(t, width).Gap(2).Put(role, s).Line())
		}
	}
	return lines[:min(len(lines), mostTroubleLines)]
}

// mostTroubleLines bounds what sources in trouble take of the page.
const mostTroubleLines = 6

// empty says what would be here.
func (p *lagPage) empty(width, height int) []widget.Line {
	t := p.theme
	lines := []widget.Line{widget.Blank(t, width)}
	if p.lagModel.contents == nil {
		return widget.Fit(t, lines, width, height) // the footer says what is waited for
	}
	lines = append(lines, troubleLines(p.shell, p.lagModel.contents.troubles, width)...)
	lines = append(lines, p.unroutedLines(width)...)
	hint := text.Own("No consumer group or queue was found. Groups appear here when they commit or join: who is behind, by how much, and whether it becomes better.")
	if p.filter != "" {
		hint = text.Own("No group has these words. / changes them; esc clears them.")
	}
	for _, s := range widget.Wrap(t, hint, width-4, 3) {
		lines = append(lines, widget.NewRow(t, width).Gap(2).Put(theme.Dim, s).Line())
	}
	return widget.Fit(t, lines, width, height)
}

// consumerDetails are what a consumer's row has no room for.
func consumerDetails(d *shell, c *consumerLag) []piece {
	t := d.theme
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
		why = d.repeated(c.Err)
	case c.Err != nil:
		why = text.Join(text.Own("; "), why, d.repeated(c.Err))
	}
	what := t.String(c.Lag.Group).Add(text.Own(": "), kindText(t, c.Lag.Kind), text.Own(" on "), t.String(c.Source))
	return []piece{{theme.Dim, text.Join(text.Own(", "), append([]text.Safe{what}, consumerFacts(t, c)...)...)}, {role, glyph.Add(space, why)}}
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
		add(plural(len(c.Lag.Members), text.Own(" member"), text.Own(" members")))
	}
	total := &c.Total
	if c.inPart() {
		add(text.Count(int64(total.Known)), text.Own(" of "), text.Count(int64(total.Of)), text.Own(" known"))
	}
	if total.Unread > 0 && c.Lag.Kind != consumer.QueueConsumers { // of a queue its members tell that
		add(plural(total.Unread, text.Own(" partition is"), text.Own(" partitions are")).Add(text.Own(" read by nobody")))
	}
	if total.Left > 0 {
		add(text.Count(total.Left), text.Own(" more in topics that it reads no more"))
	}
	return facts
}

// deliveryFacts are how a queue hands out what it has.
func deliveryFacts(q *consumer.QueueDepth) (facts []text.Safe) {
	if q.Delivered.Known {
		facts = append(facts, rateText(q.Delivered).Add(text.Own("/s delivered")))
	}
	if q.Redelivered.Known && q.Redelivered.PerSecond > 0 {
		facts = append(facts, rateText(q.Redelivered).Add(text.Own("/s of that again")))
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

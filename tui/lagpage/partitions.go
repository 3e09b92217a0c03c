package lagpage

import (
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// partitionsPage is one group or queue: the partitions that it reads, a row each, the worst
// first.
type partitionsPage struct {
	page.Screen
	page.Listing
	model    *Model
	consumer *consumerLag // its logs the worst first
	gone     bool         // it is not there any more
	seen     int
	at       adapters.Log // under the cursor
}

func newPartitions(m *Model, c *consumerLag) *partitionsPage {
	p := &partitionsPage{Screen: m, model: m, seen: m.Changes()}
	p.take(c)
	return p
}

func (p *partitionsPage) Scope() keymap.Scope      { return keymap.OnConsumer }
func (p *partitionsPage) Ages() bool               { return false }
func (p *partitionsPage) WaitsFor() *page.Question { return &p.model.Question }
func (p *partitionsPage) Back() bool               { return false }
func (p *partitionsPage) Name() text.Safe          { return p.Theme().String(p.consumer.Lag.Group) }

func (p *partitionsPage) Refresh() tea.Cmd {
	p.model.keep = p.consumer.Key()
	if p.seen != p.model.Changes() {
		p.seen = p.model.Changes()
		p.Redraw()
		c := p.model.consumer(p.consumer.Key())
		if p.gone = c == nil; !p.gone {
			p.take(c)
		}
	}
	return p.model.Update([]lag.Key{p.consumer.Key()})
}

// take shows c; the cursor stays on its partition, or at the top.
func (p *partitionsPage) take(c *consumerLag) {
	sorted := *c
	sorted.Consumer = *c.WorstFirst()
	p.consumer = &sorted
	if i := slices.IndexFunc(sorted.Lag.Logs, func(l consumer.LogLag) bool { return l.Log == p.at }); i >= 0 && p.Cursor.Index > 0 {
		p.Cursor.Index = i
	}
	p.stay()
}

// stay notes which partition is under the cursor.
func (p *partitionsPage) stay() {
	p.Cursor.To(p.Cursor.Index, len(p.consumer.Lag.Logs))
	p.at = adapters.Log{}
	if l, _ := p.selected(); l != nil {
		p.at = l.Log
	}
}

// selected is the partition under the cursor and how the consumer stands in it, or nil.
func (p *partitionsPage) selected() (*consumer.LogLag, *lag.Standing) {
	if p.Cursor.Index >= len(p.consumer.Lag.Logs) {
		return nil, nil
	}
	return &p.consumer.Lag.Logs[p.Cursor.Index], &p.consumer.Logs[p.Cursor.Index]
}

// Hint leaves out enter where there is no next message to show.
func (p *partitionsPage) Hint(b *keymap.Binding) text.Safe {
	if l, _ := p.selected(); b.Action == keymap.Enter && (l == nil || !noNext(l).Empty()) {
		return text.Safe{}
	}
	return b.Hint()
}

// noNext says why there is no next message to show, or nothing.
func noNext(l *consumer.LogLag) text.Safe {
	switch {
	case l.State.Counted() && l.Lag == 0:
		return text.Own("nothing is left to read")
	case l.Partition == adapters.NoPartition && l.End < 0:
		return text.Own("what a queue delivers next cannot be read without taking it")
	case l.State == consumer.LagNoOffset:
		return text.Own("nothing was ever committed, so the consumer itself decides where it begins")
	case l.Next() < 0:
		return text.Own("its position is not known")
	}
	return text.Safe{}
}

func (p *partitionsPage) Do(a keymap.Action) tea.Cmd {
	if p.Move(a, len(p.consumer.Lag.Logs)) {
		p.stay()
		return nil
	}
	l, standing := p.selected()
	if a != keymap.Enter || l == nil {
		return nil
	}
	if why := noNext(l); !why.Empty() {
		p.Say(theme.Warn, why)
		return nil
	}
	return p.Open(newNextMessage(p.model, p.consumer, l, standing))
}

func (p *partitionsPage) Click(_, row int) bool {
	again := p.Listing.Click(row, len(p.consumer.Lag.Logs))
	p.stay()
	return again
}

func (p *partitionsPage) Status() []page.Piece {
	if p.gone {
		return []page.Piece{{Role: theme.Warn, Text: text.Own("it is not there any more")}}
	}
	noun, nouns := text.Own(" partition"), text.Own(" partitions")
	if p.consumer.Lag.Kind == consumer.QueueConsumers {
		noun, nouns = text.Own(" queue"), text.Own(" queues")
	}
	return []page.Piece{{Role: theme.Dim, Text: text.Plural(len(p.consumer.Lag.Logs), noun, nouns)}}
}

// headLines are how the consumer stands in all, and who its members are.
func (p *partitionsPage) headLines(width int) []widget.Line {
	t, c := p.Theme(), p.consumer
	role, glyph := p.model.stateLook(c)
	head := widget.NewRow(t, width).Gap(1).Put(theme.Title, t.CutMiddle(t.String(c.Lag.Group), max(12, width/3)))
	head.Gap(2).Put(role, glyph.Add(text.Space, t.String(c.Standing.State.String())))
	head.Gap(2).Put(theme.Strong, text.Own("lag ").Add(page.LagText(&c.Total)))
	head.Gap(2).Put(theme.Plain, behindText(c).Add(text.Own(" behind")))
	if role, direction := directionText(t, c); c.Total.Lag > 0 {
		if c.Standing.Direction == lag.Draining {
			direction = direction.Add(text.Own(" to zero"))
		}
		if c.Standing.Trend() == lag.NotDraining {
			direction = text.Own(lag.NotDraining)
		}
		head.Gap(2).Put(role, direction)
	}
	head.Gap(2).Put(theme.Dim, trendText(t, c, min(lagTrend, max(0, head.Left()))))
	lines := []widget.Line{head.Line()}
	lines = append(lines, widget.Paragraph(t, width, 1, theme.Dim, text.Join(text.Own(", "), append([]text.Safe{kindText(t, c.Lag.Kind).Add(text.Own(" on "), t.String(c.Source))}, consumerFacts(t, c)...)...), 2)...)
	if readers := p.readers(); !readers.Empty() {
		lines = append(lines, widget.NewRow(t, width).Gap(1).Put(theme.Dim, readers).Line())
	}
	if idle := p.idle(); !idle.Empty() {
		lines = append(lines, widget.NewRow(t, width).Gap(1).Put(theme.Warn, idle).Line())
	}
	return append(lines, widget.Rule(t, width))
}

// readers names the first consumers of a queue, which share it.
func (p *partitionsPage) readers() text.Safe {
	members := p.consumer.Lag.Members
	if len(members) == 0 || p.consumer.Lag.Kind != consumer.QueueConsumers {
		return text.Safe{}
	}
	return text.Own("read by: ").Add(p.memberNames(members))
}

// memberNames names the first of members, and counts the others.
func (p *partitionsPage) memberNames(members []consumer.Member) text.Safe {
	var names []text.Safe
	for i := range members[:min(len(members), 3)] {
		names = append(names, p.memberName(&members[i]))
	}
	if more := len(members) - len(names); more > 0 {
		names = append(names, text.Count(int64(more)).Add(text.Own(" more")))
	}
	return text.Join(text.Own(", "), names...)
}

// memberName is who a member is, where the user may see that.
func (p *partitionsPage) memberName(m *consumer.Member) text.Safe {
	if name := p.Theme().String(m.String()); !name.Empty() {
		return name
	}
	return page.Unknown
}

// idle names members that were given nothing to read.
func (p *partitionsPage) idle() text.Safe {
	var idle []consumer.Member
	for _, m := range p.consumer.Lag.Members {
		if m.Logs == 0 {
			idle = append(idle, m)
		}
	}
	if len(idle) == 0 || p.consumer.Lag.Kind == consumer.QueueConsumers {
		return text.Safe{}
	}
	return text.Own("reads nothing: ").Add(p.memberNames(idle))
}

// The columns of partitions.
const (
	partState = iota
	partLog
	partLag
	partBehind
	partStart
	partCommitted
	partEnd
	partMember
	partWhy
)

func (p *partitionsPage) columns(width int) []int {
	state, log, count, offset, member := 7, 10, 5, 9, 8
	for i := range p.consumer.Lag.Logs[:min(len(p.consumer.Lag.Logs), page.MostMeasured)] {
		l := &p.consumer.Lag.Logs[i]
		state = max(state, 2+len(p.consumer.Logs[i].State.String()))
		log = max(log, min(32, logName(p.Theme(), l).Width()))
		count = max(count, logLagText(l).Width())
		offset = max(offset, text.Count(l.End).Width(), text.Count(l.Committed).Width())
		member = max(member, min(28, p.memberText(l).Width()))
	}
	return widget.Layout([]widget.Column{
		partState: {Min: state}, partLog: {Min: 10, Want: log}, partLag: {Min: count}, partBehind: {Min: 8},
		partStart: {Min: offset, Rank: 4}, partCommitted: {Min: offset, Rank: 1}, partEnd: {Min: offset, Rank: 2},
		partMember: {Min: 8, Want: member, Rank: 3}, partWhy: {Min: 16, Rank: 5, Rest: true},
	}, width-2)
}

// logName is a partition as positions write it.
func logName(t *theme.Theme, l *consumer.LogLag) text.Safe {
	name := t.String(l.Destination)
	if l.Partition >= 0 {
		name = name.Add(text.Own("/"), text.Count(int64(l.Partition)))
	}
	return name
}

func logLagText(l *consumer.LogLag) text.Safe {
	if !l.State.Counted() {
		return page.Unknown
	}
	return text.Count(l.Lag)
}

// offsetText is an offset, or that there is none or nobody tells.
func offsetText(offset int64, none text.Safe) text.Safe {
	if offset < 0 {
		return none
	}
	return text.Count(offset)
}

// memberText is who reads a partition, and where.
func (p *partitionsPage) memberText(l *consumer.LogLag) text.Safe {
	members := p.consumer.Lag.Members
	switch {
	case p.consumer.Lag.Kind == consumer.QueueConsumers && len(members) > 1: // they share it
		return text.Count(int64(len(members))).Add(text.Own(" consumers"))
	case l.Member >= 0 && l.Member < len(members):
		return p.memberName(&members[l.Member])
	case !p.consumer.Lag.MembersKnown:
		return page.Unknown
	case l.Left:
		return text.Own("left behind")
	case p.consumer.Lag.Kind == consumer.QueueConsumers:
		return text.Own("no consumer")
	}
	return text.Own("nobody")
}

func (p *partitionsPage) Render(width, height int) []widget.Line {
	return page.Detailed(p.Theme(), width, height, func(height int) []widget.Line { return p.list(width, height) }, p.details)
}

// details are what a partition's row has no room for.
func (p *partitionsPage) details() []page.Piece {
	l, standing := p.selected()
	if l == nil {
		return nil
	}
	role, glyph := p.Theme().Lag(standing.State)
	facts := []text.Safe{logName(p.Theme(), l)}
	if l.Start >= 0 {
		facts = append(facts, text.Own("starts at ").Add(text.Count(l.Start)))
	}
	if l.LastStable >= 0 && l.LastStable < l.End {
		facts = append(facts, text.Own("committed transactions end at ").Add(text.Count(l.LastStable)))
		if l.Open != nil && l.Open.Hangs {
			facts = append(facts, p.Theme().String(l.Open.String()).Add(text.Own(" hangs")))
		}
	}
	facts = append(facts, page.RateText(standing.In).Add(text.Own("/s in")), page.RateText(standing.Out).Add(text.Own("/s out")), text.Own("read by ").Add(p.memberText(l)))
	return []page.Piece{{Role: theme.Dim, Text: text.Join(text.Own(", "), facts...)}, {Role: role, Text: glyph.Add(text.Space, p.Theme().String(standing.Why))}}
}

func (p *partitionsPage) list(width, height int) []widget.Line {
	t := p.Theme()
	columns := p.columns(width)
	lines := append(p.headLines(width), widget.Headings(t, width, columns, []text.Safe{
		text.Own("State"), text.Own("Partition"), text.Own("Lag"), text.Own("Behind"), text.Own("Start"), text.Own("Committed"), text.Own("End"), text.Own("Member"), text.Own("Why"),
	}, partLag, partBehind, partStart, partCommitted, partEnd))
	if len(p.consumer.Lag.Logs) == 0 {
		lines = append(lines, widget.Blank(t, width))
		lines = append(lines, widget.Paragraph(t, width, 2, theme.Warn, p.noLogs(), 4)...)
	}
	return p.Draw(t, lines, width, height, len(p.consumer.Lag.Logs), func(i int, selected bool) widget.Line { return p.row(columns, i, width, selected) })
}

// noLogs says why no partition is listed.
func (p *partitionsPage) noLogs() text.Safe {
	c := p.consumer
	switch {
	case c.Err != nil:
		return page.Repeated(p.Theme(), c.Err)
	case c.short:
		return text.Own("asking for its partitions")
	}
	return p.Theme().String(c.Standing.Why)
}

func (p *partitionsPage) row(columns []int, i, width int, selected bool) widget.Line {
	t, l, standing := p.Theme(), &p.consumer.Lag.Logs[i], &p.consumer.Logs[i]
	row := widget.ListRow(t, width, selected, false)
	role, glyph := t.Lag(standing.State)
	row.Cell(role, glyph.Add(text.Space, t.String(standing.State.String())), columns[partState])
	row.Between().ID(theme.Plain, logName(t, l), columns[partLog])
	none := text.Own("none")
	if l.State != consumer.LagNoOffset {
		none = page.Unknown
	}
	row.ColumnRight(theme.Strong, logLagText(l), columns[partLag]).ColumnRight(theme.Plain, secondsText(standing, false), columns[partBehind])
	row.ColumnRight(theme.Dim, offsetText(l.Start, page.Unknown), columns[partStart]).ColumnRight(theme.Plain, offsetText(l.Committed, none), columns[partCommitted])
	row.ColumnRight(theme.Plain, offsetText(l.End, page.Unknown), columns[partEnd])
	role = theme.Dim
	if l.Member < 0 && p.consumer.Lag.MembersKnown && p.consumer.Lag.Kind != consumer.QueueConsumers {
		role = theme.Warn
	}
	return row.Column(role, p.memberText(l), columns[partMember]).Column(theme.Dim, t.String(standing.Why), columns[partWhy]).Line()
}

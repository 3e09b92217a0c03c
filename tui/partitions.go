package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// partitionsPage is one group or queue: the partitions that it reads, a row each, the worst
// first.
type partitionsPage struct {
	*shell
	listing
	lagModel *lagModel
	consumer *consumerLag // its logs the worst first
	gone     bool         // it is not there any more
	seen     int
	at       adapters.Log // under the cursor
}

func newPartitions(d *shell, c *consumerLag) *partitionsPage {
	p := &partitionsPage{shell: d, lagModel: d.lagModel, seen: d.lagModel.seen}
	p.take(c)
	return p
}

func (p *partitionsPage) scope() keymap.Scope { return keymap.OnConsumer }
func (p *partitionsPage) ages() bool          { return false }
func (p *partitionsPage) waitsFor() *question { return &p.lagModel.question }
func (p *partitionsPage) back() bool          { return false }
func (p *partitionsPage) name() text.Safe     { return p.theme.String(p.consumer.Lag.Group) }

func (p *partitionsPage) refresh() tea.Cmd {
	p.lagModel.keep = p.consumer.Key()
	if p.seen != p.lagModel.seen {
		p.seen, p.dirty = p.lagModel.seen, true
		c := p.lagModel.consumer(p.consumer.Key())
		if p.gone = c == nil; !p.gone {
			p.take(c)
		}
	}
	return p.lagModel.update([]lag.Key{p.consumer.Key()})
}

// take shows c; the cursor stays on its partition, or at the top.
func (p *partitionsPage) take(c *consumerLag) {
	sorted := *c
	sorted.Consumer = *c.WorstFirst()
	p.consumer = &sorted
	if i := slices.IndexFunc(sorted.Lag.Logs, func(l consumer.LogLag) bool { return l.Log == p.at }); i >= 0 && p.cursor.Index > 0 {
		p.cursor.Index = i
	}
	p.stay()
}

// stay notes which partition is under the cursor.
func (p *partitionsPage) stay() {
	p.cursor.To(p.cursor.Index, len(p.consumer.Lag.Logs))
	p.at = adapters.Log{}
	if l, _ := p.selected(); l != nil {
		p.at = l.Log
	}
}

// selected is the partition under the cursor and how the consumer stands in it, or nil.
func (p *partitionsPage) selected() (*consumer.LogLag, *lag.Standing) {
	if p.cursor.Index >= len(p.consumer.Lag.Logs) {
		return nil, nil
	}
	return &p.consumer.Lag.Logs[p.cursor.Index], &p.consumer.Logs[p.cursor.Index]
}

// hint leaves out enter where there is no next message to show.
func (p *partitionsPage) hint(b *keymap.Binding) text.Safe {
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
		return text.Own("nobody tells where it reads")
	}
	return text.Safe{}
}

func (p *partitionsPage) do(a keymap.Action) tea.Cmd {
	if p.move(a, len(p.consumer.Lag.Logs)) {
		p.stay()
		return nil
	}
	l, standing := p.selected()
	if a != keymap.Enter || l == nil {
		return nil
	}
	if why := noNext(l); !why.Empty() {
		p.say(theme.Warn, why)
		return nil
	}
	return p.open(newNextMessage(p.shell, p.consumer, l, standing))
}

func (p *partitionsPage) click(_, row int) bool {
	again := p.listing.click(row, len(p.consumer.Lag.Logs))
	p.stay()
	return again
}

func (p *partitionsPage) status() []piece {
	if p.gone {
		return []piece{{theme.Warn, text.Own("it is not there any more")}}
	}
	noun, nouns := text.Own(" partition"), text.Own(" partitions")
	if p.consumer.Lag.Kind == consumer.QueueConsumers {
		noun, nouns = text.Own(" queue"), text.Own(" queues")
	}
	return []piece{{theme.Dim, plural(len(p.consumer.Lag.Logs), noun, nouns)}}
}

// headLines are how the consumer stands in all, and who its members are.
func (p *partitionsPage) headLines(width int) []widget.Line {
	t, c := p.theme, p.consumer
	role, glyph := stateLook(t, c)
	head := widget.NewRow(t, width).Gap(1).Put(theme.Title, t.CutMiddle(t.String(c.Lag.Group), max(12, width/3)))
	head.Gap(2).Put(role, glyph.Add(space, t.String(c.Standing.State.String())))
	head.Gap(2).Put(theme.Strong, text.Own("lag ").Add(lagText(&c.Total)))
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
	for _, s := range widget.Wrap(t, text.Join(text.Own(", "), append([]text.Safe{kindText(t, c.Lag.Kind).Add(text.Own(" on "), t.String(c.Source))}, consumerFacts(t, c)...)...), width-2, 2) {
		lines = append(lines, widget.NewRow(t, width).Gap(1).Put(theme.Dim, s).Line())
	}
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
	if name := p.theme.String(m.String()); !name.Empty() {
		return name
	}
	return unknownText
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
	for i := range p.consumer.Lag.Logs[:min(len(p.consumer.Lag.Logs), mostMeasured)] {
		l := &p.consumer.Lag.Logs[i]
		state = max(state, 2+len(p.consumer.Logs[i].State.String()))
		log = max(log, min(32, logName(p.theme, l).Width()))
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
		return unknownText
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
		return unknownText
	case l.Left:
		return text.Own("left behind")
	case p.consumer.Lag.Kind == consumer.QueueConsumers:
		return text.Own("no consumer")
	}
	return text.Own("nobody")
}

func (p *partitionsPage) render(width, height int) []widget.Line {
	return p.detailed(width, height, func(height int) []widget.Line { return p.list(width, height) }, p.details)
}

// details are what a partition's row has no room for.
func (p *partitionsPage) details() []piece {
	l, standing := p.selected()
	if l == nil {
		return nil
	}
	role, glyph := p.theme.Lag(standing.State)
	facts := []text.Safe{logName(p.theme, l)}
	if l.Start >= 0 {
		facts = append(facts, text.Own("starts at ").Add(text.Count(l.Start)))
	}
	if l.LastStable >= 0 && l.LastStable < l.End {
		facts = append(facts, text.Own("committed transactions end at ").Add(text.Count(l.LastStable)))
		if l.Open != nil && l.Open.Hangs {
			facts = append(facts, p.theme.String(l.Open.String()).Add(text.Own(" hangs")))
		}
	}
	facts = append(facts, rateText(standing.In).Add(text.Own("/s in")), rateText(standing.Out).Add(text.Own("/s out")), text.Own("read by ").Add(p.memberText(l)))
	return []piece{{theme.Dim, text.Join(text.Own(", "), facts...)}, {role, glyph.Add(space, p.theme.String(standing.Why))}}
}

func (p *partitionsPage) list(width, height int) []widget.Line {
	t := p.theme
	columns := p.columns(width)
	lines := append(p.headLines(width), headings(t, width, columns, []text.Safe{
		text.Own("State"), text.Own("Partition"), text.Own("Lag"), text.Own("Behind"), text.Own("Start"), text.Own("Committed"), text.Own("End"), text.Own("Member"), text.Own("Why"),
	}, partLag, partBehind, partStart, partCommitted, partEnd))
	from, to := p.show(lines, height, len(p.consumer.Lag.Logs))
	for i := from; i < to; i++ {
		lines = append(lines, p.row(columns, i, width, i == p.cursor.Index))
	}
	if len(p.consumer.Lag.Logs) == 0 {
		lines = append(lines, widget.Blank(t, width))
		for _, s := range widget.Wrap(t, p.noLogs(), width-4, 4) {
			lines = append(lines, widget.NewRow(t, width).Gap(2).Put(theme.Warn, s).Line())
		}
	}
	return widget.Fit(t, lines, width, height)
}

// noLogs says why no partition is listed.
func (p *partitionsPage) noLogs() text.Safe {
	c := p.consumer
	switch {
	case c.Err != nil:
		return p.repeated(c.Err)
	case c.short:
		return text.Own("asking for its partitions")
	}
	return p.theme.String(c.Standing.Why)
}

func (p *partitionsPage) row(columns []int, i, width int, selected bool) widget.Line {
	t, l, standing := p.theme, &p.consumer.Lag.Logs[i], &p.consumer.Logs[i]
	row := rowStart(t, width, selected, false)
	role, glyph := t.Lag(standing.State)
	row.Cell(role, glyph.Add(space, t.String(standing.State.String())), columns[partState])
	row.Between().ID(theme.Plain, logName(t, l), columns[partLog])
	none := text.Own("none")
	if l.State != consumer.LagNoOffset {
		none = unknownText
	}
	for _, c := range []struct {
		column int
		role   theme.Role
		value  text.Safe
	}{
		{partLag, theme.Strong, logLagText(l)}, {partBehind, theme.Plain, secondsText(standing, false)}, {partStart, theme.Dim, offsetText(l.Start, unknownText)},
		{partCommitted, theme.Plain, offsetText(l.Committed, none)}, {partEnd, theme.Plain, offsetText(l.End, unknownText)},
	} {
		if w := columns[c.column]; w > 0 {
			row.Between().Right(c.role, c.value, w)
		}
	}
	if w := columns[partMember]; w > 0 {
		role := theme.Dim
		if l.Member < 0 && p.consumer.Lag.MembersKnown && p.consumer.Lag.Kind != consumer.QueueConsumers {
			role = theme.Warn
		}
		row.Between().Cell(role, p.memberText(l), w)
	}
	if w := columns[partWhy]; w > 0 {
		row.Between().Cell(theme.Dim, t.String(standing.Why), w)
	}
	return row.Line()
}

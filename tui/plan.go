package tui

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/replay"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
	"github.com/aymanbagabas/go-udiff" // the line differences that gopls shows
)

// planPage is what will happen, before anything does.
type planPage struct {
	*desk
	question
	listing
	action  replay.Action
	letters []*replay.Letter
	options replay.PlanOptions
	before  []byte // the body that was edited
	asked   bool
	plan    *replay.Plan
	refusal error // why it cannot be carried out, whatever is typed
	rows    []planRow
	length  int // of the rows as they are wrapped
}

// planRow is a fact of a plan.
type planRow struct {
	role         theme.Role
	label, value text.Safe
}

const (
	// planLimit is how long asking the brokers for a plan may take.
	planLimit = 30 * time.Second
	// typedCount is how many letters at most are confirmed by their number; above that it
	// is the name of the destination.
	typedCount = 100
	// planLabel is the width of what stands before the facts.
	planLabel = 11
	// mostPlanLines is how many lines one fact may take.
	mostPlanLines = 100
)

// actions are what the keys do.
var actions = map[action]replay.Action{replayLetters: replay.Replay, discardLetters: replay.Discard, restoreLetters: replay.Restore}

// planFor opens the plan for letters; only, if not nil, are those that are chosen. A
// discard asks for its reason first.
func (d *desk) planFor(a action, letters []*replay.Letter, only map[adapters.Position]bool) tea.Cmd {
	p := &planPage{desk: d, action: actions[a], letters: letters, options: replay.PlanOptions{Only: only}}
	if !slices.ContainsFunc(letters, func(l *replay.Letter) bool { return l.State == p.action.Wants() && (only == nil || only[l.Position]) }) {
		d.say(theme.Warn, text.Own("none of these letters is ").Add(d.theme.String(p.action.Wants().String()), text.Own("; a shows those that were dealt with, too")))
		return nil
	}
	if p.action == replay.Discard {
		d.askFor(text.Own("reason for the discard: "), text.Own("why; it is kept in the journal, and the letters can be restored"), func(reason string) tea.Cmd {
			p.options.Reason = reason
			return d.open(p)
		})
		return nil
	}
	return d.open(p)
}

// planEdited opens the plan for a letter with another body.
func (d *desk) planEdited(l replay.Letter, before []byte, edit *replay.Edit) tea.Cmd {
	return d.open(&planPage{
		desk: d, action: replay.Replay, letters: []*replay.Letter{&l}, before: before,
		options: replay.PlanOptions{Edits: map[adapters.Position]*replay.Edit{l.Position: edit}},
	})
}

func (p *planPage) scope() scope        { return onPlan }
func (p *planPage) ages() bool          { return false }
func (p *planPage) waitsFor() *question { return &p.question }
func (p *planPage) back() bool          { return false }
func (p *planPage) name() text.Safe     { return text.Own("Plan: ").Add(p.theme.String(string(p.action))) }

// hint leaves out what cannot be done with this plan.
func (p *planPage) hint(b *binding) text.Safe {
	switch {
	case b.action == enter && (p.plan == nil || p.refusal != nil), b.action == otherTarget && p.action != replay.Replay:
		return text.Safe{}
	}
	return p.desk.hint(b)
}

// refresh makes the plan, once; it is frozen then.
func (p *planPage) refresh() tea.Cmd {
	if p.asked {
		return nil
	}
	p.asked = true
	office, action, letters, options := p.desk.options.Office, p.action, p.letters, p.options
	return p.ask(p.desk, text.Own("asking the brokers who would receive this"), planLimit, func(ctx context.Context) (func(), error) {
		var all []replay.Letter
		for _, l := range letters {
			if options.Only == nil || options.Only[l.Position] {
				all = append(all, *l)
			}
		}
		plan, err := office.Plan(ctx, action, all, options)
		return func() { p.take(plan) }, err
	})
}

// confirmation is what is said for an operator who typed what was asked for.
func (p *planPage) confirmation() replay.Confirmation {
	return replay.Confirmation{Count: p.plan.Count(), Plan: p.plan.ID, Write: p.desk.options.Write}
}

// take makes the rows of a plan. What would be refused whatever is typed comes first.
func (p *planPage) take(plan *replay.Plan) {
	p.plan, p.rows = plan, nil
	t := p.theme
	if p.refusal = plan.Check(p.confirmation()); p.refusal != nil {
		p.rows = append(p.rows, planRow{theme.Bad, t.Glyph.Failed.Add(text.Own(" refused")), t.String(p.refusal.Error())})
	}
	if unresolved, _, looping := plan.Excluded(); unresolved+looping > 0 {
		p.rows = append(p.rows, planRow{theme.Warn, text.Own("t"), text.Own("names a destination for all letters of the plan, as --to does")})
	}
	for _, fact := range plan.Facts() {
		role := theme.Plain
		switch fact[0] {
		case "stays", "reaches", "in hand":
			role = theme.Warn
		case "guarantee":
			role = theme.Good
		case "plan":
			role = theme.Dim
		}
		p.rows = append(p.rows, planRow{role, t.String(fact[0]), t.String(fact[1])})
	}
	for _, edit := range p.options.Edits {
		if edit.ID != "" {
			p.rows = append(p.rows, planRow{theme.Plain, text.Own("new id"), t.String(edit.ID)})
		}
		p.rows = append(p.rows, planRow{theme.Title, text.Own("changed"), text.Own("the body, in this way:")})
		p.rows = append(p.rows, difference(t, p.before, edit.Value)...)
	}
}

// difference are the lines that an edit takes out and puts in.
func difference(t *theme.Theme, before, after []byte) (rows []planRow) {
	for line := range strings.Lines(udiff.Unified("letter", "copy", string(before), string(after))) {
		role := theme.Dim
		switch line[0] {
		case '+':
			role = theme.Good
		case '-':
			role = theme.Bad
		}
		rows = append(rows, planRow{role, text.Safe{}, t.String(strings.TrimSuffix(line, "\n"))})
	}
	return rows
}

func (p *planPage) do(a action) tea.Cmd {
	switch {
	case p.move(a, p.length), p.plan == nil:
	case a == otherTarget:
		p.askTarget()
	case a == enter && p.refusal != nil:
		p.say(theme.Bad, p.theme.Glyph.Failed.Add(space, p.theme.String(p.refusal.Error())))
	case a == enter:
		p.askConfirmation()
	}
	return nil
}

// askTarget asks for a destination in place of those that the letters name.
func (p *planPage) askTarget() {
	if p.action != replay.Replay {
		p.say(theme.Dim, text.Own("only what is replayed goes somewhere"))
		return
	}
	broker := p.letters[0].Broker
	explain := text.Own("a topic, for all letters of the plan")
	if broker == adapters.RabbitMQ {
		explain = text.Own("a queue, or exchange:routing-key, for all letters of the plan")
	}
	p.askFor(text.Own("send them to: "), explain, func(name string) tea.Cmd {
		p.options.To = replay.ParseTarget(broker, strings.TrimSpace(name))
		p.asked, p.plan, p.rows = false, nil, nil
		return p.refresh()
	})
}

// askConfirmation asks for the number of letters, or for more than a few the name of where
// they go.
func (p *planPage) askConfirmation() {
	t, count := p.theme, p.plan.Count()
	word := strconv.Itoa(count)
	if count > typedCount {
		word = p.destination()
	}
	shown := t.String(word)
	sign := text.Own("type ").Add(t.CutMiddle(shown, 30), text.Own(" to "), t.String(string(p.action)), space, plural(count, text.Own(" letter"), text.Own(" letters")), text.Own(": "))
	p.askFor(sign, text.Own("esc leaves everything as it is"), func(typed string) tea.Cmd {
		if typed = strings.TrimSpace(typed); typed != word && typed != shown.String() {
			p.say(theme.Warn, text.Own("that is not ").Add(shown, text.Own("; nothing was done")))
			return nil
		}
		return p.begin()
	})
}

// destination is what is typed for many letters: where the most of them go, or what they
// are taken from.
func (p *planPage) destination() string {
	if targets := p.plan.Targets(); len(targets) > 0 {
		return slices.MaxFunc(targets, func(a, b replay.Destined) int { return a.Count - b.Count }).Target.String()
	}
	return p.plan.Parts[0].Grave
}

// begin makes the plan a run and shows it, in the place of the plan, which is carried out
// once.
func (p *planPage) begin() tea.Cmd {
	d, plan, said := p.desk, p.plan, p.confirmation()
	return d.takeUp(text.Own("writing the plan to disk"), func() (*replay.Run, int, error) {
		run, err := d.options.Office.Begin(plan, said, replay.Pace{Canary: 1})
		return run, 0, err
	}, func(run *replay.Run) {
		if d.top() == page(p) {
			d.pop()
		}
	})
}

func (p *planPage) click(row int) bool { p.listing.click(row, p.length); return false }

func (p *planPage) status() []piece {
	if p.plan == nil {
		return nil
	}
	if !p.desk.options.Write {
		return []piece{{theme.Warn, text.Own("read-only: start with --write to carry it out")}}
	}
	return []piece{{theme.Warn, text.Own("nothing has happened yet")}}
}

func (p *planPage) render(width, height int) []widget.Line {
	t := p.theme
	var lines []widget.Line
	var wrapped []planRow
	for _, row := range p.rows {
		room := width - 4 - planLabel
		if row.label.Empty() {
			room = width - 4
		}
		for n, s := range wrapWhole(t, row.value, room, mostPlanLines) {
			label := row.label
			if n > 0 && !label.Empty() {
				label = space
			}
			wrapped = append(wrapped, planRow{row.role, label, s})
		}
	}
	p.length = len(wrapped)
	from, to := p.show(lines, height, len(wrapped))
	for i := from; i < to; i++ {
		row, r := rowStart(t, width, i == p.cursor.Index, false), &wrapped[i]
		if !r.label.Empty() {
			role := theme.Dim
			if r.role == theme.Bad {
				role = r.role
			}
			row.Cell(role, r.label, planLabel).Gap(1)
		}
		lines = append(lines, row.Put(r.role, r.value).Line())
	}
	return widget.Fit(t, lines, width, height)
}

// wrapWhole breaks s at spaces as [widget.Wrap] does, and a word that is longer than a line
// where the line ends, so that nothing is cut before most lines are full.
func wrapWhole(t *theme.Theme, s text.Safe, width, most int) []text.Safe {
	if width = max(width, 8); s.Width() <= width {
		return []text.Safe{s}
	}
	var lines []text.Safe
	var line text.Safe
	for word := range strings.SplitSeq(s.String(), " ") {
		piece := t.String(word)
		if !line.Empty() && line.Width()+1+piece.Width() > width {
			lines, line = append(lines, line), text.Safe{}
		}
		for piece.Width() > width {
			head := piece.To(width)
			lines, piece = append(lines, head), piece.From(head.Width())
		}
		line = text.Join(space, line, piece)
	}
	if lines = append(lines, line); len(lines) > most {
		lines = append(lines[:most-1], t.Cut(text.Join(space, lines[most-1:]...), width))
	}
	return lines
}

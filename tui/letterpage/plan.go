package letterpage

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/replay"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
	"github.com/aymanbagabas/go-udiff" // the line differences that gopls shows
)

// planPage is what will happen, before anything does.
type planPage struct {
	page.Screen
	model *Model
	page.Question
	page.Listing
	action  replay.Action
	letters []*replay.Letter
	options replay.PlanOptions
	to      string // the destination that was named for all letters, or empty
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
var actions = map[keymap.Action]replay.Action{keymap.ReplayLetters: replay.Replay, keymap.DiscardLetters: replay.Discard, keymap.RestoreLetters: replay.Restore}

// planFor opens the plan for letters; only, if not nil, are those that are chosen. A
// discard asks for its reason first.
func (m *Model) planFor(a keymap.Action, letters []*replay.Letter, only map[adapters.Position]bool) tea.Cmd {
	p := &planPage{Screen: m, model: m, action: actions[a], letters: letters, options: replay.PlanOptions{Only: only}}
	if !slices.ContainsFunc(letters, func(l *replay.Letter) bool { return l.State == p.action.Wants() && (only == nil || only[l.Position]) }) {
		m.Say(theme.Warn, text.Own("none of these letters is ").Add(m.Theme().String(p.action.Wants().String()), text.Own("; a shows resolved ones, too")))
		return nil
	}
	if p.action == replay.Discard {
		page.AskFor(m, text.Own("reason for the discard: "), text.Own("why; it is kept in the journal, and the letters can be restored"), func(reason string) tea.Cmd {
			p.options.Reason = reason
			return m.Open(p)
		})
		return nil
	}
	return m.Open(p)
}

// planEdited opens the plan for a letter with another body.
func (m *Model) planEdited(l replay.Letter, before []byte, edit *replay.Edit) tea.Cmd {
	return m.Open(&planPage{
		Screen: m, model: m, action: replay.Replay, letters: []*replay.Letter{&l}, before: before,
		options: replay.PlanOptions{Edits: map[adapters.Position]*replay.Edit{l.Position: edit}},
	})
}

func (p *planPage) Scope() keymap.Scope      { return keymap.OnPlan }
func (p *planPage) Ages() bool               { return false }
func (p *planPage) WaitsFor() *page.Question { return &p.Question }
func (p *planPage) Back() bool               { return false }
func (p *planPage) Name() text.Safe {
	return text.Own("Plan: ").Add(p.Theme().String(string(p.action)))
}

// Hint leaves out what cannot be done with this plan.
func (p *planPage) Hint(b *keymap.Binding) text.Safe {
	switch {
	case b.Action == keymap.Enter && (p.plan == nil || p.refusal != nil), b.Action == keymap.OtherTarget && p.action != replay.Replay,
		b.Action == keymap.ClaimedTarget && len(p.claimed()) == 0:
		return text.Safe{}
	}
	return b.Hint()
}

// Refresh makes the plan, once; it is frozen then.
func (p *planPage) Refresh() tea.Cmd {
	if p.asked {
		return nil
	}
	p.asked, p.Once = true, true
	service, action, letters, options, to := p.model.Service, p.action, p.letters, p.options, p.to
	return p.Ask(p, text.Own("asking the brokers who would receive this"), planLimit, func(ctx context.Context) (func(), error) {
		var all []replay.Letter
		for _, l := range letters {
			if options.Only == nil || options.Only[l.Position] {
				all = append(all, *l)
			}
		}
		if to != "" {
			target, err := service.Target(ctx, letters[0].Broker, to)
			if err != nil {
				return nil, err
			}
			options.To = target
		}
		plan, err := service.Plan(ctx, action, replay.Chosen(all), options)
		return func() { p.take(plan) }, err
	})
}

// confirmation is what is said for an operator who typed what was asked for.
func (p *planPage) confirmation() replay.Confirmation {
	return replay.Confirmation{Count: p.plan.Count(), Plan: p.plan.ID, Write: p.model.Write}
}

// take makes the rows of a plan. What would be refused whatever is typed comes first.
func (p *planPage) take(plan *replay.Plan) {
	p.plan, p.rows = plan, nil
	t := p.Theme()
	if p.refusal = plan.Check(p.confirmation()); p.refusal != nil {
		p.rows = append(p.rows, planRow{theme.Bad, t.Glyph.Failed.Add(text.Own(" refused")), t.String(p.refusal.Error())})
	}
	if slices.ContainsFunc(plan.Staying(), func(s replay.Staying) bool { return s.Reason != replay.OverLimit }) && p.action == replay.Replay {
		p.rows = append(p.rows, planRow{theme.Warn, text.Own("t"), text.Own("names a destination for all letters of the plan, as --to does")})
	}
	if len(p.claimed()) > 0 {
		p.rows = append(p.rows, planRow{theme.Warn, text.Own("c"), text.Own("takes the name of a destination that only letters speak for, so that they go there")})
	}
	for _, fact := range plan.Facts() {
		p.rows = append(p.rows, planRow{factRoles[fact.Weight], t.String(fact.Label), t.String(fact.Text)})
	}
	for _, edit := range p.options.Edits {
		if edit.ID != "" {
			p.rows = append(p.rows, planRow{theme.Plain, text.Own("new id"), t.String(edit.ID)})
		}
		p.rows = append(p.rows, planRow{theme.Title, text.Own("changed"), text.Own("the body, in this way:")})
		p.rows = append(p.rows, difference(t, p.before, edit.Value)...)
	}
}

// factRoles are how facts look by their weight.
var factRoles = map[replay.Weight]theme.Role{replay.FactPlain: theme.Plain, replay.FactAside: theme.Dim, replay.FactPromise: theme.Good, replay.FactCaution: theme.Warn}

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

func (p *planPage) Do(a keymap.Action) tea.Cmd {
	switch {
	case p.Move(a, p.length), p.Busy:
	case a == keymap.OtherTarget:
		p.askTarget()
	case p.plan == nil:
	case a == keymap.ClaimedTarget:
		p.askClaimed()
	case a == keymap.Enter && p.refusal != nil:
		p.Say(theme.Bad, p.Theme().Glyph.Failed.Add(text.Space, p.Theme().String(p.refusal.Error())))
	case a == keymap.Enter:
		p.askConfirmation()
	}
	return nil
}

// askTarget asks for a destination in place of those that the letters name.
func (p *planPage) askTarget() {
	if p.action != replay.Replay {
		p.Say(theme.Dim, text.Own("only what is replayed goes somewhere"))
		return
	}
	explain := p.Theme().String(p.model.Words[p.letters[0].Broker].Target).Add(text.Own(", for all letters of the plan"))
	page.AskFor(p, text.Own("send them to: "), explain, func(name string) tea.Cmd {
		p.to = strings.TrimSpace(name)
		p.asked, p.plan, p.rows = false, nil, nil
		return p.Refresh()
	})
}

// claimed are the destinations that only letters speak for, as the plan prints them.
func (p *planPage) claimed() (names []string) {
	if p.plan == nil {
		return nil
	}
	for _, d := range p.plan.Targets() {
		if name := string(d.Target); d.Claimed != "" && d.Stays() && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// askClaimed asks for the name of one of them, so that nobody sends letters there unseen.
func (p *planPage) askClaimed() {
	names := p.claimed()
	if len(names) == 0 {
		p.Say(theme.Dim, text.Own("the plan has no destination that only letters speak for"))
		return
	}
	page.AskFor(p, text.Own("type its name: "), text.Own("letters go there too then, though only they say that they belong there"), func(typed string) tea.Cmd {
		typed = strings.TrimSpace(typed)
		if !slices.Contains(names, typed) {
			p.Say(theme.Warn, text.Own("that is none of them; nothing was changed"))
			return nil
		}
		p.options.Confirmed = append(slices.Clone(p.options.Confirmed), typed)
		p.asked, p.plan, p.rows = false, nil, nil
		return p.Refresh()
	})
}

// askConfirmation asks for the number of letters, or for more than a few the name of where
// they go.
func (p *planPage) askConfirmation() {
	t, count := p.Theme(), p.plan.Count()
	word := strconv.Itoa(count)
	if count > typedCount {
		word = p.destination()
	}
	shown := t.String(word)
	sign := text.Own("type ").Add(t.CutMiddle(shown, 30), text.Own(" to "), t.String(string(p.action)), text.Space, text.Plural(count, text.Own(" letter"), text.Own(" letters")), text.Own(": "))
	page.AskFor(p, sign, text.Own("esc leaves everything as it is"), func(typed string) tea.Cmd {
		if typed = strings.TrimSpace(typed); typed != word && typed != shown.String() {
			p.Say(theme.Warn, text.Own("that does not match ").Add(shown, text.Own("; nothing was sent")))
			return nil
		}
		return p.begin()
	})
}

// destination is what is typed for many letters: where the most of them go, or what they
// are taken from.
func (p *planPage) destination() string {
	targets := slices.DeleteFunc(p.plan.Targets(), func(d replay.Destined) bool { return d.Stays() })
	if len(targets) > 0 {
		return string(slices.MaxFunc(targets, func(a, b replay.Destined) int { return a.Count - b.Count }).Target)
	}
	return p.plan.Parts[0].DLQ
}

// begin makes the plan a run and shows it, in the place of the plan, which is carried out
// once.
func (p *planPage) begin() tea.Cmd {
	d, plan, said := p.model, p.plan, p.confirmation()
	return d.carryOut(text.Own("writing the plan to disk"), func() (*replay.Run, error) {
		return d.Service.Begin(plan, said, replay.Pace{Canary: 1})
	}, func() { d.Close(p) })
}

func (p *planPage) Click(_, row int) bool { p.Listing.Click(row, p.length); return false }

func (p *planPage) Status() []page.Piece {
	if p.plan == nil {
		return nil
	}
	if !p.model.Write {
		return []page.Piece{{Role: theme.Warn, Text: text.Own("read-only: start with --write to carry it out")}}
	}
	return []page.Piece{{Role: theme.Warn, Text: text.Own("nothing has happened yet")}}
}

func (p *planPage) Render(width, height int) []widget.Line {
	t := p.Theme()
	var wrapped []planRow
	for _, row := range p.rows {
		room := width - 4 - planLabel
		if row.label.Empty() {
			room = width - 4
		}
		for n, s := range wrapWhole(t, row.value, room, mostPlanLines) {
			label := row.label
			if n > 0 && !label.Empty() {
				label = text.Space
			}
			wrapped = append(wrapped, planRow{row.role, label, s})
		}
	}
	p.length = len(wrapped)
	return p.Draw(t, nil, width, height, p.length, func(i int, selected bool) widget.Line {
		row, r := widget.ListRow(t, width, selected, false), &wrapped[i]
		if !r.label.Empty() {
			role := theme.Dim
			if r.role == theme.Bad {
				role = r.role
			}
			row.Cell(role, r.label, planLabel).Gap(1)
		}
		return row.Put(r.role, r.value).Line()
	})
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
		line = text.Join(text.Space, line, piece)
	}
	if lines = append(lines, line); len(lines) > most {
		lines = append(lines[:most-1], t.Cut(text.Join(text.Space, lines[most-1:]...), width))
	}
	return lines
}

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
	letters []replay.Letter
	options replay.PlanOptions
	before  []byte // the body that was edited
	asked   bool
	plan    *replay.Plan
	rows    []piece
	length  int // of the rows as they are wrapped
}

const (
	// planLimit is how long asking the brokers for a plan may take.
	planLimit = 30 * time.Second
	// typedCount is how many letters at most are confirmed by their number; above that it
	// is the name of the destination.
	typedCount = 100
)

// actions are what the keys do.
var actions = map[action]replay.Action{replayLetters: replay.Replay, discardLetters: replay.Discard, restoreLetters: replay.Restore}

// planFor opens the plan for letters; only, if not nil, are those that are chosen. A
// discard asks for its reason first.
func (d *desk) planFor(a action, letters []replay.Letter, only map[adapters.Position]bool) tea.Cmd {
	p := &planPage{desk: d, action: actions[a], letters: letters, options: replay.PlanOptions{Only: only}}
	if !slices.ContainsFunc(letters, func(l replay.Letter) bool { return l.State == p.action.Wants() && (only == nil || only[l.Position]) }) {
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
		desk: d, action: replay.Replay, letters: []replay.Letter{l}, before: before,
		options: replay.PlanOptions{Edits: map[adapters.Position]*replay.Edit{l.Position: edit}},
	})
}

func (p *planPage) scope() scope        { return onPlan }
func (p *planPage) ages() bool          { return false }
func (p *planPage) waitsFor() *question { return &p.question }
func (p *planPage) back() bool          { return false }
func (p *planPage) name() text.Safe     { return text.Own("Plan: ").Add(p.theme.String(string(p.action))) }

// refresh makes the plan, once; it is frozen then.
func (p *planPage) refresh() tea.Cmd {
	if p.asked {
		return nil
	}
	p.asked = true
	office, action, letters, options := p.desk.options.Office, p.action, p.letters, p.options
	return p.ask(p.desk, text.Own("asking the brokers who would receive this"), planLimit, func(ctx context.Context) (func(), error) {
		plan, err := office.Plan(ctx, action, letters, options)
		return func() { p.take(plan) }, err
	})
}

// take makes the rows of a plan.
func (p *planPage) take(plan *replay.Plan) {
	p.plan = plan
	t := p.theme
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
		label := t.String(fact[0])
		p.rows = append(p.rows, piece{role, label.Add(space.Repeat(max(1, 12-label.Width())), t.String(fact[1]))})
	}
	for _, edit := range p.options.Edits {
		p.rows = append(p.rows, piece{theme.Title, text.Own("The body is changed:")})
		for line := range strings.Lines(udiff.Unified("letter", "copy", string(p.before), string(edit.Value))) {
			role := theme.Dim
			switch line[0] {
			case '+':
				role = theme.Good
			case '-':
				role = theme.Bad
			}
			p.rows = append(p.rows, piece{role, t.String(strings.TrimSuffix(line, "\n"))})
		}
	}
}

func (p *planPage) do(a action) tea.Cmd {
	if p.move(a, p.length) || a != enter || p.plan == nil {
		return nil
	}
	// What would be refused whatever is typed is refused now.
	count := p.plan.Count()
	if err := p.plan.Check(replay.Confirmation{Count: count, Plan: p.plan.ID, Write: p.desk.options.Write}); err != nil {
		p.say(theme.Bad, p.theme.Glyph.Failed.Add(space, p.theme.String(err.Error())))
		return nil
	}
	word := strconv.Itoa(count)
	if count > typedCount {
		word = p.destination()
	}
	t := p.theme
	sign := text.Own("type ").Add(t.String(word), text.Own(" to "), t.String(string(p.action)), space, plural(count, text.Own(" letter"), text.Own(" letters")), text.Own(": "))
	p.askFor(sign, text.Own("esc leaves everything as it is"), func(typed string) tea.Cmd {
		if strings.TrimSpace(typed) != word {
			p.say(theme.Warn, text.Own("that is not ").Add(t.String(word), text.Own("; nothing was done")))
			return nil
		}
		return p.begin(count)
	})
	return nil
}

// destination is what is typed for many letters: where the most of them go, or what they
// are taken from.
func (p *planPage) destination() string {
	if targets := p.plan.Targets(); len(targets) > 0 {
		return targets[0].Target.String()
	}
	return p.plan.Parts[0].Grave
}

// begin makes the plan a run and shows it.
func (p *planPage) begin(count int) tea.Cmd {
	run, err := p.desk.options.Office.Begin(p.plan, replay.Confirmation{Count: count, Plan: p.plan.ID, Write: p.desk.options.Write}, replay.Pace{Canary: 1})
	if err != nil {
		p.say(theme.Bad, p.theme.Glyph.Failed.Add(space, p.theme.String(err.Error())))
		return nil
	}
	p.pop() // a plan is carried out once
	return p.carryOut(run)
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
	var wrapped []piece
	for _, row := range p.rows {
		for n, s := range widget.Wrap(t, row.text, width-4, 6) {
			if n > 0 {
				s = space.Repeat(12).Add(s)
			}
			wrapped = append(wrapped, piece{row.role, s})
		}
	}
	p.length = len(wrapped)
	from, to := p.show(lines, height, len(wrapped))
	for i := from; i < to; i++ {
		lines = append(lines, rowStart(t, width, i == p.cursor.Index, false).Put(wrapped[i].role, wrapped[i].text).Line())
	}
	return widget.Fit(t, lines, width, height)
}

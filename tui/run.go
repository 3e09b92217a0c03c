package tui

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"eventscope/replay"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// running is a run that was begun from this screen. Its own goroutine carries it out; the
// event loop looks at how far it is.
type running struct {
	run   *replay.Run
	begun time.Time

	mutex sync.Mutex
	now   runProgress
}

// runProgress is how far a run is.
type runProgress struct {
	done     int // letters of which something was told
	failed   int
	skipped  int
	last     []replay.Outcome // newest last
	paused   bool             // it was told so
	summary  replay.Summary
	err      error
	finished time.Time // zero while it is at work
}

// mostOutcomes is how many letters a run's page tells about; failures stay longest.
const mostOutcomes = 200

// tell is called for each letter by the run.
func (r *running) tell(o replay.Outcome) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.now.done++
	switch o.Result {
	case "failed":
		r.now.failed++
	case "skipped":
		r.now.skipped++
	}
	if r.now.last = append(r.now.last, o); len(r.now.last) > mostOutcomes {
		r.now.last = r.now.last[1:]
	}
}

// state is how far it is, a copy.
func (r *running) state() runProgress {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	now := r.now
	now.last = slices.Clone(now.last)
	return now
}

// change changes how it is.
func (r *running) change(do func(now *runProgress)) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	do(&r.now)
}

// carryOut carries a run out behind the screen and shows it. When the screen ends, the run
// finishes the window in hand and is paused.
func (d *desk) carryOut(run *replay.Run) tea.Cmd {
	r := &running{run: run, begun: d.now}
	d.run = r
	ctx := d.ctx
	d.runs.Add(1)
	work := func() tea.Msg {
		defer d.runs.Done()
		summary, err := run.Do(ctx, r.tell)
		r.change(func(now *runProgress) { now.summary, now.err, now.finished = summary, err, time.Now() })
		return answer(func() tea.Cmd {
			d.box.fresh, d.dirty = true, true
			return d.box.update()
		})
	}
	return tea.Batch(work, d.open(&runPage{desk: d, running: r}))
}

// runPage is a run at work, or how it ended.
type runPage struct {
	*desk
	listing
	question
	running *running
}

func (p *runPage) scope() scope        { return onRun }
func (p *runPage) ages() bool          { return true }
func (p *runPage) waitsFor() *question { return &p.question }
func (p *runPage) back() bool          { return false }
func (p *runPage) name() text.Safe     { return text.Own("Run ").Add(p.theme.String(p.running.run.ID)) }
func (p *runPage) refresh() tea.Cmd {
	if p.running.state().finished.IsZero() {
		p.dirty = true
	}
	return nil
}

func (p *runPage) do(a action) tea.Cmd {
	r := p.running
	switch {
	case p.move(a, len(r.state().last)):
		return nil
	case a == enter:
		return p.open(&stepsPage{desk: p.desk, run: r.run.ID})
	}
	state := r.state()
	if !state.finished.IsZero() {
		return nil
	}
	switch a {
	case pause:
		r.change(func(now *runProgress) { now.paused = !now.paused })
		if state.paused {
			r.run.Continue()
		} else {
			r.run.Pause()
		}
	case abortRun:
		r.run.Abort()
		p.say(theme.Warn, text.Own("it ends after the window in hand; what was not sent stays open"))
	}
	return nil
}

func (p *runPage) click(row int) bool {
	p.listing.click(row, len(p.running.state().last))
	return false
}

func (p *runPage) status() []piece {
	s := p.running.state()
	role, word := p.standing(&s)
	return []piece{{role, word}}
}

// standing is how the run is, in one word with its colour.
func (p *runPage) standing(s *runProgress) (theme.Role, text.Safe) {
	g := p.theme.Glyph
	switch {
	case s.finished.IsZero() && s.paused:
		return theme.Warn, g.Paused.Add(text.Own(" paused"))
	case s.finished.IsZero():
		return theme.Accent, g.Running.Add(text.Own(" at work"))
	case s.summary.State == "done":
		return theme.Good, g.Done.Add(text.Own(" done"))
	}
	return theme.Bad, g.Failed.Add(space, p.theme.String(s.summary.State))
}

func (p *runPage) render(width, height int) []widget.Line {
	s := p.running.state()
	lines := p.headLines(&s, width)
	from, to := p.show(lines, height, len(s.last))
	for i := from; i < to; i++ {
		o := &s.last[len(s.last)-1-i] // the newest first
		lines = append(lines, p.outcomeRow(o, width, i == p.cursor.Index))
	}
	return widget.Fit(p.theme, lines, width, height)
}

// headLines are the bar, the counts, and how it ended.
func (p *runPage) headLines(s *runProgress, width int) []widget.Line {
	t, plan := p.theme, p.running.run.Plan
	total := plan.Count()
	role, standing := p.standing(s)
	bar := widget.NewRow(t, width).Gap(1).Put(theme.Title, t.String(string(plan.Action))).Gap(1)
	bar.Put(theme.Accent, widget.Progress(t, int64(s.done), int64(total), min(40, width/3))).Gap(2)
	bar.Put(theme.Plain, text.Count(int64(s.done)).Add(text.Own(" of "), text.Count(int64(total)))).Gap(2).Put(role, standing)
	end := p.now
	if !s.finished.IsZero() {
		end = s.finished
	}
	took := end.Sub(p.running.begun)
	figures := widget.NewRow(t, width).Gap(1)
	if seconds := took.Seconds(); seconds > 0.2 {
		rate := float64(s.done) / seconds
		figures.Put(theme.Dim, text.Short(rate).Add(text.Own("/s  ")))
		if left := total - s.done; left > 0 && rate > 0 && s.finished.IsZero() && !s.paused {
			figures.Put(theme.Dim, text.Span(time.Duration(float64(left)/rate)*time.Second).Add(text.Own(" left  ")))
		}
	}
	if s.failed > 0 {
		figures.Put(theme.Bad, text.Count(int64(s.failed)).Add(text.Own(" failed  ")))
	}
	if s.skipped > 0 {
		figures.Put(theme.Warn, text.Count(int64(s.skipped)).Add(text.Own(" skipped  ")))
	}
	figures.Put(theme.Dim, t.String(plan.Promises()[0]))
	lines := []widget.Line{bar.Line(), figures.Line()}
	for _, sentence := range p.ending(s) {
		for _, line := range widget.Wrap(t, sentence.text, width-2, 3) {
			lines = append(lines, widget.NewRow(t, width).Gap(1).Put(sentence.role, line).Line())
		}
	}
	return append(lines, widget.Rule(t, width))
}

// ending says how the run ended, and how it can go on.
func (p *runPage) ending(s *runProgress) []piece {
	var sentences []piece
	if s.err != nil && !errors.Is(s.err, context.Canceled) {
		sentences = append(sentences, piece{theme.Bad, p.theme.Glyph.Failed.Add(space, p.theme.String(s.err.Error()))})
	}
	if s.summary.Maybe > 0 {
		sentences = append(sentences, piece{theme.Warn, plural(s.summary.Maybe, text.Own(" letter"), text.Own(" letters")).Add(text.Own(" may have arrived twice, with the same x-replay-id"))})
	}
	if s.summary.State == "failed" || s.summary.State == "paused" {
		sentences = append(sentences, piece{theme.Dim, text.Own("What is not settled is as it was. Go on with :resume ").Add(p.theme.String(p.running.run.ID))})
	}
	return sentences
}

func (p *runPage) outcomeRow(o *replay.Outcome, width int, selected bool) widget.Line {
	t := p.theme
	row := rowStart(t, width, selected, false)
	role, glyph := theme.Good, t.Glyph.Done
	switch o.Result {
	case "failed":
		role, glyph = theme.Bad, t.Glyph.Failed
	case "skipped":
		role, glyph = theme.Warn, t.Glyph.Warning
	}
	row.Cell(role, glyph.Add(space, t.String(o.Result)), 11).Between()
	row.ID(theme.Plain, t.String(o.Position.String()), min(40, width/3)).Between()
	if o.Err != nil {
		return row.Put(role, t.String(o.Err.Error())).Line()
	}
	return row.Put(theme.Dim, t.String(o.Target.String())).Line()
}

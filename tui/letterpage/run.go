package letterpage

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/replay"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
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
	out   map[adapters.Position]time.Time // letters that are in their queue no more
}

// runProgress is how far a run is.
type runProgress struct {
	replay.Progress
	failures []replay.Outcome // of what failed or was skipped, the first ones
	last     []replay.Outcome // of the others, newest last
	paused   bool             // it was told so
	ending   bool             // it was told to abort
	summary  replay.Summary
	err      error
	finished time.Time // zero while it is at work
}

const (
	// mostOutcomes is how many letters a run's page tells about, and mostFailures how many
	// of those that were not settled.
	mostOutcomes, mostFailures = 200, 1000
)

// tell is called for each letter by the run.
func (r *running) tell(o replay.Outcome) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.now.Progress = o.Progress
	if _, queued := o.Position.Digest(); queued && (o.Err == nil || errors.Is(o.Err, adapters.ErrGone)) {
		r.out[o.Position] = time.Now()
	}
	if o.Result != replay.ResultFailed && o.Result != replay.ResultSkipped {
		if r.now.last = append(r.now.last, o); len(r.now.last) > mostOutcomes {
			r.now.last = r.now.last[1:]
		}
		return
	}
	if len(r.now.failures) < mostFailures {
		r.now.failures = append(r.now.failures, o)
	}
}

// state is how far it is, a copy.
func (r *running) state() runProgress {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	now := r.now
	now.last, now.failures = slices.Clone(now.last), slices.Clone(now.failures)
	return now
}

// atWork reports whether there is a run that has not ended.
func (r *running) atWork() bool {
	if r == nil {
		return false
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.now.finished.IsZero()
}

// change changes how it is.
func (r *running) change(do func(now *runProgress)) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	do(&r.now)
}

// endedBefore reports whether it had done all it would do at a time, and lets go of what it told of
// single letters then: the listing that began there has it.
func (r *running) endedBefore(at time.Time) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.now.finished.IsZero() || !r.now.finished.Before(at) {
		return false
	}
	r.out = nil
	return true
}

// withdraw takes letters out of a listing that the run has taken out of their queue since
// it was looked at: to look again is not free. What is put back is seen when one does.
func (r *running) withdraw(g *replay.Listed) {
	if r.run.Plan.Action == replay.Restore || !r.run.Plan.About(&g.DLQ) {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	left := make([]replay.Letter, 0, len(g.Letters))
	for i := range g.Letters {
		if at, out := r.out[g.Letters[i].Position]; !out || at.Before(g.ReadAt) {
			left = append(left, g.Letters[i])
		}
	}
	g.Letters = left
}

// carryOut gets a run, which writes to disk, and carries it out; then is called before it is
// shown. A run that is nil was ended, or the process that is at work on it was told to end it.
func (m *Model) carryOut(about text.Safe, get func() (*replay.Run, error), then func()) tea.Cmd {
	over := m.Wait(about)
	return page.Work(func() page.Answer {
		got, err := get()
		return func() tea.Cmd {
			over()
			m.Redraw()
			switch {
			case err != nil:
				m.Say(theme.Bad, m.Theme().Glyph.Failed.Add(text.Space, m.Theme().String(err.Error())))
				return nil
			case got == nil:
				m.Say(theme.Good, text.Own("it is ended, or ends after the window in hand if another process has it; 6 shows it"))
				return nil
			}
			then()
			return m.begin(got)
		}
	})
}

// begin carries a run out behind the screen and shows it. When the screen ends, the run
// finishes the window in hand and is paused.
func (m *Model) begin(run *replay.Run) tea.Cmd {
	r := &running{run: run, begun: m.Now(), now: runProgress{Progress: run.Progress()}, out: map[adapters.Position]time.Time{}}
	m.run, m.runs = r, append(m.runs, r)
	ctx := m.Context()
	m.working.Add(1)
	work := func() tea.Msg {
		defer m.working.Done()
		summary, err := run.Do(ctx, r.tell)
		r.change(func(now *runProgress) { now.summary, now.err, now.finished = summary, err, time.Now() })
		return page.Answer(func() tea.Cmd {
			m.fresh = true
			m.Redraw()
			return m.update()
		})
	}
	return tea.Batch(work, m.Open(m.runPage(r)))
}

// runPage is a run at work, or how it ended.
type runPage struct {
	page.Screen
	page.Listing
	page.Question
	model   *Model
	running *running
}

func (m *Model) runPage(r *running) *runPage { return &runPage{Screen: m, model: m, running: r} }

func (p *runPage) Scope() keymap.Scope      { return keymap.OnRun }
func (p *runPage) Ages() bool               { return true }
func (p *runPage) WaitsFor() *page.Question { return &p.Question }
func (p *runPage) Back() bool               { return false }
func (p *runPage) Name() text.Safe          { return text.Own("Run") }
func (p *runPage) Refresh() tea.Cmd {
	if p.running.state().finished.IsZero() {
		p.Redraw()
	}
	return nil
}

// Hint offers to pause and to abort only while the run is at work.
func (p *runPage) Hint(b *keymap.Binding) text.Safe {
	s := p.running.state()
	switch b.Action {
	case keymap.RestoreLetters:
		if s.finished.IsZero() || p.running.run.Plan.Action != replay.Discard {
			return text.Safe{}
		}
	case keymap.Pause:
		if s.paused && s.finished.IsZero() {
			return text.Own("go on")
		}
		fallthrough
	case keymap.AbortRun:
		if !s.finished.IsZero() || s.ending {
			return text.Safe{}
		}
	}
	return b.Hint()
}

// outcomes are what is told of letters: what went wrong first, then the newest.
func (p *runProgress) outcomes() []replay.Outcome {
	newest := slices.Clone(p.last)
	slices.Reverse(newest)
	return append(slices.Clone(p.failures), newest...)
}

func (p *runPage) Do(a keymap.Action) tea.Cmd {
	r := p.running
	state := r.state()
	switch {
	case p.Move(a, len(state.outcomes())):
		return nil
	case a == keymap.Enter:
		return p.Open(&stepsPage{Screen: p, model: p.model, run: r.run.ID})
	}
	if !state.finished.IsZero() {
		if a == keymap.RestoreLetters && r.run.Plan.Action == replay.Discard {
			return p.model.undo(r.run.ID)
		}
		return nil
	}
	switch a {
	case keymap.Pause:
		r.change(func(now *runProgress) { now.paused = !now.paused })
		if state.paused {
			r.run.Continue()
		} else {
			r.run.Pause()
		}
	case keymap.AbortRun:
		p.abort()
	}
	return nil
}

func (p *runPage) abort() {
	p.running.change(func(now *runProgress) { now.ending = true })
	p.running.run.Abort()
	p.Say(theme.Warn, text.Own("it ends after the window in hand; what was not sent stays open"))
}

func (p *runPage) Click(_, row int) bool {
	s := p.running.state()
	p.Listing.Click(row, len(s.outcomes()))
	return false
}

func (p *runPage) Status() []page.Piece {
	s := p.running.state()
	role, word := p.standing(&s)
	return []page.Piece{{Role: role, Text: word}}
}

// standing is how the run is, in one word with its colour.
func (p *runPage) standing(s *runProgress) (theme.Role, text.Safe) {
	g := p.Theme().Glyph
	switch {
	case s.finished.IsZero() && s.ending:
		return theme.Warn, g.Running.Add(text.Own(" ending"))
	case s.finished.IsZero() && s.paused:
		return theme.Warn, g.Paused.Add(text.Own(" paused"))
	case s.finished.IsZero():
		return theme.Accent, g.Running.Add(text.Own(" at work"))
	case s.summary.State == replay.RunDone:
		return theme.Good, g.Done.Add(text.Own(" done"))
	case s.summary.State == replay.RunPaused:
		return theme.Warn, g.Paused.Add(text.Own(" paused; it can be resumed"))
	case s.summary.State == replay.RunAborted:
		return theme.Warn, g.Failed.Add(text.Own(" aborted"))
	}
	return theme.Bad, g.Failed.Add(text.Space, p.Theme().String(string(s.summary.State)))
}

func (p *runPage) Render(width, height int) []widget.Line {
	s := p.running.state()
	lines := p.headLines(&s, width)
	outcomes := s.outcomes()
	return p.Draw(p.Theme(), lines, width, height, len(outcomes), func(i int, selected bool) widget.Line {
		return p.outcomeRow(&outcomes[i], width, selected)
	})
}

// headLines are the bar, the counts, what is promised, and how it ended.
func (p *runPage) headLines(s *runProgress, width int) []widget.Line {
	t, r := p.Theme(), p.running
	role, standing := p.standing(s)
	total := int64(s.Total)
	bar := widget.NewRow(t, width).Gap(1).Put(theme.Title, t.String(string(r.run.Plan.Action))).Gap(1)
	bar.Put(theme.Accent, widget.Progress(t, int64(s.Done), total, min(40, width/3))).Gap(2)
	bar.Put(theme.Plain, text.Count(int64(s.Done)).Add(text.Own(" of "), text.Count(total))).Gap(2).Put(role, standing)
	lines := []widget.Line{bar.Line()}
	row := widget.NewRow(t, width).Gap(1).Put(theme.Dim, t.String(r.run.ID)).Gap(2)
	for _, f := range p.figures(s) {
		row.Put(f.Role, f.Text).Gap(2)
	}
	lines = append(lines, row.Line())
	sentences := p.ending(s)
	for _, promise := range r.run.Plan.Promises() {
		sentences = append(sentences, page.Piece{Role: theme.Dim, Text: t.String(promise)})
	}
	for _, sentence := range sentences {
		lines = append(lines, widget.Paragraph(t, width, 1, sentence.Role, sentence.Text, 4)...)
	}
	return append(lines, widget.Rule(t, width))
}

// figures are how many letters, how fast, and how long it takes yet.
func (p *runPage) figures(s *runProgress) (list []page.Piece) {
	r := p.running
	add := func(role theme.Role, n int, what text.Safe) {
		if n > 0 {
			list = append(list, page.Piece{Role: role, Text: text.Count(int64(n)).Add(what)})
		}
	}
	add(theme.Bad, s.Failed, text.Own(" failed"))
	add(theme.Warn, s.Skipped, text.Own(" skipped"))
	add(theme.Dim, s.Before, text.Own(" done before"))
	end := p.Now()
	if !s.finished.IsZero() {
		end = s.finished
	}
	seconds := end.Sub(r.begun).Seconds()
	if seconds < 0.2 || s.Done == 0 {
		return list
	}
	rate := float64(s.Done) / seconds
	list = append(list, page.Piece{Role: theme.Dim, Text: text.Short(rate).Add(text.Own("/s"))})
	if left := s.Total - s.Done; left > 0 && s.finished.IsZero() && !s.paused {
		list = append(list, page.Piece{Role: theme.Dim, Text: text.Span(time.Duration(float64(left)/rate) * time.Second).Add(text.Own(" left"))})
	}
	return list
}

// ending says how the run ended, and how it can go on.
func (p *runPage) ending(s *runProgress) []page.Piece {
	var sentences []page.Piece
	if s.err != nil && !errors.Is(s.err, context.Canceled) {
		sentences = append(sentences, page.Piece{Role: theme.Bad, Text: p.Theme().Glyph.Failed.Add(text.Space, p.Theme().String(s.err.Error()))})
	}
	if s.summary.Maybe > 0 {
		twice := text.Own(" may have arrived twice, with the same x-replay-id")
		if p.running.run.Plan.Action == replay.Restore {
			twice = text.Own(" may have come back twice")
		}
		sentences = append(sentences, page.Piece{Role: theme.Warn, Text: text.Plural(s.summary.Maybe, text.Own(" letter"), text.Own(" letters")).Add(twice)})
	}
	if s.summary.Alike > 0 {
		sentences = append(sentences, page.Piece{Role: theme.Warn, Text: text.Plural(s.summary.Alike, text.Own(" letter"), text.Own(" letters")).Add(text.Own(" cannot be told from equal ones: what another run has sent of them cannot be told"))})
	}
	if s.summary.State == replay.RunFailed || s.summary.State == replay.RunPaused {
		sentences = append(sentences, page.Piece{Role: theme.Warn, Text: text.Own("What is not settled is as it was. Go on with :resume, or end it with :abort.")})
	}
	return sentences
}

func (p *runPage) outcomeRow(o *replay.Outcome, width int, selected bool) widget.Line {
	t := p.Theme()
	row := widget.ListRow(t, width, selected, false)
	role, glyph := theme.Good, t.Glyph.Done
	switch o.Result {
	case replay.ResultFailed:
		role, glyph = theme.Bad, t.Glyph.Failed
	case replay.ResultSkipped:
		role, glyph = theme.Warn, t.Glyph.Warning
	}
	row.Cell(role, glyph.Add(text.Space, t.String(string(o.Result))), 11).Between()
	row.ID(theme.Plain, t.String(o.Position.String()), min(40, width/3)).Between()
	if o.Err != nil {
		return row.Put(role, t.String(o.Err.Error())).Line()
	}
	return row.Put(theme.Dim, t.String(string(o.Target))).Line()
}

package comparepage

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"eventscope/adapters/envelope"
	"eventscope/adapters/payload"
	"eventscope/tracing"
	"eventscope/tracing/compare"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// Flow is one of two flows to compare, called by its label until it is there.
type Flow struct {
	Key   tracing.FlowKey
	Label text.Safe
}

// flows is the page of two flows.
type flows struct {
	*Config
	page.Question
	page.Listing
	reading page.Question // of messages
	of      [2]Flow
	a, b    *tracing.Flow // nil until they came
	steps   []compare.Step
	results map[pair]*compare.Result // of those whose messages were asked for; nil where they have not come
	seen    uint64
	asked   time.Time
}

// pair is two events that are compared.
type pair struct{ a, b tracing.Sequence }

const (
	// flowsEvery is how often flows are asked for that go on.
	flowsEvery = time.Second
	// mostPairs is of how many steps the messages are compared before somebody opens one.
	mostPairs = 300
	// mostKept and keptText are how much of a pair the page keeps.
	mostKept, keptText = 40, 240
)

// NewFlows is the page of two flows.
func (c *Config) NewFlows(a, b Flow) page.Page {
	return &flows{Config: c, of: [2]Flow{a, b}, results: map[pair]*compare.Result{}}
}

func (f *flows) Scope() keymap.Scope { return keymap.OnCompare }
func (f *flows) Ages() bool          { return false }
func (f *flows) Back() bool          { return false }

func (f *flows) WaitsFor() *page.Question {
	if f.reading.Busy {
		return &f.reading
	}
	return &f.Question
}

// Name is the two that are compared.
func (f *flows) Name() text.Safe { return f.label(0).Add(text.Own(" = "), f.label(1)) }

// label is what a flow is called.
func (f *flows) label(i int) text.Safe {
	if flow := [2]*tracing.Flow{f.a, f.b}[i]; flow != nil {
		return f.Theme().String(cmp.Or(flow.Entity, flow.ID))
	}
	return f.of[i].Label
}

// Hint offers to open what happened in both.
func (f *flows) Hint(b *keymap.Binding) text.Safe {
	if b.Action == keymap.Enter {
		if s := f.under(); s == nil || s.A < 0 || s.B < 0 {
			return text.Safe{}
		}
	}
	return b.Hint()
}

func (f *flows) Refresh() tea.Cmd { return tea.Batch(f.update(), f.compare()) }

// update asks for both flows when that is due.
func (f *flows) update() tea.Cmd {
	if f.Busy || f.a != nil && (f.seen == f.Version() || f.Now().Sub(f.asked) < flowsEvery) || f.Err != nil && f.Now().Sub(f.asked) < flowsEvery {
		return nil
	}
	f.asked, f.Quiet = f.Now(), f.a != nil
	of, querier, version := f.of, f.Querier, f.Version()
	wasA, wasB := f.a, f.b
	return f.Ask(f, text.Own("reading both flows"), page.QueryLimit, func(ctx context.Context) (func(), error) {
		a, err := again(ctx, querier, of[0].Key, wasA)
		if err != nil {
			return nil, err
		}
		b, err := again(ctx, querier, of[1].Key, wasB)
		if err != nil {
			return nil, err
		}
		steps := compare.Steps(a, b)
		return func() {
			if f.seen = version; !alike(f.a, a) || !alike(f.b, b) {
				f.Redraw()
			}
			f.take(a, b, steps)
		}, nil
	})
}

// again is a flow as it is now, or as it was before it left the index.
func again(ctx context.Context, querier tracing.Querier, key tracing.FlowKey, was *tracing.Flow) (*tracing.Flow, error) {
	flow, err := querier.Flow(ctx, key)
	if was != nil && errors.Is(err, tracing.ErrUnknown) {
		return was, nil
	}
	return flow, err
}

// alike reports whether a page shows the same of two flows.
func alike(was, is *tracing.Flow) bool {
	return was != nil && was.Events == is.Events && was.Status == is.Status && was.Evicted == is.Evicted
}

// take puts flows on the page. The cursor stays on its step.
func (f *flows) take(a, b *tracing.Flow, steps []compare.Step) {
	var at pair
	if s := f.under(); s != nil {
		at = f.pairOf(*s)
	}
	f.a, f.b, f.steps = a, b, steps
	for i, s := range steps {
		if is := f.pairOf(s); at.a != 0 && is.a == at.a || at.a == 0 && at.b != 0 && is.b == at.b {
			f.Cursor.Index = i
		}
	}
}

// pairOf are the events of a step; 0 for one that is not there.
func (f *flows) pairOf(s compare.Step) (p pair) {
	if s.A >= 0 {
		p.a = f.a.Steps[s.A].Sequence
	}
	if s.B >= 0 {
		p.b = f.b.Steps[s.B].Sequence
	}
	return p
}

// under is the step under the cursor, or nil.
func (f *flows) under() *compare.Step {
	if f.Cursor.Index >= len(f.steps) {
		return nil
	}
	return &f.steps[f.Cursor.Index]
}

// compare reads the messages of steps that were not compared yet.
func (f *flows) compare() tea.Cmd {
	if f.reading.Busy || f.a == nil {
		return nil
	}
	var steps []compare.Step
	for _, s := range f.steps {
		p := f.pairOf(s)
		if _, asked := f.results[p]; p.a != 0 && p.b != 0 && !asked && len(f.results) < mostPairs {
			f.results[p] = nil
			steps = append(steps, s)
		}
	}
	if len(steps) == 0 {
		return nil
	}
	a, b, querier, rules := f.a, f.b, f.Querier, f.Rules
	f.reading.Once = true
	return f.reading.Ask(f, text.Own("comparing the messages"), page.FetchLimit, func(ctx context.Context) (func(), error) {
		found := compared(ctx, rules, querier, a, b, steps)
		return func() {
			for i, r := range found {
				f.results[pair{a.Steps[steps[i].A].Sequence, b.Steps[steps[i].B].Sequence}] = r
			}
		}, nil
	})
}

// compared is what differs between the messages of steps, as much of it as a page keeps. What time
// did not allow is left out.
func compared(ctx context.Context, rules *envelope.Rules, querier tracing.Querier, a, b *tracing.Flow, steps []compare.Step) map[int]*compare.Result {
	found := map[int]*compare.Result{}
	for i, r := range compare.New(rules).Pairs(ctx, a, b, querier.Messages, querier.Messages, steps) {
		if ctx.Err() != nil {
			break
		}
		found[i] = kept(r)
	}
	return found
}

// kept is as much of a result as a page keeps.
func kept(r *compare.Result) *compare.Result {
	short := *r
	short.Differs = first(r.Differs)
	short.More += len(r.Differs) - len(short.Differs)
	short.Varies = first(r.Varies)
	for _, fields := range [][]compare.Field{short.Differs, short.Varies} {
		for i := range fields {
			fields[i].A, fields[i].B = begin(fields[i].A), begin(fields[i].B)
		}
	}
	return &short
}

// first is a copy of the first fields, so that the others can be forgotten.
func first(fields []compare.Field) []compare.Field {
	return slices.Clone(fields[:min(len(fields), mostKept)])
}

// begin is a copy of the beginning of a text.
func begin(b []byte) []byte {
	if len(b) <= keptText {
		return b
	}
	return append(bytes.Clone(payload.CutRunes(b, keptText)), "…"...)
}

func (f *flows) Do(a keymap.Action) tea.Cmd {
	switch {
	case f.Move(a, len(f.steps)):
	case a == keymap.Enter:
		return f.open()
	case a == keymap.CopyText && f.a != nil:
		return page.CopyOrSave(f, &f.Files, f.plain(), text.Own("what differs"), "compare-"+f.label(0).String()+"-"+f.label(1).String(), ".txt")
	}
	return nil
}

// open opens the two events of the step under the cursor.
func (f *flows) open() tea.Cmd {
	s := f.under()
	switch {
	case s == nil:
		return nil
	case s.A < 0:
		f.Say(theme.Dim, text.Own("this step is in B alone, so there is nothing to compare it with"))
		return nil
	case s.B < 0:
		f.Say(theme.Dim, text.Own("this step is in A alone, so there is nothing to compare it with"))
		return nil
	}
	return f.Open(f.NewEvents(Event{Event: f.a.Steps[s.A].Event}, Event{Event: f.b.Steps[s.B].Event}))
}

// plain is the page as text.
func (f *flows) plain() string {
	var all strings.Builder
	line := func(s text.Safe) { all.WriteString(strings.TrimRight(s.String(), " ") + "\n") }
	line(f.headline(0))
	line(f.headline(1))
	line(f.sentence())
	for i := range f.steps {
		line(f.stepText(i))
		if r := f.results[f.pairOf(f.steps[i])]; r != nil && !r.Equal() {
			for i := range r.Differs {
				all.WriteString(plainField(f.Theme(), &r.Differs[i], "      "))
			}
			if r.More > 0 {
				line(text.Own("      ").Add(notListed(r)))
			}
		}
	}
	return all.String()
}

func (f *flows) Click(_, row int) bool { return f.Listing.Click(row, len(f.steps)) }

func (f *flows) Status() []page.Piece {
	if f.a == nil {
		return nil
	}
	return []page.Piece{{Role: theme.Dim, Text: text.Plural(len(f.steps), text.Own(" step"), text.Own(" steps"))}}
}

func (f *flows) Render(width, height int) []widget.Line {
	t := f.Theme()
	if f.a == nil {
		return widget.Fit(t, nil, width, height) // the footer says what is waited for, or why they cannot be read
	}
	needs := len(f.steps) + headHigh
	low := min(needs, max(headHigh+3, height*3/5))
	if height < lowPage {
		return f.list(width, height)
	}
	lines := append(f.list(width, low), widget.Rule(t, width))
	return widget.Fit(t, append(lines, f.detail(width, height-low-1)...), width, height)
}

const (
	// headHigh is how many lines stand above the steps.
	headHigh = 4
	// lowPage is the height below which there are only the steps.
	lowPage = 14
)

// detail is what differs between the events under the cursor.
func (f *flows) detail(width, height int) []widget.Line {
	t, s := f.Theme(), f.under()
	say := func(role theme.Role, s text.Safe) []widget.Line {
		return []widget.Line{widget.NewRow(t, width).Gap(1).Put(role, s).Line()}
	}
	switch {
	case s == nil:
		return nil
	case s.A < 0:
		return say(theme.Warn, text.Own("This step is in B alone."))
	case s.B < 0:
		return say(theme.Warn, text.Own("This step is in A alone."))
	}
	r := f.results[f.pairOf(*s)]
	switch {
	case r == nil && f.reading.Busy:
		return say(theme.Dim, text.Own("comparing the messages"))
	case r == nil:
		return say(theme.Dim, t.Glyph.Enter.Add(text.Own(" compares the two messages")))
	}
	var lines []widget.Line
	for _, l := range linesOf(t, r, width, nil) {
		row := widget.NewRow(t, width).Gap(1)
		l.draw(row)
		lines = append(lines, row.Line())
	}
	if len(lines) > height && height > 1 {
		more := text.Count(int64(len(lines)-height+1)).Add(text.Own(" more lines: "), t.Glyph.Enter)
		lines = append(lines[:height-1], widget.NewRow(t, width).Gap(1).Put(theme.Dim, more).Line())
	}
	return lines
}

package replay

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"eventscope/adapters"
)

// Outcome is what became of one letter.
type Outcome struct {
	Position adapters.Position
	// Result is replayed, discarded, restored, failed or skipped.
	Result string
	Target adapters.Target
	Err    error // why it failed or was skipped
}

// Summary is how a run ended, or stands.
type Summary struct {
	Run   string
	State string // done, paused, aborted or failed

	Settled, Failed, Skipped int
	// Maybe counts letters of which a copy may have arrived twice: they were sent when the
	// run was interrupted, and sent again.
	Maybe int
}

// Pace says how fast a run goes.
type Pace struct {
	Rate   float64 // letters a second; 0 is as fast as the broker takes them
	Canary int     // so many go first and alone; the rest follows when they are settled
	Window int     // the most letters on their way at once; 0 is [DefaultWindow]
}

// DefaultWindow is how many letters are on their way at once, and so how many may arrive
// twice on a broker without transactions when the process is killed.
const DefaultWindow = 500

// Run is a plan that is carried out. Do may be called once; the other methods at any time,
// from any goroutine.
type Run struct {
	ID   string
	Plan *Plan

	office   *Office
	states   [][]State // of the letters, by part
	pace     Pace
	settling bool // nothing more is sent: the run is being aborted
	resumed  bool
	lock     *flock.Flock
	orders   chan order
	summary  Summary
}

// order is what an operator tells a run that is at work.
type order uint8

const (
	orderPause order = iota
	orderContinue
	orderAbort
)

// Begin confirms a plan and makes it a run: it is on disk and in the journal when Begin
// returns, and nothing else has happened. An error of kind [ErrRefused] says why it must
// not run.
func (o *Office) Begin(plan *Plan, said Confirmation, pace Pace) (*Run, error) {
	if err := plan.Check(said); err != nil {
		return nil, err
	}
	var suffix [2]byte
	_, _ = rand.Read(suffix[:]) // never fails
	r := o.newRun(time.Now().UTC().Format("20060102-150405")+"-"+hex.EncodeToString(suffix[:]), plan, pace)
	for i := range plan.Parts {
		states := make([]State, len(plan.Parts[i].Letters))
		for j := range states {
			states[j] = Planned
		}
		r.states = append(r.states, states)
	}
	if err := o.writePlan(r.ID, plan); err != nil {
		return nil, err
	}
	if err := r.takeUp(); err != nil {
		return nil, err
	}
	var lines []Line
	for i := range plan.Parts {
		line := r.line(StepBegin, i)
		line.Count = len(plan.Parts[i].Letters)
		line.By, line.Reason = o.config.By, plan.Reason
		lines = append(lines, line)
	}
	if err := o.journal.Append(lines...); err != nil {
		r.letGo()
		return nil, err
	}
	return r, nil
}

// Resume takes up a run that was interrupted, paused or failed.
func (o *Office) Resume(run string, write bool, pace Pace) (*Run, error) {
	record, plan, err := o.record(run)
	if err != nil {
		return nil, err
	}
	if record.Ended() {
		return nil, &adapters.Problem{Doing: "resume run " + run, Cause: "it is " + record.State, Remedy: "make a new plan of what is left", Kind: ErrRefused}
	}
	return o.resume(record, plan, write, pace)
}

func (o *Office) resume(record *Record, plan *Plan, write bool, pace Pace) (*Run, error) {
	run := record.Run
	if !write {
		return nil, &adapters.Problem{Doing: "resume run " + run, Cause: "everything is read-only", Remedy: "add --write", Kind: ErrRefused}
	}
	r := o.newRun(run, plan, pace)
	r.resumed = true
	if err := r.takeUp(); err != nil {
		return nil, err
	}
	for i := range plan.Parts {
		r.states = append(r.states, record.states(plan, i))
	}
	unresolved, overLimit, _ := plan.Excluded()
	r.summary.Settled, r.summary.Skipped = record.Settled, record.Skipped+unresolved+overLimit
	if err := o.journal.Append(Line{At: now(), Run: run, Step: StepResume, Action: plan.Action, By: o.config.By}); err != nil {
		r.letGo()
		return nil, err
	}
	return r, nil
}

// Abort ends a run. If another process has it in hand, that one is told, and does the rest
// after the window in hand: the run is nil then. Else, if letters have only to be taken out
// of their queue because their copies are confirmed, the run that is returned does that,
// for which writing must be allowed. What was not sent is open again.
func (o *Office) Abort(run string, write bool) (*Run, error) {
	record, plan, err := o.record(run)
	switch {
	case err != nil:
		return nil, err
	case record.State != "running" && record.owes(plan): // also if who was told to end it has died over it
		r, err := o.resume(record, plan, write, Pace{})
		if err == nil {
			r.settling = true
		}
		return r, err
	case record.Ended():
		return nil, &adapters.Problem{Doing: "abort run " + run, Cause: "it is " + record.State + " already", Kind: ErrRefused}
	}
	return nil, o.journal.Append(Line{At: now(), Run: run, Step: StepAbort, Action: plan.Action, By: o.config.By})
}

// owes says that letters lie in a queue whose copies are at their target.
func (r *Record) owes(plan *Plan) bool {
	for i := range plan.Parts {
		if plan.Parts[i].Kind == adapters.Queue && slices.Contains(r.states(plan, i), Confirmed) {
			return true
		}
	}
	return false
}

func (o *Office) newRun(id string, plan *Plan, pace Pace) *Run {
	if pace.Window <= 0 {
		pace.Window = DefaultWindow
	}
	return &Run{ID: id, Plan: plan, office: o, pace: pace, orders: make(chan order, 8), summary: Summary{Run: id}}
}

// takeUp makes sure that no other process has the run in hand.
func (r *Run) takeUp() error {
	lock, ok, err := r.office.take(r.ID)
	if err == nil && !ok {
		err = &adapters.Problem{Doing: "take up run " + r.ID, Cause: "another process has it in hand", Remedy: "wait for it, or eventscope dlq abort " + r.ID, Kind: ErrRefused}
	}
	r.lock = lock
	return err
}

func (r *Run) letGo() { _ = r.lock.Close() }

// Pause lets the run finish the window in hand and wait; Continue lets it go on; Abort
// ends it after the window in hand, and what was not sent is open again.
func (r *Run) Pause()    { r.tell(orderPause) }
func (r *Run) Continue() { r.tell(orderContinue) } // see Pause
func (r *Run) Abort()    { r.tell(orderAbort) }    // see Pause

func (r *Run) tell(o order) {
	select {
	case r.orders <- o:
	default: // it has eight orders to think about already
	}
}

var (
	errAborted = errors.New("aborted")
	// errStopped ends a run at the first letter that the broker did not take.
	errStopped = errors.New("stopped at the first letter that failed")
)

// Do carries the run out and tells what becomes of each letter, in the goroutine that
// calls Do. When ctx ends, the window in hand is finished and the run is paused: it can be
// resumed. The error is why it did not come to its end; the summary is right in any case.
func (r *Run) Do(ctx context.Context, tell func(Outcome)) (Summary, error) {
	defer r.letGo()
	r.tellExcluded(tell)
	var err error
	for i := range r.Plan.Parts {
		if err = r.part(ctx, i, tell); err != nil {
			break
		}
	}
	end := Line{At: now(), Run: r.ID, Action: r.Plan.Action, Step: StepDone}
	switch {
	case errors.Is(err, errAborted):
		end.Step, err = StepAbort, nil
	case r.settling && err == nil:
		end.Step = StepAbort
	case err != nil && ctx.Err() != nil:
		end.Step, end.Reason = StepPause, "interrupted"
	case err != nil:
		end.Step, end.Error = StepFail, err.Error()
	}
	r.summary.State = string(end.Step)
	end.Count = r.summary.Settled
	return r.summary, errors.Join(err, r.office.journal.Append(end))
}

// part carries one part out.
func (r *Run) part(ctx context.Context, i int, tell func(Outcome)) error {
	part := &r.Plan.Parts[i]
	source, err := r.office.source(part.Source)
	if err != nil {
		return err
	}
	w := newWorker(r, i, source, tell)
	if part.Through != "" {
		if w.through, err = r.office.source(part.Through); err != nil {
			return err
		}
	}
	if r.Plan.Action == Restore && part.Broker != adapters.Kafka {
		return w.restore(ctx)
	}
	return w.work(ctx)
}

// tellExcluded tells of the letters that the plan leaves out.
func (r *Run) tellExcluded(tell func(Outcome)) {
	if r.resumed {
		return // it was told when the run began
	}
	skip := func(positions []adapters.Position, why string) {
		for _, position := range positions {
			r.summary.Skipped++
			tell(Outcome{Position: position, Result: "skipped", Err: errors.New(why)})
		}
	}
	for i := range r.Plan.Parts {
		skip(r.Plan.Parts[i].Unresolved, "nothing but a guess says where it was to go")
		skip(r.Plan.Parts[i].OverLimit, "it was replayed too often already")
	}
}

// line is a line about a part of the run.
func (r *Run) line(step Step, part int) Line {
	p := &r.Plan.Parts[part]
	return Line{At: now(), Run: r.ID, Step: step, Action: r.Plan.Action, Source: p.Source, Grave: p.Grave, Part: part}
}

func now() time.Time { return time.Now().UTC().Round(0) }

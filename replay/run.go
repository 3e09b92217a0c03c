package replay

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/files"
)

// Outcome is what became of one letter.
type Outcome struct {
	Position adapters.Position
	Result   Result
	Target   deadletter.Target
	Err      error    // why it failed or was skipped
	Progress Progress // how far the run is with it
}

// Summary is how a run ended, or stands.
type Summary struct {
	Run   string
	State RunState

	Counts     // in which those are skipped, too, that the plan leaves where they are
	Failed int // letters, since it was begun or resumed
	// Alike counts letters that were sent under ids of this run alone, since nothing tells
	// them from others: see [Selected.Alike].
	Alike int
}

// Progress is how far a run is since it was begun or resumed.
type Progress struct {
	Total                 int // letters that were left then
	Before                int // letters of its plan that were dealt with before
	Done, Failed, Skipped int // those that failed or were skipped are done, too
}

// Run is a plan that is carried out. Do may be called once; the other methods at any time,
// from any goroutine.
type Run struct {
	ID   string
	Plan *Plan

	service *Service
	states  [][]State // of the letters, by part
	pace    Pace
	ending  bool // nothing more is sent: the run is being aborted
	resumed bool
	flock   *flock.Flock
	orders  chan order
	tell    func(Outcome)
	summary Summary
	begun   Counts // when it was begun or resumed
	before  int    // letters of its plan that were dealt with then
	left    int    // letters that were not
	awake   awake
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
func (s *Service) Begin(plan *Plan, said Confirmation, pace Pace) (*Run, error) {
	if err := plan.Check(said); err != nil {
		return nil, err
	}
	if !plan.whole() {
		return nil, &adapters.Problem{
			Doing: "begin plan " + plan.ID, Cause: "it is not what its id says: it was changed since it was made", Remedy: "make it anew", Kind: ErrRefused,
		}
	}
	name, digest, err := s.keepPlan(plan)
	if err != nil {
		return nil, err
	}
	r := s.newRun(name, plan, pace)
	r.left = plan.Count() + plan.Excluded()
	for i := range plan.Parts {
		states := make([]State, len(plan.Parts[i].Letters))
		for j := range states {
			states[j] = Planned
		}
		r.states = append(r.states, states)
	}
	if err := r.lock(); err != nil {
		return nil, err
	}
	var lines []Line
	for i := range plan.Parts {
		line := r.line(StepBegin, i)
		line.Count = len(plan.Parts[i].Letters)
		line.By, line.Reason = s.config.By, plan.Reason
		line.Plan, line.Kind, line.Pace = digest, plan.Parts[i].Kind, &r.pace
		lines = append(lines, line)
	}
	if err := s.journal.Append(lines...); err != nil {
		r.unlock()
		return nil, err
	}
	return r, nil
}

// keepPlan writes a plan down under a name that no run has: of those that are begun in one second
// two may draw the same.
func (s *Service) keepPlan(plan *Plan) (name, digest string, err error) {
	const draws = 8
	for range draws {
		name = s.config.runName()
		if digest, err = s.writePlan(name, plan); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil {
		err = files.ProblemOf("write the plan of run "+name, err)
	}
	return name, digest, err
}

// drawName is a name for a run that begins now.
func drawName() string {
	var suffix [2]byte
	_, _ = rand.Read(suffix[:]) // never fails
	return time.Now().UTC().Format("20060102-150405") + "-" + hex.EncodeToString(suffix[:])
}

// Resume takes up a run that was interrupted, paused or failed, at the pace that it had, but
// for what is said anew. One whose journal or plan somebody has changed is refused.
func (s *Service) Resume(run string, write bool, pace Pace) (*Run, error) {
	record, err := s.record(run)
	if err != nil {
		return nil, err
	}
	switch {
	case record.Ended():
		return nil, &adapters.Problem{Doing: "resume run " + run, Cause: "it is " + string(record.State), Remedy: "make a new plan of what is left", Kind: ErrRefused}
	case record.Changed != "":
		return nil, &adapters.Problem{
			Doing: "resume run " + run, Cause: record.Changed + ", so that nobody knows which letters it has sent",
			Remedy: "eventscope dlq abort " + run + ", then make a new plan, which says which letters may have been sent", Kind: errors.Join(ErrRefused, ErrJournal),
		}
	}
	plan, err := s.planOf(record)
	if err != nil {
		return nil, err
	}
	return s.resume(record, plan, write, pace.or(record.Pace))
}

func (s *Service) resume(record *Record, plan *Plan, write bool, pace Pace) (*Run, error) {
	run := record.Run
	if !write {
		return nil, &adapters.Problem{Doing: "resume run " + run, Cause: "everything is read-only", Remedy: "add --write", Kind: ErrRefused}
	}
	r := s.newRun(run, plan, pace)
	r.resumed = true
	if err := r.lock(); err != nil {
		return nil, err
	}
	if err := s.unchanged(record); err != nil {
		r.unlock()
		return nil, err
	}
	for i := range plan.Parts {
		states := record.states(plan, i)
		r.states = append(r.states, states)
		for _, state := range states {
			if state.dealtWith() {
				r.before++
			}
		}
	}
	r.summary.Counts = record.Counts
	r.summary.Skipped += plan.Excluded()
	r.begun, r.left = r.summary.Counts, plan.Count()-r.before
	if err := s.journal.Append(Line{At: now(), Run: run, Step: StepResume, Action: plan.Action, By: s.config.By, Pace: &r.pace}); err != nil {
		r.unlock()
		return nil, err
	}
	return r, nil
}

// unchanged refuses to take up a run with which another process has gone on since its record
// was read, and before its lock was taken: its letters are not where the record says.
func (s *Service) unchanged(record *Record) error {
	switch now, err := s.record(record.Run); {
	case err != nil:
		return err
	case now.last != record.last:
		return &adapters.Problem{
			Doing: "take up run " + record.Run, Cause: "another process has gone on with it meanwhile", Remedy: "see how it stands with eventscope dlq journal, then try again", Kind: ErrRefused,
		}
	}
	return nil
}

// Abort ends a run. If another process has it in hand, that one is told, and does the rest
// after the window in hand: the run is nil then. Else, if letters have only to be taken out
// of their queue because their copies are confirmed, the run that is returned does that,
// for which writing must be allowed. What was not sent is open again. Of a run whose journal
// or plan somebody has changed no letter is touched.
func (s *Service) Abort(run string, write bool) (*Run, error) {
	record, err := s.record(run)
	if err != nil {
		return nil, err
	}
	plan, changed := s.planOf(record)
	switch {
	case record.State != RunActive && record.Changed == "" && changed == nil && record.owes(plan): // also if who was told to end it has died over it
		r, err := s.resume(record, plan, write, record.Pace)
		if err == nil {
			r.ending = true
		}
		return r, err
	case record.Ended():
		return nil, &adapters.Problem{Doing: "abort run " + run, Cause: "it is " + string(record.State) + " already", Kind: ErrRefused}
	}
	unsettled := record.Changed != "" || changed != nil
	return nil, s.journal.Append(Line{At: now(), Run: run, Step: StepAbort, Action: record.Action, By: s.config.By, Unsettled: unsettled})
}

// owes reports whether letters lie in a queue whose copies are at their target.
func (r *Record) owes(plan *Plan) bool {
	for i := range plan.Parts {
		if plan.Parts[i].settling() == deadletter.ByRemoval && slices.Contains(r.states(plan, i), Confirmed) {
			return true
		}
	}
	return false
}

func (s *Service) newRun(id string, plan *Plan, pace Pace) *Run {
	if pace.Window <= 0 {
		pace.Window = DefaultWindow
	}
	_, alike := plan.Doubts()
	return &Run{ID: id, Plan: plan, service: s, pace: pace, orders: make(chan order, 8), summary: Summary{Run: id, Alike: alike}}
}

// lock makes sure that no other process is at work on the run.
func (r *Run) lock() error {
	lock, ok, err := r.service.lockRun(r.ID)
	if err == nil && !ok {
		err = &adapters.Problem{Doing: "take up run " + r.ID, Cause: "another process has it in hand", Remedy: "wait for it, or eventscope dlq abort " + r.ID, Kind: ErrRefused}
	}
	r.flock = lock
	return err
}

func (r *Run) unlock() { _ = r.flock.Close() }

// Pause lets the run finish the window in hand and wait; Continue lets it go on; Abort
// ends it after the window in hand, and what was not sent is open again.
func (r *Run) Pause()    { r.order(orderPause) }
func (r *Run) Continue() { r.order(orderContinue) } // see Pause
func (r *Run) Abort()    { r.order(orderAbort) }    // see Pause

func (r *Run) order(o order) {
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

// Progress is how far the run is before [Run.Do]; what Do tells of letters says it after that.
func (r *Run) Progress() Progress {
	skipped := r.summary.Skipped - r.begun.Skipped
	return Progress{
		Total: r.left, Before: r.before, Failed: r.summary.Failed, Skipped: skipped,
		Done: r.summary.Settled - r.begun.Settled + skipped + r.summary.Failed,
	}
}

// Do carries the run out and tells what becomes of each letter, in the goroutine that
// calls Do. When ctx ends, the window in hand is finished and the run is paused: it can be
// resumed. The error is why it did not come to its end; the summary is right in any case.
func (r *Run) Do(ctx context.Context, tell func(Outcome)) (Summary, error) {
	defer r.unlock()
	r.tell = tell
	r.tellExcluded()
	watched, stop := context.WithCancel(context.Background())
	defer stop()
	r.awake.beat(time.Now())
	go r.awake.watch(watched)
	var err error
	for i := range r.Plan.Parts {
		if err = r.part(ctx, i); err != nil {
			break
		}
	}
	if !errors.Is(err, errAborted) && ctx.Err() == nil {
		err = r.awake.explain(err, time.Now())
	}
	end := Line{At: now(), Run: r.ID, Action: r.Plan.Action, Step: StepDone}
	switch {
	case errors.Is(err, errAborted):
		end.Step, err = StepAbort, nil
	case r.ending, err != nil && r.service.journal.wantsEnd(r.ID): // whoever ended it elsewhere is gone, and has the journal's word
		if end.Step = StepAbort; err != nil {
			end.Error = err.Error()
		}
	case err != nil && ctx.Err() != nil:
		end.Step, end.Reason = StepPause, "interrupted"
	case err != nil:
		end.Step, end.Error = StepFail, err.Error()
	}
	r.summary.State = runStates[end.Step]
	end.Count = r.summary.Settled
	return r.summary, errors.Join(err, r.service.journal.Append(end))
}

// part carries one part out.
func (r *Run) part(ctx context.Context, i int) error {
	part := &r.Plan.Parts[i]
	source, err := r.service.source(ctx, part.Broker, part.Source)
	if err != nil {
		return err
	}
	w := newWorker(r, i, source)
	if part.Through != "" {
		if w.through, err = r.service.source(ctx, part.Broker, part.Through); err != nil {
			return err
		}
	}
	if r.Plan.Action == Restore && part.settling() != deadletter.ByLedger {
		return w.restore(ctx)
	}
	return w.work(ctx)
}

// tellExcluded tells of the letters that the plan leaves out.
func (r *Run) tellExcluded() {
	if r.resumed {
		return // it was told when the run began
	}
	for _, s := range r.Plan.Staying() {
		for _, position := range s.Positions {
			r.summary.Skipped++
			r.report(Outcome{Position: position, Result: ResultSkipped, Err: errors.New(s.Why)})
		}
	}
}

// report tells what became of a letter.
func (r *Run) report(o Outcome) {
	if o.Result == ResultFailed {
		r.summary.Failed++
	}
	o.Progress = r.Progress()
	r.tell(o)
}

// line is a line about a part of the run.
func (r *Run) line(step Step, part int) Line {
	p := &r.Plan.Parts[part]
	return Line{At: now(), Run: r.ID, Step: step, Action: r.Plan.Action, Source: p.Source, DLQ: p.DLQ, Part: part}
}

func now() time.Time { return time.Now().UTC().Round(0) }

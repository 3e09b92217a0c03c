package replay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/files"
)

// worker carries out one part of a run: it takes letters in the order in which they lie,
// a window at a time, and for each window writes down what it is about to do, does it, and
// writes down that it is done. Where the broker lets it, it takes the next half window while the
// copies of the one before are on their way. It belongs to the goroutine of [Run.Do].
type worker struct {
	pacer
	run       *Run
	number    int // of the part
	before    int // letters of the parts before it, so that no two of a run have one replay id
	part      *Part
	states    []State
	source    Source
	redrive   deadletter.Redrive   // nil while nothing is taken from the queue
	through   Source               // another cluster that copies go to, if there is one
	publisher deadletter.Publisher // to it, or of what comes out of the archive; nil where the redrive sends
	ledger    *ledger              // nil where the broker keeps none

	places       map[files.LetterKey][]int // numbers of the letters that are equal
	archive      int                       // how often the archive had turned out to be another file; -1 until it was used
	acknowledged bool                      // letters, by the present redrive
	sent         *sent                     // what is on its way, or nil
	confirmed    []taken                   // letters whose copies have arrived, to be acknowledged when that is written
	foreign      bool                      // somebody else may have sent any of the letters
	missing      error                     // the first letter that is to be restored and not in the archive
	lines        []Line                    // for the journal, to be written with the next that matter
}

func newWorker(r *Run, number int, source Source) *worker {
	w := &worker{
		pacer: newPacer(r.pace), run: r, number: number, part: &r.Plan.Parts[number], states: r.states[number], source: source, archive: -1,
		places: map[files.LetterKey][]int{},
	}
	if w.part.settling() == deadletter.ByLedger {
		w.ledger = newLedger(source.DeadLetters, w.part.DLQ)
	}
	for i := range number {
		w.before += len(r.Plan.Parts[i].Letters)
	}
	for i := range w.part.Letters {
		key := w.part.Letters[i].key()
		w.places[key] = append(w.places[key], i)
		w.begun = w.begun || w.states[i] == Confirmed || w.states[i].Settled()
	}
	return w
}

// work begins a redrive, finds out what was done already, and goes on from there.
func (w *worker) work(ctx context.Context) (err error) {
	if err := w.mend(ctx); err != nil {
		return err
	}
	if err := w.refuseBeside(ctx); err != nil {
		return err
	}
	defer func() { err = w.close(ctx, err) }()
	if err := w.beginRedrive(ctx); err != nil {
		return err
	}
	if w.part.Through != "" {
		if w.publisher, err = w.through.DeadLetters.Publisher(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, w.publisher.Close()) }()
	}
	if err := w.reconcile(ctx); err != nil {
		return err
	}
	if err := w.end(ctx, w.windows(ctx)); err != nil {
		return err
	}
	return w.leftOver()
}

// end finishes what is on its way after the last window, or after what has stopped the run.
func (w *worker) end(ctx context.Context, stopped error) error {
	switch failed := w.finish(deadletter.Finishing(ctx)); {
	case failed != nil && errors.Is(stopped, errAborted):
		return failed // the operator has to end it again, unless the journal says that it was
	case failed != nil || stopped != nil:
		return errors.Join(stopped, failed, w.write())
	}
	return nil
}

// beginRedrive begins a redrive of the letters that are left.
func (w *worker) beginRedrive(ctx context.Context) (err error) {
	w.redrive, err = w.source.DeadLetters.Redrive(ctx, deadletter.Order{
		DLQ: w.part.DLQ, Incarnation: w.part.Incarnation, Run: w.run.ID, Letters: w.wanted(), Rate: w.run.pace.Rate,
	})
	w.acknowledged = false
	if errors.Is(err, adapters.ErrGone) {
		return &adapters.Problem{
			Doing: string(w.run.Plan.Action) + " letters of " + w.part.DLQ, Cause: "it was deleted and made again since the plan was made, so that its letters are others",
			Remedy: "eventscope dlq abort " + w.run.ID + ", then make a new plan", Kind: ErrRefused,
		}
	}
	return err
}

// mend ends what an earlier run has left half done on the broker. The journal has it first.
func (w *worker) mend(ctx context.Context) error {
	if w.ledger == nil {
		return nil
	}
	return w.source.DeadLetters.Mend(ctx, w.part.DLQ, w.targets(), func(what string) error {
		line := w.run.line(StepMend, w.number)
		line.Reason = what
		return w.run.service.journal.Append(line)
	})
}

// targets are where copies go on the letters' own broker.
func (w *worker) targets() (targets []deadletter.Target) {
	if w.part.Through != "" {
		return nil
	}
	seen := map[deadletter.Target]bool{}
	for i := range w.part.Letters {
		if to := w.part.Letters[i].To; !to.IsZero() && !seen[to] {
			seen[to] = true
			targets = append(targets, to)
		}
	}
	return targets
}

// requeue ends the redrive of a queue for a while: what it holds is there for others, and the
// broker does not wait for it. What is on its way is finished first.
func (w *worker) requeue(ctx context.Context) error {
	if w.redrive == nil || w.part.settling() != deadletter.ByRemoval {
		return nil
	}
	if err := w.finish(deadletter.Finishing(ctx)); err != nil {
		return err
	}
	redrive := w.redrive
	w.redrive = nil
	return redrive.Close()
}

// windows deals with one window after the other. When it returns, copies may be on their way.
func (w *worker) windows(ctx context.Context) error {
	for {
		if err := w.obey(ctx); err != nil {
			return err
		}
		if err := w.holdShortly(ctx); err != nil {
			return err
		}
		held, err := w.next(ctx)
		if err != nil || len(held) == 0 {
			return err
		}
		// What is begun is finished, even if somebody wants an end meanwhile.
		if err := w.window(deadletter.Finishing(ctx), ctx, held); err != nil {
			return err
		}
	}
}

// next takes letters. Those whose copies are on their way may keep others back, as those of one
// group do in a queue that keeps the order of groups: then they are settled first.
func (w *worker) next(ctx context.Context) ([]deadletter.Delivery, error) {
	held, err := w.redrive.Next(ctx, w.most())
	if err != nil || len(held) > 0 || w.sent == nil {
		return held, err
	}
	if err := w.finish(deadletter.Finishing(ctx)); err != nil {
		return nil, err
	}
	return w.redrive.Next(ctx, w.most())
}

// mostWait is how long letters are held for the sake of the pace. The shortest time that
// RabbitMQ's consumers can sensibly be given is a minute.
const mostWait = 20 * time.Second

// holdShortly gives letters back and takes them anew where they would be held for too long: when the
// pace has the next wait for long, or some have been held for long already.
func (w *worker) holdShortly(ctx context.Context) error {
	if w.part.settling() != deadletter.ByRemoval {
		return nil
	}
	wait := w.untilNext()
	if w.redrive != nil && w.acknowledged && w.redrive.Overdue() || wait > mostWait {
		if err := w.requeue(ctx); err != nil {
			return err
		}
	}
	for ; w.redrive == nil && wait > 0; wait = w.untilNext() {
		if err := w.obey(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(wait, time.Second)): // the operator is obeyed meanwhile
		}
	}
	if w.redrive == nil {
		return w.beginRedrive(ctx)
	}
	return nil
}

// left are the numbers of the letters that are not done; of a run that is being ended, of those
// that only have to be acknowledged.
func (w *worker) left() (numbers []int) {
	for i := range w.part.Letters {
		if !w.done(i) && (!w.run.ending || w.states[i] == Confirmed) {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// wanted are their positions.
func (w *worker) wanted() []adapters.Position {
	numbers := w.left()
	wanted := make([]adapters.Position, len(numbers))
	for i, number := range numbers {
		wanted[i] = w.part.Letters[number].Position
	}
	return wanted
}

// close takes the claim back and ends the redrive. After an error the claim is left to
// lapse if it cannot be taken back.
func (w *worker) close(ctx context.Context, err error) error {
	if w.redrive == nil {
		return err
	}
	if w.ledger != nil {
		ctx, cancel := context.WithTimeout(deadletter.Finishing(ctx), closeTime)
		defer cancel()
		_, failure := w.redrive.Send(ctx, nil, []deadletter.Entry{{Key: claimKey(w.part.DLQ)}})(ctx)
		if err == nil {
			err = failure
		}
	}
	return errors.Join(err, w.redrive.Close())
}

// closeTime is how long taking back a claim may take.
const closeTime = 5 * time.Second

// done reports whether nothing is left to do about letter i.
func (w *worker) done(i int) bool { return w.states[i].dealtWith() }

// refuseBeside refuses the run while another run holds a claim on the same dead-letter queue. It
// does not wait for that run to end.
func (w *worker) refuseBeside(ctx context.Context) error {
	if w.ledger == nil {
		return nil
	}
	short, cancel := ctx, context.CancelFunc(func() {})
	if w.run.resumed { // what the interrupted run left open would be waited for until it lapses
		short, cancel = context.WithTimeout(ctx, claimPatience)
	}
	defer cancel()
	switch err := w.ledger.update(short, true); {
	case err != nil && short.Err() != nil && ctx.Err() == nil:
		return nil // no living run keeps a transaction open for so long
	case err != nil:
		return err
	}
	c := w.ledger.claimed
	if c == nil || c.Run == w.run.ID {
		return nil
	}
	age := time.Since(c.At).Abs() // by two clocks, which may differ
	if age > claimHolds {
		return nil
	}
	return &adapters.Problem{
		Doing:  fmt.Sprintf("%s letters of %s", w.run.Plan.Action, w.part.DLQ),
		Cause:  fmt.Sprintf("run %s of %s is at work on it, last %s ago", c.Run, c.By, age.Round(time.Second)),
		Remedy: "wait until it has ended", Kind: adapters.ErrBusy,
	}
}

// reconcile reads the ledger on now that nobody else can write it for this dead-letter queue, and takes
// over what it says: what this run had done before it was interrupted, and what others did
// since the plan was made.
func (w *worker) reconcile(ctx context.Context) error {
	if w.ledger == nil {
		return nil
	}
	if err := w.ledger.update(ctx, true); err != nil {
		return err
	}
	// Another run that has left its claim may have sent letters to the other cluster, of which
	// the ledger says nothing before they are settled.
	if c := w.ledger.claimed; c != nil && c.Run != w.run.ID && w.publisher != nil {
		w.foreign = true
	}
	var settled files.Numbers
	skipped := map[int]error{} // and why
	for i := range w.part.Letters {
		mark := w.ledger.marks[w.part.Letters[i].Position]
		if mark != nil && mark.Incarnation != w.part.Incarnation {
			mark = nil
		}
		switch restore := w.run.Plan.Action == Restore; {
		case w.done(i):
		case restore && mark == nil && w.states[i] != Planned:
			w.states[i] = Open
			settled = append(settled, i)
		case restore && (mark == nil || mark.State != Discarded): // a replay's mark is nobody's to take away
			skipped[i] = errors.New("somebody has restored it meanwhile")
		case mark == nil && w.publisher != nil && w.states[i].inHand(): // what is missing is the mark, or the answer
		case restore || mark == nil:
			w.states[i] = Planned // whatever was begun did not come about
		case mark.Run == w.run.ID:
			w.states[i] = mark.State
			settled = append(settled, i)
		default:
			skipped[i] = fmt.Errorf("run %s of %s has %s it meanwhile", mark.Run, mark.By, mark.State)
		}
	}
	w.ledger.marks = nil // nobody asks for them again
	w.note(w.line(StepConfirm, settled))
	w.note(w.line(StepSettle, settled))
	w.skip(skipped)
	return w.write()
}

// skip leaves letters, by their numbers, to whoever has dealt with them.
func (w *worker) skip(why map[int]error) {
	numbers := files.Numbers(slices.Sorted(maps.Keys(why)))
	for _, number := range numbers {
		w.states[number] = Open
	}
	w.note(w.line(StepSkip, numbers))
	for _, number := range numbers {
		w.report(number, ResultSkipped, why[number])
	}
}

// obey does what the operator says between two windows.
func (w *worker) obey(ctx context.Context) error {
	paused := false
	for {
		if !w.run.ending && w.run.service.journal.wantsEnd(w.run.ID) {
			return errAborted
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if !paused && len(w.run.orders) == 0 {
			return nil
		}
		select {
		case o := <-w.run.orders:
			switch {
			case o == orderAbort:
				return errAborted
			case o == orderPause != paused:
				paused = o == orderPause
				if err := w.pause(ctx, paused); err != nil {
					return err
				}
			}
		case <-ctx.Done():
		case <-time.After(time.Second): // somebody may end it from another terminal
		}
	}
}

// pause writes down that the run pauses, or goes on. What it holds is given back meanwhile, and taken
// again by holdShortly.
func (w *worker) pause(ctx context.Context, paused bool) error {
	if err := w.finish(deadletter.Finishing(ctx)); err != nil {
		return err
	}
	if err := w.requeue(ctx); err != nil {
		return err
	}
	step := StepResume
	if paused {
		step = StepPause
	}
	w.note(w.run.line(step, w.number))
	return w.write()
}

func (w *worker) report(number int, result Result, err error) {
	l := &w.part.Letters[number]
	w.run.report(Outcome{Position: l.Position, Result: result, Target: l.To, Err: err})
}

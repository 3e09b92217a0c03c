package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate" // the Go team's token bucket

	"eventscope/adapters"
)

// worker carries out one part of a run: it takes letters in the order in which they lie,
// a window at a time, and for each window writes down what it is about to do, does it, and
// writes down that it is done. It belongs to the goroutine of [Run.Do].
type worker struct {
	run     *Run
	number  int // of the part
	part    *Part
	states  []State
	source  Source
	session adapters.Redrive
	ledger  bool // the broker keeps one
	limiter *rate.Limiter
	tell    func(Outcome)

	places  map[adapters.Position][]int // numbers of the letters at a position
	windows int                         // taken so far; the canary is the first
}

func newWorker(r *Run, number int, source Source, tell func(Outcome)) *worker {
	w := &worker{
		run: r, number: number, part: &r.Plan.Parts[number], states: r.states[number], source: source, tell: tell,
		ledger: source.Broker == adapters.Kafka, places: map[adapters.Position][]int{},
	}
	if r.pace.Rate > 0 {
		w.limiter = rate.NewLimiter(rate.Limit(r.pace.Rate), max(1, r.pace.Window))
		w.limiter.AllowN(time.Now(), w.limiter.Burst()) // it begins empty, so that the rate holds from the start
	}
	for i := range w.part.Letters {
		position := w.part.Letters[i].Position
		w.places[position] = append(w.places[position], i)
	}
	return w
}

// work begins a redrive, finds out what was done already, and goes on from there.
func (w *worker) work(ctx context.Context) (err error) {
	if err := w.free(ctx); err != nil {
		return err
	}
	w.session, err = w.source.DeadLetters.Redrive(ctx, adapters.Order{Grave: w.part.Grave, Run: w.run.ID, Letters: w.wanted()})
	if err != nil {
		return err
	}
	defer func() { err = w.close(err) }()
	if err := w.reconcile(ctx); err != nil {
		return err
	}
	for {
		if err := w.heed(ctx); err != nil {
			return err
		}
		held, err := w.session.Next(ctx, w.most())
		if err != nil {
			return err
		}
		if len(held) == 0 {
			break
		}
		// What is begun is finished, even if somebody wants an end meanwhile.
		if err := w.window(context.WithoutCancel(ctx), ctx, held); err != nil {
			return err
		}
	}
	return w.leftOver()
}

// wanted are the positions of the letters that are not done; of a run that is being
// ended, of those that only have to be settled.
func (w *worker) wanted() []adapters.Position {
	wanted := make([]adapters.Position, 0, len(w.part.Letters))
	for i := range w.part.Letters {
		if !w.done(i) && (!w.run.settling || w.states[i] == Confirmed) {
			wanted = append(wanted, w.part.Letters[i].Position)
		}
	}
	return wanted
}

// close takes the claim back and ends the redrive. After an error the claim is left to
// lapse if it cannot be taken back.
func (w *worker) close(err error) error {
	if w.ledger {
		ctx, cancel := context.WithTimeout(context.Background(), closeTime)
		defer cancel()
		_, failure := w.session.Send(ctx, nil, []adapters.Entry{{Key: claimKey(w.part.Grave)}})
		if err == nil {
			err = failure
		}
	}
	return errors.Join(err, w.session.Close())
}

// closeTime is how long taking back a claim may take.
const closeTime = 5 * time.Second

// done says that nothing is left to do about letter i.
func (w *worker) done(i int) bool {
	s := w.states[i]
	return s.Settled() || s == Open
}

// free waits for nobody: while another run's claim on the grave holds, this one is refused.
func (w *worker) free(ctx context.Context) error {
	if !w.ledger {
		return nil
	}
	ledger, err := readLedger(ctx, w.source.DeadLetters)
	if err != nil {
		return err
	}
	c, claimed := ledger.claims[w.part.Grave]
	if !claimed || c.Run == w.run.ID || time.Since(c.At) > claimHolds {
		return nil
	}
	return &adapters.Problem{
		Doing:  fmt.Sprintf("%s letters of %s", w.run.Plan.Action, w.part.Grave),
		Cause:  fmt.Sprintf("run %s of %s is at work on it, last %s ago", c.Run, c.By, time.Since(c.At).Round(time.Second)),
		Remedy: "wait until it has ended", Kind: adapters.ErrBusy,
	}
}

// reconcile reads the ledger now that nobody else can write it for this grave, and takes
// over what it says: what this run had done before it was interrupted, and what others did
// since the plan was made.
func (w *worker) reconcile(ctx context.Context) error {
	if !w.ledger {
		return nil
	}
	ledger, err := readLedger(ctx, w.source.DeadLetters)
	if err != nil {
		return err
	}
	var settled, taken Numbers
	for i := range w.part.Letters {
		mark := ledger.marks[w.part.Letters[i].Position]
		if mark != nil && mark.Incarnation != w.part.Incarnation {
			mark = nil
		}
		switch restore := w.run.Plan.Action == Restore; {
		case w.done(i):
		case restore && mark == nil:
			w.states[i] = Open
			settled = append(settled, i)
		case restore || mark == nil:
			w.states[i] = Planned // whatever was begun did not come about
		case mark.Run == w.run.ID:
			w.states[i] = mark.State
			settled = append(settled, i)
		default:
			w.states[i] = Open
			taken = append(taken, i)
			w.run.summary.Skipped++
			w.report(i, "skipped", fmt.Errorf("run %s of %s has %s it meanwhile", mark.Run, mark.By, mark.State))
		}
	}
	w.run.summary.Settled += len(settled)
	return w.note(w.line(StepConfirm, settled), w.line(StepSettle, settled), w.line(StepSkip, taken))
}

// heed obeys what the operator says between two windows.
func (w *worker) heed(ctx context.Context) error {
	paused := false
	for {
		if w.run.office.journal.wantsEnd(w.run.ID) {
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
				step := map[bool]Step{true: StepPause, false: StepResume}[paused]
				if err := w.note(w.run.line(step, w.number)); err != nil {
					return err
				}
			}
		case <-ctx.Done():
		case <-time.After(time.Second): // somebody may end it from another terminal
		}
	}
}

// most is how many letters to take next: the canary first; then a window, or what the
// rate allows in half a second.
func (w *worker) most() int {
	most := w.run.pace.Window
	if w.limiter != nil {
		most = min(most, max(1, int(w.run.pace.Rate/2)))
	}
	if canary := w.run.pace.Canary; canary > 0 && w.windows == 0 && !w.run.resumed {
		most = min(most, canary)
	}
	w.windows++
	return most
}

// taken is a letter of the plan that is held.
type taken struct {
	number int
	held   adapters.Held
}

// window deals with letters that were handed over. Wait is the context that an impatient
// operator ends; until something is sent, it may.
func (w *worker) window(ctx, wait context.Context, held []adapters.Held) error {
	var fresh, begun []taken // to be sent, and to be settled only
	for i := range held {
		number, state, ok := w.claim(&held[i])
		switch {
		case !ok: // not of the plan: it stays held until the end and is given back
		case state == Confirmed:
			begun = append(begun, taken{number, held[i]})
		case !w.run.settling:
			fresh = append(fresh, taken{number, held[i]})
		}
	}
	if w.limiter != nil && len(fresh) > 0 {
		if err := w.limiter.WaitN(wait, len(fresh)); err != nil {
			return err // what was taken is given back by Close
		}
	}
	var err error
	if w.run.Plan.Action == Replay {
		fresh, err = w.send(ctx, fresh)
	} else {
		fresh, err = w.record(ctx, fresh)
	}
	return errors.Join(w.settle(ctx, append(fresh, begun...)), err)
}

// claim finds the number of a letter, and takes it from the list. Letters of one position
// are equal in every byte, so any number will do, and those that were not sent come first:
// if the ones with confirmed copies are gone, all that is there is sent, and if they came
// back, as many as have copies are left to be settled. A letter that nobody has held yet
// is none of those: it is new, equal to one that is gone, and stays.
func (w *worker) claim(held *adapters.Held) (number int, state State, ok bool) {
	numbers := slices.DeleteFunc(w.places[held.Position], w.done)
	at := slices.IndexFunc(numbers, func(number int) bool { return w.states[number] != Confirmed })
	if at < 0 && len(numbers) > 0 && held.Redelivered {
		at = 0
	}
	if at < 0 {
		w.places[held.Position] = numbers
		return 0, Open, false
	}
	number = numbers[at]
	w.places[held.Position] = slices.Delete(numbers, at, at+1)
	return number, w.states[number], true
}

// send sends copies and returns the letters whose copies are confirmed. The error is why
// the run stops.
func (w *worker) send(ctx context.Context, letters []taken) ([]taken, error) {
	if len(letters) == 0 {
		return nil, nil
	}
	for _, l := range letters {
		if w.states[l.number] == Sent {
			w.run.summary.Maybe++
		}
	}
	if err := w.advance(StepSend, letters, nil); err != nil {
		return nil, err
	}
	copies := make([]adapters.Copy, len(letters))
	for i := range letters {
		copies[i] = w.copy(&letters[i])
	}
	entries, err := w.entries(letters, Replayed)
	if err != nil {
		return nil, err
	}
	outcomes, err := w.session.Send(ctx, copies, entries)
	return w.sort(letters, outcomes, err)
}

// sort notes what became of each copy.
func (w *worker) sort(letters []taken, outcomes []error, failure error) ([]taken, error) {
	var confirmed, refused []taken
	for i := range letters {
		var outcome error = adapters.ErrUnknownOutcome
		if i < len(outcomes) {
			outcome = outcomes[i]
		}
		switch {
		case outcome == nil:
			confirmed = append(confirmed, letters[i])
		case errors.Is(outcome, adapters.ErrNotSent):
			refused = append(refused, letters[i])
		case errors.Is(outcome, adapters.ErrUnknownOutcome):
			failure = errors.Join(failure, outcome)
		default:
			refused = append(refused, letters[i])
			w.run.summary.Failed++
			w.report(letters[i].number, "failed", outcome)
			if failure == nil {
				failure = fmt.Errorf("%w: %s: %w", errStopped, letters[i].held.Position, outcome)
			}
		}
	}
	return confirmed, errors.Join(w.advance(StepConfirm, confirmed, nil), w.advance(StepRefuse, refused, failure), failure)
}

// record discards: it marks letters in the ledger, or puts them into the archive. Restores
// of a log go the same way, by taking the mark back.
func (w *worker) record(ctx context.Context, letters []taken) ([]taken, error) {
	if len(letters) == 0 {
		return nil, nil
	}
	if w.ledger {
		entries, err := w.entries(letters, settledBy[w.run.Plan.Action])
		if err != nil {
			return nil, err
		}
		if w.run.Plan.Action == Restore {
			if err := w.advance(StepSend, letters, nil); err != nil {
				return nil, err
			}
		}
		if _, err := w.session.Send(ctx, nil, entries); err != nil {
			return nil, err
		}
	} else if w.part.Kind == adapters.Queue {
		held := make([]adapters.Held, len(letters))
		for i := range letters {
			held[i] = letters[i].held
		}
		if err := w.run.office.keep(&Grave{w.source, adapters.Grave{Name: w.part.Grave, Kind: w.part.Kind}}, held); err != nil {
			return nil, err
		}
	}
	return letters, w.advance(StepConfirm, letters, nil)
}

// settle takes letters out of their grave.
func (w *worker) settle(ctx context.Context, letters []taken) error {
	if len(letters) == 0 {
		return nil
	}
	held := make([]adapters.Held, len(letters))
	for i := range letters {
		held[i] = letters[i].held
	}
	if err := w.session.Settle(ctx, held); err != nil {
		return err
	}
	if err := w.advance(StepSettle, letters, nil); err != nil {
		return err
	}
	w.run.summary.Settled += len(letters)
	for _, l := range letters {
		w.report(l.number, w.run.Plan.Action.Past(), nil)
	}
	return nil
}

// advance moves letters on by a step, in the journal and here.
func (w *worker) advance(step Step, letters []taken, why error) error {
	numbers := make(Numbers, 0, len(letters))
	for _, l := range letters {
		numbers = append(numbers, l.number)
	}
	slices.Sort(numbers)
	line := w.line(step, numbers)
	if why != nil {
		line.Error = why.Error()
	}
	if err := w.note(line); err != nil {
		return err
	}
	for _, number := range numbers {
		if next, ok := w.states[number].after(step, w.run.Plan.Action); ok {
			w.states[number] = next
		}
	}
	return nil
}

func (w *worker) line(step Step, numbers Numbers) Line {
	line := w.run.line(step, w.number)
	line.Letters, line.Count = numbers, len(numbers)
	return line
}

// note writes lines into the journal, but for those about no letter at all.
func (w *worker) note(lines ...Line) error {
	lines = slices.DeleteFunc(lines, func(l Line) bool { return l.Count == 0 && l.Step != StepPause && l.Step != StepResume })
	if len(lines) == 0 {
		return nil
	}
	return w.run.office.journal.Append(lines...)
}

// leftOver skips the letters that were never handed over: they are not there any more.
// One whose copy is confirmed was taken out before the run was interrupted.
func (w *worker) leftOver() error {
	var gone, settled, abandoned Numbers
	for i, state := range w.states {
		switch {
		case w.done(i):
		case state == Confirmed:
			settled = append(settled, i)
		case w.run.settling:
			abandoned = append(abandoned, i)
		default:
			gone = append(gone, i)
			w.run.summary.Skipped++
			w.report(i, "skipped", adapters.ErrGone)
		}
	}
	w.run.summary.Settled += len(settled)
	return w.note(w.line(StepSettle, settled), w.line(StepSkip, gone), w.line(StepAbandon, abandoned))
}

func (w *worker) report(number int, result string, err error) {
	l := &w.part.Letters[number]
	w.tell(Outcome{Position: l.Position, Result: result, Target: l.To, Err: err})
}

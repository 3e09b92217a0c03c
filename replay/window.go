package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"eventscope/adapters"
)

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
	w.begun = w.begun || len(fresh) > 0
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
	if at < 0 && len(numbers) > 0 && (held.Redelivered || w.part.Kind != adapters.Queue) {
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
	if w.sender != nil { // the ledger comes after, for it is on the letters' own cluster
		outcomes, err := w.sender.Publish(ctx, copies)
		return w.sort(letters, outcomes, err)
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
	if w.sender != nil && w.ledger {
		entries, err := w.entries(letters, Replayed)
		if err == nil {
			_, err = w.session.Send(ctx, nil, entries)
		}
		if err != nil {
			return err
		}
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

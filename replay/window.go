package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/files"
)

// taken is a letter of the plan that is held, or that comes out of the archive.
type taken struct {
	number   int
	held     deadletter.Delivery
	archived []byte // as its adapter has written it
	doubted  bool   // a copy may have been sent before it is sent now
}

// window deals with letters that were handed over. Wait is the context that an impatient
// operator ends; until something is sent, it may.
func (w *worker) window(ctx, wait context.Context, held []deadletter.Delivery) error {
	var fresh, begun []taken // to be sent, and to be acknowledged only
	for i := range held {
		number, state, ok := w.match(&held[i])
		switch {
		case !ok: // not of the plan: it stays held until the end and is given back
		case state == Confirmed:
			begun = append(begun, taken{number: number, held: held[i]})
		case !w.run.ending:
			fresh = append(fresh, taken{number: number, held: held[i]})
		}
	}
	if err := w.wait(wait, len(fresh)); err != nil {
		return err // what was taken is given back by Close
	}
	if w.run.Plan.Action == Replay {
		return errors.Join(w.acknowledge(ctx, begun), w.send(ctx, fresh))
	}
	fresh, err := w.mark(ctx, fresh)
	w.begun = w.begun || len(fresh) > 0
	return errors.Join(w.acknowledge(ctx, append(fresh, begun...)), err)
}

// match finds the number of a letter, and takes it from the list. Letters with one key are
// equal in every byte, so any of their numbers will do. Numbers that were not sent come first.
// Suppose that two of three equal letters have confirmed copies: if those two are gone, the
// third is sent; if they came back, one of the three is sent and two are only acknowledged. A letter
// that was never delivered before is not one of the three: it is new, and stays. One that was
// delivered before may still be new if nothing tells it from others; it is sent again rather
// than lost. Where each letter has a position of its own, nobody asks whether it was delivered
// before: some brokers do not know that for certain.
func (w *worker) match(held *deadletter.Delivery) (number int, state State, ok bool) {
	key := files.LetterKey{Position: held.Position}
	if _, any := w.places[key]; !any {
		key.Content = held.Fingerprint()
	}
	numbers := slices.DeleteFunc(w.places[key], w.done)
	fresh := w.part.settling() == deadletter.ByRemoval && !w.part.Distinct && !held.Redelivered
	at := slices.IndexFunc(numbers, func(number int) bool { return w.states[number] == Planned || w.states[number] == Sent && !fresh })
	if at < 0 && len(numbers) > 0 && !fresh {
		at = 0
	}
	if at < 0 {
		w.places[key] = numbers
		return 0, Open, false
	}
	number = numbers[at]
	w.places[key] = slices.Delete(numbers, at, at+1)
	if state = w.states[number]; state == Confirmed && w.run.Plan.Action == Replay && w.part.Letters[number].Alike {
		state = Sent
	}
	return number, state, true
}

// sent is what was handed to the broker at once.
type sent struct {
	letters []taken
	answer  deadletter.Answer
}

// alone reports whether nothing is taken while copies are on their way: a ledger, a pace and a canary
// want each window by itself.
func (w *worker) alone() bool {
	return w.ledger != nil || w.limiter != nil || w.canary() || w.Window < 2
}

// most is how many letters to take next. Where copies may be on their way meanwhile it is half a
// window, so that no more than a whole one is in doubt if the process is killed.
func (w *worker) most() int {
	if w.run.Plan.Action == Discard || w.alone() {
		return w.pacer.most()
	}
	return w.Window / 2
}

// send sends copies. While those before are on their way it writes down that these will be, and that
// those before the last have arrived: the disk and the broker work at the same time. The error
// is why the run stops.
func (w *worker) send(ctx context.Context, letters []taken) error {
	if len(letters) == 0 {
		return nil
	}
	copies, maybe := make([]deadletter.Copy, len(letters)), w.maybe(letters)
	for i := range letters {
		copies[i] = w.copy(&letters[i])
		letters[i].doubted = w.states[letters[i].number].inHand()
	}
	line := w.advance(StepSend, letters)
	line.Maybe = maybe
	w.note(line)
	if err := w.write(); err != nil {
		return err
	}
	if err := w.settle(ctx); err != nil {
		return w.unsent(letters, err)
	}
	if err := w.arrived(ctx); err != nil {
		return w.unsent(letters, err)
	}
	alone := w.alone()
	w.begun = true
	if err := w.post(ctx, letters, copies); err != nil || !alone {
		return err
	}
	return w.finish(ctx)
}

// unsent notes that copies that were about to be sent are not, since something stops the run.
func (w *worker) unsent(letters []taken, why error) error {
	w.refuse(letters, why)
	return why
}

// refuse notes that copies are not at the target. A letter of which an earlier one may be stays in doubt.
func (w *worker) refuse(letters []taken, why error) {
	certain := slices.DeleteFunc(slices.Clone(letters), func(l taken) bool { return l.doubted })
	line := w.advance(StepRefuse, certain)
	if why != nil {
		line.Error = why.Error()
	}
	w.note(line)
}

// maybe counts the letters of which a copy may be at the target already.
func (w *worker) maybe(letters []taken) (count int) {
	for _, l := range letters {
		if planned := &w.part.Letters[l.number]; w.states[l.number].inHand() || planned.Maybe || w.foreign {
			count++
		}
	}
	return count
}

// post hands copies to the broker.
func (w *worker) post(ctx context.Context, letters []taken, copies []deadletter.Copy) error {
	var sender deadletter.Sender = w.redrive
	var entries []deadletter.Entry
	switch {
	case w.publisher != nil: // the ledger comes after, for it is on the letters' own cluster
		sender = w.publisher
	case w.ledger != nil:
		var err error
		if entries, err = w.entries(letters, Replayed); err != nil {
			return err
		}
	}
	w.sent = &sent{letters, sender.Send(ctx, copies, entries)}
	return nil
}

// finish waits for what is on its way, and acknowledges it.
func (w *worker) finish(ctx context.Context) error {
	err := w.arrived(ctx)
	if unwritten := w.write(); unwritten != nil {
		return errors.Join(unwritten, err)
	}
	return errors.Join(w.settle(ctx), err)
}

// arrived waits until the broker has answered for what is on its way, and keeps the letters whose
// copies it has for settle. The error is why the run stops.
func (w *worker) arrived(ctx context.Context) error {
	s := w.sent
	if w.sent = nil; s == nil {
		return nil
	}
	outcomes, failure := s.answer(ctx)
	confirmed, err := w.sortOut(s.letters, outcomes, failure)
	w.confirmed = append(w.confirmed, confirmed...)
	return err
}

// settle acknowledges the letters whose copies have arrived, once that is written.
func (w *worker) settle(ctx context.Context) error {
	letters := w.confirmed
	w.confirmed = nil
	return w.acknowledge(ctx, letters)
}

// sortOut notes what became of each copy, and returns the letters whose copies have arrived.
func (w *worker) sortOut(letters []taken, outcomes []error, failure error) ([]taken, error) {
	var confirmed, refused []taken
	for i := range letters {
		var outcome error = deadletter.ErrUnknownOutcome
		if i < len(outcomes) {
			outcome = outcomes[i]
		}
		switch {
		case outcome == nil:
			confirmed = append(confirmed, letters[i])
		case errors.Is(outcome, deadletter.ErrNotSent):
			refused = append(refused, letters[i])
		case errors.Is(outcome, deadletter.ErrUnknownOutcome):
			failure = errors.Join(failure, outcome)
		default:
			refused = append(refused, letters[i])
			w.report(letters[i].number, ResultFailed, outcome)
			if failure == nil {
				failure = fmt.Errorf("%w: %s: %w", errStopped, letters[i].held.Position, outcome)
			}
		}
	}
	if len(refused) > 0 && failure == nil {
		failure = fmt.Errorf("%w: %w", errStopped, deadletter.ErrNotSent)
	}
	w.note(w.advance(StepConfirm, confirmed))
	w.refuse(refused, failure)
	return confirmed, failure
}

// mark discards: it marks letters in the ledger, or puts them into the archive. Restores
// of a log go the same way, by taking the mark back.
func (w *worker) mark(ctx context.Context, letters []taken) ([]taken, error) {
	if len(letters) == 0 {
		return nil, nil
	}
	if w.ledger != nil {
		entries, err := w.entries(letters, settledBy[w.run.Plan.Action])
		if err != nil {
			return nil, err
		}
		if w.run.Plan.Action == Restore {
			w.note(w.advance(StepSend, letters))
			if err := w.write(); err != nil {
				return nil, err
			}
		}
		if _, err := w.redrive.Send(ctx, nil, entries)(ctx); err != nil {
			return nil, err
		}
	} else if w.part.settling() == deadletter.ByRemoval {
		held := make([]deadletter.Delivery, len(letters))
		for i := range letters {
			held[i] = letters[i].held
		}
		if err := w.secure(held); err != nil {
			return nil, err
		}
	}
	w.note(w.advance(StepConfirm, letters))
	if err := w.write(); err != nil {
		return nil, err // they stay: what no line tells of, nobody could restore
	}
	return letters, nil
}

// secure puts letters that are about to leave their queue into the archive. If that turns
// out to be another file than it was, the run stops: what it has discarded is not in there.
func (w *worker) secure(held []deadletter.Delivery) error {
	archive := w.run.service.archive(w.source.Cluster, w.part.DLQ)
	err := w.run.service.secure(&DLQ{w.source, deadletter.Queue{Name: w.part.DLQ, Kind: w.part.Kind}}, held)
	if err == nil && w.archive >= 0 && archive.Replaced() != w.archive {
		err = &adapters.Problem{
			Doing: "discard letters of " + w.part.DLQ, Cause: "the archive " + archive.Path + " was removed, cut or replaced meanwhile, and what was discarded before is not in it",
			Remedy: "put it back from a copy, then eventscope dlq resume " + w.run.ID, Kind: ErrJournal,
		}
	}
	w.archive = archive.Replaced()
	return err
}

// acknowledge takes letters out of their dead-letter queue.
func (w *worker) acknowledge(ctx context.Context, letters []taken) error {
	if len(letters) == 0 {
		return nil
	}
	if w.publisher != nil && w.ledger != nil {
		entries, err := w.entries(letters, Replayed)
		if err == nil {
			_, err = w.redrive.Send(ctx, nil, entries)(ctx)
		}
		if err != nil {
			return err
		}
	}
	if w.redrive != nil { // out of an archive nothing is taken
		held := make([]deadletter.Delivery, len(letters))
		for i := range letters {
			held[i] = letters[i].held
		}
		if err := w.redrive.Acknowledge(ctx, held); err != nil {
			return err
		}
	}
	w.acknowledged = true
	w.note(w.advance(StepSettle, letters)) // written with the next line: if it is missing, a resume asks the broker
	for _, l := range letters {
		w.report(l.number, w.run.Plan.Action.Past(), nil)
	}
	return nil
}

// advance moves letters on by a step, and returns the line that says so. What follows from it must
// wait until that is written.
func (w *worker) advance(step Step, letters []taken) Line {
	numbers := make(files.Numbers, 0, len(letters))
	for _, l := range letters {
		numbers = append(numbers, l.number)
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		if next, ok := w.states[number].after(step, w.run.Plan.Action); ok {
			w.states[number] = next
		}
	}
	return w.line(step, numbers)
}

func (w *worker) line(step Step, numbers files.Numbers) Line {
	line := w.run.line(step, w.number)
	line.Letters, line.Count = numbers, len(numbers)
	return line
}

// note keeps a line for the journal until the next write, unless it is about no letter at all.
func (w *worker) note(line Line) {
	if line.Count > 0 || line.Step == StepPause || line.Step == StepResume {
		w.lines = append(w.lines, line)
		w.run.summary.Counts.add(&line)
	}
}

// write writes what waits for the journal.
func (w *worker) write() error {
	lines := w.lines
	if w.lines = nil; len(lines) == 0 {
		return nil
	}
	err := w.run.service.journal.Append(lines...)
	if err != nil {
		w.confirmed = nil // they stay in their queue: no line says that their copies have arrived
	}
	return err
}

// leftOver skips the letters that were never handed over: they are not there any more.
// One whose copy is confirmed was taken out before the run was interrupted.
func (w *worker) leftOver() error {
	var settled, abandoned files.Numbers
	gone := map[int]error{}
	for i, state := range w.states {
		switch {
		case w.done(i):
		case state == Confirmed:
			settled = append(settled, i)
		case w.run.ending:
			abandoned = append(abandoned, i)
		default:
			gone[i] = adapters.ErrGone
		}
	}
	w.note(w.line(StepSettle, settled))
	w.skip(gone)
	w.note(w.line(StepAbandon, abandoned))
	return w.write()
}

package replay

import (
	"context"
	"errors"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// restore publishes discarded letters of a queue back to it, from the archive. They are as
// they were, without a replay's headers: somebody has changed their mind.
func (w *worker) restore(ctx context.Context) (err error) {
	if w.part.settling() == deadletter.ByJournal {
		return w.restoreInJournal()
	}
	publisher, err := w.source.DeadLetters.Publisher(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, publisher.Close()) }()
	var waiting []int
	for i := range w.part.Letters {
		if !w.done(i) && (!w.run.settling || w.states[i] == Confirmed) {
			waiting = append(waiting, i)
		}
	}
	for len(waiting) > 0 {
		if err := w.heed(ctx); err != nil {
			return errors.Join(err, w.missing)
		}
		window := waiting[:min(w.most(), len(waiting))]
		waiting = waiting[len(window):]
		if w.limiter != nil {
			if err := w.limiter.WaitN(ctx, len(window)); err != nil {
				return errors.Join(err, w.missing)
			}
		}
		if err := w.putBack(deadletter.Finishing(ctx), publisher, window); err != nil {
			return errors.Join(err, w.missing)
		}
		w.begun = true
	}
	return w.missing
}

// putBack publishes one window.
func (w *worker) putBack(ctx context.Context, publisher deadletter.Publisher, numbers []int) error {
	back, sending, copies, err := w.unpack(numbers)
	if err != nil {
		return err
	}
	w.advanceSent(sending)
	if err := w.write(); err != nil {
		return err
	}
	outcomes, failure := publisher.Send(ctx, copies, nil)(ctx)
	confirmed, err := w.sort(sending, outcomes, failure)
	back = append(back, confirmed...)
	w.advance(StepSettle, back, nil)
	if unwritten := w.write(); unwritten != nil {
		return errors.Join(unwritten, err)
	}
	w.run.summary.Settled += len(back)
	for _, l := range back {
		w.report(l.number, Restore.Past(), nil)
	}
	return err
}

// unpack takes letters out of the archive, but for those that are back already. One that is
// not there keeps no other back: the run fails when all others are restored.
func (w *worker) unpack(numbers []int) (back, sending []taken, copies []deadletter.Copy, err error) {
	home := w.source.TargetOf(&deadletter.Queue{Name: w.part.DLQ, Kind: w.part.Kind}, deadletter.Origin{Destination: w.part.DLQ})
	for _, number := range numbers {
		planned := &w.part.Letters[number]
		letter := taken{number: number, held: deadletter.Delivery{Message: adapters.Message{Position: planned.Position}}}
		if w.states[number] == Confirmed {
			back = append(back, letter)
			continue
		}
		line, err := w.run.service.archivedLine(&w.source, planned.key())
		switch {
		case errors.Is(err, adapters.ErrGone):
			w.run.summary.Failed++
			w.report(number, "failed", err)
			if w.missing == nil {
				w.missing = err
			}
			continue
		case err != nil:
			return nil, nil, nil, err
		}
		sending = append(sending, letter)
		copies = append(copies, deadletter.Copy{Original: line, To: home})
	}
	return back, sending, copies, nil
}

// restoreInJournal takes back a mark that is only in the journal.
func (w *worker) restoreInJournal() error {
	var all []taken
	for i := range w.part.Letters {
		if !w.done(i) {
			all = append(all, taken{number: i})
		}
	}
	for _, step := range []Step{StepSend, StepConfirm, StepSettle} {
		w.advance(step, all, nil)
	}
	if err := w.write(); err != nil {
		return err
	}
	w.run.summary.Settled += len(all)
	for _, l := range all {
		w.report(l.number, Restore.Past(), nil)
	}
	return nil
}

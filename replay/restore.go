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
		return w.restoreInJournal(ctx)
	}
	if w.publisher, err = w.source.DeadLetters.Publisher(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.publisher.Close()) }()
	return errors.Join(w.end(ctx, w.putAllBack(ctx)), w.write(), w.missing)
}

// putAllBack publishes one window after the other. When it returns, copies may be on their way.
func (w *worker) putAllBack(ctx context.Context) error {
	for left := w.left(); len(left) > 0; {
		if err := w.obey(ctx); err != nil {
			return err
		}
		window := left[:min(w.most(), len(left))]
		left = left[len(window):]
		if err := w.wait(ctx, len(window)); err != nil {
			return err
		}
		if err := w.putBack(deadletter.Finishing(ctx), window); err != nil {
			return err
		}
	}
	return nil
}

// putBack publishes one window, but for the letters that are back already. One that is not in the
// archive keeps no other back: the run fails when all others are restored.
func (w *worker) putBack(ctx context.Context, numbers []int) error {
	var back, sending []taken
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
			w.report(number, ResultFailed, err)
			if w.missing == nil {
				w.missing = err
			}
			continue
		case err != nil:
			return err
		}
		letter.archived = line
		sending = append(sending, letter)
	}
	return errors.Join(w.acknowledge(ctx, back), w.send(ctx, sending))
}

// restoreInJournal takes back marks that are only in the journal.
func (w *worker) restoreInJournal(ctx context.Context) error {
	var all []taken
	for i := range w.part.Letters {
		if !w.done(i) {
			all = append(all, taken{number: i})
		}
	}
	w.note(w.advance(StepSend, all))
	w.note(w.advance(StepConfirm, all))
	if err := w.write(); err != nil {
		return err
	}
	return errors.Join(w.acknowledge(ctx, all), w.write())
}

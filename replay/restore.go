package replay

import (
	"context"
	"errors"
	"slices"

	"eventscope/adapters"
)

// restore publishes discarded letters of a queue back to it, from the archive. They are as
// they were, without a replay's headers: somebody has changed their mind.
func (w *worker) restore(ctx context.Context) (err error) {
	if w.part.Kind == adapters.Stream {
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
	for window := range slices.Chunk(waiting, w.most()) {
		if err := w.heed(ctx); err != nil {
			return err
		}
		if w.limiter != nil {
			if err := w.limiter.WaitN(ctx, len(window)); err != nil {
				return err
			}
		}
		if err := w.putBack(context.WithoutCancel(ctx), publisher, window); err != nil {
			return err
		}
	}
	return nil
}

// putBack publishes one window.
func (w *worker) putBack(ctx context.Context, publisher adapters.Publisher, numbers []int) error {
	var back, sending []taken
	var copies []adapters.Copy
	for _, number := range numbers {
		position := w.part.Letters[number].Position
		letter := taken{number: number, held: adapters.Held{Message: adapters.Message{Position: position}}}
		if w.states[number] == Confirmed {
			back = append(back, letter)
			continue
		}
		line, err := w.run.office.archive(w.part.Source, w.part.Grave).get(position)
		if err != nil {
			return err
		}
		sending = append(sending, letter)
		copies = append(copies, adapters.Copy{Original: line, To: adapters.Target{RoutingKey: w.part.Grave}})
	}
	w.advance(StepSend, sending, nil)
	if err := w.write(); err != nil {
		return err
	}
	outcomes, failure := publisher.Publish(ctx, copies)
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

package replay

import (
	"context"
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
)

// Discarded lists the letters of a grave that were discarded and can be restored: those
// that the ledger marks, if the broker still has them, or of a queue, those that this
// journal tells of and its archive keeps.
func (o *Office) Discarded(ctx context.Context, grave Grave) ([]Letter, error) {
	if grave.Kind == adapters.Queue {
		return o.discardedHere(grave)
	}
	var letters []Letter
	err := o.Read(ctx, grave, func(l *Letter, _ *adapters.Message, _ *envelope.Identity) error {
		if l.State == Discarded {
			letters = append(letters, *l)
		}
		return nil
	})
	return letters, err
}

// discardedHere follows the journal: what was discarded and not restored since.
func (o *Office) discardedHere(grave Grave) ([]Letter, error) {
	records, _, err := o.Runs()
	if err != nil {
		return nil, err
	}
	left := map[adapters.Position]int{}
	marks := map[adapters.Position]*Mark{}
	for _, r := range records {
		plan, err := o.readPlan(r.Run)
		if err != nil {
			continue // somebody has tidied up
		}
		for i := range plan.Parts {
			if plan.Parts[i].Source != grave.Source.Cluster || plan.Parts[i].Grave != grave.Name {
				continue
			}
			for number, state := range r.states(plan, i) {
				position := plan.Parts[i].Letters[number].Position
				switch {
				case state == Discarded:
					left[position]++
					marks[position] = &Mark{State: Discarded, Run: r.Run, By: r.By, At: r.Last, Reason: r.Reason}
				case plan.Action == Restore && state == Open:
					left[position]--
				}
			}
		}
	}
	return o.fromArchive(grave, left, marks)
}

// fromArchive makes letters of what the archive keeps.
func (o *Office) fromArchive(grave Grave, left map[adapters.Position]int, marks map[adapters.Position]*Mark) ([]Letter, error) {
	r := &reader{envelope: envelope.NewReader(o.config.Rules), source: grave.Source.Name, broker: grave.Source.Broker, grave: &grave.Grave, headers: &o.config.Headers}
	var letters []Letter
	var id envelope.Identity
	for position, n := range left {
		if n <= 0 {
			continue
		}
		m, err := o.Archived(grave.Source, position)
		if err != nil {
			return nil, err
		}
		letter := r.read(&m, &id)
		letter.State, letter.Mark = Discarded, marks[position]
		for range n {
			letters = append(letters, letter)
		}
	}
	slices.SortStableFunc(letters, func(a, b Letter) int { return a.Mark.At.Compare(b.Mark.At) })
	return letters, nil
}

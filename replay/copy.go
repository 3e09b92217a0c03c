package replay

import (
	"encoding/json"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// copy is what is sent in place of a letter: the letter without the headers of its
// failures and with those of this replay.
func (w *worker) copy(l *taken) deadletter.Copy {
	planned := &w.part.Letters[l.number]
	c := deadletter.Copy{
		To:     planned.To,
		Remove: w.run.Plan.Headers.stripped(&l.held.Message),
		Add:    stamp(w.run.replayID(w.part, w.before, l.number, w.states[l.number].inHand()), planned, w.run.Plan.By, now()),
	}
	if c.Of = &l.held; w.sender != nil { // which does not know what this session holds
		c.Of, c.Message = nil, &l.held.Message
	}
	edit := planned.Edit
	switch {
	case edit == nil:
		return c
	case edit.Header != "":
		c.Remove = append(c.Remove, edit.Header)
		c.Add = append(c.Add, adapters.Header{Name: edit.Header, Value: []byte(edit.ID)})
	default:
		c.MessageID = edit.ID
	}
	c.Value = edit.Value
	return c
}

// entries are the records of the ledger for letters, and the renewed claim. They are none
// where the broker keeps no ledger.
func (w *worker) entries(letters []taken, state State) ([]deadletter.Entry, error) {
	if w.ledger == nil {
		return nil, nil
	}
	renewed, err := json.Marshal(claim{Run: w.run.ID, By: w.run.service.config.By, At: now()})
	if err != nil {
		return nil, err
	}
	entries := make([]deadletter.Entry, 0, len(letters)+1)
	entries = append(entries, deadletter.Entry{Key: claimKey(w.part.DLQ), Value: renewed})
	mark := Mark{State: state, Run: w.run.ID, By: w.run.Plan.By, At: now(), Reason: w.run.Plan.Reason, Incarnation: w.part.Incarnation}
	for _, l := range letters {
		planned := &w.part.Letters[l.number]
		if state == Open { // a restore takes the mark away
			entries = append(entries, deadletter.Entry{Key: planned.Position.AppendTo(nil)})
			continue
		}
		mark.Target = string(planned.To)
		if planned.To.IsZero() {
			mark.Target = ""
		}
		e, err := entry(planned.Position, &mark)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

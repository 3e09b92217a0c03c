package replay

import (
	"fmt"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/figure"
	"eventscope/replay/files"
)

// ErrRefused is the kind of what is refused for safety. Nothing was touched.
var ErrRefused = files.ErrUnsafe

// Confirmation is what an operator says to a plan.
type Confirmation struct {
	Count int    // as it was typed
	Plan  string // the id that was seen, or "" if only the count was
	Write bool   // writing is allowed
}

// Check refuses a plan that must not run: read-only, changed, not confirmed, without a letter
// that can go, or over letters that an interrupted run has in hand. What stays is no reason.
func (p *Plan) Check(c Confirmation) error {
	refuse := func(cause, remedy string) error {
		return &adapters.Problem{Doing: fmt.Sprintf("%s %s", p.Action, letters(p.Count())), Cause: cause, Remedy: remedy, Kind: ErrRefused}
	}
	staying := p.Staying()
	switch {
	case !c.Write:
		return refuse("everything is read-only", "add --write")
	case p.Count() == 0 && len(staying) == 0:
		return refuse("no open letter is selected", "see what dlq list says; letters of a queue that somebody else has in hand are not seen until they are given back")
	case p.Count() == 0:
		return refuse(nothingLeft(staying))
	case c.Plan != "" && c.Plan != p.ID:
		return refuse(fmt.Sprintf("the letters have changed since plan %s was made; it is plan %s now", c.Plan, p.ID), "look at the new plan")
	case c.Count != p.Count():
		return refuse(fmt.Sprintf("%s was confirmed, but the plan has %s%s", figure.Count(c.Count), letters(p.Count()), p.doubtWords()), fmt.Sprintf("look at the plan, then --confirm %d", p.Count()))
	}
	for i := range p.Parts {
		part := &p.Parts[i]
		if len(part.Unfinished) > 0 {
			return refuse(fmt.Sprintf("run %s was interrupted with letters of %s in hand", strings.Join(part.Unfinished, ", "), part.DLQ), "dlq resume it, or dlq abort it, first")
		}
	}
	return nil
}

// doubtWords say how many letters of a plan may have been sent already.
func (p *Plan) doubtWords() string {
	if maybe, _ := p.Doubts(); maybe > 0 {
		return fmt.Sprintf(", of which %s may have been sent already", figure.Count(maybe))
	}
	return ""
}

// nothingLeft is why no letter of a plan goes, and what would let the most go.
func nothingLeft(staying []Staying) (cause, remedy string) {
	most := slices.MaxFunc(staying, func(a, b Staying) int { return len(a.Positions) - len(b.Positions) })
	cause = fmt.Sprintf("%s: %s", stay(len(most.Positions)), most.Why)
	if others := len(staying) - 1; others > 0 {
		cause += ", and others for other reasons"
	}
	return cause, most.Remedy
}

// stay says of so many letters that they stay.
func stay(n int) string {
	if n == 1 {
		return "1 letter stays"
	}
	return letters(n) + " stay"
}

// letters is a number of letters in words.
func letters(n int) string { return figure.Plural(n, "letter", "letters") }

// Promise is what is guaranteed of an action, in the words that are printed where it is
// taken, and no stronger.
func (p *Part) Promise(action Action) string {
	settling := p.settling()
	switch {
	case action == Replay && p.Through != "":
		return "at least once, with a replay id: published to another cluster, confirmed, journalled, then settled here"
	case action == Replay && settling == deadletter.ByLedger && p.Guarantee == deadletter.ExactlyOnce:
		return "exactly once for read_committed readers: one transaction writes the copy and the ledger record"
	case action == Replay && settling == deadletter.ByLedger && p.Guarantee == deadletter.Atomic:
		return "one transaction writes the copy and the ledger record; not called exactly once, for the cluster's transaction.version is below 2 (KIP-890)"
	case action == Replay && settling == deadletter.ByJournal:
		return "at least once, with a replay id: publish, confirm, journal; the letter stays in the stream"
	case action == Replay:
		return "at least once, with a replay id: publish, confirm, journal, then ack"
	case action == Discard && settling == deadletter.ByLedger:
		return "marked in the ledger, restorable; the record stays until retention takes it"
	case action == Discard && settling == deadletter.ByJournal:
		return "marked in the journal, restorable; the letter stays in the stream"
	case action == Discard:
		return "a full copy to the archive (fsync), then ack; restorable from the archive"
	case settling == deadletter.ByLedger:
		return "the mark in the ledger is removed"
	}
	return "published back to the queue, confirmed"
}

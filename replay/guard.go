package replay

import (
	"errors"
	"fmt"
	"strings"

	"eventscope/adapters"
)

// ErrRefused is the kind of what is refused for safety. Nothing was touched.
var ErrRefused = errors.New("refused for safety")

// Confirmation is what an operator says to a plan.
type Confirmation struct {
	Count int    // as it was typed
	Plan  string // the id that was seen, or "" if only the count was
	Write bool   // writing is allowed
}

// Check refuses a plan that must not run: read-only, changed, not confirmed, leading in a
// circle, to nowhere, or over letters that an interrupted run has in hand.
func (p *Plan) Check(c Confirmation) error {
	refuse := func(cause, remedy string) error {
		return &adapters.Problem{Doing: fmt.Sprintf("%s %s", p.Action, letters(p.Count())), Cause: cause, Remedy: remedy, Kind: ErrRefused}
	}
	unresolved, overLimit, looping := p.Excluded()
	switch {
	case !c.Write:
		return refuse("everything is read-only", "add --write")
	case looping > 0:
		return refuse(fmt.Sprintf("%s would be sent to where they already lie", letters(looping)), "name another destination with --to")
	case p.Count() == 0 && unresolved+overLimit == 0:
		return refuse("no open letter is selected", "see what dlq list says; letters of a queue that somebody else has in hand are not seen until they are given back")
	case p.Count() == 0:
		return refuse(nothingLeft(unresolved, overLimit), "name a destination with --to, or raise --max-replays")
	case c.Plan != "" && c.Plan != p.ID:
		return refuse(fmt.Sprintf("the letters have changed since plan %s was made; it is plan %s now", c.Plan, p.ID), "look at the new plan")
	case c.Count != p.Count():
		return refuse(fmt.Sprintf("%d was confirmed, and the plan has %s", c.Count, letters(p.Count())), fmt.Sprintf("look at the plan, then --confirm %d", p.Count()))
	}
	for i := range p.Parts {
		part := &p.Parts[i]
		if len(part.Unfinished) > 0 {
			return refuse(fmt.Sprintf("run %s was interrupted with letters of %s in hand", strings.Join(part.Unfinished, ", "), part.Grave), "dlq resume it, or dlq abort it, first")
		}
		for _, target := range part.Targets {
			if target.Missing {
				return refuse(fmt.Sprintf("%s, so %s would be lost", target.lost(), letters(target.Count)), "name another destination with --to")
			}
		}
	}
	return nil
}

func nothingLeft(unresolved, overLimit int) string {
	switch {
	case overLimit == 0:
		return fmt.Sprintf("nothing but a guess says where %s would go", letters(unresolved))
	case unresolved == 0:
		return fmt.Sprintf("%s would be replayed too often", letters(overLimit))
	}
	return fmt.Sprintf("nothing but a guess says where %s would go, and %d would be replayed too often", letters(unresolved), overLimit)
}

// letters is a number of letters in words.
func letters(n int) string {
	if n == 1 {
		return "1 letter"
	}
	return fmt.Sprintf("%d letters", n)
}

// Promise is what is guaranteed of an action, in the words that are printed where it is
// taken, and no stronger.
func (p *Part) Promise(action Action) string {
	kafka := p.Broker == adapters.Kafka
	switch {
	case action == Replay && p.Through != "":
		return "at least once, with a replay id: published to another cluster, confirmed, journalled, then settled here"
	case action == Replay && kafka && p.Guarantee == adapters.ExactlyOnce:
		return "exactly once for read_committed readers: one transaction writes the copy and the ledger record"
	case action == Replay && kafka && p.Guarantee == adapters.Atomic:
		return "one transaction writes the copy and the ledger record; not called exactly once, for the cluster's transaction.version is below 2 (KIP-890)"
	case action == Replay && p.Kind == adapters.Stream:
		return "at least once, with a replay id: publish, confirm, journal; the letter stays in the stream"
	case action == Replay:
		return "at least once, with a replay id: publish mandatory, confirm, journal, then ack"
	case action == Discard && kafka:
		return "marked in the ledger, restorable; the record stays until retention takes it"
	case action == Discard && p.Kind == adapters.Stream:
		return "marked in the journal, restorable; the letter stays in the stream"
	case action == Discard:
		return "a full copy to the archive (fsync), then ack; restorable from the archive"
	case kafka:
		return "the mark in the ledger is removed"
	}
	return "published back to the queue, confirmed"
}

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

// Reason is why a plan leaves letters where they are. What stays never keeps others back.
type Reason string

const (
	Unresolved Reason = "unresolved" // nothing but a name says where they were to go
	OverLimit  Reason = "over_limit" // they were replayed too often already
	Looping    Reason = "looping"    // they would come back to where they lie
	Forbidden  Reason = "barred"     // nothing is ever sent where they say that they belong
	Missing    Reason = "missing"    // what is sent there would be lost
	Denied     Reason = "denied"     // the user may not send there
	Claimed    Reason = "claimed"    // only they themselves say that they belong there, against what else is known
)

// Reasons are all of them, in the order in which a plan names them.
var Reasons = []Reason{Unresolved, OverLimit, Looping, Forbidden, Missing, Denied, Claimed}

// Staying is letters of one dead-letter destination that stay for one reason.
type Staying struct {
	Reason    Reason
	Why       string // one clause about all of them
	Remedy    string // what would let them go, or empty
	Positions []adapters.Position
}

// Staying are the letters that a plan leaves where they are, reason by reason.
func (p *Plan) Staying() []Staying {
	var all []Staying
	for i := range p.Parts {
		all = append(all, p.Parts[i].staying()...)
	}
	return all
}

// Excluded is how many letters a plan leaves where they are.
func (p *Plan) Excluded() int {
	n := 0
	for _, s := range p.Staying() {
		n += len(s.Positions)
	}
	return n
}

func (p *Part) staying() []Staying {
	var all []Staying
	for _, s := range []Staying{
		{Unresolved, "nothing but a guess says where they were to go", toRemedy, p.Unresolved},
		{OverLimit, "they were replayed too often already", "raise --max-replays", p.OverLimit},
		{Looping, "they would come back to where they lie", toRemedy, p.Looping},
	} {
		if len(s.Positions) > 0 {
			all = append(all, s)
		}
	}
	for i := range p.Targets {
		if s := p.Targets[i].staying(); s.Reason != "" {
			all = append(all, s)
		}
	}
	return all
}

const toRemedy = "name a destination with --to"

// staying is why the letters for a target stay; without a reason, they go.
func (d *Destined) staying() Staying {
	s := Staying{Positions: d.Letters}
	switch {
	case d.Forbidden != "":
		s.Reason, s.Why, s.Remedy = Forbidden, fmt.Sprintf("nothing is sent to %s: %s", d.Target, d.Forbidden), toRemedy
	case d.Denied != "":
		s.Reason, s.Why, s.Remedy = Denied, fmt.Sprintf("nothing can be sent to %s: %s", d.Target, d.Denied), ""
	case d.Missing && d.isExchange():
		s.Reason, s.Why, s.Remedy = Missing, fmt.Sprintf("they WOULD BE LOST, since no queue takes what is sent to %s", d.Target), toRemedy
	case d.Claimed != "" && !d.Confirmed && !d.Missing:
		s.Reason, s.Why = Claimed, fmt.Sprintf("only they say that they belong to %s: %s", d.Target, d.Claimed)
		s.Remedy = fmt.Sprintf("if they do, --confirm-target %s sends them there; --to names another", d.Target)
	case d.Missing:
		s.Reason, s.Why, s.Remedy = Missing, fmt.Sprintf("they WOULD BE LOST, since %s does not exist", d.Target), toRemedy
	}
	return s
}

// Stays reports whether no letter goes to the target.
func (d *Destined) Stays() bool { return d.staying().Reason != "" }

// with is why letters stay, with what would let them go.
func (s *Staying) with() string {
	if s.Remedy == "" {
		return s.Why
	}
	return s.Why + "; " + s.Remedy
}

// isExchange reports whether the target names an exchange. Plans of the version before do not tell of
// what kind it is.
func (d *Destined) isExchange() bool {
	exchange, _ := d.Target.Parts()
	return d.Kind == adapters.Exchange || d.Kind == "" && exchange != ""
}

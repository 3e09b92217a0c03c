package replay

import (
	"fmt"

	"eventscope/adapters"
)

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

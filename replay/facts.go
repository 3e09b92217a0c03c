package replay

import (
	"fmt"
	"slices"
	"strings"

	"eventscope/adapters/figure"
)

// Targets are where the copies of all parts go, the most frequent of each part first.
func (p *Plan) Targets() []Destined {
	var all []Destined
	for i := range p.Parts {
		all = append(all, p.Parts[i].Targets...)
	}
	return all
}

// Stripped are the headers that copies of any part leave out.
func (p *Plan) Stripped() []string {
	var all []string
	for i := range p.Parts {
		all = append(all, p.Parts[i].Stripped...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Promises are what is guaranteed, each once.
func (p *Plan) Promises() []string {
	var all []string
	for i := range p.Parts {
		if promise := p.Parts[i].Promise(p.Action); !slices.Contains(all, promise) {
			all = append(all, promise)
		}
	}
	return all
}

// Fact is one line of a plan as people read it.
type Fact struct {
	Weight      Weight
	Label, Text string
}

// Weight is how much a reader should make of a fact.
type Weight uint8

const (
	FactPlain   Weight = iota
	FactAside          // of no consequence, such as the id of the plan
	FactPromise        // what is guaranteed
	FactCaution        // what may be otherwise than the reader wants
)

// Facts are a plan as people read it.
func (p *Plan) Facts() []Fact {
	facts := []Fact{{FactPlain, string(p.Action), letters(p.Count()) + ", " + size(p.Bytes())}}
	if oldest := p.Oldest(); !oldest.IsZero() {
		facts = append(facts, Fact{FactPlain, "oldest", oldest.Local().Format("2006-01-02 15:04:05 -07:00")})
	}
	for i := range p.Parts {
		facts = append(facts, Fact{FactPlain, "from", p.Parts[i].DLQ})
		facts = append(facts, p.Parts[i].destinations()...)
	}
	if stripped := p.Stripped(); len(stripped) > 0 {
		facts = append(facts, Fact{FactPlain, "removes", strings.Join(stripped, ", ")})
	}
	if p.Action == Replay {
		facts = append(facts, Fact{FactPlain, "adds", "x-replay-id, -count, -at, -by, -from"})
	}
	facts = append(facts, p.doubts()...)
	if p.Reason != "" {
		facts = append(facts, Fact{FactPlain, "reason", p.Reason})
	}
	for _, promise := range p.Promises() {
		facts = append(facts, Fact{FactPromise, "guarantee", promise})
	}
	return append(append(facts, p.leftOut()...), Fact{FactAside, "plan", p.ID})
}

// doubts are the facts about letters that may be sent twice.
func (p *Plan) doubts() []Fact {
	var facts []Fact
	maybe, alike := p.Doubts()
	if maybe > 0 {
		facts = append(facts, Fact{FactCaution, "maybe sent", letters(maybe) + " had been handed out to somebody whom this journal does not know: copies may be at the target already, with the same x-replay-id"})
	}
	if alike > 0 {
		facts = append(facts, Fact{FactCaution, "alike", letters(alike) + " cannot be told from equal ones: their copies have ids of this run alone, by which nobody can tell what another run has sent of them"})
	}
	return facts
}

// destinations are the facts about where copies go, and who else gets them.
func (p *Part) destinations() []Fact {
	var facts []Fact
	going := slices.DeleteFunc(slices.Clone(p.Targets), func(d Destined) bool { return d.Stays() })
	for _, t := range going[:min(len(going), mostLines)] {
		words := string(t.Target) + ", " + letters(t.Count)
		if p.Through != "" {
			words = string(t.Target) + " on " + p.Through + ", " + letters(t.Count)
		}
		if t.Only {
			words += "; nothing but the letters says so"
		}
		facts = append(facts, Fact{FactPlain, "to", words})
		for _, warning := range t.Warnings {
			facts = append(facts, Fact{FactCaution, "warning", warning})
		}
		if len(t.AlsoReaches) > 0 {
			facts = append(facts, Fact{FactCaution, "read by", strings.Join(t.AlsoReaches, ", ")})
		}
		if t.Unknown != "" {
			facts = append(facts, Fact{FactPlain, "", "and perhaps more: " + t.Unknown})
		}
	}
	if n := len(going) - mostLines; n > 0 {
		rest := 0
		for _, t := range going[mostLines:] {
			rest += t.Count
		}
		facts = append(facts, Fact{FactPlain, "to", fmt.Sprintf("%s further destinations, %s; -o json lists them", figure.Count(n), letters(rest))})
	}
	for _, right := range p.Lacks {
		facts = append(facts, Fact{FactCaution, "lacks", "the run needs " + right})
	}
	for _, run := range p.Unfinished {
		facts = append(facts, Fact{FactCaution, "locked", "run " + run + " was interrupted here: resume or abort it first"})
	}
	return facts
}

// leftOut are the facts about letters that stay.
func (p *Plan) leftOut() []Fact {
	staying := p.Staying()
	slices.SortStableFunc(staying, func(a, b Staying) int { return len(b.Positions) - len(a.Positions) })
	var facts []Fact
	for _, s := range staying[:min(len(staying), mostLines)] {
		facts = append(facts, Fact{FactCaution, "stays", fmt.Sprintf("%s, such as %s: %s", letters(len(s.Positions)), s.Positions[0], s.with())})
	}
	if n := len(staying) - mostLines; n > 0 {
		rest := 0
		for _, s := range staying[mostLines:] {
			rest += len(s.Positions)
		}
		facts = append(facts, Fact{FactCaution, "stays", fmt.Sprintf("%s for %s further reasons; -o json lists them", letters(rest), figure.Count(n))})
	}
	return facts
}

// mostLines is how many destinations are named one by one, and how many reasons to stay.
const mostLines = 20

// size is a number of bytes in words.
func size(bytes int64) string {
	switch {
	case bytes < 10_000:
		return figure.Count(int(bytes)) + " B"
	case bytes < 10_000_000:
		return figure.Count(int(bytes/1000)) + " KB"
	}
	return figure.Count(int(bytes/1_000_000)) + " MB"
}

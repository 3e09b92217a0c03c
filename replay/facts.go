package replay

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
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

// Facts are a plan as people read it: a word, and what there is to say of it.
func (p *Plan) Facts() [][2]string {
	facts := [][2]string{{"plan", p.ID}, {string(p.Action), letters(p.Count()) + ", " + size(p.Bytes())}}
	if oldest := p.Oldest(); !oldest.IsZero() {
		facts = append(facts, [2]string{"oldest", oldest.Local().Format(time.RFC3339)})
	}
	for i := range p.Parts {
		facts = append(facts, [2]string{"from", p.Parts[i].Grave})
		facts = append(facts, p.Parts[i].destinations()...)
	}
	if stripped := p.Stripped(); len(stripped) > 0 {
		facts = append(facts, [2]string{"without", strings.Join(stripped, ", ")})
	}
	if p.Action == Replay {
		facts = append(facts, [2]string{"with", "x-replay-id, -count, -at, -by, -from"})
	}
	if p.Reason != "" {
		facts = append(facts, [2]string{"reason", p.Reason})
	}
	for _, promise := range p.Promises() {
		facts = append(facts, [2]string{"guarantee", promise})
	}
	return append(facts, p.leftOut()...)
}

// destinations are the facts about where copies go, and who else gets them.
func (p *Part) destinations() [][2]string {
	var facts [][2]string
	for _, t := range p.Targets {
		words := t.Target.String() + ", " + letters(t.Count)
		if p.Through != "" {
			words = t.Target.String() + " on " + p.Through + ", " + letters(t.Count)
		}
		if t.Missing {
			words += ": WOULD BE LOST, since " + t.lost()
		}
		facts = append(facts, [2]string{"to", words})
		if len(t.AlsoReaches) > 0 {
			facts = append(facts, [2]string{"reaches", strings.Join(t.AlsoReaches, ", ")})
		}
		if t.Unknown != "" {
			facts = append(facts, [2]string{"", "and perhaps more: " + t.Unknown})
		}
	}
	for _, run := range p.Unfinished {
		facts = append(facts, [2]string{"in hand", "run " + run + " was interrupted here: resume or abort it first"})
	}
	return facts
}

// leftOut are the facts about letters that stay.
func (p *Plan) leftOut() [][2]string {
	var facts [][2]string
	for i := range p.Parts {
		part := &p.Parts[i]
		for _, left := range []struct {
			positions []adapters.Position
			why       string
		}{
			{part.Unresolved, "nothing but a guess says where they were to go; --to names a destination"},
			{part.OverLimit, "they were replayed too often already; --max-replays raises the limit"},
			{part.Looping, "they would come back to where they lie"},
		} {
			if n := len(left.positions); n > 0 {
				facts = append(facts, [2]string{"stays", fmt.Sprintf("%s, such as %s: %s", letters(n), left.positions[0], left.why)})
			}
		}
	}
	return facts
}

// size is a number of bytes in words.
func size(bytes int64) string {
	switch {
	case bytes < 10_000:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 10_000_000:
		return fmt.Sprintf("%d kB", bytes/1000)
	}
	return fmt.Sprintf("%d MB", bytes/1_000_000)
}

package replay

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/replay/files"
)

// partPlanner makes the part of a plan that is about one dead-letter queue.
type partPlanner struct {
	all        *planner
	part       Part
	dlq        *DLQ
	statements map[statement]*stated
	of         []*stated // of each letter of the part
	said       *tally    // by the letters that were planned
	lines      []*Destined
	strip      map[string]bool
	home       deadletter.Target // the dead-letter queue itself
}

func (p *planner) newPart(dlq *DLQ) *partPlanner {
	part := &partPlanner{
		all: p, dlq: dlq, statements: map[statement]*stated{}, said: &tally{}, strip: map[string]bool{},
		home: dlq.Source.TargetOf(&dlq.Queue, deadletter.Origin{Destination: dlq.Name}),
		part: Part{
			Source: dlq.Source.Cluster, URL: dlq.Source.URL, Broker: dlq.Source.Broker, DLQ: dlq.Name, Kind: dlq.Kind,
			Settling: dlq.Settling, Distinct: dlq.Distinct, Incarnation: dlq.Incarnation, Guarantee: dlq.Guarantee, Unfinished: p.unfinishedOf(dlq),
		},
	}
	if through := p.options.Through; through != nil && p.action == Replay {
		part.part.Through, part.part.ThroughURL, part.part.Guarantee = through.Cluster, through.URL, deadletter.AtLeastOnce
	}
	return part
}

// evidence is what is known of the dead-letter destination.
func (p *partPlanner) evidence() *evidence {
	e := &evidence{dlq: &p.dlq.Queue, said: p.all.service.said.get(p.dlq.key())}
	if e.said == nil { // nobody has read all of it
		e.said = p.said
	}
	e.deadLetter = func(name string) bool {
		_, known := p.all.dlqs[dlqKey{p.dlq.Source.Name, name}]
		return known && name != p.dlq.Name && p.part.sameCluster()
	}
	return e
}

// finish asks who receives what is sent to each target, and judges what letters claim.
func (p *partPlanner) finish(ctx context.Context) error {
	lacks, err := p.dlq.Source.DeadLetters.Lacks(ctx, p.dlq.Name)
	if err != nil {
		return err
	}
	p.part.Lacks = lacks
	p.part.Stripped = slices.Sorted(maps.Keys(p.strip))
	p.tellApart()
	if p.all.action != Replay {
		return nil
	}
	e, counts := p.evidence(), map[deadletter.Target]int{}
	for _, c := range p.statements {
		counts[c.target] += c.count
	}
	targets := slices.SortedFunc(maps.Keys(counts), func(a, b deadletter.Target) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b))
	})
	recipients, err := p.recipients(ctx, e, targets)
	if err != nil {
		return err
	}
	p.judge(e, recipients)
	p.leave()
	slices.SortFunc(p.part.Targets, func(a, b Destined) int {
		return cmp.Or(cmp.Compare(len(a.Letters), len(b.Letters)), b.Count-a.Count, cmp.Compare(a.Target, b.Target))
	})
	return nil
}

// recipients asks about targets, and whether the broker has what the name of the dead-letter
// destination speaks for.
func (p *partPlanner) recipients(ctx context.Context, e *evidence, targets []deadletter.Target) (map[deadletter.Target]*deadletter.Recipients, error) {
	letters := p.dlq.Source.DeadLetters
	if p.all.options.Through != nil {
		letters = p.all.options.Through.DeadLetters
	}
	stem, _ := deadheader.OriginByName(p.dlq.Name)
	asked := slices.Clone(targets)
	if stem != "" && p.all.options.Through == nil && p.all.options.To.IsZero() {
		asked = append(asked, p.dlq.Source.TargetOf(e.dlq, deadletter.Origin{Destination: stem}))
	}
	answers, err := letters.Recipients(ctx, asked)
	switch {
	case err != nil:
		return nil, err
	case len(answers) != len(asked):
		return nil, fmt.Errorf("%d answers to a question about %d destinations", len(answers), len(asked))
	}
	if len(asked) > len(targets) && answers[len(targets)].Exists {
		e.stem = stem
	}
	recipients := make(map[deadletter.Target]*deadletter.Recipients, len(targets))
	for i, target := range targets {
		recipients[target] = &answers[i]
	}
	return recipients, nil
}

// judge decides what becomes of each claim. Claims with one target and one verdict are
// one line of the plan.
func (p *partPlanner) judge(e *evidence, byTarget map[deadletter.Target]*deadletter.Recipients) {
	type line struct {
		target deadletter.Target
		why    string
	}
	lines := map[line]*Destined{}
	for _, c := range p.statements {
		recipients := byTarget[c.target]
		why, only := "", false
		if c.origin != "" {
			why, only = e.against(&c.statement, recipients)
		}
		d := lines[line{c.target, why}]
		if d == nil {
			d = &Destined{Target: c.target, Claimed: why, Confirmed: slices.Contains(p.all.options.Confirmed, string(c.target))}
			d.learn(recipients)
			lines[line{c.target, why}] = d
		}
		d.Count, d.Bytes, d.Only = d.Count+c.count, d.Bytes+c.bytes, d.Only || only
		d.warn(c, e, recipients)
		c.destined = d
	}
	p.lines = slices.Collect(maps.Values(lines))
}

// learn takes over what the broker says of a target.
func (d *Destined) learn(r *deadletter.Recipients) {
	d.Kind, d.Forbidden, d.Denied = r.Kind, r.Forbidden, r.Denied
	d.Missing = !r.Exists && r.Forbidden == "" && r.Denied == ""
	d.AlsoReaches, d.Unknown = r.Readers, r.Unknown
	d.Warnings = slices.Clone(r.Warnings)
}

// warn adds what an operator should know before letters with a claim go.
func (d *Destined) warn(c *stated, e *evidence, r *deadletter.Recipients) {
	add := func(text string) {
		if !slices.Contains(d.Warnings, text) && len(d.Warnings) < mostGroupsNamed {
			d.Warnings = append(d.Warnings, text)
		}
	}
	if c.origin == "" && e.deadLetter(string(c.target)) {
		add(string(c.target) + " is a dead-letter destination itself")
	}
	if r.Kind != adapters.Topic || !r.Exists {
		return
	}
	for _, group := range slices.Sorted(maps.Keys(c.groups)) {
		reads := slices.ContainsFunc(r.Readers, func(reader string) bool { return reader == group || strings.HasPrefix(reader, group+" (") })
		switch {
		case !reads && r.Unknown == "":
			add(fmt.Sprintf("group %s, at which they died, does not read %s now", group, d.Target))
		case !reads:
			add(fmt.Sprintf("group %s, at which they died, is not seen to read %s", group, d.Target))
		}
	}
}

// leave takes letters out of the plan that nothing can be done about.
func (p *partPlanner) leave() {
	left := p.part.Letters[:0]
	for i, l := range p.part.Letters {
		if d := p.of[i].destined; d.Stays() {
			d.Letters = append(d.Letters, l.Position)
		} else {
			left = append(left, l)
		}
	}
	clear(p.part.Letters[len(left):])
	p.part.Letters = left
	for _, d := range p.lines {
		p.part.Targets = append(p.part.Targets, *d)
	}
}

// tellApart marks letters of a queue that are equal in every byte: nobody else can know which
// of them is which.
func (p *partPlanner) tellApart() {
	if p.part.settling() != deadletter.ByRemoval {
		return
	}
	first := make(map[files.LetterKey]int, len(p.part.Letters))
	for i := range p.part.Letters {
		key := p.part.Letters[i].key()
		if other, equal := first[key]; equal {
			p.part.Letters[i].Alike, p.part.Letters[other].Alike = true, true
		} else {
			first[key] = i
		}
	}
}

// add puts a letter where it belongs.
func (p *partPlanner) add(l *Letter) {
	planned := Selected{Position: l.Position, Content: l.Content, Alike: l.Alike, Maybe: l.Maybe, Broker: l.Broker, Size: l.Size, Time: l.Time, ID: l.ID, Replays: l.Replays}
	if p.all.action != Replay {
		p.part.Letters = append(p.part.Letters, planned)
		return
	}
	p.said.add(l)
	planned.To = deadletter.Target(p.all.once(string(l.To)))
	confidence := l.Confidence
	if !p.all.options.To.IsZero() {
		planned.To, confidence = p.all.options.To, deadheader.Certain
	}
	switch {
	case planned.To.IsZero(), confidence == deadheader.NameOnly, confidence == deadheader.Unknown:
		p.part.Unresolved = append(p.part.Unresolved, l.Position)
	case p.part.sameCluster() && planned.To == p.home:
		p.part.Looping = append(p.part.Looping, l.Position)
	case l.Replays >= p.all.options.MaxReplays:
		p.part.OverLimit = append(p.part.OverLimit, l.Position)
	default:
		planned.Edit = p.all.options.Edits[l.Position]
		p.part.Letters = append(p.part.Letters, planned)
		p.count(l, &planned)
		for _, name := range l.stripped {
			p.strip[name] = true
		}
	}
}

// count notes what a letter claims.
func (p *partPlanner) count(l *Letter, planned *Selected) {
	says := statement{target: planned.To}
	if p.all.options.To.IsZero() && l.claimsOrigin() {
		says.origin = p.all.once(l.origin())
	}
	c := p.statements[says]
	if c == nil {
		c = &stated{statement: says, groups: map[string]bool{}}
		p.statements[says] = c
	}
	c.count++
	c.bytes += int64(l.Size)
	if group := l.DeadLetter.Group; group != "" && len(c.groups) < mostGroupsNamed {
		c.groups[p.all.once(group)] = true
	}
	p.of = append(p.of, c)
}

package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/figure"
	"eventscope/replay/files"
)

// Planning is a plan in the making. It takes letters one by one and keeps of each only what
// the run needs, so that there may be many. It belongs to one goroutine.
type Planning struct {
	service    *Service
	options    PlanOptions
	dlqs       map[dlqKey]DLQ
	problem    error // of sources whose dead-letter queues are not known
	unfinished map[dlqKey][]halfDone
	planners   map[dlqKey]*planner
	order      []*planner
	names      map[string]string // what many letters share, once
	planned    int
	plan       *Plan
}

// Planning begins a plan.
func (s *Service) Planning(ctx context.Context, action Action, options PlanOptions) (*Planning, error) {
	if options.Through != nil {
		through := *options.Through
		if err := through.identify(ctx); err != nil {
			return nil, err
		}
		options.Through = &through
	}
	if options.Most <= 0 || options.Most > files.MostNumbers {
		options.Most = files.MostNumbers
	}
	p := &Planning{service: s, options: options, dlqs: map[dlqKey]DLQ{}, planners: map[dlqKey]*planner{}, names: map[string]string{}}
	p.plan = &Plan{Action: action, Reason: options.Reason, By: s.config.By, At: time.Now().UTC(), Headers: s.config.Headers}
	var all []DLQ
	all, p.problem = s.DLQs(ctx)
	for _, g := range all {
		p.dlqs[g.key()] = g
	}
	var err error
	p.unfinished, err = s.unfinished()
	return p, err
}

// Add takes a letter that Read gave, if it is meant: see [PlanOptions.Only]. Only open ones
// are taken for a replay or a discard, and only discarded ones for a restore. An error of
// kind [ErrRefused] says that there are more than [PlanOptions.Most].
func (p *Planning) Add(l *Letter) error {
	key := dlqKey{l.Source, l.DLQ}
	dlq, known := p.dlqs[key]
	switch {
	case !known:
		return errors.Join(p.problem, adapters.UnknownDestination(l.Broker, l.Source, "dead-letter destination", l.DLQ))
	case p.options.Only != nil && !p.options.Only[l.Position]:
		return nil
	case l.State == Unknown:
		return &adapters.Problem{
			Doing: fmt.Sprintf("%s letters of %s", p.plan.Action, l.DLQ), Cause: fmt.Sprintf("which of them were dealt with is not known (%v)", l.unknown), Kind: ErrRefused,
		}
	case l.State != p.plan.Action.Wants():
		return nil
	case l.Encoded && p.options.Edits[l.Position] != nil:
		return &adapters.Problem{
			Doing: "send an edited body for " + l.Position.String(), Cause: "its own is written with a schema, so that no reader of it takes text",
			Remedy: "replay it as it is, or have its producer send a corrected one", Kind: ErrRefused,
		}
	case p.planned == p.options.Most:
		return &adapters.Problem{
			Doing: fmt.Sprintf("%s these letters", p.plan.Action), Cause: fmt.Sprintf("there are more than %s, and the memory allows for no larger plan", figure.Count(p.options.Most)),
			Remedy: "choose fewer with --filter or by position, or raise --memory", Kind: ErrRefused,
		}
	}
	of := p.planners[key]
	if of == nil {
		of = newPlanner(p.plan.Action, &p.options, dlq)
		of.names = p.names
		of.part.Unfinished = p.unfinishedOf(&dlq, dlq.Source.Cluster)
		if at := dlq.Source.Address; at != dlq.Source.Cluster { // by which the version before knew it
			of.part.Unfinished = append(of.part.Unfinished, p.unfinishedOf(&dlq, at)...)
		}
		p.planners[key] = of
		p.order = append(p.order, of)
	}
	p.planned++
	of.add(l)
	return nil
}

// unfinishedOf are the runs that left letters of a dead-letter queue half done, as the journal names its source.
func (p *Planning) unfinishedOf(dlq *DLQ, source string) (runs []string) {
	for _, half := range p.unfinished[dlqKey{source, dlq.Name}] {
		if !half.owes || dlq.Settling == deadletter.ByRemoval {
			runs = append(runs, half.run)
		}
	}
	return runs
}

// Finish asks who receives what is sent to each target, and freezes the plan.
func (p *Planning) Finish(ctx context.Context) (*Plan, error) {
	for _, of := range p.order {
		if err := of.finish(ctx, p.evidence(of)); err != nil {
			return nil, err
		}
		p.plan.Parts = append(p.plan.Parts, of.part)
	}
	var err error
	p.plan.ID, err = p.plan.digest()
	return p.plan, err
}

// evidence is what is known of the dead-letter destination of a part.
func (p *Planning) evidence(of *planner) *evidence {
	source := of.source.Name
	dlq := p.dlqs[dlqKey{source, of.part.DLQ}]
	e := &evidence{dlq: &dlq.Queue, said: p.service.said.get(dlqKey{source, of.part.DLQ})}
	if e.said == nil { // nobody has read all of it
		e.said = of.said
	}
	e.deadLetter = func(name string) bool {
		_, known := p.dlqs[dlqKey{source, name}]
		return known && name != of.part.DLQ && of.part.sameCluster()
	}
	return e
}

// Plan freezes letters into a plan. They are what Read gave of one dead-letter queue or several, all
// of it, or chosen by what they contain.
func (s *Service) Plan(ctx context.Context, action Action, letters []Letter, options PlanOptions) (*Plan, error) {
	planning, err := s.Planning(ctx, action, options)
	if err != nil {
		return nil, err
	}
	for i := range letters {
		if err := planning.Add(&letters[i]); err != nil {
			return nil, err
		}
	}
	return planning.Finish(ctx)
}

// planner makes one part.
type planner struct {
	part       Part
	options    *PlanOptions
	action     Action
	statements map[statement]*stated
	of         []*stated // of each letter of the part
	said       *tally    // by the letters that were planned
	lines      []*Destined
	source     Source
	strip      map[string]bool
	names      map[string]string
	home       deadletter.Target // the dead-letter queue itself
}

func newPlanner(action Action, options *PlanOptions, dlq DLQ) *planner {
	p := &planner{
		action: action, options: options, source: dlq.Source, statements: map[statement]*stated{}, said: &tally{}, strip: map[string]bool{},
		home: dlq.Source.TargetOf(&dlq.Queue, deadletter.Origin{Destination: dlq.Name}),
		part: Part{
			Source: dlq.Source.Cluster, URL: dlq.Source.URL, Broker: dlq.Source.Broker, DLQ: dlq.Name, Kind: dlq.Kind,
			Settling: dlq.Settling, Incarnation: dlq.Incarnation, Guarantee: dlq.Guarantee,
		},
	}
	if options.Through != nil && action == Replay {
		p.part.Through, p.part.ThroughURL, p.part.Guarantee = options.Through.Cluster, options.Through.URL, deadletter.AtLeastOnce
	}
	return p
}

// finish asks who receives what is sent to each target, and judges what letters claim.
func (p *planner) finish(ctx context.Context, e *evidence) error {
	lacks, err := p.source.DeadLetters.Lacks(ctx, p.part.DLQ)
	if err != nil {
		return err
	}
	p.part.Lacks = lacks
	p.part.Stripped = slices.Sorted(maps.Keys(p.strip))
	p.tellApart()
	if p.action != Replay {
		return nil
	}
	counts := map[deadletter.Target]int{}
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
	p.settle(e, targets, recipients)
	p.leave()
	slices.SortFunc(p.part.Targets, func(a, b Destined) int {
		return cmp.Or(cmp.Compare(len(a.Letters), len(b.Letters)), b.Count-a.Count, cmp.Compare(a.Target, b.Target))
	})
	return nil
}

// recipients asks about targets, and whether the broker has what the name of the dead-letter
// destination speaks for.
func (p *planner) recipients(ctx context.Context, e *evidence, targets []deadletter.Target) (map[deadletter.Target]*deadletter.Recipients, error) {
	letters := p.source.DeadLetters
	if p.options.Through != nil {
		letters = p.options.Through.DeadLetters
	}
	stem, _ := deadheader.OriginByName(p.part.DLQ)
	asked := slices.Clone(targets)
	if stem != "" && p.options.Through == nil && p.options.To.IsZero() {
		asked = append(asked, p.source.TargetOf(e.dlq, deadletter.Origin{Destination: stem}))
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

// settle says of each claim what becomes of it. Claims with one target and one verdict are
// one line of the plan.
func (p *planner) settle(e *evidence, targets []deadletter.Target, byTarget map[deadletter.Target]*deadletter.Recipients) {
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
			d = &Destined{Target: c.target, Claimed: why, Confirmed: slices.Contains(p.options.Confirmed, string(c.target))}
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
func (p *planner) leave() {
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
func (p *planner) tellApart() {
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
func (p *planner) add(l *Letter) {
	planned := Selected{Position: l.Position, Content: l.Content, Alike: l.Alike, Maybe: l.Maybe, Broker: l.Broker, Size: l.Size, Time: l.Time, ID: l.ID, Replays: l.Replays}
	if p.action != Replay {
		p.part.Letters = append(p.part.Letters, planned)
		return
	}
	p.said.add(l)
	planned.To = deadletter.Target(p.once(string(l.To)))
	confidence := l.Confidence
	if !p.options.To.IsZero() {
		planned.To, confidence = p.options.To, deadheader.Certain
	}
	limit := p.options.MaxReplays
	if limit == 0 {
		limit = DefaultMaxReplays
	}
	switch {
	case planned.To.IsZero(), confidence == deadheader.NameOnly, confidence == deadheader.Unknown:
		p.part.Unresolved = append(p.part.Unresolved, l.Position)
	case p.part.sameCluster() && planned.To == p.home:
		p.part.Looping = append(p.part.Looping, l.Position)
	case l.Replays >= limit:
		p.part.OverLimit = append(p.part.OverLimit, l.Position)
	default:
		planned.Edit = p.options.Edits[l.Position]
		p.part.Letters = append(p.part.Letters, planned)
		p.count(l, &planned)
		for _, name := range l.stripped {
			p.strip[name] = true
		}
	}
}

// once is a text that letters share, kept once for all.
func (p *planner) once(s string) string {
	if kept, ok := p.names[s]; ok {
		return kept
	}
	p.names[s] = strings.Clone(s)
	return p.names[s]
}

// count notes what a letter claims.
func (p *planner) count(l *Letter, planned *Selected) {
	says := statement{target: planned.To}
	if p.options.To.IsZero() && l.claimsOrigin() {
		says.origin = p.once(l.origin())
	}
	c := p.statements[says]
	if c == nil {
		c = &stated{statement: says, groups: map[string]bool{}}
		p.statements[says] = c
	}
	c.count++
	c.bytes += int64(l.Size)
	if group := l.DeadLetter.Group; group != "" && len(c.groups) < mostGroupsNamed {
		c.groups[p.once(group)] = true
	}
	p.of = append(p.of, c)
}

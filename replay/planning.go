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
	"eventscope/adapters/envelope"
)

// Planning is a plan in the making. It takes letters one by one and keeps of each only what
// the run needs, so that there may be many. It belongs to one goroutine.
type Planning struct {
	office     *Office
	options    PlanOptions
	graves     map[graveKey]Grave
	problem    error // of sources whose graves are not known
	unfinished map[graveKey][]string
	planners   map[graveKey]*planner
	order      []*planner
	names      map[string]string // what many letters share, once
	planned    int
	plan       *Plan
}

// Planning begins a plan.
func (o *Office) Planning(ctx context.Context, action Action, options PlanOptions) (*Planning, error) {
	p := &Planning{office: o, options: options, graves: map[graveKey]Grave{}, planners: map[graveKey]*planner{}, names: map[string]string{}}
	p.plan = &Plan{Action: action, Reason: options.Reason, By: o.config.By, At: time.Now().UTC(), Headers: o.config.Headers}
	var all []Grave
	all, p.problem = o.Graves(ctx)
	for _, g := range all {
		p.graves[graveKey{g.Source.Name, g.Name}] = g
	}
	var err error
	p.unfinished, err = o.unfinished()
	return p, err
}

// Add takes a letter that Read gave, if it is meant: see [PlanOptions.Only]. Only open ones
// are taken for a replay or a discard, and only discarded ones for a restore. An error of
// kind [ErrRefused] says that there are more than [PlanOptions.Most].
func (p *Planning) Add(l *Letter) error {
	key := graveKey{l.Source, l.Grave}
	grave, known := p.graves[key]
	switch {
	case !known:
		return errors.Join(p.problem, adapters.UnknownDestination(l.Broker, l.Source, "dead-letter destination", l.Grave))
	case p.options.Only != nil && !p.options.Only[l.Position], l.State != p.plan.Action.Wants():
		return nil
	case p.options.Most > 0 && p.planned == p.options.Most:
		return &adapters.Problem{
			Doing: fmt.Sprintf("%s these letters", p.plan.Action), Cause: fmt.Sprintf("there are more than %d, and the memory allows for no larger plan", p.options.Most),
			Remedy: "choose fewer with --filter or by position, or raise --memory", Kind: ErrRefused,
		}
	}
	of := p.planners[key]
	if of == nil {
		of = newPlanner(p.plan.Action, &p.options, grave)
		of.names = p.names
		of.part.Unfinished = p.unfinished[graveKey{of.part.Source, of.part.Grave}]
		p.planners[key] = of
		p.order = append(p.order, of)
	}
	p.planned++
	of.add(l)
	return nil
}

// Finish asks who receives what is sent to each target, and freezes the plan.
func (p *Planning) Finish(ctx context.Context) (*Plan, error) {
	for _, of := range p.order {
		if err := of.finish(ctx, p.graves[graveKey{sourceName(p.office, of.part.Source), of.part.Grave}]); err != nil {
			return nil, err
		}
		p.plan.Parts = append(p.plan.Parts, of.part)
	}
	return p.plan, p.plan.seal()
}

// Plan freezes letters into a plan. They are what Read gave of one grave or several, all
// of it, or chosen by what they contain.
func (o *Office) Plan(ctx context.Context, action Action, letters []Letter, options PlanOptions) (*Plan, error) {
	planning, err := o.Planning(ctx, action, options)
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
	part    Part
	options *PlanOptions
	action  Action
	targets map[adapters.Target]*Destined
	strip   map[string]bool
	names   map[string]string
}

func newPlanner(action Action, options *PlanOptions, grave Grave) *planner {
	p := &planner{
		action: action, options: options, targets: map[adapters.Target]*Destined{}, strip: map[string]bool{},
		part: Part{
			Source: grave.Source.Cluster, URL: grave.Source.URL, Broker: grave.Source.Broker, Grave: grave.Name, Kind: grave.Kind,
			Incarnation: grave.Incarnation, Guarantee: grave.Guarantee,
		},
	}
	if options.Through != nil && action == Replay {
		p.part.Through, p.part.ThroughURL, p.part.Guarantee = options.Through.Cluster, options.Through.URL, adapters.AtLeastOnce
	}
	return p
}

// finish asks who receives what is sent to each target.
func (p *planner) finish(ctx context.Context, grave Grave) error {
	p.part.Stripped = slices.Sorted(maps.Keys(p.strip))
	letters := grave.Source.DeadLetters
	if p.options.Through != nil {
		letters = p.options.Through.DeadLetters
	}
	for _, destined := range p.targets {
		reach, err := letters.Reach(ctx, destined.Target)
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		destined.Missing = err == nil && !reach.Exists
		destined.AlsoReaches, destined.Unknown = reach.Readers, reach.Unknown
		p.part.Targets = append(p.part.Targets, *destined)
	}
	slices.SortFunc(p.part.Targets, func(a, b Destined) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Target.String(), b.Target.String()))
	})
	return nil
}

// add puts a letter where it belongs.
func (p *planner) add(l *Letter) {
	planned := Selected{Position: l.Position, Broker: l.Broker, Size: l.Size, Time: l.Time, ID: l.ID, Replays: l.Replays}
	if p.action != Replay {
		p.part.Letters = append(p.part.Letters, planned)
		return
	}
	planned.To = adapters.Target{Topic: p.once(l.To.Topic), Exchange: p.once(l.To.Exchange), RoutingKey: p.once(l.To.RoutingKey)}
	confidence := l.Confidence
	if !p.options.To.IsZero() {
		planned.To, confidence = p.options.To, envelope.Certain
	}
	limit := p.options.MaxReplays
	if limit == 0 {
		limit = DefaultMaxReplays
	}
	switch {
	case planned.To.IsZero(), confidence != envelope.Certain && confidence != envelope.Likely:
		p.part.Unresolved = append(p.part.Unresolved, l.Position)
	case p.part.Through == "" && leadsTo(planned.To, l.Grave):
		p.part.Looping = append(p.part.Looping, l.Position)
	case l.Replays >= limit:
		p.part.OverLimit = append(p.part.OverLimit, l.Position)
	default:
		planned.Edit = p.options.Edits[l.Position]
		p.part.Letters = append(p.part.Letters, planned)
		p.count(&planned)
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

func (p *planner) count(l *Selected) {
	destined := p.targets[l.To]
	if destined == nil {
		destined = &Destined{Target: l.To}
		p.targets[l.To] = destined
	}
	destined.Count++
	destined.Bytes += int64(l.Size)
}

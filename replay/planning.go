package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/figure"
	"eventscope/replay/files"
)

// Letters gives letters, one after the other. An error of each ends it, and is returned.
type Letters func(each func(*Letter) error) error

// Chosen are letters that are at hand.
func Chosen(letters []Letter) Letters {
	return func(each func(*Letter) error) error {
		for i := range letters {
			if err := each(&letters[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

// Plan freezes letters into a plan: those that Read gave of one dead-letter queue or several, all of it,
// or chosen by what they contain. It keeps of each only what the run needs, so that there may be many.
// For a replay or a discard only open ones are taken, and for a restore only discarded ones. An error
// of kind [ErrRefused] says that there are more than [PlanOptions.Most].
func (s *Service) Plan(ctx context.Context, action Action, letters Letters, options PlanOptions) (*Plan, error) {
	p := &planner{service: s, action: action, options: options, dlqs: map[dlqKey]DLQ{}, parts: map[dlqKey]*partPlanner{}, names: map[string]string{}}
	if err := p.begin(ctx); err != nil {
		return nil, err
	}
	if err := letters(p.add); err != nil {
		return nil, err
	}
	return p.finish(ctx)
}

// planner makes a plan. It belongs to one goroutine.
type planner struct {
	service    *Service
	action     Action
	options    PlanOptions
	dlqs       map[dlqKey]DLQ
	problem    error // of sources whose dead-letter queues are not known
	unfinished map[dlqKey][]halfDone
	parts      map[dlqKey]*partPlanner
	order      []*partPlanner
	names      map[string]string // what many letters share, once
	planned    int
}

// begin finds out what there is, and what stands in the way.
func (p *planner) begin(ctx context.Context) (err error) {
	if p.options.Through != nil {
		through := *p.options.Through
		if err := through.identify(ctx); err != nil {
			return err
		}
		p.options.Through = &through
	}
	if p.options.Most <= 0 || p.options.Most > files.MostNumbers {
		p.options.Most = files.MostNumbers
	}
	if p.options.MaxReplays == 0 {
		p.options.MaxReplays = DefaultMaxReplays
	}
	var all []DLQ
	all, p.problem = p.service.DLQs(ctx)
	for _, dlq := range all {
		p.dlqs[dlq.key()] = dlq
	}
	p.unfinished, err = p.service.unfinished()
	return err
}

// add takes a letter, if it is meant: see [PlanOptions.Only].
func (p *planner) add(l *Letter) error {
	key := dlqKey{l.Source, l.DLQ}
	dlq, known := p.dlqs[key]
	switch {
	case !known:
		return errors.Join(p.problem, adapters.UnknownDestination(l.Broker, l.Source, "dead-letter destination", l.DLQ))
	case p.options.Only != nil && !p.options.Only[l.Position]:
		return nil
	case l.State == Unknown:
		return &adapters.Problem{
			Doing: fmt.Sprintf("%s letters of %s", p.action, l.DLQ), Cause: fmt.Sprintf("which of them were dealt with is not known (%v)", l.unknown), Kind: ErrRefused,
		}
	case l.State != p.action.Wants():
		return nil
	case l.Encoded && p.options.Edits[l.Position] != nil:
		return &adapters.Problem{
			Doing: "send an edited body for " + l.Position.String(), Cause: "its own is written with a schema, so that no reader of it takes text",
			Remedy: "replay it as it is, or have its producer send a corrected one", Kind: ErrRefused,
		}
	case p.planned == p.options.Most:
		return &adapters.Problem{
			Doing: fmt.Sprintf("%s these letters", p.action), Cause: fmt.Sprintf("there are more than %s, and the memory allows for no larger plan", figure.Count(p.options.Most)),
			Remedy: "choose fewer with --filter or by position, or raise --memory", Kind: ErrRefused,
		}
	}
	part := p.parts[key]
	if part == nil {
		part = p.newPart(&dlq)
		p.parts[key] = part
		p.order = append(p.order, part)
	}
	p.planned++
	part.add(l)
	return nil
}

// unfinishedOf are the runs that left letters of a dead-letter queue half done. The version before
// knew its source by its address.
func (p *planner) unfinishedOf(dlq *DLQ) (runs []string) {
	sources := []string{dlq.Source.Cluster, dlq.Source.Address}
	for _, source := range slices.Compact(sources) {
		for _, half := range p.unfinished[dlqKey{source, dlq.Name}] {
			if !half.owes || dlq.Settling == deadletter.ByRemoval {
				runs = append(runs, half.run)
			}
		}
	}
	return runs
}

// finish asks who receives what is sent to each target, and freezes the plan.
func (p *planner) finish(ctx context.Context) (*Plan, error) {
	plan := &Plan{Action: p.action, Reason: p.options.Reason, By: p.service.config.By, At: now(), Headers: p.service.config.Headers}
	for _, part := range p.order {
		if err := part.finish(ctx); err != nil {
			return nil, err
		}
		plan.Parts = append(plan.Parts, part.part)
	}
	var err error
	plan.ID, err = plan.digest()
	return plan, err
}

// once is a text that letters share, kept once for all.
func (p *planner) once(s string) string {
	if kept, ok := p.names[s]; ok {
		return kept
	}
	p.names[s] = strings.Clone(s)
	return p.names[s]
}

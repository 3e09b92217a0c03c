package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope"
	"eventscope/adapters/figure"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/replay"
	"eventscope/tracing/query"
	"eventscope/tui/text"
)

// choice is which letters a command is about.
type choice struct {
	filter string
	all    bool // also those that were dealt with
	peek   bool // into every dead-letter queue, whether it is named or not

	others, misfits int  // letters that the filter leaves out, and could not be applied to
	noDLQ           bool // no destination of dead letters was found
}

// peekFlag lets a command read queues that are not named.
func (d *dlq) peekFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&d.peek, "peek", false, "read dead-letter queues that no URL names, too: each message is taken and given back, "+d.brokers.Costs())
}

// choiceFlags adds the flags that choose letters.
func (d *dlq) choiceFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.filter, "filter", "", "only letters that match: words, or an expression such as 'type == \"OrderPlaced\"'")
	d.peekFlag(cmd)
	cmd.Flags().BoolVar(&d.all, "all", false, "also letters that were replayed or discarded, where the broker still has them")
}

// dlqs are the dead-letter destinations that are meant: those that are named, or all
// that can be found.
func (d *dlq) dlqs(ctx context.Context) ([]replay.DLQ, error) {
	all, err := d.service.DLQs(ctx)
	if len(all) == 0 && err != nil {
		return nil, err
	}
	if err != nil {
		d.sources.LackAll(err)
	}
	all = slices.DeleteFunc(all, func(dlq replay.DLQ) bool {
		names := d.settings.source(dlq.Source.Name).Named()
		return len(names) > 0 && !slices.Contains(names, dlq.Name)
	})
	d.noDLQ = len(all) == 0
	return all, nil
}

// each reads the letters that are meant, and keeps none. Of a dead-letter queue that cannot be read the
// others do not suffer.
func (d *dlq) each(ctx context.Context, only map[adapters.Position]bool, each func(*output.Letter) error) (err error) {
	chosen, err := d.chooser(only)
	if err != nil {
		return err
	}
	dlqs, err := d.dlqs(ctx)
	if err != nil {
		return err
	}
	var unasked []replay.DLQ
	defer func() { err = d.sayUnasked(unasked, len(dlqs), err) }()
	for _, dlq := range dlqs {
		if only != nil && !inDLQ(only, dlq.Name) {
			continue
		}
		if only == nil && !d.mayPeek(&dlq) {
			unasked = append(unasked, dlq)
			continue
		}
		err := d.service.Read(ctx, dlq, func(l *replay.Letter, m *adapters.Message, id *envelope.Identity) error {
			if d.figures.Events++; !chosen(l, m, id) {
				return nil
			}
			return each(&output.Letter{Letter: l, Message: m, Identity: id})
		})
		var unknown *replay.UnknownStates
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &unknown):
			d.sources.Lack(dlq.Source.Name, err)
		case errors.Is(err, output.ErrClosed), errors.Is(err, replay.ErrRefused), len(dlqs) == 1:
			return err
		default:
			d.sources.Lack(dlq.Source.Name, err)
		}
	}
	return nil
}

// mayPeek reports whether somebody has asked to read a destination, where that costs something.
func (d *dlq) mayPeek(dlq *replay.DLQ) bool {
	if dlq.Cost.IsFree() || dlq.Messages == 0 || d.peek {
		return true
	}
	return slices.Contains(d.settings.source(dlq.Source.Name).Named(), dlq.Name)
}

// sayUnasked adds to the outcome of reading so many destinations the queues among them into
// which nobody asked to peek.
func (d *dlq) sayUnasked(queues []replay.DLQ, all int, err error) error {
	if len(queues) == 0 || err != nil {
		return err
	}
	names, costs := make([]string, 0, mostUnasked), map[string]bool{}
	for i := range queues[:min(len(queues), mostUnasked)] {
		names = append(names, queues[i].Name)
	}
	for i := range queues {
		costs[queues[i].Cost.Marked] = true
	}
	cause := fmt.Sprintf("that takes each message and gives it back, %s, and nobody asked for it: %s", strings.Join(slices.Sorted(maps.Keys(costs)), " or "), strings.Join(names, ", "))
	if more := len(queues) - len(names); more > 0 {
		cause += fmt.Sprintf(" and %s more", text.Count(int64(more)))
	}
	problem := &adapters.Problem{
		Doing: fmt.Sprintf("peek into %s dead-letter queues", text.Count(int64(len(queues)))), Cause: cause,
		Remedy: "name one " + d.settings.source(queues[0].Source.Name).Driver.Naming + ", or add --peek for all", Kind: deadletter.ErrUnsafePeek,
	}
	if len(queues) == 1 {
		problem.Doing = "peek into a dead-letter queue"
	}
	if len(queues) == all {
		return problem
	}
	d.sources.Lack(queues[0].Source.Name, problem)
	return nil
}

// mostUnasked bounds how many queues one sentence names.
const mostUnasked = 5

func inDLQ(only map[adapters.Position]bool, dlq string) bool {
	for position := range only {
		if position.Destination == dlq {
			return true
		}
	}
	return false
}

// chooser says which letters are meant: by position, by state, by filter.
func (d *dlq) chooser(only map[adapters.Position]bool) (func(*replay.Letter, *adapters.Message, *envelope.Identity) bool, error) {
	var filter *query.Filter
	if d.filter != "" {
		compiled, err := query.Compile(d.filter, query.Letters)
		if err != nil {
			return nil, err
		}
		filter = compiled
	}
	return func(l *replay.Letter, m *adapters.Message, id *envelope.Identity) bool {
		switch {
		case only != nil && !only[l.Position], !d.all && l.State.Settled():
			return false
		case filter == nil:
			return true
		}
		subject := query.Subject{Source: l.Source, Broker: l.Broker, Message: m, Identity: id, DeadLetter: &l.DeadLetter, Status: l.State.String(), Shown: l.Shown()}
		matches, err := filter.Match(&subject)
		if err != nil {
			d.misfits++
		} else if !matches {
			d.others++
		}
		return err == nil && matches
	}, nil
}

// outcome is the end of a command that found so many letters.
func (d *dlq) outcome(found int, what string) error {
	d.noteFilterErrors(int64(d.misfits), "letter", "letters")
	var err error
	switch all := d.others + d.misfits; {
	case found > 0:
	case all > 0 && d.all:
		err = &exit.NothingFound{Searched: figure.Plural(all, "letter", "letters") + ", none matches"}
	case all > 0:
		err = &exit.NothingFound{Searched: figure.Plural(all, "open letter", "open letters") + ", none matches"}
	case d.noDLQ:
		err = &exit.NothingFound{Searched: "no dead-letter topic or queue was found: none is configured as one and none is named like one, or the user may see none"}
	default:
		err = &exit.NothingFound{Searched: what}
	}
	return d.sources.Answer(err)
}

// missing says which of the letters that were named are not there, or may not be read.
func (d *dlq) missing(ctx context.Context, only, seen map[adapters.Position]bool) error {
	for position := range only {
		if seen[position] {
			continue
		}
		for _, adapter := range d.sources.Open {
			if adapter.Fetcher == nil {
				continue
			}
			for _, err := range adapter.Fetch(ctx, []adapters.Position{position}) {
				if errors.Is(err, adapters.ErrNotAuthorized) {
					return err
				}
			}
		}
		return &exit.NothingFound{Searched: fmt.Sprintf("there is no open letter %s; dlq list --all shows resolved ones", position)}
	}
	return nil
}

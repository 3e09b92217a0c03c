package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/tracing"
	"eventscope/tracing/compare"
)

// comparing prints what differs between two flows, or two events.
type comparing struct {
	trace
	names [2]string
}

func (p *program) compareCommand() *cobra.Command {
	c := &comparing{trace: trace{program: p, two: true}}
	cmd := &cobra.Command{
		Use: "compare A B [URL...]", Short: "Print what differs between two flows or two events",
		Long: "compare searches the history of all sources for two ids, as trace does, and prints the steps of the two flows beside each other: when each " +
			"happened, what is in one alone, and which fields differ. Two positions, such as orders/2@881, compare two events. " +
			"Ids, times and positions, which differ between any two events, are listed apart from the rest.",
		RunE: p.command(c.run),
	}
	c.begin.Add(cmd, "one hour ago")
	cmd.Flags().BoolVar(&c.all, "all", false, "read every partition, even where an id is the message key")
	p.outputFlags(cmd)
	return cmd
}

func (c *comparing) run(ctx context.Context, args []string) error {
	if len(args) < 2 || strings.Contains(args[0], "://") || strings.Contains(args[1], "://") || args[0] == "" || args[1] == "" {
		return exit.Usage("compare needs two ids or two positions: eventscope compare ord-1009 ord-1010 %s", c.brokers[0].Example)
	}
	var err error
	c.names = [2]string{args[0], args[1]}
	if c.start, err = c.begin.Start(adapters.Ago(time.Hour)); err != nil {
		return err
	}
	if c.start.IsEnd() {
		return exit.Usage("compare searches history: name a time or an age such as --since 1h")
	}
	if c.lines, err = c.format(false); err != nil {
		return err
	}
	if c.settings, err = c.loadFor(args[2:]); err != nil {
		return err
	}
	c.settings.memory.Limit()
	c.writer = output.NewWriter(c.Stdout)
	figures := reading.Figures{Started: time.Now()}
	sources, err := c.open(ctx, c.settings.sources)
	if err != nil {
		return err
	}
	defer sources.Close()
	if a, b, ok := c.positions(); ok {
		err = c.events(ctx, sources, a, b)
	} else {
		err = c.flows(ctx, sources, &figures)
	}
	figures.AddDropped(sources)
	c.printFigures(&figures)
	return sources.Answer(err)
}

// positions are the two names, if both are positions.
func (c *comparing) positions() (a, b adapters.Position, ok bool) {
	a, err := adapters.ParsePosition(c.names[0])
	if err != nil {
		return a, b, false
	}
	b, err = adapters.ParsePosition(c.names[1])
	return a, b, err == nil
}

// flows compares the flows of two ids.
func (c *comparing) flows(ctx context.Context, sources *reading.Sources, figures *reading.Figures) error {
	var flows [2]*tracing.Flow
	var stores [2]*tracing.Store
	for i, id := range c.names {
		c.id = id
		found, err := c.search(ctx, sources, figures)
		if err != nil {
			return err
		}
		defer found.Close()
		if len(found.Matches) == 0 {
			return &exit.NothingFound{Searched: fmt.Sprintf("nothing with the id %q in %s; look further back with --since", id, reading.History(c.start, time.Now()))}
		}
		if flows[i], err = found.Flow(ctx, found.Matches[0].Key); err != nil {
			return err
		}
		c.noteUnlisted(&flows[i].FlowSummary)
		stores[i] = found.Store
	}
	compared := output.Compared{A: flows[0], B: flows[1], Steps: compare.Steps(flows[0], flows[1])}
	compared.Results = compare.New(c.settings.rules).Pairs(ctx, flows[0], flows[1], stores[0].Messages, stores[1].Messages, compared.Steps)
	if err := c.lines.WriteCompared(c.writer, &compared); err != nil {
		return err
	}
	if err := c.writer.Flush(); err != nil || ctx.Err() == nil {
		return err
	}
	return context.Cause(ctx)
}

// events compares the events at two positions.
func (c *comparing) events(ctx context.Context, sources *reading.Sources, a, b adapters.Position) error {
	var sides [2]*compare.Side
	for i, position := range []adapters.Position{a, b} {
		var err error
		if sides[i], err = c.fetch(ctx, sources, position); err != nil {
			return err
		}
	}
	result := output.ComparedEvents{A: sides[0].Event, B: sides[1].Event, Result: compare.New(c.settings.rules).Events(sides[0], sides[1])}
	_ = c.writer.Write(c.lines.AppendComparedEvents(c.writer.Available(), &result)) // Flush says it again
	return c.writer.Flush()
}

// fetch reads the message at a position from the first source that has it.
func (c *comparing) fetch(ctx context.Context, sources *reading.Sources, at adapters.Position) (*compare.Side, error) {
	var problem error
	for _, source := range sources.Open {
		if source.Fetcher == nil {
			continue
		}
		for message, err := range source.Fetch(ctx, []adapters.Position{at}) {
			if err != nil {
				problem = err
				continue
			}
			event := tracing.EventOf(source.Name, source.Broker, &message, c.settings.rules)
			return &compare.Side{Message: &message, Event: &event}, nil
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case problem == nil:
		return nil, exit.Usage("no source can be read at a position; name a topic or a stream")
	case errors.Is(problem, adapters.ErrGone):
		return nil, &exit.NothingFound{Searched: fmt.Sprintf("no message at %s", at)}
	}
	return nil, problem
}

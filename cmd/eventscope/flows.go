package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters/figure"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/tracing"
	"eventscope/tracing/query"
	"eventscope/tui/text"
)

// flows prints one line a flow when the reading has ended.
type flows struct {
	*program
	reading  reading.Flags
	filter   string
	statuses []string
}

func (p *program) flowsCommand() *cobra.Command {
	f := &flows{program: p}
	cmd := &cobra.Command{
		Use: "flows [URL...]", Short: "Print a line per flow",
		Long: "flows reads events, assembles the flows they belong to, and prints a line per flow in the order of their first events. " +
			"It prints when the reading ends: with --exit, after --for, or on an interrupt.",
		RunE: p.command(f.run),
	}
	f.reading.Add(cmd)
	cmd.Flags().StringVar(&f.filter, "filter", "", "only flows with an event that matches: words, or an expression, also of status and services of the flow")
	cmd.Flags().StringSliceVar(&f.statuses, "status", nil, "only flows of this status: "+strings.Join(statusNames(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(statusNames(), cobra.ShellCompDirectiveNoFileComp))
	p.outputFlags(cmd)
	return cmd
}

func statusNames() []string {
	var names []string
	for _, status := range tracing.Statuses {
		names = append(names, string(status))
	}
	return names
}

func (f *flows) run(ctx context.Context, args []string) error {
	extent, err := f.reading.Extent()
	if err != nil {
		return err
	}
	query, filter, err := f.query()
	if err != nil {
		return err
	}
	format, err := f.format(true)
	if err != nil {
		return err
	}
	settings, err := f.loadFor(args)
	if err != nil {
		return err
	}
	settings.memory.Limit()
	figures := reading.Figures{Started: time.Now()}
	sources, err := f.open(ctx, settings.sources)
	if err != nil {
		return err
	}
	defer sources.Close()
	index := reading.StartIndex(settings.tracing())
	defer index.Stop()
	if filter != nil {
		query.Watch = index.Watch(filter)
		if err := query.Watch.Wait(ctx); err != nil { // what comes from now on, it sees
			return err
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var readingDone error
	figures.Events, readingDone = index.Read(ctx, cancel, extent, sources)
	interrupted := context.Cause(ctx)
	if readingDone != nil && interrupted == nil {
		return readingDone
	}
	// What was read is printed after an interrupt, too: that is how a reading without
	// an end is asked for its result.
	printed, err := f.print(context.WithoutCancel(ctx), index, query, format)
	figures.AddDropped(sources)
	figures.AddIndex(index.Counters())
	f.printFigures(&figures)
	f.noteLosses(index.Counters(), query.Watch)
	return cmp.Or(err, interrupted, f.end(sources, printed, figures.Events))
}

// query is what is asked of the index at the end, less its Watch.
func (f *flows) query() (tracing.FlowQuery, *query.Filter, error) {
	var asked tracing.FlowQuery
	for _, status := range f.statuses {
		if err := oneOf("--status", status, statusNames()); err != nil {
			return asked, nil, err
		}
		asked.Status = append(asked.Status, tracing.Status(status))
	}
	if f.filter == "" {
		return asked, nil, nil
	}
	filter, err := query.Compile(f.filter, query.Flows)
	return asked, filter, err
}

// print writes the flows that match and returns how many there were.
func (f *flows) print(ctx context.Context, index *reading.Index, query tracing.FlowQuery, format output.Format) (printed int, err error) {
	if err := errors.Join(index.Sync(ctx), index.Settle(ctx)); err != nil {
		return 0, err
	}
	writer := output.NewWriter(f.Stdout)
	for flow, err := range index.All(ctx, query) {
		if err == nil {
			err = writer.Write(format.AppendFlow(writer.Available(), flow))
		}
		if err != nil {
			return printed, err
		}
		printed++
	}
	return printed, writer.Flush()
}

// noteLosses says when the index was too small for what was read, and where the filter
// did not apply.
func (f *flows) noteLosses(c tracing.Counters, watch *tracing.Watch) {
	if c.Evicted > 0 {
		f.Note("%s of %s events did not fit in memory, so the oldest flows are missing or cut; raise --memory, or read less with --from", text.Count(c.Evicted), text.Count(c.Events))
	}
	if watch != nil {
		f.noteFilterErrors(watch.Progress().Errors, "event", "events")
	}
}

// noteFilterErrors says that a filter went wrong on some events or letters, which then did
// not match.
func (p *program) noteFilterErrors(n int64, one, many string) {
	if n > 0 {
		p.Note("the filter could not be applied to %s, taken not to match", figure.Plural(n, one, many))
	}
}

func (f *flows) end(sources *reading.Sources, printed int, events int64) error {
	var err error
	switch {
	case printed > 0:
	case events == 0:
		err = &exit.NothingFound{Searched: "no event was found"}
	default:
		err = &exit.NothingFound{Searched: fmt.Sprintf("no flow matched; %s events were read", text.Count(events))}
	}
	return sources.Answer(err)
}

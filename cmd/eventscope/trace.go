package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/console"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/tracing"
	"eventscope/tui/text"
)

// trace prints the flow that an id belongs to.
type trace struct {
	*program
	begin  reading.Begin
	start  adapters.Start // of the search
	follow bool
	limit  time.Duration
	all    bool
	two    bool // indexes

	id       string
	settings *settings
	lines    output.Format
	document string // its format, if the flow is written as one
	writer   *output.Writer
	printed  int
}

func (p *program) traceCommand() *cobra.Command {
	t := &trace{program: p}
	cmd := &cobra.Command{
		Use: "trace ID [URL...]", Short: "Print the flow of one order, payment or event",
		Long: "trace searches the history of all sources for a flow id, an event id, or the id of a business object such as an order, " +
			"and prints the flow that it belongs to, with all its events. A note on standard error says what was searched.",
		RunE: p.command(t.run),
	}
	t.begin.Add(cmd, "one hour ago")
	cmd.Flags().BoolVar(&t.follow, "follow", false, "wait for the rest of the flow, and print it again as it grows")
	cmd.Flags().DurationVar(&t.limit, "for", 0, "stop after this time, such as 1m")
	cmd.Flags().BoolVar(&t.all, "all", false, "read every partition, even where the id is the message key")
	p.outputFlags(cmd)
	cmd.Flags().Lookup("output").Usage = "text, json, markdown or mermaid (default text on a terminal, json in a pipe)"
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(slices.Concat(output.Kinds, output.Documents), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (t *trace) run(ctx context.Context, args []string) error {
	if err := t.arguments(args); err != nil {
		return err
	}
	var err error
	if err = t.chooseFormat(); err != nil {
		return err
	}
	if t.settings, err = t.loadFor(args[1:]); err != nil {
		return err
	}
	t.settings.memory.Limit()
	t.writer = output.NewWriter(t.Stdout)
	figures := reading.Figures{Started: time.Now()}
	sources, err := t.open(ctx, t.settings.sources)
	if err != nil {
		return err
	}
	defer sources.Close()
	if t.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, t.limit, exit.ErrTime)
		defer cancel()
	}
	if t.follow {
		err = t.followed(ctx, sources, &figures)
	} else {
		err = t.searched(ctx, sources, &figures)
	}
	figures.AddDropped(sources)
	t.printFigures(&figures)
	return sources.Answer(err)
}

// chooseFormat reads -o; a document is written once, so it does not follow.
func (t *trace) chooseFormat() (err error) {
	if kind := t.flags.format; slices.Contains(output.Documents, kind) {
		if t.document = kind; t.follow {
			return exit.Usage("-o %s is one document, and --follow prints the flow again and again; leave out one of them", kind)
		}
		return nil
	}
	if kind := t.flags.format; kind != "" && !slices.Contains(output.Kinds, kind) {
		return exit.Usage("cannot write the output as %q: unknown format; use -o text, json, markdown or mermaid", kind)
	}
	t.lines, err = t.format(false)
	return err
}

func (t *trace) arguments(args []string) error {
	switch {
	case len(args) == 0 || args[0] == "":
		return exit.Usage("trace needs an id: eventscope trace ord-1009 %s", t.brokers[0].Example)
	case strings.Contains(args[0], "://"):
		return exit.Usage("trace needs the id before the URLs: eventscope trace ord-1009 %s", t.brokers[0].Example)
	case t.brokers.Mistyped(args[0]):
		return t.notAURL(args[0], nil)
	case t.limit < 0:
		return exit.Usage("--for %v: a time is positive, such as 1m", t.limit)
	}
	t.id = args[0]
	var err error
	if t.start, err = t.begin.Start(adapters.Ago(time.Hour)); err == nil && t.start.IsEnd() {
		err = exit.Usage("trace searches history: name a time or an age such as --since 1h, or wait for what comes with --follow alone")
	}
	return err
}

// searched looks through history once.
func (t *trace) searched(ctx context.Context, sources *reading.Sources, figures *reading.Figures) error {
	found, err := t.search(ctx, sources, figures)
	if err != nil {
		return err
	}
	defer found.Close()
	if len(found.Matches) == 0 {
		return t.nothing()
	}
	if err := t.print(ctx, found.Store, found.Matches[0].Key); err != nil {
		return err
	}
	return t.noteOthers(ctx, found)
}

func (t *trace) nothing() error {
	return &exit.NothingFound{Searched: fmt.Sprintf("nothing with the id %q in %s; look further back with --since, or wait for it with --follow", t.id, reading.History(t.start, time.Now()))}
}

// noteOthers names further flows that the id leads to, such as those of one customer.
func (t *trace) noteOthers(ctx context.Context, found *tracing.Found) error {
	const most = 20
	var others []string
	for _, match := range found.Matches[1:min(len(found.Matches), most+1)] {
		flow, err := found.Flow(ctx, match.Key)
		if err != nil {
			return err
		}
		others = append(others, flow.ID)
	}
	if len(found.Matches) > most+1 {
		others = append(others, fmt.Sprintf("and %s more", text.Count(int64(len(found.Matches)-most-1))))
	}
	if len(others) > 0 {
		t.Note("%q also leads to the flows %s", t.id, strings.Join(others, ", "))
	}
	return nil
}

// search reads the history of all sources and says what was read.
func (t *trace) search(ctx context.Context, sources *reading.Sources, figures *reading.Figures) (*tracing.Found, error) {
	config := tracing.SearchConfig{ID: t.id, From: t.start, Sources: searchSources(sources.Open), Store: t.config()}
	for i := range config.Sources {
		config.Sources[i].ByKey = config.Sources[i].ByKey && !t.all
	}
	if len(config.Sources) == 0 && !t.follow {
		return nil, exit.Usage("no source has a history to search; name a topic or a stream, or wait with --follow")
	}
	progress := console.IsTerminal(t.Stderr)
	if progress {
		config.Progress = func(p tracing.SearchProgress) { t.Progress("%s", searching(p)) }
	}
	found, err := tracing.Search(ctx, config)
	if progress {
		t.Progress("")
	}
	if err != nil {
		if errors.Is(context.Cause(ctx), exit.ErrTime) {
			return nil, fmt.Errorf("the search for %q was not finished after %v; raise --for, or look less far back with --since", t.id, t.limit)
		}
		return nil, err
	}
	for _, searched := range found.Searched {
		figures.Events += searched.Messages
	}
	figures.AddIndex(found.Counters())
	sources.LackAll(errors.Join(found.Problems...))
	t.noteSearched(found.Searched, sources.Open)
	return found, nil
}

// searching says how far a search is.
func searching(p tracing.SearchProgress) string {
	line := "searching, " + text.Count(p.Read).String()
	if p.Expected > 0 {
		line += " of " + text.Count(p.Expected).String()
	}
	return line + " messages"
}

// noteSearched says what was searched: an answer without that is worth little.
func (t *trace) noteSearched(searched []tracing.Searched, all []*driver.Source) {
	slices.SortFunc(searched, func(a, b tracing.Searched) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Destination, b.Destination))
	})
	const most = 30
	parts := []string{}
	for _, s := range searched[:min(len(searched), most)] {
		part := fmt.Sprintf("%s %s (%s", s.Source, s.Destination, text.Count(s.Messages))
		if s.ByKey {
			part += ", only the partition of this key; --all reads every one"
		}
		parts = append(parts, part+")")
	}
	if more := len(searched) - most; more > 0 {
		parts = append(parts, fmt.Sprintf("and %s more", text.Count(int64(more))))
	}
	if len(parts) == 0 {
		parts = []string{"no messages at all"}
	}
	t.Note("searched %s: %s", reading.History(t.start, time.Now()), strings.Join(parts, ", "))
	for _, adapter := range all {
		if adapter.Scanner == nil {
			t.Note("%s has no history to search; --follow shows what comes", adapter.Name)
		}
	}
}

// searchSources are the adapters that have a history.
func searchSources(all []*driver.Source) []tracing.SearchSource {
	var sources []tracing.SearchSource
	for _, adapter := range all {
		if adapter.Scanner == nil {
			continue
		}
		sources = append(sources, tracing.SearchSource{Source: reading.TracingSource(adapter), Scanner: adapter.Scanner, Estimate: adapter.Estimator, ByKey: adapter.ByKey})
	}
	return sources
}

// print writes one flow with its messages.
func (t *trace) print(ctx context.Context, store *tracing.Store, key tracing.FlowKey) error {
	flow, err := store.Flow(ctx, key)
	if err != nil {
		return err
	}
	if t.printed++; t.printed == 1 {
		t.noteUnlisted(&flow.FlowSummary)
	}
	if t.document != "" {
		_ = t.writer.Write([]byte(output.Document(t.document, flow))) // Flush says it again
		return t.writer.Flush()
	}
	result := output.Trace{Flow: flow, Rules: t.settings.rules, Messages: stepMessages(ctx, store, flow.Steps)}
	if err := t.lines.WriteTrace(t.writer, &result); err != nil {
		return err
	}
	if err := t.writer.Flush(); err != nil || ctx.Err() == nil {
		return err
	}
	return context.Cause(ctx) // what it ended before is said of each step
}

// stepMessages yields the message of each step. After an interruption it yields that as the
// reason for the rest, so that the line which was begun comes to its end.
func stepMessages(ctx context.Context, store *tracing.Store, steps []tracing.Step) iter.Seq2[adapters.Message, error] {
	events := make([]tracing.Event, len(steps))
	for i := range steps {
		events[i] = steps[i].Event
	}
	return func(yield func(adapters.Message, error) bool) {
		for m, err := range store.Messages(ctx, events) {
			if err != nil && ctx.Err() != nil {
				err = fmt.Errorf("not read: %w", context.Cause(ctx))
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

// noteUnlisted says which events of a flow are counted and not listed, and whether it is
// that of a batch.
func (t *trace) noteUnlisted(flow *tracing.FlowSummary) {
	if flow.Entities > 0 {
		t.Note("about %s entities, such as orders, share the id of this flow, as those of a batch do; causes are guessed only within each of them", text.Count(int64(flow.Entities)))
	}
	if flow.Capped > 0 {
		t.Note("the flow has %s events, of which %s are listed: so many share an id that it may be a constant", text.Count(int64(flow.Events)), text.Count(int64(flow.Events-flow.Capped-flow.Evicted)))
	} else if flow.Evicted > 0 {
		t.Note("the oldest %s of the flow's %s events did not fit in memory; raise --memory", text.Count(int64(flow.Evicted)), text.Count(int64(flow.Events)))
	}
}

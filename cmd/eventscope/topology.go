package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/tracing/lag"
	"eventscope/tracing/topology"
	"eventscope/tui/text"
)

// mapper prints the map of services, destinations and consumers.
type mapper struct {
	*program
	reading reading.Flags
}

// mermaid is the format that only the map has.
const mermaid = "mermaid"

// Where the reading begins and how long it takes when nothing is said: what has a history
// shows its last minutes, and of what has none a little is watched.
const (
	mapFrom = "-10m"
	mapFor  = 5 * time.Second
)

func (p *program) topologyCommand() *cobra.Command {
	m := &mapper{program: p}
	cmd := &cobra.Command{
		Use: "topology [URL...]", Short: "Print the map of services, topics, queues and consumers",
		Long: "topology reads events for a while, asks the brokers what there is and who reads it, and prints who writes where, what leads where, and who reads it. " +
			"With -o mermaid it is a diagram that GitHub, GitLab and many wikis show in a document.\n\n" +
			"A service is on the map when it wrote an event that was read: without --from, --exit or --for these are the events of the last 10 minutes and of the next 5 seconds. " +
			"Where a broker has a management API, name it (management=): it tells the bindings.",
		RunE: p.command(m.run),
	}
	m.reading.Add(cmd)
	p.outputFlags(cmd)
	cmd.Flags().Lookup("output").Usage = "text, json or mermaid (default text on a terminal, json in a pipe)"
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(append(output.Kinds, mermaid), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (m *mapper) run(ctx context.Context, args []string) error {
	if m.reading == (reading.Flags{}) {
		m.reading = reading.Flags{Begin: reading.Begin{From: mapFrom}, Limit: mapFor}
	}
	extent, err := m.reading.Extent()
	if err != nil {
		return err
	}
	var format output.Format // none is a diagram
	if m.flags.format != mermaid {
		if err := m.knowsFormat(); err != nil {
			return err
		}
		if format, err = m.format(true); err != nil {
			return err
		}
	}
	settings, err := m.loadFor(args)
	if err != nil {
		return err
	}
	settings.memory.Limit()
	figures := reading.Figures{Started: time.Now()}
	sources, err := m.open(ctx, settings.sources)
	if err != nil {
		return err
	}
	defer sources.Close()
	known, interrupted, err := m.gather(ctx, settings, extent, sources, &figures)
	if err != nil {
		return err
	}
	graph := topology.Build(known)
	err = m.print(graph, format)
	m.printFigures(&figures)
	if err != nil || interrupted != nil {
		return cmp.Or(err, interrupted)
	}
	if len(graph.Nodes) == 0 {
		err = &exit.NothingFound{Searched: "no service, topic, exchange or queue was found"}
	}
	return sources.Answer(err)
}

// knowsFormat refuses a format that there is not, with all those that there are.
func (m *mapper) knowsFormat() error {
	if kind := m.flags.format; kind != "" && !slices.Contains(output.Kinds, kind) {
		return &adapters.Problem{
			Doing: fmt.Sprintf("write the output as %q", kind), Cause: "unknown format", Remedy: "use -o text, json or mermaid", Kind: adapters.ErrUsage,
		}
	}
	return nil
}

// gather reads events, and asks the brokers. What was read until an interrupt is printed, too.
func (m *mapper) gather(ctx context.Context, settings *settings, extent reading.Extent, sources *reading.Sources, figures *reading.Figures) (known *topology.Known, interrupted, err error) {
	index := reading.StartIndex(settings.tracing())
	defer index.Stop()
	within, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	figures.Events, err = index.Read(within, cancel, extent, sources)
	interrupted = context.Cause(within)
	if err != nil && interrupted == nil {
		return nil, nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if err := errors.Join(index.Sync(ctx), index.Settle(ctx)); err != nil {
		return nil, nil, err
	}
	known = &topology.Known{Groups: settings.file.Services}
	if known.Traffic, err = index.Traffic(ctx); err != nil {
		return nil, nil, err
	}
	figures.AddDropped(sources)
	figures.AddIndex(index.Counters())
	if interrupted == nil {
		m.ask(ctx, known, sources)
	}
	if n := index.Counters().Evicted; n > 0 {
		m.Note("%s of %s events did not fit in memory and are not counted; raise --memory, or read less with --from", text.Count(n), text.Count(index.Counters().Events))
	}
	return known, interrupted, nil
}

// askLimit is how long the brokers may take to say what there is.
const askLimit = 30 * time.Second

// ask has the brokers tell what there is and who reads it. What one cannot tell is said, and
// the map goes without.
func (m *mapper) ask(ctx context.Context, known *topology.Known, sources *reading.Sources) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	words := m.brokers.Words()
	all := make([]topology.Source, len(sources.Open))
	for i, adapter := range sources.Open {
		all[i] = topology.Source{Name: adapter.Name, Broker: adapter.Broker, Seen: words[adapter.Broker].Seen, Topology: adapter.Topology}
	}
	var troubles []lag.Trouble
	known.Brokers, troubles = topology.Gather(ctx, all, nil)
	for _, trouble := range troubles {
		sources.Lack(trouble.Source, trouble.Err)
	}
	known.Consumers = m.consumers(ctx, sources)
}

func (m *mapper) print(graph *topology.Graph, format output.Format) error {
	if len(graph.Nodes) == 0 {
		return nil
	}
	writer := output.NewWriter(m.Stdout)
	lines := writer.Available()
	if format == nil {
		lines = append(lines, graph.Mermaid()...)
	} else {
		lines = format.AppendTopology(lines, graph)
	}
	if err := writer.Write(lines); err != nil {
		return err
	}
	return writer.Flush()
}

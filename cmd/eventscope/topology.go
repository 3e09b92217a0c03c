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
	"eventscope/cmd/internal/output"
	"eventscope/tracing"
	"eventscope/tracing/topology"
)

// mapper prints the map of services, destinations and consumers.
type mapper struct {
	*program
	reading readingFlags
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
			"RabbitMQ tells its bindings by the management API (management=).",
		Example: "  eventscope topology kafka://localhost:9092\n" +
			"  eventscope topology kafka://localhost:9092 'amqp://bob@rabbit/shop?management=http://rabbit:15672' -o mermaid\n" +
			"  eventscope topology kafka://localhost:9092 --from -24h --exit -o json",
		RunE: p.command(m.run),
	}
	m.reading.add(cmd)
	p.outputFlags(cmd)
	cmd.Flags().Lookup("output").Usage = "text, json or mermaid (default text on a terminal, json in a pipe)"
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(append(output.Kinds, mermaid), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (m *mapper) run(ctx context.Context, args []string) error {
	if m.reading == (readingFlags{}) {
		m.reading = readingFlags{from: mapFrom, limit: mapFor}
	}
	reading, err := m.reading.reading()
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
	settings.limitMemory()
	figures := statistics{started: time.Now()}
	sources, err := m.open(ctx, settings.sources)
	if err != nil {
		return err
	}
	defer sources.close()
	known, interrupted, err := m.look(ctx, settings, reading, sources, &figures)
	if err != nil {
		return err
	}
	graph := topology.Build(known)
	err = m.print(graph, format)
	m.printStatistics(&figures)
	partly := sources.outcome()
	switch {
	case err != nil, interrupted != nil:
		return cmp.Or(err, interrupted)
	case partly != nil:
		return partly
	case len(graph.Nodes) == 0:
		return &nothingFound{"no service, topic, exchange or queue was found"}
	}
	return nil
}

// knowsFormat refuses a format that there is not, with all those that there are.
func (m *mapper) knowsFormat() error {
	if kind := m.flags.format; kind != "" && !slices.Contains(output.Kinds, kind) {
		return &adapters.Problem{
			Doing: fmt.Sprintf("write the output as %q", kind), Cause: "there is no such format", Remedy: "use -o text, json or mermaid", Kind: adapters.ErrUsage,
		}
	}
	return nil
}

// look reads events, and asks the brokers. What was read until an interrupt is printed, too.
func (m *mapper) look(ctx context.Context, settings *settings, reading reading, sources *opened, figures *statistics) (known *topology.Known, interrupted, err error) {
	index := startIndex(settings.tracing())
	defer index.stop()
	reader := flows{program: m.program}
	within, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err = reader.collect(within, cancel, reading, sources, index, figures)
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
	figures.addDropped(sources)
	figures.addIndex(index.Counters())
	if interrupted == nil {
		m.ask(ctx, known, sources)
	}
	if n := index.Counters().Evicted; n > 0 {
		m.note("%d of %d events did not fit in memory and are not counted; raise --memory, or read less with --from", n, index.Counters().Events)
	}
	return known, interrupted, nil
}

// askLimit is how long the brokers may take to say what there is.
const askLimit = 30 * time.Second

// ask has the brokers tell what there is and who reads it. What one cannot tell is said, and
// the map goes without.
func (m *mapper) ask(ctx context.Context, known *topology.Known, sources *opened) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	consumers := &lag{program: m.program, told: make(map[string]bool), above: -1, sources: sources, series: tracing.NewLagSeries(tracing.LagConfig{})}
	for _, adapter := range sources.adapters {
		facts, problems := factsOf(ctx, adapter)
		known.Brokers = append(known.Brokers, facts)
		for _, problem := range problems {
			m.note("%w", problem)
		}
		if reader, ok := adapter.(adapters.LagReader); ok {
			consumers.readers = append(consumers.readers, lagReader{reader, adapter.Name()})
		}
	}
	found, err := consumers.look(ctx, true)
	if err != nil {
		m.note("%w", fmt.Errorf("cannot ask who reads: %w", err))
	}
	for _, c := range found {
		known.Consumers = append(known.Consumers, topology.Consumer{Source: c.Source, Broker: brokerOf(sources, c.Source), Lag: &c.Lag, Standing: c.Group})
	}
}

func brokerOf(sources *opened, name string) adapters.Broker {
	for _, adapter := range sources.adapters {
		if adapter.Name() == name {
			return adapter.Broker()
		}
	}
	return ""
}

// factsOf is what a broker tells of itself, as far as it does.
func factsOf(ctx context.Context, adapter adapters.Adapter) (facts topology.Facts, problems []error) {
	facts = topology.Facts{Source: adapter.Name(), Broker: adapter.Broker()}
	told, ok := adapter.(adapters.Topology)
	if !ok {
		return facts, nil
	}
	var err error
	if facts.Destinations, err = told.Destinations(ctx); err != nil {
		problems = append(problems, err)
	}
	if facts.Bindings, err = told.Bindings(ctx); err != nil {
		problems = append(problems, err)
	}
	return facts, problems
}

func (m *mapper) print(graph *topology.Graph, format output.Format) error {
	if len(graph.Nodes) == 0 {
		return nil
	}
	writer := output.NewWriter(m.stdout)
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

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters/driver"
	"eventscope/adapters/schemas"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/tracing/versions"
	"eventscope/tui/text"
)

// schemasPrinter prints which versions of types there are.
type schemasPrinter struct {
	*program
	reading reading.Flags
	failOn  []string
	only    string // a type
}

// What --fail-on takes, and which versions that are.
var failures = map[string]func(v *versions.Version) bool{
	"old":      func(v *versions.Version) bool { return v.State == versions.Old || v.State == versions.Back },
	"breaking": func(v *versions.Version) bool { return v.State != versions.Gone && v.Breaking() },
	"broke":    func(v *versions.Version) bool { return len(v.Broke) > 0 },
	"misfit":   func(v *versions.Version) bool { return v.Misfits > 0 },
	"unknown":  func(v *versions.Version) bool { return v.State == versions.Unknown },
}

var failureNames = []string{"old", "breaking", "broke", "misfit", "unknown"}

// versionsFailed says that there are versions of the kinds that --fail-on names.
type versionsFailed struct {
	first *versions.Version
	on    string
	all   int
}

// ExitCode is [exit.Partly].
func (f *versionsFailed) ExitCode() int { return exit.Partly }

func (f *versionsFailed) Error() string {
	said := fmt.Sprintf("%s %s of %s is %s", f.first.Type, f.first.Name, f.first.Destination, f.on)
	switch f.on {
	case "broke":
		said = fmt.Sprintf("%s %s of %s broke %s", f.first.Type, f.first.Name, f.first.Destination, f.first.Broke[0].Told(f.first))
	case "misfit":
		said = fmt.Sprintf("%s values of %s %s of %s are not what they claim to be", text.Count(f.first.Misfits), f.first.Type, f.first.Name, f.first.Destination)
	}
	if f.all > 1 {
		said += fmt.Sprintf("; --fail-on meets %d versions", f.all)
	}
	return said
}

func (p *program) schemasCommand() *cobra.Command {
	s := &schemasPrinter{program: p}
	cmd := &cobra.Command{
		Use: "schemas [URL...]", Short: "Print which versions of each event are in flight, who writes them, and for whom they broke",
		Long: "schemas reads events for a while and prints a line per version of each type of event: its share and rate, since when it is there, which services write it, " +
			"what changed since the version before, and which consumer stands at its first message or has dead letters of it.\n\n" +
			"A version is the schema that the value names (with registry= in the URL), else what the event declares (OrderPlaced_v2, schema_version, dataschema), else the shape of its JSON. " +
			"Without --from, --exit or --for the events of the last 10 minutes and of the next 5 seconds are read.",
		RunE: p.command(s.run),
	}
	s.addFlags(cmd)
	cmd.AddCommand(p.schemasShowCommand(), p.schemasDiffCommand())
	return cmd
}

// addFlags adds those of a command that reads events.
func (s *schemasPrinter) addFlags(cmd *cobra.Command) {
	s.reading.Add(cmd)
	cmd.Flags().StringSliceVar(&s.failOn, "fail-on", nil, "exit with 5 when there is such a version: "+strings.Join(failureNames, ", "))
	_ = cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(failureNames, cobra.ShellCompDirectiveNoFileComp))
	s.outputFlags(cmd)
}

func (p *program) schemasShowCommand() *cobra.Command {
	s := &schemasPrinter{program: p}
	cmd := &cobra.Command{
		Use: "show TYPE [URL...]", Short: "Print all that is known of the versions of one type of event, with their schemas",
		Long: "show reads events as eventscope schemas does, and prints the versions of one type, each with its schema.",
	}
	cmd.RunE = p.command(func(ctx context.Context, args []string) error {
		if len(args) == 0 || strings.Contains(args[0], "://") {
			return exit.Usage("name a type of events, as in eventscope schemas show OrderPlaced URL")
		}
		s.only = args[0]
		return s.run(ctx, args[1:])
	})
	s.addFlags(cmd)
	return cmd
}

func (s *schemasPrinter) run(ctx context.Context, args []string) error {
	for _, name := range s.failOn {
		if err := oneOf("--fail-on", name, failureNames); err != nil {
			return err
		}
	}
	if s.reading == (reading.Flags{}) {
		s.reading = reading.Flags{Begin: reading.Begin{From: mapFrom}, Limit: mapFor}
	}
	extent, err := s.reading.Extent()
	if err != nil {
		return err
	}
	format, err := s.format(true)
	if err != nil {
		return err
	}
	settings, err := s.loadFor(args)
	if err != nil {
		return err
	}
	settings.memory.Limit()
	figures := reading.Figures{Started: time.Now()}
	sources, err := s.open(ctx, settings.sources)
	if err != nil {
		return err
	}
	defer sources.Close()
	found, interrupted, err := s.gather(ctx, settings, extent, sources, &figures)
	if err != nil {
		return err
	}
	err = s.print(found, format)
	s.printFigures(&figures)
	if err != nil || interrupted != nil {
		return cmp.Or(err, interrupted)
	}
	return s.end(found, sources, figures.Events)
}

// gather reads events, and asks who is behind. What was read until an interrupt is told, too.
func (s *schemasPrinter) gather(ctx context.Context, settings *settings, extent reading.Extent, sources *reading.Sources, figures *reading.Figures) (found []*versions.Version, interrupted, err error) {
	index := reading.StartIndex(settings.tracing())
	defer index.Stop()
	within, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	figures.Events, err = index.Read(within, cancel, extent, sources)
	if interrupted = context.Cause(within); err != nil && interrupted == nil {
		return nil, nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if err := index.Sync(ctx); err != nil {
		return nil, nil, err
	}
	known := &versions.Known{}
	if known.Seen, err = index.Versions(ctx); err != nil {
		return nil, nil, err
	}
	figures.AddDropped(sources)
	figures.AddIndex(index.Counters())
	if interrupted == nil {
		asking, cancel := context.WithTimeout(ctx, askLimit)
		defer cancel()
		known.Consumers = s.consumers(asking, sources)
		place(asking, known.Seen)
	}
	found = versions.Build(known)
	if s.only != "" {
		found = slices.DeleteFunc(found, func(v *versions.Version) bool { return v.Type != s.only })
	}
	if s.only != "" && interrupted == nil {
		s.judge(ctx, found, sources)
	}
	return found, interrupted, nil
}

// place waits until it is known of which subjects the schemas are versions, which is asked beside the
// reading of events: that of a few events has ended before.
func place(ctx context.Context, seen []versions.Seen) {
	for i := range seen {
		if catalogue, ok := seen[i].Schemas.(schemas.Catalogue); ok && seen[i].Ref.By != schemas.ByNothing {
			_, _ = catalogue.Schema(ctx, seen[i].Ref) // an error is told with the version
		}
	}
}

// judge asks the registries what they say of versions. One that does not answer is said once.
func (s *schemasPrinter) judge(ctx context.Context, found []*versions.Version, sources *reading.Sources) {
	silent := map[string]bool{}
	for _, v := range found {
		i := slices.IndexFunc(sources.Open, func(source *driver.Source) bool { return source.Name == v.Source })
		if i < 0 || v.Schema == nil || silent[v.Source] {
			continue
		}
		judge, ok := sources.Open[i].Schemas.(schemas.Judge)
		if !ok {
			continue
		}
		verdict, err := judge.Verdict(ctx, v.OlderSchema(), v.Schema)
		switch {
		case errors.Is(err, errors.ErrUnsupported):
		case err != nil:
			silent[v.Source] = true
			s.Note("%s: what the registry says of versions is not known: %w", v.Source, err)
		default:
			v.Verdict = &verdict
		}
	}
}

func (s *schemasPrinter) print(found []*versions.Version, format output.Format) error {
	writer := output.NewWriter(s.Stdout)
	for _, v := range found {
		if err := writer.Write(format.AppendVersion(writer.Available(), v, s.only != "")); err != nil {
			return err
		}
	}
	return writer.Flush()
}

// end is how the command ends: what --fail-on finds goes before what could not be read.
func (s *schemasPrinter) end(found []*versions.Version, sources *reading.Sources, events int64) error {
	var failed *versionsFailed
	for _, v := range found {
		i := slices.IndexFunc(s.failOn, func(name string) bool { return failures[name](v) })
		switch {
		case i < 0:
		case failed == nil:
			failed = &versionsFailed{first: v, on: s.failOn[i], all: 1}
		default:
			failed.all++
		}
	}
	var err error
	switch {
	case failed != nil:
		return errors.Join(failed, sources.Outcome())
	case len(found) > 0:
	case events == 0:
		err = &exit.NothingFound{Searched: "no event was found"}
	case s.only != "":
		err = &exit.NothingFound{Searched: fmt.Sprintf("no event of the type %s; %s events were read", s.only, text.Count(events))}
	}
	return sources.Answer(err)
}

package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"eventscope/adapters/driver"
	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/tracing/versions"
)

// schemasDiff prints what differs between two schemas of a registry.
type schemasDiff struct {
	*program
	failOn []string
}

func (p *program) schemasDiffCommand() *cobra.Command {
	d := &schemasDiff{program: p}
	cmd := &cobra.Command{
		Use: "diff FROM TO [URL...]", Short: "Print what differs between two schemas of a registry, and what of it breaks readers",
		Long: "diff asks the registry of the sources for two schemas, each by its id or as SUBJECT@VERSION, and prints a line per difference. " +
			"What is breaking is judged here: one of the two schemas cannot read what was written with the other. What the registry says of two versions of one subject stands below. Nothing of the broker is read.",
		RunE: p.command(d.run),
	}
	cmd.Flags().StringSliceVar(&d.failOn, "fail-on", nil, "exit with 5 when there is such a difference: breaking")
	d.outputFlags(cmd)
	return cmd
}

func (d *schemasDiff) run(ctx context.Context, args []string) error {
	if len(args) < 2 || slices.ContainsFunc(args[:2], func(name string) bool { return strings.Contains(name, "://") }) {
		return exit.Usage("name two schemas, as in eventscope schemas diff orders-value@1 orders-value@2 URL")
	}
	for _, name := range d.failOn {
		if err := oneOf("--fail-on", name, []string{"breaking"}); err != nil {
			return err
		}
	}
	format, err := d.format(true)
	if err != nil {
		return err
	}
	settings, err := d.loadFor(args[2:])
	if err != nil {
		return err
	}
	for i := range settings.sources {
		settings.sources[i].Purpose = driver.ToInspect
	}
	sources, err := d.open(ctx, settings.sources)
	if err != nil {
		return err
	}
	defer sources.Close()
	var difference output.Difference
	var at *driver.Source
	for i, to := range []**schemas.Schema{&difference.From, &difference.To} {
		if *to, at, err = find(ctx, sources.Open, args[i]); err != nil {
			return err
		}
	}
	judge, _ := at.Schemas.(schemas.Judge)
	return d.print(ctx, &difference, judge, format)
}

// verdict is what the registry says of two schemas of one subject, the newer one and whether it says
// anything.
func (d *schemasDiff) verdict(ctx context.Context, between *output.Difference, judge schemas.Judge) (older, newer *schemas.Schema, said *schemas.Verdict) {
	older, newer = between.From, between.To
	if older.Place().Version > newer.Place().Version {
		older, newer = newer, older
	}
	if judge == nil || older.Place().Subject == "" || older.Place().Subject != newer.Place().Subject {
		return older, newer, nil
	}
	verdict, err := judge.Verdict(ctx, older, newer)
	if err != nil {
		d.Note("what the registry says of them is not known: %w", err)
		return older, newer, nil
	}
	return older, newer, &verdict
}

// find asks the registries of the sources for a schema that a person names, until one has it.
func find(ctx context.Context, sources []*driver.Source, name string) (found *schemas.Schema, at *driver.Source, err error) {
	err = exit.Usage("no source has a registry; name it with registry= in the URL")
	for _, source := range sources {
		catalogue, ok := source.Schemas.(schemas.Catalogue)
		if !ok {
			continue
		}
		id, notANumber := strconv.ParseUint(name, 10, 31)
		subject, version, named := strings.Cut(name, "@")
		switch n, wrong := strconv.Atoi(version); {
		case notANumber == nil:
			found, err = catalogue.Schema(ctx, schemas.Ref{By: schemas.ByID, ID: id})
		case named && wrong == nil && n > 0 && subject != "":
			found, err = catalogue.Version(ctx, subject, n)
		default:
			return nil, nil, exit.Usage("%q is no schema: give its id, or SUBJECT@VERSION such as orders-value@3", name)
		}
		if err == nil {
			return found, source, nil
		}
	}
	return nil, nil, err
}

func (d *schemasDiff) print(ctx context.Context, difference *output.Difference, judge schemas.Judge, format output.Format) error {
	changes, compared := payload.Changes(difference.From, difference.To)
	if !compared {
		return fmt.Errorf("schemas in %s are not compared", payload.FormatName(difference.From.Format))
	}
	writer := output.NewWriter(d.Stdout)
	for _, difference.Change = range changes {
		if err := writer.Write(format.AppendDifference(writer.Available(), difference)); err != nil {
			return err
		}
	}
	if older, newer, said := d.verdict(ctx, difference, judge); said != nil {
		if err := writer.Write(format.AppendVerdict(writer.Available(), older, newer, said)); err != nil {
			return err
		}
	}
	if err := writer.Flush(); err != nil {
		return err
	}
	breaks := slices.IndexFunc(changes, func(c versions.Change) bool { return c.Breaking })
	if breaks >= 0 && len(d.failOn) > 0 {
		return &schemasDiffer{difference, changes[breaks]}
	}
	return nil
}

// schemasDiffer says that two schemas cannot read each other's values.
type schemasDiffer struct {
	between *output.Difference
	by      versions.Change
}

// ExitCode is [exit.Partly].
func (s *schemasDiffer) ExitCode() int { return exit.Partly }

func (s *schemasDiffer) Error() string {
	return fmt.Sprintf("%s breaks readers of %s: %s", s.between.To.Title(), s.between.From.Title(), versions.Told(&s.by))
}

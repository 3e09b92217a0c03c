package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"eventscope/cmd/internal/config"
	"eventscope/cmd/internal/source"
	"eventscope/tui/text"
)

func (p *program) configCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "config", Short: "Check the config, and show what is in effect",
	}
	parent.AddCommand(
		&cobra.Command{
			Use: "check", Short: "Check the config file", Args: cobra.NoArgs,
			RunE: p.command(p.checkConfig),
		},
		&cobra.Command{
			Use: "sources [URL...]", Short: "Show the sources in use and what set each value; secrets are not shown",
			RunE: p.command(p.showSources),
		})
	p.needsCommand(parent)
	return parent
}

// checkConfig loads the file, and the secrets of every context.
func (p *program) checkConfig(context.Context, []string) error {
	path, _, _ := config.Locate(p.flags.config, p.getenv)
	file, err := config.Load(p.flags.config, p.getenv, p.brokers)
	if err != nil {
		return err
	}
	if file.Path == "" {
		fmt.Fprintf(p.Stdout, "no config file at %s (optional)\n", clean(path))
		return nil
	}
	sources := 0
	for _, name := range slices.Sorted(maps.Keys(file.Contexts)) {
		opened, err := file.Open(file.Contexts[name], p.getenv)
		if err != nil {
			return err
		}
		sources += len(opened)
	}
	fmt.Fprintf(p.Stdout, "%s is valid (contexts: %d, sources: %d, mappings: %d, paths: %d, services: %d)\n",
		clean(file.Path), len(file.Contexts), sources, len(file.Mappings), len(file.Paths), len(file.Services))
	return nil
}

// showSources prints every source with what it was made of.
func (p *program) showSources(_ context.Context, args []string) error {
	s, err := p.loadFor(args)
	if err != nil {
		return err
	}
	path, from, _ := config.Locate(p.flags.config, p.getenv)
	if s.file.Path == "" {
		from += ", not there"
	}
	rows := [][3]string{{"config", path, from}}
	if s.context != "" {
		rows = append(rows, [3]string{"context", s.context, contextFrom(p.flags.context)})
	}
	rows = append(rows, [3]string{"memory", config.FormatMemory(int64(s.memory)), s.memoryFrom})
	access, accessFrom := "read-only", "default"
	switch {
	case !s.readOnly:
		access, accessFrom = "read and write", "--write"
	case s.context != "" && s.file.Contexts[s.context].ReadOnly:
		accessFrom = "config"
	}
	rows = append(rows, [3]string{"access", access, accessFrom})
	sourceFrom := "command line"
	if s.context != "" {
		sourceFrom = "config"
	}
	for _, source := range s.sources {
		rows = append(rows, [3]string{"source " + source.Name, source.String(), sourceFrom})
		if source.User != "" || source.Password != "" {
			rows = append(rows, [3]string{"  password", passwordState(source), source.PasswordFrom})
		}
	}
	p.printRows(rows)
	return nil
}

func contextFrom(flag string) string {
	if flag != "" {
		return "--context"
	}
	return "current, config"
}

func passwordState(s source.Source) string {
	if s.Password == "" {
		return "none"
	}
	return "***"
}

func (p *program) printRows(rows [][3]string) {
	var widths [2]int
	for _, row := range rows {
		widths[0], widths[1] = max(widths[0], len(row[0])), max(widths[1], len(row[1]))
	}
	for _, row := range rows {
		line := fmt.Sprintf("%-*s  %-*s  %s", widths[0], row[0], widths[1], row[1], row[2])
		fmt.Fprintln(p.Stdout, clean(strings.TrimRight(line, " ")))
	}
}

// clean makes a text of strangers printable.
func clean(s string) string { return text.Cleaner{}.String(s).String() }

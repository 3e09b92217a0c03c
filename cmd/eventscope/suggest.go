package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	// What cobra's errors about flags are made of; cobra itself depends on it.
	"github.com/spf13/pflag"

	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/source"
	"eventscope/cmd/internal/spelling"
)

// flagProblem is an error about flags in our words, with what was probably meant.
func flagProblem(cmd *cobra.Command, err error) error {
	unknown := (*pflag.NotExistError)(nil)
	if !errors.As(err, &unknown) {
		return err
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	name := unknown.GetSpecifiedName()
	if short := unknown.GetSpecifiedShortnames(); short != "" {
		word, _, _ := strings.Cut(short, "=")
		if guess := spelling.Nearest(word, known); guess != "" && len(word) > 1 {
			return exit.Usage("unknown flag: -%s; did you mean --%s?", word, guess)
		}
		return exit.Usage("unknown flag: -%s", name)
	}
	if guess := spelling.Nearest(name, known); guess != "" {
		return exit.Usage("unknown flag: --%s; did you mean --%s?", name, guess)
	}
	return exit.Usage("unknown flag: --%s", name)
}

// needsCommand makes a command that is nothing but the head of others say so.
func (p *program) needsCommand(cmd *cobra.Command) {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = p.command(func(_ context.Context, args []string) error {
		known := names(cmd)
		if len(args) == 0 {
			return exit.Usage("%s needs one of its commands: %s", cmd.Name(), strings.Join(known, ", "))
		}
		if guess := spelling.Nearest(args[0], known); guess != "" {
			return exit.Usage("unknown command %q of %s; did you mean %s?", source.Redact(args[0]), cmd.Name(), guess)
		}
		return exit.Usage("unknown command %q of %s; it has %s", source.Redact(args[0]), cmd.Name(), strings.Join(known, ", "))
	})
}

// completeURLs completes the URLs of all commands that take some.
func (p *program) completeURLs(commands []*cobra.Command) {
	for _, command := range commands {
		if strings.Contains(command.Use, "URL...") && command.ValidArgsFunction == nil {
			command.ValidArgsFunction = func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
				return p.brokers.Complete(begun), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
			}
		}
		p.completeURLs(command.Commands())
	}
}

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

// elsewhere are flags of other tools that people try, with what says the same here.
var elsewhere = map[string]string{
	"json":             "write -o json",
	"topic":            intoURL,
	"topics":           intoURL,
	"t":                intoURL,
	"queue":            intoURL,
	"bootstrap-server": brokerURL,
	"broker":           brokerURL,
	"brokers":          brokerURL,
	"b":                brokerURL,
	"url":              brokerURL,
	"from-beginning":   "write --from beginning",
	"beginning":        "write --from beginning",
	"n":                "write --limit",
	"f":                "events are followed unless --exit is given",
	"user":             "the user stands in the URL, before the host: user@host",
	"password":         "a password comes from EVENTSCOPE_PASSWORD, a file (password_file= in the URL) or the config",
	"dry-run":          "nothing is written without --write; eventscope dlq plan shows what would be",
	"yes":              confirmIt,
	"force":            confirmIt,
}

const (
	brokerURL = "name the broker by its URL, without a flag"
	intoURL   = "name it in the URL"
	confirmIt = "write --confirm and the number of letters that the plan says"
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
	says, isElsewhere := elsewhere[name]
	if short := unknown.GetSpecifiedShortnames(); short != "" {
		word, _, _ := strings.Cut(short, "=")
		if guess := spelling.Nearest(word, known); guess != "" && len(word) > 1 {
			return exit.Usage("unknown flag: -%s; did you mean --%s?", word, guess)
		}
		if isElsewhere && len(word) == 1 {
			return exit.Usage("unknown flag: -%s; %s", name, says)
		}
		return exit.Usage("unknown flag: -%s", name)
	}
	if isElsewhere {
		return exit.Usage("unknown flag: --%s; %s", name, says)
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

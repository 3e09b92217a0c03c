package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/cmd/internal/config"
	"eventscope/cmd/internal/console"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/help"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/cmd/internal/source"
	"eventscope/cmd/internal/spelling"
	"eventscope/tui"
	"eventscope/tui/stage"
)

// program is one invocation of eventscope.
type program struct {
	*console.Console
	getenv func(string) string

	stage    *stage.Stage // the terminal of screens
	brokers  source.Drivers
	flags    flags
	commands []string // the names of all
	err      error    // of the command that ran
}

// flags are those that every command has.
type flags struct {
	config, context, memory, log string
	begin                        reading.Begin // of the screen
	write                        config.Consent
	noColor                      bool
	notify                       string // of the screen
	noMouse                      bool
	colour                       string
	format                       string
	stats                        bool
}

func newProgram(stdin, stdout, stderr *os.File, getenv func(string) string) *program {
	return &program{Console: console.New(stdin, stdout, stderr), getenv: getenv, brokers: brokers, stage: stage.New(stdin, stdout)}
}

// run runs a command line and returns the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	ctx, stop := withSignals(ctx)
	defer stop()
	urls := slices.Clone(args)
	for i := range urls { // what is copied in place of a URL is told as one
		urls[i], _ = p.brokers.Pasted(urls[i])
	}
	p.Mask = p.brokers.NewMask(urls)
	root := p.root()
	root.SetArgs(args)
	root.SetFlagErrorFunc(flagProblem)
	root.SetOut(p.Stdout)
	err := root.ExecuteContext(ctx)
	p.stage.Close()
	if err != nil { // cobra's own errors are all about the command line
		err = exit.Usage("%w; see eventscope --help", err)
	} else {
		err = p.err
	}
	code := exit.Code(err)
	if code != exit.Done && code != exit.Interrupted && !exit.IsPrinted(err) {
		fmt.Fprint(p.Stderr, p.Sentences(err))
	}
	return code
}

// root is the command without a name: the screen.
func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "eventscope [URL...]",
		Short: "Watch events move through " + p.brokers.Products() + ", and follow one order across services",
		Long: "eventscope shows what happens in an event-driven system: the events as they arrive, the flow that one order took " +
			"over every topic, queue and service, and what is missing from it. Looking changes nothing on a broker; where a look would, it asks first.\n\n" +
			"Without a command it opens the screen on the URLs, or on the current context of the config; without these, it asks what to look at.\n\n" +
			"A URL may have these parameters, behind a question mark, with & between them:" + p.brokers.Help(),
		Args:    cobra.ArbitraryArgs,
		RunE:    p.command(p.screen),
		Version: version(), SilenceErrors: true, SilenceUsage: true, // errors are printed by run
	}
	p.flags.begin.Add(root, "the newest 500 messages")
	p.screenFlags(root)
	f := root.PersistentFlags()
	f.StringVar(&p.flags.config, "config", "", "config file (default $XDG_CONFIG_HOME/eventscope/config.yaml)")
	f.StringVar(&p.flags.context, "context", "", "context of the config to use instead of the current one")
	f.StringVar(&p.flags.memory, "memory", "", "memory for index and caches (default 512MiB)")
	f.Var(&p.flags.write, "write", "allow writes; everything is read-only without it; --write=NAME for a context of production")
	f.Lookup("write").NoOptDefVal = "true"
	f.StringVar(&p.flags.colour, "color", "auto", "colour: auto, always or never")
	f.BoolVar(&p.flags.noColor, "no-color", false, "disable colour (like NO_COLOR), the same as --color never")
	f.StringVar(&p.flags.log, "log", "", "file to append a log of connections and problems to")
	_ = root.RegisterFlagCompletionFunc("context", p.completeContexts)
	_ = root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(colours, cobra.ShellCompDirectiveNoFileComp))
	root.AddCommand(p.demoCommand(), p.tailCommand(), p.traceCommand(), p.compareCommand(), p.flowsCommand(), p.lagCommand(), p.topologyCommand(), p.schemasCommand(), p.dlqCommand(), p.configCommand(), p.versionCommand(), p.manCommand())
	help.Attach(root, p.Stdout, p.coloured)
	p.commands = names(root)
	p.completeURLs([]*cobra.Command{root})
	return root
}

// screenFlags adds the flags of commands that open the screen.
func (p *program) screenFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.flags.notify, "notify", "", "tell of failed and stuck flows, dead letters and lag: bell, osc9, osc777 or a program")
	cmd.Flags().BoolVar(&p.flags.noMouse, "no-mouse", false, "leave the mouse to the terminal, so that it selects text")
}

// command wraps the work of a command: what it returns is kept for run, so that cobra's own errors
// can be told from it.
func (p *program) command(work func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if p.err = oneOf("--color", p.flags.colour, colours); p.err != nil {
			return nil
		}
		p.err = p.Logged(p.flags.log, func() error {
			err := work(cmd.Context(), args)
			if cause := context.Cause(cmd.Context()); errors.Is(cause, exit.ErrInterrupted) && (err == nil || adapters.IsEnd(err)) {
				return cause
			}
			return err
		})
		return nil
	}
}

// outputFlags adds the flags of commands that print results.
func (p *program) outputFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&p.flags.format, "output", "o", "", "text or json (default text on a terminal, json in a pipe)")
	cmd.Flags().BoolVar(&p.flags.stats, "stats", false, "at the end, print one JSON line of figures to standard error")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(output.Kinds, cobra.ShellCompDirectiveNoFileComp))
}

// format is the output's format by the flags and by what reads it.
func (p *program) format(noValue bool) (output.Format, error) {
	options := output.Options{Kind: p.flags.format, NoValue: noValue, Terminal: console.IsTerminal(p.Stdout), ASCII: !tui.UTF8Locale(p.getenv), Colour: p.coloured()}
	if options.Terminal {
		options.Width, _, _ = term.GetSize(p.Stdout.Fd())
	} else {
		options.ASCII = false
	}
	if options.Kind == "" {
		options.Kind = "json"
		if options.Terminal {
			options.Kind = "text"
		}
	}
	return output.New(options)
}

// colours are the values of --color.
var colours = []string{"auto", "always", "never"}

// coloured reports whether what is printed for people has colours.
func (p *program) coloured() bool {
	if p.flags.noColor || p.flags.colour != "auto" && p.flags.colour != "always" {
		return false
	}
	return p.flags.colour == "always" || console.IsTerminal(p.Stdout) && p.getenv("NO_COLOR") == "" && p.getenv("TERM") != "dumb"
}

// notAURL is the error for an argument that is neither URL nor command.
func (p *program) notAURL(argument string, commands []string) error {
	shown := source.Redact(argument)
	if guess := spelling.Nearest(argument, commands); guess != "" {
		return exit.Usage("%q is neither a command nor a URL; did you mean %s?", shown, guess)
	}
	if address, ok := source.Address(argument); ok {
		return exit.Usage("%q is no URL; did you mean %s?", shown, p.brokers.Examples(address))
	}
	return exit.Usage("%q is neither a command nor a URL such as %s; see eventscope --help", shown, p.brokers[0].Example)
}

// completeContexts lists the contexts of the config for the shell.
func (p *program) completeContexts(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	file, err := config.Load(p.flags.config, p.getenv, p.brokers)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for name := range file.Contexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, cobra.ShellCompDirectiveNoFileComp
}

// oneOf checks a flag's value against the few it may have.
func oneOf(flag, value string, known []string) error {
	if slices.Contains(known, value) {
		return nil
	}
	if guess := spelling.Nearest(value, known); guess != "" {
		return exit.Usage("%s %q: did you mean %s?", flag, value, guess)
	}
	return exit.Usage("%s %q is none of %s", flag, value, strings.Join(known, ", "))
}

// printFigures prints the line of --stats, if it is wanted.
func (p *program) printFigures(figures *reading.Figures) {
	if p.flags.stats {
		figures.Print(p.Stderr)
	}
}

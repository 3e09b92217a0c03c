package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
	"eventscope/adapters/envelope"
	"eventscope/adapters/figure"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/cmd/internal/source"
	"eventscope/replay"
	"eventscope/tracing/query"
	"eventscope/tui/text"
)

// dlq is what the commands about dead letters have in common.
type dlq struct {
	*program
	filter string
	all    bool
	peek   bool // into every dead-letter queue, whether it is named or not
	to     string

	confirmed []string // destinations that were named though only letters name them
	plan      string   // the id that was seen

	maxReplays, confirm, canary, window int
	rate, reason                        string
	resumes                             bool // a run that has its pace

	others, misfits int // letters that the filter leaves out, and could not be applied to

	settings *settings
	sources  *reading.Sources
	service  *replay.Service

	there       *source.Source // another cluster that letters are sent to, as it is named
	elsewhere   *replay.Source // and opened
	destination deadletter.Target
	closing     []func() error
	figures     reading.Figures
	noDLQ       bool // no destination of dead letters was found
}

func (p *program) dlqCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "dlq", Short: "Inspect, replay, discard and restore dead letters",
		Long: "dlq lists what is in dead-letter topics and queues, and deals with it. Topics and queues that a URL names are taken for those of dead letters; " +
			"where none is named, they are found by what the broker is configured to, by their names and by headers.\n\n" +
			"Nothing is written without --write and the number of letters in --confirm. A letter is named by its position, as dlq list prints it.",
	}
	cmd.AddCommand(p.dlqList(), p.dlqGroups(), p.dlqShow(), p.dlqPlan(), p.dlqReplay(), p.dlqDiscard(), p.dlqRestore(), p.dlqResume(), p.dlqAbort(), p.dlqJournal())
	p.needsCommand(cmd)
	return cmd
}

// command wraps the work of a command: what it opened is closed at its end.
func (d *dlq) command(work func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return d.program.command(func(ctx context.Context, args []string) error {
		defer d.close()
		return work(ctx, args)
	})
}

// open opens what the arguments or the config name, and the service over it.
func (d *dlq) open(ctx context.Context, urls []string) error {
	settings, err := d.load(urls)
	if err != nil {
		return err
	}
	settings.memory.Limit()
	d.figures.Started = time.Now()
	if d.there != nil {
		if err := source.CheckPasswords(append(slices.Clone(settings.sources), *d.there)); err != nil {
			return err
		}
		reading.Warn(d.Console, []source.Source{*d.there})
	}
	if err := d.openElsewhere(ctx); err != nil {
		return err
	}
	for i := range settings.sources {
		settings.sources[i].Purpose = driver.ToInspect
		settings.sources[i].StateFolder = d.stateFolder()
		settings.sources[i].Write = !settings.readOnly
	}
	d.settings = settings
	if d.sources, err = d.program.open(ctx, settings.sources); err != nil {
		return err
	}
	config := replay.Config{Folder: d.stateFolder(), Rules: settings.rules, Headers: settings.file.ReplayHeaders(), By: operator(), Told: d.logRun}
	for _, adapter := range d.sources.Open {
		if opened, ok := letterSource(*settings.source(adapter.Name), adapter); ok {
			config.Sources = append(config.Sources, opened)
		}
	}
	if d.elsewhere != nil {
		config.Targets = []replay.Source{*d.elsewhere}
	}
	d.service, err = replay.NewService(config)
	return err
}

// letterSource is an open source for the service, if it can have dead letters.
func letterSource(s source.Source, adapter *driver.Source) (replay.Source, bool) {
	return replay.Source{
		Name: adapter.Name, Address: s.Cluster(), URL: s.WithoutSecrets().String(), Broker: adapter.Broker, DeadLetters: adapter.DeadLetters, TargetOf: s.Driver.TargetOf, Fetch: adapter.Fetcher,
	}, adapter.DeadLetters != nil
}

// openJournal is a service without sources, for commands that only read the journal.
func (d *dlq) openJournal() (err error) {
	d.service, err = replay.NewService(replay.Config{Folder: d.stateFolder(), By: operator(), Told: d.logRun})
	return err
}

// logRun writes into the log what happens to a run as a whole.
func (p *program) logRun(line replay.Line) {
	level := slog.LevelInfo
	facts := []any{"run", line.Run, "action", string(line.Action)}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, name, value)
		}
	}
	add("destination", line.DLQ)
	if line.Count > 0 {
		facts = append(facts, "letters", line.Count)
	}
	add("by", line.By)
	add("reason", line.Reason)
	add("error", line.Error)
	if line.Step == replay.StepFail {
		level = slog.LevelError
	}
	p.Log.Log(context.Background(), level, "run "+string(line.Step), facts...)
}

// stateFolder is where journal, plans and archive are.
func (p *program) stateFolder() string {
	home := p.getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(home) { // the specification says to ignore relative ones
		home = filepath.Join(p.getenv("HOME"), ".local", "state")
	}
	return filepath.Join(home, "eventscope")
}

// operator is who does this, user@host.
func operator() string {
	name := "unknown"
	if who, err := user.Current(); err == nil {
		name = who.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return name + "@" + host
}

// arguments parts letters from URLs.
func (p *program) arguments(args []string) (letters map[adapters.Position]bool, urls []string, err error) {
	for _, argument := range args {
		if strings.Contains(argument, "://") {
			urls = append(urls, argument)
			continue
		}
		position, err := adapters.ParsePosition(argument)
		if _, isAddress := source.Address(argument); err != nil && isAddress {
			return nil, nil, p.notAURL(argument, nil)
		}
		if shown := source.Redact(argument); p.brokers.Mistyped(argument) || err != nil && shown != argument {
			return nil, nil, exit.Usage("%q is neither a letter such as orders.dlq/0@17 nor a URL such as %s", shown, p.brokers[0].Example)
		}
		if err != nil {
			return nil, nil, exit.Usage("%w", err)
		}
		if letters == nil {
			letters = map[adapters.Position]bool{}
		}
		letters[position] = true
	}
	return letters, urls, nil
}

// dlqs are the dead-letter destinations that are meant: those that are named, or all
// that can be found.
func (d *dlq) dlqs(ctx context.Context) ([]replay.DLQ, error) {
	all, err := d.service.DLQs(ctx)
	if len(all) == 0 && err != nil {
		return nil, err
	}
	if err != nil {
		d.sources.LackAll(err)
	}
	all = slices.DeleteFunc(all, func(g replay.DLQ) bool {
		names := d.settings.source(g.Source.Name).Named()
		return len(names) > 0 && !slices.Contains(names, g.Name)
	})
	d.noDLQ = len(all) == 0
	return all, nil
}

// each reads the letters that are meant, and keeps none. Of a dead-letter queue that cannot be read the
// others do not suffer.
func (d *dlq) each(ctx context.Context, only map[adapters.Position]bool, each func(*output.Letter) error) (err error) {
	chosen, err := d.chooser(only)
	if err != nil {
		return err
	}
	dlqs, err := d.dlqs(ctx)
	if err != nil {
		return err
	}
	var unasked []replay.DLQ
	defer func() { err = d.sayUnasked(unasked, len(dlqs), err) }()
	for _, dlq := range dlqs {
		if only != nil && !inDLQ(only, dlq.Name) {
			continue
		}
		if only == nil && !d.mayPeek(&dlq) {
			unasked = append(unasked, dlq)
			continue
		}
		err := d.service.Read(ctx, dlq, func(l *replay.Letter, m *adapters.Message, id *envelope.Identity) error {
			if d.figures.Events++; !chosen(l, m, id) {
				return nil
			}
			return each(&output.Letter{Letter: l, Message: m, Identity: id})
		})
		var unknown *replay.UnknownStates
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &unknown):
			d.sources.Lack(dlq.Source.Name, err)
		case errors.Is(err, output.ErrClosed), errors.Is(err, replay.ErrRefused), len(dlqs) == 1:
			return err
		default:
			d.sources.Lack(dlq.Source.Name, err)
		}
	}
	return nil
}

// mayPeek says that somebody has asked to read a destination, where that costs something.
func (d *dlq) mayPeek(dlq *replay.DLQ) bool {
	if dlq.Cost.IsFree() || dlq.Messages == 0 || d.peek {
		return true
	}
	return slices.Contains(d.settings.source(dlq.Source.Name).Named(), dlq.Name)
}

// sayUnasked adds to the outcome of reading so many destinations the queues among them into
// which nobody asked to peek.
func (d *dlq) sayUnasked(queues []replay.DLQ, all int, err error) error {
	if len(queues) == 0 || err != nil {
		return err
	}
	names, costs := make([]string, 0, mostUnasked), map[string]bool{}
	for i := range queues[:min(len(queues), mostUnasked)] {
		names = append(names, queues[i].Name)
	}
	for i := range queues {
		costs[queues[i].Cost.Marked] = true
	}
	cause := fmt.Sprintf("that takes each message and gives it back, %s, and nobody asked for it: %s", strings.Join(slices.Sorted(maps.Keys(costs)), " or "), strings.Join(names, ", "))
	if more := len(queues) - len(names); more > 0 {
		cause += fmt.Sprintf(" and %s more", text.Count(int64(more)))
	}
	problem := &adapters.Problem{
		Doing: fmt.Sprintf("peek into %s dead-letter queues", text.Count(int64(len(queues)))), Cause: cause,
		Remedy: "name one " + d.settings.source(queues[0].Source.Name).Driver.Naming + ", or add --peek for all", Kind: deadletter.ErrUnsafePeek,
	}
	if len(queues) == 1 {
		problem.Doing = "peek into a dead-letter queue"
	}
	if len(queues) == all {
		return problem
	}
	d.sources.Lack(queues[0].Source.Name, problem)
	return nil
}

// mostUnasked bounds how many queues one sentence names.
const mostUnasked = 5

func inDLQ(only map[adapters.Position]bool, dlq string) bool {
	for position := range only {
		if position.Destination == dlq {
			return true
		}
	}
	return false
}

// chooser says which letters are meant: by position, by state, by filter.
func (d *dlq) chooser(only map[adapters.Position]bool) (func(*replay.Letter, *adapters.Message, *envelope.Identity) bool, error) {
	var filter *query.Filter
	if d.filter != "" {
		compiled, err := query.Compile(d.filter, query.Letters)
		if err != nil {
			return nil, err
		}
		filter = compiled
	}
	return func(l *replay.Letter, m *adapters.Message, id *envelope.Identity) bool {
		switch {
		case only != nil && !only[l.Position], !d.all && l.State.Settled():
			return false
		case filter == nil:
			return true
		}
		subject := query.Subject{Source: l.Source, Broker: l.Broker, Message: m, Identity: id, DeadLetter: &l.DeadLetter, Status: l.State.String(), Shown: l.Shown()}
		matches, err := filter.Match(&subject)
		if err != nil {
			d.misfits++
		} else if !matches {
			d.others++
		}
		return err == nil && matches
	}, nil
}

// outcome is the end of a command that found so many letters.
func (d *dlq) outcome(found int, what string) error {
	d.noteFilterErrors(int64(d.misfits), "letter", "letters")
	var err error
	switch all := d.others + d.misfits; {
	case found > 0:
	case all > 0 && d.all:
		err = &exit.NothingFound{Searched: figure.Plural(all, "letter", "letters") + ", none matches"}
	case all > 0:
		err = &exit.NothingFound{Searched: figure.Plural(all, "open letter", "open letters") + ", none matches"}
	case d.noDLQ:
		err = &exit.NothingFound{Searched: "no dead-letter topic or queue was found: none is configured as one and none is named like one, or the user may see none"}
	default:
		err = &exit.NothingFound{Searched: what}
	}
	return d.sources.Answer(err)
}

// missing says which of the letters that were named are not there, or may not be read.
func (d *dlq) missing(ctx context.Context, only, seen map[adapters.Position]bool) error {
	for position := range only {
		if seen[position] {
			continue
		}
		for _, adapter := range d.sources.Open {
			if adapter.Fetcher == nil {
				continue
			}
			for _, err := range adapter.Fetch(ctx, []adapters.Position{position}) {
				if errors.Is(err, adapters.ErrNotAuthorized) {
					return err
				}
			}
		}
		return &exit.NothingFound{Searched: fmt.Sprintf("there is no open letter %s; dlq list --all shows resolved ones", position)}
	}
	return nil
}

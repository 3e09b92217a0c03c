package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/source"
	"eventscope/replay"
	"eventscope/tracing"
)

// dlq is what the commands about dead letters have in common.
type dlq struct {
	*program
	filter string
	all    bool
	to     string
	plan   string // the id that was seen

	maxReplays, confirm, canary, window int
	rate, reason                        string

	settings *settings
	sources  *opened
	office   *replay.Office

	elsewhere   *replay.Source // another cluster that letters are sent to
	destination adapters.Target
	closing     []func() error
	figures     statistics
}

func (p *program) dlqCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "dlq", Short: "Inspect, replay, discard and restore dead letters",
		Long: "dlq lists what is in dead-letter topics and queues, and deals with it. Kafka topics that a URL names are taken for dead-letter topics, " +
			"and so are the queues of ?queue=; where none is named, they are found by what the broker is configured to, by their names and by headers.\n\n" +
			"Nothing is written without --write and the number of letters in --confirm. A letter is named by its position, as dlq list prints it.",
	}
	cmd.AddCommand(p.dlqList(), p.dlqGroups(), p.dlqShow(), p.dlqPlan(), p.dlqReplay(), p.dlqDiscard(), p.dlqRestore(), p.dlqResume(), p.dlqAbort(), p.dlqJournal())
	return cmd
}

// command wraps the work of a command: what it opened is closed at its end.
func (d *dlq) command(work func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return d.program.command(func(ctx context.Context, args []string) error {
		defer d.close()
		return work(ctx, args)
	})
}

// open opens what the arguments or the config name, and the office over it.
func (d *dlq) open(ctx context.Context, urls []string) error {
	settings, err := d.load(urls)
	if err != nil {
		return err
	}
	settings.limitMemory()
	d.figures.started = time.Now()
	for i := range settings.sources {
		settings.sources[i].DeadLetters = true
		settings.sources[i].LooksFile = d.looksFile()
		settings.sources[i].Write = !settings.readOnly
	}
	d.settings = settings
	if d.sources, err = d.program.open(ctx, settings.sources); err != nil {
		return err
	}
	config := replay.Config{Folder: d.stateFolder(), Rules: settings.rules, Headers: settings.file.ReplayHeaders(), By: operator()}
	for _, adapter := range d.sources.adapters {
		at := slices.IndexFunc(settings.sources, func(s source.Source) bool { return s.Name == adapter.Name() })
		if opened, ok := letterSource(settings.sources[at], adapter); ok {
			config.Sources = append(config.Sources, opened)
		}
	}
	if d.elsewhere != nil {
		config.Targets = []replay.Source{*d.elsewhere}
	}
	d.office, err = replay.NewOffice(config)
	return err
}

// letterSource is an open source for the office, if it can have dead letters.
func letterSource(s source.Source, adapter adapters.Adapter) (replay.Source, bool) {
	letters, ok := adapter.(adapters.DeadLetters)
	return replay.Source{
		Name: adapter.Name(), Cluster: s.Cluster(), URL: s.WithoutSecrets().String(), Broker: adapter.Broker(), DeadLetters: letters, Fetch: adapter,
	}, ok
}

// openJournal is an office without sources, for commands that only read the journal.
func (d *dlq) openJournal() (err error) {
	d.office, err = replay.NewOffice(replay.Config{Folder: d.stateFolder(), By: operator()})
	return err
}

// stateFolder is where journal, plans and archive are.
func (p *program) stateFolder() string {
	home := p.getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(home) { // the specification says to ignore relative ones
		home = filepath.Join(p.getenv("HOME"), ".local", "state")
	}
	return filepath.Join(home, "eventscope")
}

// looksFile is where is remembered what looks at queues have cost.
func (p *program) looksFile() string { return filepath.Join(p.stateFolder(), "looks.json") }

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
func arguments(args []string) (letters map[adapters.Position]bool, urls []string, err error) {
	for _, argument := range args {
		if strings.Contains(argument, "://") {
			urls = append(urls, argument)
			continue
		}
		position, err := adapters.ParsePosition(argument)
		if err != nil {
			return nil, nil, usage("%w", err)
		}
		if letters == nil {
			letters = map[adapters.Position]bool{}
		}
		letters[position] = true
	}
	return letters, urls, nil
}

// graves are the dead-letter destinations that are meant: those that are named, or all
// that can be found.
func (d *dlq) graves(ctx context.Context) ([]replay.Grave, error) {
	all, err := d.office.Graves(ctx)
	if len(all) == 0 && err != nil {
		return nil, err
	}
	if err != nil {
		d.sources.fail(d.program, err)
	}
	named := map[string][]string{}
	for _, s := range d.settings.sources {
		names := slices.Concat(s.Queues, s.Streams)
		for _, topic := range s.Topics {
			if !strings.HasPrefix(topic, "~") {
				names = append(names, topic)
			}
		}
		named[s.Name] = names
	}
	return slices.DeleteFunc(all, func(g replay.Grave) bool {
		names := named[g.Source.Name]
		return len(names) > 0 && !slices.Contains(names, g.Name)
	}), nil
}

// each reads the letters that are meant, and keeps none. Of a grave that cannot be read the
// others do not suffer.
func (d *dlq) each(ctx context.Context, only map[adapters.Position]bool, each func(*output.Letter) error) error {
	chosen, err := d.chooser(only)
	if err != nil {
		return err
	}
	graves, err := d.graves(ctx)
	if err != nil {
		return err
	}
	for _, grave := range graves {
		if only != nil && !inGrave(only, grave.Name) {
			continue
		}
		err := d.office.Read(ctx, grave, func(l *replay.Letter, m *adapters.Message, id *envelope.Identity) error {
			if d.figures.events++; !chosen(l, m, id) {
				return nil
			}
			return each(&output.Letter{Letter: l, Message: m, Identity: id})
		})
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, output.ErrClosed), errors.Is(err, replay.ErrRefused), len(graves) == 1:
			return err
		default:
			d.sources.fail(d.program, err)
		}
	}
	return nil
}

func inGrave(only map[adapters.Position]bool, grave string) bool {
	for position := range only {
		if position.Destination == grave {
			return true
		}
	}
	return false
}

// chooser says which letters are meant: by position, by state, by filter.
func (d *dlq) chooser(only map[adapters.Position]bool) (func(*replay.Letter, *adapters.Message, *envelope.Identity) bool, error) {
	var filter *tracing.Filter
	if d.filter != "" {
		compiled, err := tracing.CompileFilter(d.filter)
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
		matches, err := filter.Match(&tracing.Subject{Source: l.Source, Broker: l.Broker, Message: m, Identity: id})
		return err == nil && matches
	}, nil
}

// outcome is the end of a command that found so many letters.
func (d *dlq) outcome(found int, what string) error {
	if partly := d.sources.outcome(); partly != nil {
		return partly
	}
	if found == 0 {
		return &nothingFound{what}
	}
	return nil
}

// missing says which of the letters that were named are not there.
func missing(only, seen map[adapters.Position]bool) error {
	for position := range only {
		if seen[position] {
			continue
		}
		return &nothingFound{fmt.Sprintf("there is no open letter %s; dlq list --all shows those that were dealt with", position)}
	}
	return nil
}

package main

import (
	"context"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/reading"
	"eventscope/cmd/internal/source"
	"eventscope/cmd/internal/spelling"
	"eventscope/replay"
)

// dlq is what the commands about dead letters have in common.
type dlq struct {
	*program
	choice
	planFlags
	paceFlags

	settings  *settings
	sources   *reading.Sources
	service   *replay.Service
	elsewhere otherCluster
	figures   reading.Figures
}

func (p *program) dlqCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "dlq", Short: "Inspect, replay, discard and restore dead letters",
		Long: "dlq lists what is in dead-letter topics and queues, and replays, discards or restores it. Topics and queues that a URL names are taken to hold dead letters; " +
			"where it names none, they are found by the configuration of the broker, by their names and by headers.\n\n" +
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
	return d.openWith(ctx, settings)
}

// openWith opens the sources of settings, and the service over them.
func (d *dlq) openWith(ctx context.Context, settings *settings) (err error) {
	settings.memory.Limit()
	d.figures.Started = time.Now()
	if err := d.openElsewhere(ctx, settings); err != nil {
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
	config := replay.Config{Folder: d.stateFolder(), Rules: settings.rules, Headers: settings.file.ReplayHeaders(), By: operator(), Nearest: spelling.Nearest, Told: d.logRun}
	for _, adapter := range d.sources.Open {
		if opened, ok := letterSource(*settings.source(adapter.Name), adapter); ok {
			config.Sources = append(config.Sources, opened)
		}
	}
	if d.elsewhere.opened != nil {
		config.Targets = []replay.Source{*d.elsewhere.opened}
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
	d.service, err = replay.NewService(replay.Config{Folder: d.stateFolder(), By: operator(), Nearest: spelling.Nearest, Told: d.logRun})
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
		if p.isURL(argument) {
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

// close closes what was opened, and prints the figures of --stats.
func (d *dlq) close() {
	if d.sources != nil {
		d.figures.AddDropped(d.sources)
		d.sources.Close()
		d.printFigures(&d.figures)
	}
	if d.elsewhere.close != nil {
		_ = d.elsewhere.close() // nothing is under way any more
	}
}

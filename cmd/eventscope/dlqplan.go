package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/cmd/internal/source"
	"eventscope/replay"
)

// planFlags are what the flags say of a plan.
type planFlags struct {
	to         string
	confirmed  []string // destinations that were named though only letters name them
	plan       string   // the id that was seen
	confirm    int
	maxReplays int
	reason     string
}

// otherCluster is another cluster than that of the letters, to which they are sent.
type otherCluster struct {
	named       *source.Source // nil where there is none
	opened      *replay.Source
	destination deadletter.Target
	close       func() error
}

// addPlanFlags adds the flags that say how to plan.
func (d *dlq) addPlanFlags(cmd *cobra.Command, action replay.Action) {
	cmd.Flags().StringVar(&d.filter, "filter", "", "only letters that match: words, or an expression")
	d.peekFlag(cmd)
	if action == replay.Replay {
		cmd.Flags().StringVar(&d.to, "to", "", "send all there instead of where they came from: "+d.brokers.Targets())
		cmd.Flags().StringArrayVar(&d.confirmed, "confirm-target", nil, "also send letters to this destination, which only they themselves name (as the plan prints it); may be repeated")
		cmd.Flags().IntVar(&d.maxReplays, "max-replays", replay.DefaultMaxReplays, "skip letters that were replayed this many times")
	}
	d.outputFlags(cmd)
}

func (p *program) dlqPlan() *cobra.Command {
	d := &dlq{program: p}
	cmd := &cobra.Command{
		Use: "plan [LETTER...] [URL...]", Short: "Show what a replay would do, and do nothing",
		Long: "plan says how many letters a replay would send where, who else would receive them, which headers they would lose, what is guaranteed, " +
			"and which letters it would leave alone.",
		RunE: d.command(d.showPlan),
	}
	d.addPlanFlags(cmd, replay.Replay)
	return cmd
}

// makePlan reads letters and plans.
func (d *dlq) makePlan(ctx context.Context, action replay.Action, args []string) (*replay.Plan, error) {
	only, urls, err := d.arguments(args)
	if err != nil {
		return nil, err
	}
	switch {
	case d.isURL(d.to):
		if err := d.nameElsewhere(d.to); err != nil {
			return nil, err
		}
	case d.brokers.Mistyped(d.to), strings.Contains(d.to, "@") && source.Redact(d.to) != d.to:
		return nil, exit.Usage("--to %s: this is no destination; write a URL like %s", source.Redact(d.to), d.brokers.Examples(""))
	}
	if err := d.open(ctx, urls); err != nil {
		return nil, err
	}
	options := replay.PlanOptions{Only: only, MaxReplays: d.maxReplays, Reason: d.reason, To: d.elsewhere.destination, Through: d.elsewhere.opened, Confirmed: d.confirmed}
	if d.to != "" && d.elsewhere.named == nil {
		if options.To, err = d.target(ctx); err != nil {
			return nil, err
		}
	}
	if d.elsewhere.named != nil {
		if here, err := d.here(ctx); err != nil {
			return nil, err
		} else if !here.IsZero() {
			options.To, options.Through = here, nil
		}
	}
	options.Most = d.settings.memory.Planned()
	return d.service.Plan(ctx, action, func(add func(*replay.Letter) error) error { return d.meant(ctx, action, only, add) }, options)
}

// meant gives the letters of a plan. Each that is named has to be among them.
func (d *dlq) meant(ctx context.Context, action replay.Action, only map[adapters.Position]bool, add func(*replay.Letter) error) (err error) {
	seen := map[adapters.Position]bool{}
	each := func(l *replay.Letter) error {
		if only != nil {
			seen[l.Position] = true
		}
		return add(l)
	}
	if action == replay.Restore {
		err = d.discarded(ctx, only, each)
	} else {
		err = d.each(ctx, only, func(l *output.Letter) error { return each(l.Letter) })
	}
	if err != nil {
		return err
	}
	if err = d.missing(ctx, only, seen); err != nil {
		err = d.sources.Answer(err)
	}
	return err
}

// target reads --to, which means one thing only where all sources are of one kind.
func (d *dlq) target(ctx context.Context) (deadletter.Target, error) {
	broker := d.settings.sources[0].Driver.Broker
	for _, s := range d.settings.sources[1:] {
		if s.Driver.Broker != broker {
			return "", exit.Usage("--to %s: name the sources of one kind of broker only", d.to)
		}
	}
	return d.service.Target(ctx, broker, d.to)
}

// here is --to as a destination on the letters' own brokers, or zero. What the broker writes itself
// names nobody to send as, so that a redrive can send there: it leaves more as it was than a publisher.
func (d *dlq) here(ctx context.Context) (deadletter.Target, error) {
	if _, pasted := d.brokers.Pasted(d.to); !pasted {
		return "", nil
	}
	for _, s := range d.settings.sources {
		if s.Driver.Broker != d.elsewhere.named.Driver.Broker {
			return "", nil
		}
	}
	to, err := d.target(ctx)
	if errors.Is(err, adapters.ErrUsage) { // it is of another cluster
		return "", nil
	}
	return to, err
}

// discarded gives the letters that can be restored.
func (d *dlq) discarded(ctx context.Context, only map[adapters.Position]bool, each func(*replay.Letter) error) error {
	dlqs, err := d.dlqs(ctx)
	if err != nil {
		return err
	}
	for _, dlq := range dlqs {
		if !inDLQ(only, dlq.Name) {
			continue
		}
		found, err := d.service.Discarded(ctx, dlq)
		if missing := (*replay.MissingLetters)(nil); errors.As(err, &missing) {
			d.sources.Lack(dlq.Source.Name, err)
		} else if err != nil {
			return err
		}
		for i := range found {
			if err := each(&found[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *dlq) showPlan(ctx context.Context, args []string) error {
	format, err := d.format(true)
	if err != nil {
		return err
	}
	plan, err := d.makePlan(ctx, replay.Replay, args)
	if err != nil {
		return err
	}
	if err := d.printPlan(format, plan); err != nil {
		return err
	}
	return d.outcome(plan.Count(), "no letter would be sent")
}

func (d *dlq) printPlan(format output.Format, plan *replay.Plan) error {
	writer := output.NewWriter(d.Stdout)
	return errors.Join(writer.Write(format.AppendPlan(writer.Available(), plan)), writer.Flush())
}

// nameElsewhere reads the cluster of --to URL, to which letters of another are sent.
func (d *dlq) nameElsewhere(text string) error {
	parsed, err := d.brokers.Parse(text)
	if err == nil {
		err = parsed.FindPassword(d.getenv)
	}
	if err != nil {
		return err
	}
	if d.elsewhere.destination, err = parsed.Driver.Target(&parsed.Config); err != nil {
		return exit.Usage("--to a URL: %w", err)
	}
	d.elsewhere.named = &parsed
	return nil
}

// openElsewhere opens that cluster, if one is named.
func (d *dlq) openElsewhere(ctx context.Context, settings *settings) error {
	named := d.elsewhere.named
	if named == nil {
		return nil
	}
	err := source.CheckPasswords(append(slices.Clone(settings.sources), *named))
	if err == nil {
		reading.Warn(d.Console, []source.Source{*named})
		err = d.flags.write.Guard(settings.file, []source.Source{*named}, d.getenv)
	}
	if err != nil {
		return err
	}
	there := *named
	there.Name, there.Purpose, there.Write = "elsewhere", driver.ToSend, d.flags.write.Given
	adapter, err := there.Open(ctx)
	if err != nil {
		return err
	}
	d.elsewhere.close = adapter.Close
	opened, ok := letterSource(there, adapter)
	if !ok {
		return exit.Usage("--to %s: nothing can be sent there", named)
	}
	opened.URL = named.WithoutSecrets().String()
	d.elsewhere.opened = &opened
	return nil
}

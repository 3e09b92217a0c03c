package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters/driver"
	"eventscope/cmd/internal/console"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/tracing/lag"
	"eventscope/tui/text"
)

// lagPrinter prints how far consumers are behind.
type lagPrinter struct {
	*program
	groups []string
	every  time.Duration // 0 is once
	limit  time.Duration
	above  int64 // -1 is never

	readers []lag.Source // that can tell lags
	sources *reading.Sources
	series  *lag.Series

	round  int             // the one under way
	partly map[string]bool // sources of which it could not tell all
	failed error           // the first source that could not be asked in it
	told   map[string]bool // what was said in it of what cannot be told
	before lagRound
}

// tooFarBehind says that a consumer is further behind than --fail-above, or may be.
type tooFarBehind struct {
	group      string
	lag, above int64
	unsure     string // why nobody knows how far it is; empty if that is known
}

// ExitCode is [exit.Partly].
func (t *tooFarBehind) ExitCode() int { return exit.Partly }

func (t *tooFarBehind) Error() string {
	if t.unsure != "" {
		return fmt.Sprintf("it is not known whether %s is more than %s behind: %s", t.group, text.Count(t.above), t.unsure)
	}
	return fmt.Sprintf("%s is %s behind, which is above %s", t.group, text.Count(t.lag), text.Count(t.above))
}

func (p *program) lagCommand() *cobra.Command {
	l := &lagPrinter{program: p}
	cmd := &cobra.Command{
		Use: "lag [URL...]", Short: "Print how far consumers are behind",
		Long: "lag prints every consumer group and queue of the sources, the worst first, and a line for each partition or queue it reads: how much is left to read, how old that is, and whether it grows. " +
			"It joins no group and commits nothing.\n\n" +
			"With topics, queues or streams in the URL only these are looked at. Where a broker has a management API, name it (management=): it tells most. Whether a group catches up shows only over time: --watch looks again.",
		RunE: p.command(l.run),
	}
	cmd.Flags().StringArrayVar(&l.groups, "group", nil, "only this group or queue; may be repeated")
	cmd.Flags().DurationVar(&l.every, "watch", 0, "refresh interval, such as 2s")
	cmd.Flags().DurationVar(&l.limit, "for", 0, "with --watch, stop after this time, such as 1m")
	cmd.Flags().Int64Var(&l.above, "fail-above", -1, "exit with 5 when a group is further behind than this (with --watch at once), or when the lag is not known")
	p.outputFlags(cmd)
	return cmd
}

func (l *lagPrinter) run(ctx context.Context, args []string) error {
	const seldomest, oftenest = time.Hour, 100 * time.Millisecond
	switch {
	case l.every != 0 && (l.every < oftenest || l.every > seldomest):
		return exit.Usage("--watch %v: give a time from %v to %v, such as 2s", l.every, oftenest, seldomest)
	case l.limit < 0 || l.limit > 0 && l.every == 0:
		return exit.Usage("--for %v: a time is positive, such as 1m, and goes with --watch", l.limit)
	case l.above < -1:
		return exit.Usage("--fail-above %d: a lag is a number from 0", l.above)
	}
	format, err := l.format(true)
	if err != nil {
		return err
	}
	settings, err := l.loadFor(args)
	if err != nil {
		return err
	}
	settings.memory.Limit()
	for i := range settings.sources {
		settings.sources[i].Purpose = driver.ToInspect
	}
	figures := reading.Figures{Started: time.Now()}
	if l.sources, err = l.open(ctx, settings.sources); err != nil {
		return err
	}
	defer l.sources.Close()
	if err := l.findReaders(); err != nil {
		return err
	}
	l.series = lag.NewSeries(lag.Config{Logs: settings.memory.Watched()})
	err = l.rounds(ctx, format)
	l.printFigures(&figures)
	return err
}

// findReaders finds the sources that can tell lags.
func (l *lagPrinter) findReaders() error {
	for _, adapter := range l.sources.Open {
		if adapter.Lag != nil {
			l.readers = append(l.readers, lag.Source{Name: adapter.Name, Broker: adapter.Broker, Reader: adapter.Lag})
			continue
		}
		l.sources.Fail(adapter.Name, fmt.Errorf("cannot read the lag of %s: sources of %s do not tell it", adapter.Name, adapter.Broker))
	}
	if len(l.readers) == 0 {
		return exit.Printed(l.sources.First())
	}
	return nil
}

// rounds looks once, or again and again.
func (l *lagPrinter) rounds(ctx context.Context, format output.Format) error {
	if l.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, l.limit, exit.ErrTime)
		defer cancel()
	}
	writer := output.NewWriter(l.Stdout)
	var last error
	for first := true; ; first = false {
		began := time.Now()
		l.begin()
		found, err := l.nextRound(ctx, first)
		if errors.Is(context.Cause(ctx), exit.ErrTime) && !first {
			return last
		}
		if err != nil {
			return err
		}
		found = l.end(found)
		if err := l.print(writer, format, found); err != nil {
			return err
		}
		if first {
			l.tellUnrouted(ctx)
		}
		last = l.judge(found)
		if above := (*tooFarBehind)(nil); l.every == 0 || errors.As(last, &above) && above.unsure == "" {
			return last
		}
		if pause(ctx, l.every-time.Since(began)) != nil {
			if errors.Is(context.Cause(ctx), exit.ErrTime) {
				return last
			}
			return context.Cause(ctx)
		}
	}
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// print writes one round. People get the time above each of several.
func (l *lagPrinter) print(writer *output.Writer, format output.Format, found []*output.Lag) error {
	if l.every > 0 && console.IsTerminal(l.Stdout) {
		if err := writer.Write(append(writer.Available(), text.Clock(time.Now()).String()+"\n"...)); err != nil {
			return err
		}
	}
	for _, c := range found {
		if err := writer.Write(format.AppendLag(writer.Available(), c)); err != nil {
			return err
		}
	}
	return writer.Flush()
}

// tellUnrouted says to people how many messages led to no queue: no consumer is behind with
// those. That a source does not tell is said of its consumers already.
func (l *lagPrinter) tellUnrouted(ctx context.Context) {
	if l.flags.format != "text" && (l.flags.format != "" || !console.IsTerminal(l.Stdout)) {
		return
	}
	for _, adapter := range l.sources.Open {
		if adapter.Lag == nil || adapter.Unroutable == nil {
			continue
		}
		if count, err := adapter.Unroutable.Unroutable(ctx); err == nil && count.Dropped > 0 {
			l.Note("%s dropped %s unroutable messages since the broker started", adapter.Name, text.Count(count.Dropped))
		}
	}
}

// judge is how the command ends if this round is the last.
func (l *lagPrinter) judge(found []*output.Lag) error {
	partly := l.sources.Outcome()
	if l.above >= 0 {
		if above := l.exceeds(found); above != nil {
			return above
		}
	}
	switch {
	case len(found) == 0 && l.failed != nil:
		return exit.Printed(l.failed)
	case len(found) == 0 && len(l.groups) > 0 && partly == nil:
		return &exit.NothingFound{Searched: "no group of that name was found"}
	case len(found) == 0 && len(l.partly) == 0 && partly == nil:
		return &exit.NothingFound{Searched: "no consumer group, queue or stream was found"}
	case partly == nil && len(l.partly) > 0:
		return &reading.PartlyDone{Partly: len(l.partly), Of: l.sources.All()}
	}
	return partly
}

// exceeds is the first consumer that is too far behind, or else the first of which nobody
// knows; nil if none is either.
func (l *lagPrinter) exceeds(found []*output.Lag) error {
	var unsure *tooFarBehind
	for _, c := range found {
		switch {
		case c.Standing.Unread > l.above:
			return &tooFarBehind{group: c.Lag.Group, lag: c.Standing.Unread, above: l.above}
		case c.Standing.Unsure && unsure == nil:
			unsure = &tooFarBehind{group: c.Lag.Group, above: l.above, unsure: whyUnsure(c)}
		}
	}
	if unsure == nil {
		return nil
	}
	return unsure
}

// whyUnsure is why it is not known how far a consumer is behind.
func whyUnsure(c *output.Lag) string {
	if c.Err != nil {
		return c.Err.Error()
	}
	for i := range c.Logs {
		if c.Logs[i].Unsure && !c.Lag.Logs[i].Left {
			return output.LogName(&c.Lag.Logs[i]) + ": " + c.Logs[i].Why
		}
	}
	return c.Standing.Why
}

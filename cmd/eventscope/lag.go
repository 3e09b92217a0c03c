package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/cmd/internal/output"
	"eventscope/tracing"
	"eventscope/tui/text"
)

// lag prints how far consumers are behind.
type lag struct {
	*program
	groups []string
	every  time.Duration // 0 is once
	limit  time.Duration
	above  int64 // -1 is never

	readers []lagReader
	sources *opened
	series  *tracing.LagSeries
	told    map[string]bool // what was said on standard error

	partly map[string]bool // sources of which this round could not tell all
	failed error           // the first source that could not be asked in this round
}

// lagReader is an open source that can tell lags.
type lagReader struct {
	adapters.LagReader
	name string
}

// tooFarBehind says that a consumer is further behind than --fail-above.
type tooFarBehind struct {
	group      string
	lag, above int64
}

func (t *tooFarBehind) Error() string {
	return fmt.Sprintf("%s is %d behind, which is above %d", t.group, t.lag, t.above)
}

func (p *program) lagCommand() *cobra.Command {
	l := &lag{program: p, told: make(map[string]bool)}
	cmd := &cobra.Command{
		Use: "lag [URL...]", Short: "Print how far consumers are behind",
		Long: "lag prints every consumer group and queue of the sources, the worst first, and a line for each partition or queue it reads: how much is left to read, how old that is, and whether it becomes more. " +
			"It joins no group and commits nothing.\n\n" +
			"With topics, queues or streams in the URL only these are looked at. RabbitMQ tells most by its management API (management=). The state of a group that is not read to the end needs time to tell; --watch takes it.",
		Example: "  eventscope lag kafka://localhost:9092\n" +
			"  eventscope lag kafka://localhost:9092 --group billing --watch 2s\n" +
			"  eventscope lag kafka://localhost:9092/orders --group billing --fail-above 1000 -o json",
		RunE: p.command(l.run),
	}
	cmd.Flags().StringArrayVar(&l.groups, "group", nil, "only this group or queue; may be given again")
	cmd.Flags().DurationVar(&l.every, "watch", 0, "look again and again, so often, such as 2s")
	cmd.Flags().DurationVar(&l.limit, "for", 0, "with --watch, stop after this time, such as 1m")
	cmd.Flags().Int64Var(&l.above, "fail-above", -1, "exit with 5 when a group is further behind than this; with --watch, at once")
	p.outputFlags(cmd)
	return cmd
}

func (l *lag) run(ctx context.Context, args []string) error {
	const seldomest, oftenest = time.Hour, 100 * time.Millisecond
	switch {
	case l.every != 0 && (l.every < oftenest || l.every > seldomest):
		return usage("--watch %v: give a time from %v to %v, such as 2s", l.every, oftenest, seldomest)
	case l.limit < 0 || l.limit > 0 && l.every == 0:
		return usage("--for %v: a time is positive, such as 1m, and goes with --watch", l.limit)
	case l.above < -1:
		return usage("--fail-above %d: a lag is a number from 0", l.above)
	}
	format, err := l.format(true)
	if err != nil {
		return err
	}
	settings, err := l.loadFor(args)
	if err != nil {
		return err
	}
	settings.limitMemory()
	for i, source := range settings.sources {
		// Of RabbitMQ nothing need be tapped, and queues need no management API.
		settings.sources[i].DeadLetters = source.Broker == adapters.RabbitMQ
	}
	figures := statistics{started: time.Now()}
	if l.sources, err = l.open(ctx, settings.sources); err != nil {
		return err
	}
	defer l.sources.close()
	if err := l.findReaders(); err != nil {
		return err
	}
	l.series = tracing.NewLagSeries(tracing.LagConfig{})
	err = l.rounds(ctx, format)
	l.printStatistics(&figures)
	return err
}

// findReaders finds the sources that can tell lags.
func (l *lag) findReaders() error {
	for _, adapter := range l.sources.adapters {
		if reader, ok := adapter.(adapters.LagReader); ok {
			l.readers = append(l.readers, lagReader{reader, adapter.Name()})
			continue
		}
		l.sources.fail(l.program, fmt.Errorf("cannot read the lag of %s: sources of %s do not tell it", adapter.Name(), adapter.Broker()))
	}
	if len(l.readers) == 0 {
		return printed{l.sources.first}
	}
	return nil
}

// rounds looks once, or again and again.
func (l *lag) rounds(ctx context.Context, format output.Format) error {
	if l.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, l.limit, errTime)
		defer cancel()
	}
	writer := output.NewWriter(l.stdout)
	var last error
	for first := true; ; first = false {
		began := time.Now()
		found, err := l.look(ctx, first)
		if errors.Is(context.Cause(ctx), errTime) && !first {
			return last
		}
		if err != nil {
			return err
		}
		if err := l.print(writer, format, found); err != nil {
			return err
		}
		if first {
			l.tellUnrouted(ctx)
		}
		last = l.judge(found)
		if l.every == 0 || errors.As(last, new(*tooFarBehind)) {
			return last
		}
		if pause(ctx, l.every-time.Since(began)) != nil {
			if errors.Is(context.Cause(ctx), errTime) {
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

// look is one round: lags, directions, and how old what is left is.
func (l *lag) look(ctx context.Context, first bool) ([]*output.Lag, error) {
	// Rates of a single look need a second one, of those that are behind.
	const apart = time.Second
	began := time.Now()
	l.partly, l.failed = make(map[string]bool), nil
	found, err := l.sweep(ctx, nil)
	if err != nil {
		return nil, err
	}
	if l.every == 0 && first {
		if names := behind(found); len(names) > 0 {
			if pause(ctx, apart-time.Since(began)) != nil {
				return nil, context.Cause(ctx)
			}
			again, err := l.sweep(ctx, names)
			if err != nil {
				return nil, err
			}
			found = renewed(found, again)
		}
	}
	slices.SortStableFunc(found, func(a, b *output.Lag) int {
		return cmp.Compare(b.Lag.Total().Lag, a.Lag.Total().Lag)
	})
	l.age(ctx, found)
	now := time.Now()
	for _, c := range found {
		l.stand(c, now)
	}
	l.series.Forget(now)
	slices.SortStableFunc(found, worse)
	return found, nil
}

// worse puts the worse state first, then the larger lag.
func worse(a, b *output.Lag) int {
	return cmp.Or(cmp.Compare(b.Group.State, a.Group.State), cmp.Compare(b.Lag.Total().Lag, a.Lag.Total().Lag), cmp.Compare(a.Lag.Group, b.Lag.Group))
}

// stand judges a consumer and its logs, which it sorts, the worst first.
func (l *lag) stand(c *output.Lag, now time.Time) {
	if errors.Is(c.Err, adapters.ErrNotAuthorized) && len(c.Lag.Logs) == 0 {
		c.Group.State = adapters.LagNotAllowed
		return
	}
	slices.SortStableFunc(c.Lag.Logs, func(a, b adapters.LogLag) int { return cmp.Compare(b.Lag, a.Lag) })
	c.Logs = c.Logs[:0]
	for i := range c.Lag.Logs {
		c.Logs = append(c.Logs, l.series.Log(c.Source, &c.Lag, &c.Lag.Logs[i], now))
	}
	c.Group = l.series.Group(&c.Lag, c.Logs)
	if c.Err != nil && len(c.Lag.Logs) == 0 {
		c.Group.State = adapters.LagUnknown
	}
}

// print writes one round. People get the time above each of several.
func (l *lag) print(writer *output.Writer, format output.Format, found []*output.Lag) error {
	if l.every > 0 && isTerminal(l.stdout) {
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
func (l *lag) tellUnrouted(ctx context.Context) {
	if l.flags.format != "text" && (l.flags.format != "" || !isTerminal(l.stdout)) {
		return
	}
	for _, reader := range l.readers {
		counter, ok := reader.LagReader.(adapters.UnroutableCounter)
		if !ok {
			continue
		}
		if count, err := counter.Unroutable(ctx); err == nil && count.Dropped > 0 {
			l.note("%s has lost %d messages that led to no queue, since the broker started", reader.name, count.Dropped)
		}
	}
}

// judge is how the command ends if this round is the last.
func (l *lag) judge(found []*output.Lag) error {
	partly := l.sources.outcome()
	for _, c := range found {
		if total := c.Lag.Total(); l.above >= 0 && total.Lag > l.above {
			return &tooFarBehind{c.Lag.Group, total.Lag, l.above}
		}
	}
	switch {
	case len(found) == 0 && l.failed != nil:
		return printed{l.failed}
	case len(found) == 0 && len(l.groups) > 0:
		return &nothingFound{"no group of that name was found"}
	case partly == nil && len(l.partly) > 0:
		return &partlyDone{partly: len(l.partly), of: l.sources.all}
	}
	return partly
}

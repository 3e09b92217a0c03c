package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
)

// reading is what to read of every source, and until when.
type reading struct {
	start adapters.Start
	exit  bool          // end where the logs ended when the reading began
	limit time.Duration // 0 is for ever
}

// readingFlags are --from, --exit and --for.
type readingFlags struct {
	from  string
	exit  bool
	limit time.Duration
}

func (f *readingFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.from, "from", "", "where to begin: beginning, end, an age such as -10m, or a time such as 2026-01-31T09:30:00Z\n(default end; with --exit, beginning)")
	cmd.Flags().BoolVar(&f.exit, "exit", false, "stop at what is the end now")
	cmd.Flags().DurationVar(&f.limit, "for", 0, "stop after this time, such as 10s")
	_ = cmd.RegisterFlagCompletionFunc("from", cobra.FixedCompletions([]string{"beginning", "end", "-10m", "-1h"}, cobra.ShellCompDirectiveNoFileComp))
}

func (f *readingFlags) reading() (reading, error) {
	r := reading{exit: f.exit, limit: f.limit}
	if f.limit < 0 {
		return r, usage("--for %v: a time is positive, such as 10s", f.limit)
	}
	if f.from == "" && f.exit {
		r.start = adapters.Beginning
		return r, nil
	}
	if f.from == "" {
		return r, nil
	}
	start, err := adapters.ParseStart(f.from)
	if err != nil {
		return r, usage("--from: %w", err)
	}
	if start.IsEnd() && f.exit {
		return r, usage("--from end --exit reads nothing; use --from beginning, or an age such as -10m")
	}
	r.start = start
	return r, nil
}

// run reads all sources into their intakes until the end of each, or of ctx. Sources
// that fail are said at once and counted in o.
func (r reading) run(ctx context.Context, p *program, o *opened, intake func(adapters.Adapter) adapters.Intake) error {
	if r.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, r.limit, errTime)
		defer cancel()
	}
	var running sync.WaitGroup
	problems := make([]error, len(o.adapters))
	for i, adapter := range o.adapters {
		running.Go(func() { problems[i] = r.source(ctx, p, adapter, intake(adapter)) })
	}
	running.Wait()
	return r.judge(o, problems)
}

var errNoHistory = errors.New("no history")

// source reads one source.
func (r reading) source(ctx context.Context, p *program, adapter adapters.Adapter, intake adapters.Intake) error {
	history := adapter.Capabilities().History
	start := r.start
	var err error
	switch {
	case r.exit && !history:
		p.note("%s shows only what comes from now on, so that --exit leaves it out", adapter.Name())
		return errNoHistory
	case r.exit:
		err = adapter.Scan(ctx, adapters.Range{From: start}, intake)
	default:
		if !start.IsEnd() && !history {
			p.note("%s shows only what comes from now on, whatever --from says", adapter.Name())
			start = adapters.End
		}
		err = adapter.Run(ctx, start, intake)
	}
	if err == nil || ctx.Err() != nil {
		return nil
	}
	p.note("%w", err)
	return err
}

// judge counts the sources that failed; all of them is an error.
func (r reading) judge(o *opened, problems []error) error {
	var without, failed int
	for _, problem := range problems {
		switch {
		case errors.Is(problem, errNoHistory):
			without++
		case problem != nil:
			failed++
			if o.first == nil {
				o.first = problem
			}
		}
	}
	o.failed += failed
	switch len(o.adapters) {
	case without:
		return usage("no source has a history to read: leave out --exit, or name a topic or a stream")
	case failed:
		return printed{o.first}
	}
	return nil
}

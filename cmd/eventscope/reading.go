package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// reading is what to read of every source, and until when.
type reading struct {
	start adapters.Start
	exit  bool          // end where the logs ended when the reading began
	limit time.Duration // 0 is for ever
}

// readingFlags are --from, --since, --exit and --for.
type readingFlags struct {
	begin begin
	exit  bool
	limit time.Duration
}

func (f *readingFlags) add(cmd *cobra.Command) {
	f.begin.add(cmd, "end; with --exit, beginning")
	cmd.Flags().BoolVar(&f.exit, "exit", false, "stop at what is the end now")
	cmd.Flags().DurationVar(&f.limit, "for", 0, "stop after this time, such as 10s")
}

func (f *readingFlags) reading() (reading, error) {
	r := reading{exit: f.exit, limit: f.limit}
	if f.limit < 0 {
		return r, usage("--for %v: a time is positive, such as 10s", f.limit)
	}
	usual := adapters.End
	if f.exit {
		usual = adapters.Beginning
	}
	start, err := f.begin.start(usual)
	if err != nil {
		return r, err
	}
	if start.IsEnd() && f.exit {
		return r, usage("--from end --exit reads nothing; use --from beginning, or an age such as -10m")
	}
	r.start = start
	return r, nil
}

// run reads all sources into their intakes until the end of each, or of ctx. Sources
// that fail are said at once and counted in o.
func (r reading) run(ctx context.Context, p *program, o *opened, intake func(*driver.Source) adapters.Intake) error {
	if r.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, r.limit, errTime)
		defer cancel()
	}
	var running sync.WaitGroup
	problems := make([]error, len(o.adapters))
	for i, adapter := range o.adapters {
		running.Go(func() { problems[i] = r.whole(ctx, p, adapter, intake(adapter)) })
	}
	running.Wait()
	return r.judge(o, problems)
}

// cutOff is a source that was away when the time was over, so that its end was not read.
type cutOff struct {
	error
	nothing bool // of it was read
}

func (c *cutOff) Unwrap() error { return c.error }

// whole reads one source, and tells how it stood when the time was over: its status says that
// only until the reading ends.
func (r reading) whole(ctx context.Context, p *program, adapter *driver.Source, intake adapters.Intake) error {
	within, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	standing := make(chan adapters.Status, 1)
	stop := context.AfterFunc(ctx, func() {
		standing <- adapter.Status()
		end(context.Cause(ctx))
	})
	err := r.source(within, p, adapter, intake)
	if stop() || err != nil || !errors.Is(context.Cause(ctx), errTime) {
		return err
	}
	status := <-standing
	switch {
	case status.Connection == adapters.Live, status.Connection == adapters.CatchingUp, status.Connection == adapters.Closed:
		return nil
	case status.Err == nil: // it has just begun
		return nil
	}
	return &cutOff{status.Err, status.Messages == 0}
}

var errNoHistory = errors.New("no history")

// source reads one source.
func (r reading) source(ctx context.Context, p *program, adapter *driver.Source, intake adapters.Intake) error {
	history := adapter.Scanner != nil
	start := r.start
	var err error
	switch {
	case r.exit && !history:
		p.note("%s shows only what comes from now on, so that --exit leaves it out", adapter.Name)
		return errNoHistory
	case r.exit:
		err = adapter.Scan(ctx, adapters.Range{From: start}, intake)
	default:
		if !start.IsEnd() && !history {
			p.note("%s shows only what comes from now on, whatever --from says", adapter.Name)
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
	for i, problem := range problems {
		cut := (*cutOff)(nil)
		switch {
		case errors.Is(problem, errNoHistory):
			without++
		case errors.As(problem, &cut) && !cut.nothing:
			o.lost(o.adapters[i].Name, problem)
		case problem != nil:
			failed++
			o.lost(o.adapters[i].Name, problem)
		}
	}
	switch len(o.adapters) {
	case without:
		return usage("no source has a history to read: leave out --exit, or name a topic or a stream")
	case failed:
		return printed{o.first}
	}
	return nil
}

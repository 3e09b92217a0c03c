package reading

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/exit"
)

// Extent is what to read of every source, and until when.
type Extent struct {
	Start adapters.Start
	Exit  bool          // end where the logs ended when the reading began
	Limit time.Duration // 0 is for ever
}

// Flags are --from, --since, --exit and --for.
type Flags struct {
	Begin Begin
	Exit  bool
	Limit time.Duration
}

// Add adds the flags to a command.
func (f *Flags) Add(cmd *cobra.Command) {
	f.Begin.Add(cmd, "end; with --exit, beginning")
	cmd.Flags().BoolVar(&f.Exit, "exit", false, "stop at the current end")
	cmd.Flags().DurationVar(&f.Limit, "for", 0, "stop after this time, such as 10s")
}

// Extent is what the flags ask for. What makes no sense is an error of the command line.
func (f *Flags) Extent() (Extent, error) {
	r := Extent{Exit: f.Exit, Limit: f.Limit}
	if f.Limit < 0 {
		return r, exit.Usage("--for %v: a time is positive, such as 10s", f.Limit)
	}
	usual := adapters.End
	if f.Exit {
		usual = adapters.Beginning
	}
	start, err := f.Begin.Start(usual)
	if err != nil {
		return r, err
	}
	if start.IsEnd() && f.Exit {
		return r, exit.Usage("--from end --exit reads nothing; use --from beginning, or an age such as -10m")
	}
	r.Start = start
	return r, nil
}

// Read reads all open sources into their intakes until the end of each, or of ctx. A source
// that fails is said at once, and counted; that all do is an error.
func (s *Sources) Read(ctx context.Context, r Extent, intake func(*driver.Source) adapters.Intake) error {
	if r.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, r.Limit, exit.ErrTime)
		defer cancel()
	}
	var running sync.WaitGroup
	problems := make([]error, len(s.Open))
	for i, adapter := range s.Open {
		running.Go(func() { problems[i] = r.whole(ctx, s, adapter, intake(adapter)) })
	}
	running.Wait()
	return s.ended(problems)
}

// cutOff is a source that was away when the time was over, so that its end was not read.
type cutOff struct {
	error
	nothing bool // of it was read
}

func (c *cutOff) Unwrap() error { return c.error }

// whole reads one source, and tells how it stood when the time was over: its status says that
// only until the reading ends.
func (e Extent) whole(ctx context.Context, o *Sources, adapter *driver.Source, intake adapters.Intake) error {
	within, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	standing := make(chan adapters.Status, 1)
	stop := context.AfterFunc(ctx, func() {
		standing <- adapter.Status()
		end(context.Cause(ctx))
	})
	err := e.source(within, o, adapter, intake)
	if stop() || err != nil || !errors.Is(context.Cause(ctx), exit.ErrTime) {
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
func (e Extent) source(ctx context.Context, o *Sources, adapter *driver.Source, intake adapters.Intake) error {
	history := adapter.Scanner != nil
	start := e.Start
	var err error
	switch {
	case e.Exit && !history:
		o.console.Note("%s shows only what comes from now on, so that --exit leaves it out", adapter.Name)
		return errNoHistory
	case e.Exit:
		err = adapter.Scan(ctx, adapters.Range{From: start}, intake)
	default:
		if !start.IsEnd() && !history {
			o.console.Note("%s shows only what comes from now on, whatever --from says", adapter.Name)
			start = adapters.End
		}
		err = adapter.Run(ctx, start, intake)
	}
	if err == nil || ctx.Err() != nil {
		return nil
	}
	o.console.Note("%w", err)
	return err
}

// ended counts the sources that failed; that all did is an error.
func (s *Sources) ended(problems []error) error {
	var without, failed int
	for i, problem := range problems {
		cut := (*cutOff)(nil)
		switch {
		case errors.Is(problem, errNoHistory):
			without++
		case errors.As(problem, &cut) && !cut.nothing:
			s.lost(s.Open[i].Name, problem)
		case problem != nil:
			failed++
			s.lost(s.Open[i].Name, problem)
		}
	}
	switch len(s.Open) {
	case without:
		return exit.Usage("no source has a history to read: leave out --exit, or name a topic or a stream")
	case failed:
		return exit.Printed(s.first)
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/cmd/internal/console"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/source"
	"eventscope/replay"
	"eventscope/tui/text"
)

// runFlags adds the flags of what is about to be done.
func (d *dlq) runFlags(cmd *cobra.Command, action replay.Action) {
	d.addPlanFlags(cmd, action)
	cmd.Flags().IntVar(&d.confirm, "confirm", 0, "number of letters in the plan")
	cmd.Flags().StringVar(&d.plan, "plan", "", "id of the plan that was reviewed; refused when the letters have changed since")
	cmd.Flags().StringVar(&d.rate, "rate", "", "rate limit, such as 100/s or 10/m (default none)")
	cmd.Flags().IntVar(&d.window, "window", replay.DefaultWindow, "maximum in flight; as many may arrive twice if this is killed, where letters are settled one by one")
	if action == replay.Replay {
		cmd.Flags().IntVar(&d.canary, "canary", 0, "send this many first; continue when they are settled")
	}
}

// resumeFlags adds the flags that change the pace of a run.
func (d *dlq) resumeFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.rate, "rate", "", "rate limit, such as 100/s or 10/m (default as in the run)")
	cmd.Flags().IntVar(&d.window, "window", 0, "maximum in flight (default as in the run)")
	cmd.Flags().IntVar(&d.canary, "canary", 0, "send this many first, if none is settled yet (default as in the run)")
}

func (p *program) dlqReplay() *cobra.Command {
	d := &dlq{program: p}
	cmd := &cobra.Command{
		Use: "replay [LETTER...] [URL...]", Short: "Send dead letters back to where they failed, or elsewhere",
		RunE: d.command(func(ctx context.Context, args []string) error { return d.do(ctx, replay.Replay, args) }),
	}
	d.runFlags(cmd, replay.Replay)
	return cmd
}

func (p *program) dlqDiscard() *cobra.Command {
	d := &dlq{program: p}
	cmd := &cobra.Command{
		Use: "discard [LETTER...] [URL...]", Short: "Discard dead letters, with a reason; they can be restored",
		RunE: d.command(func(ctx context.Context, args []string) error {
			if strings.TrimSpace(d.reason) == "" {
				return exit.Usage("say why with --reason; it is kept in the journal")
			}
			return d.do(ctx, replay.Discard, args)
		}),
	}
	d.runFlags(cmd, replay.Discard)
	cmd.Flags().StringVar(&d.reason, "reason", "", "reason, kept in the journal")
	return cmd
}

func (p *program) dlqRestore() *cobra.Command {
	d := &dlq{program: p, choice: choice{all: true}}
	cmd := &cobra.Command{
		Use: "restore LETTER... [URL...]", Short: "Restore discarded letters",
		Args: cobra.MinimumNArgs(1),
		RunE: d.command(func(ctx context.Context, args []string) error { return d.do(ctx, replay.Restore, args) }),
	}
	d.runFlags(cmd, replay.Restore)
	return cmd
}

func (p *program) dlqResume() *cobra.Command {
	d := &dlq{program: p, paceFlags: paceFlags{resumes: true}}
	cmd := &cobra.Command{
		Use: "resume RUN [URL...]", Short: "Resume a run that was interrupted, paused or failed",
		Long: "resume goes on with a run at the pace that it had. Its brokers are those of its plan, unless a URL names them; passwords come from where they " +
			"always do, since none is kept. What was changed on disk or on the broker since the run began is refused.",
		Args: cobra.MinimumNArgs(1),
		RunE: d.command(func(ctx context.Context, args []string) error {
			return d.resume(ctx, args, func(pace replay.Pace) (*replay.Run, error) {
				return d.service.Resume(args[0], !d.settings.readOnly, pace)
			})
		}),
	}
	d.resumeFlags(cmd)
	p.outputFlags(cmd)
	return cmd
}

func (p *program) dlqAbort() *cobra.Command {
	d := &dlq{program: p, paceFlags: paceFlags{resumes: true}}
	cmd := &cobra.Command{
		Use: "abort RUN [URL...]", Short: "End a run; what it has not sent is open again",
		Long: "abort ends a run, also one that is at work in another terminal. If letters still lie in a queue whose copies were sent, they have to be " +
			"taken out, for which --write is needed.",
		Args: cobra.MinimumNArgs(1),
		RunE: d.command(func(ctx context.Context, args []string) error {
			err := d.resume(ctx, args, func(replay.Pace) (*replay.Run, error) { return d.service.Abort(args[0], !d.settings.readOnly) })
			if d.sources == nil && errors.Is(err, replay.ErrJournal) { // its plan is lost, and with it which brokers it is about
				_, err = d.service.Abort(args[0], false)
			}
			return err
		}),
	}
	p.outputFlags(cmd)
	return cmd
}

// do plans, confirms and runs.
func (d *dlq) do(ctx context.Context, action replay.Action, args []string) error {
	format, err := d.format(true)
	if err != nil {
		return err
	}
	pace, err := d.pace()
	if err != nil {
		return err
	}
	if !d.flags.write.Given {
		return &adapters.Problem{Doing: string(action), Cause: "everything is read-only", Remedy: "add --write, and --confirm with the number of letters that the plan says", Kind: replay.ErrRefused}
	}
	plan, err := d.makePlan(ctx, action, args)
	if err != nil {
		return err
	}
	if count := plan.Count(); d.confirm == 0 && count > 0 {
		return &adapters.Problem{
			Doing: fmt.Sprintf("%s %s letters", action, text.Count(int64(count))), Cause: fmt.Sprintf("--confirm %d is required", count),
			Remedy: fmt.Sprintf("look at the plan (eventscope dlq plan), then add --confirm %d", count), Kind: replay.ErrRefused,
		}
	}
	run, err := d.service.Begin(plan, replay.Confirmation{Count: d.confirm, Plan: d.plan, Write: !d.settings.readOnly}, pace)
	if err != nil {
		return err
	}
	d.notePlan(plan)
	return d.carryOut(ctx, run, format)
}

// notePlan says on a terminal what is about to happen.
func (d *dlq) notePlan(plan *replay.Plan) {
	if !console.IsTerminal(d.Stderr) {
		return
	}
	for _, fact := range plan.Facts() {
		d.Note("%-10s %s", fact.Label, fact.Text)
	}
}

// resume opens the sources that a run is about and carries it out.
func (d *dlq) resume(ctx context.Context, args []string, get func(replay.Pace) (*replay.Run, error)) error {
	format, err := d.format(true)
	if err != nil {
		return err
	}
	pace, err := d.pace()
	if err != nil {
		return err
	}
	if err := d.openFor(ctx, args[0], args[1:]); err != nil {
		return err
	}
	run, err := get(pace)
	if err != nil || run == nil {
		return err
	}
	return d.carryOut(ctx, run, format)
}

// openFor opens the sources that a run is about: the URLs that are given, or else the
// context in use if it has them, or else the plan's own, which have no passwords in them.
func (d *dlq) openFor(ctx context.Context, run string, urls []string) error {
	if err := d.openJournal(); err != nil {
		return err
	}
	sources, targets, err := d.service.SourcesOf(run)
	if err != nil {
		return err
	}
	for _, target := range targets {
		if err := d.nameElsewhere(target); err != nil {
			return err
		}
	}
	if len(urls) > 0 {
		return d.open(ctx, urls)
	}
	settings, err := d.settingsFor(sources)
	if err != nil {
		return err
	}
	return d.openWith(ctx, settings)
}

// settingsFor are those of the context in use if it has the brokers of URLs, since it knows user and
// password, and whether it is read-only; or else those of the URLs.
func (d *dlq) settingsFor(urls []string) (*settings, error) {
	settings, err := d.loadWithoutSources()
	if err != nil {
		return nil, err
	}
	if d.flags.context == "" && settings.file.Current.Value == "" {
		return d.load(urls)
	}
	if settings, err = d.load(nil); err != nil {
		return nil, err
	}
	for _, url := range urls {
		wanted, err := d.brokers.Parse(url)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(settings.sources, func(s source.Source) bool { return s.Cluster() == wanted.Cluster() }) {
			continue
		}
		if d.flags.context != "" {
			return nil, exit.Usage("--context %s has no source %s, which the run is about; leave it out, or name the context that has", d.flags.context, wanted.Cluster())
		}
		return d.load(urls)
	}
	return settings, nil
}

// carryOut runs and prints a line a letter, and one for the run.
func (d *dlq) carryOut(ctx context.Context, run *replay.Run, format output.Format) error {
	writer := output.NewWriter(d.Stdout)
	const every = 250 * time.Millisecond
	shown := time.Time{}
	var printing error
	summary, err := run.Do(ctx, func(o replay.Outcome) {
		d.figures.Events++
		if printing == nil {
			printing = writer.Write(format.AppendOutcome(writer.Available(), &o))
		}
		if now := time.Now(); now.Sub(shown) >= every {
			shown = now
			d.Progress("%s of %s letters", text.Count(int64(o.Progress.Done)), text.Count(int64(o.Progress.Total)))
		}
	})
	if !shown.IsZero() {
		d.Progress("")
	}
	if printing == nil {
		printing = errors.Join(writer.Write(format.AppendSummary(writer.Available(), run.Plan.Action, &summary)), writer.Flush())
	}
	switch {
	case errors.Is(err, replay.ErrRefused):
		return err
	case err != nil && ctx.Err() != nil:
		d.Note("the run is %s", summary.State)
		d.noteResume(run, summary.State)
		return context.Cause(ctx)
	case err != nil:
		d.Note("%w", err)
		d.noteResume(run, summary.State) // it may have letters in hand, also where none is settled
		if summary.Settled == 0 && summary.State != replay.RunAborted {
			return exit.Printed(err)
		}
		return exit.Printed(&partlyRun{summary})
	case summary.Failed+summary.Skipped > 0 || summary.State != replay.RunDone:
		return &partlyRun{summary}
	}
	return printing
}

// noteResume says how a run goes on, and how it gets the passwords, which nothing keeps.
func (d *dlq) noteResume(run *replay.Run, state replay.RunState) {
	command := "eventscope dlq resume " + run.ID
	if state == replay.RunAborted {
		command = "eventscope dlq abort " + run.ID
	}
	if d.settings.context != "" {
		command += " --context " + d.settings.context
	} else {
		sources, _ := run.Plan.URLs()
		for _, url := range sources {
			command += " '" + strings.ReplaceAll(url, "'", `'\''`) + "'"
		}
	}
	if state == replay.RunAborted {
		d.Note("the run was aborted; if letters of it are still in hand: %s --write; then make a new plan for the rest", command)
	} else {
		d.Note("go on with: %s --write", command)
	}
	for _, s := range d.settings.sources {
		if s.PasswordFrom == "URL" {
			d.Note("the password of %s is kept nowhere: give it in %s, or by password_file= in the URL", s.Name, source.PasswordVariable)
		}
		for parameter, api := range s.APIs {
			if api.PasswordFrom == "URL" {
				d.Note("the password in %s= of %s is kept nowhere: write it into the URL again", parameter, s.Name)
			}
		}
	}
}

// partlyRun is a run that did not deal with all its letters.
type partlyRun struct{ summary replay.Summary }

// ExitCode is [exit.Partly].
func (p *partlyRun) ExitCode() int { return exit.Partly }

func (p *partlyRun) Error() string {
	return fmt.Sprintf("run %s is %s: %s settled, %s failed, %s skipped", p.summary.Run, p.summary.State,
		text.Count(int64(p.summary.Settled)), text.Count(int64(p.summary.Failed)), text.Count(int64(p.summary.Skipped)))
}

// mostOnTheirWay bounds --window, which is held in memory.
const mostOnTheirWay = 2000

// paceFlags are what the flags say of how fast a run goes.
type paceFlags struct {
	canary, window int
	rate           string
	resumes        bool // a run that has its pace
}

// pace reads --rate, --canary and --window.
func (f *paceFlags) pace() (replay.Pace, error) {
	pace := replay.Pace{Canary: f.canary, Window: f.window}
	switch {
	case f.canary < 0:
		return pace, exit.Usage("--canary %d: a number of letters, such as 1", f.canary)
	case f.window < 1 && !(f.resumes && f.window == 0) || f.window > mostOnTheirWay:
		return pace, exit.Usage("--window %d: a number of letters from 1 to %d", f.window, mostOnTheirWay)
	}
	if f.rate == "" {
		return pace, nil
	}
	count, unit, _ := strings.Cut(f.rate, "/")
	seconds := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[unit]
	n, err := strconv.ParseFloat(count, 64)
	if err != nil || n <= 0 || n > 1e9 || seconds == 0 {
		return pace, exit.Usage("--rate %q: write it like 100/s, 10/m or 5/h", f.rate)
	}
	pace.Rate = n / seconds
	return pace, nil
}

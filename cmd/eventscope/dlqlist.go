package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/replay"
	"eventscope/tui/text"
)

// dlqList prints a line a letter.
func (p *program) dlqList() *cobra.Command {
	d := &dlq{program: p}
	cmd := &cobra.Command{
		Use: "list [URL...]", Short: "Print a line per dead letter",
		RunE: d.command(d.list),
	}
	d.choiceFlags(cmd)
	p.outputFlags(cmd)
	return cmd
}

// openURLs opens what a command reads that takes nothing but URLs.
func (d *dlq) openURLs(ctx context.Context, args []string, noValue bool) (format output.Format, err error) {
	if format, err = d.format(noValue); err == nil {
		err = d.checkURLs(args, nil)
	}
	if err == nil {
		err = d.open(ctx, args)
	}
	return format, err
}

func (d *dlq) list(ctx context.Context, args []string) error {
	format, err := d.openURLs(ctx, args, false)
	if err != nil {
		return err
	}
	writer := output.NewWriter(d.Stdout)
	found := 0
	err = d.each(ctx, nil, func(l *output.Letter) error {
		found++
		return writer.Write(format.AppendLetter(writer.Available(), l))
	})
	if flushing := writer.Flush(); err == nil {
		err = flushing
	}
	if err != nil {
		return err
	}
	return d.outcome(found, "no open dead letter was found")
}

// dlqGroups prints a line for letters that died in the same way.
func (p *program) dlqGroups() *cobra.Command {
	d := &dlq{program: p}
	cmd := &cobra.Command{
		Use: "groups [URL...]", Short: "Print a line per cause: reason, exception, type, origin",
		RunE: d.command(d.groups),
	}
	d.choiceFlags(cmd)
	p.outputFlags(cmd)
	return cmd
}

func (d *dlq) groups(ctx context.Context, args []string) error {
	format, err := d.openURLs(ctx, args, true)
	if err != nil {
		return err
	}
	var grouping replay.Grouping
	found := 0
	err = d.each(ctx, nil, func(l *output.Letter) error {
		found++
		grouping.Add(l.Letter)
		return nil
	})
	if err != nil {
		return err
	}
	writer := output.NewWriter(d.Stdout)
	for _, group := range grouping.Groups() {
		if err := writer.Write(format.AppendGroup(writer.Available(), &group)); err != nil {
			return err
		}
	}
	if err := writer.Flush(); err != nil {
		return err
	}
	if n := grouping.Others(); n > 0 {
		d.Note("%s letters are in none of these groups, since there are too many; choose fewer with --filter", text.Count(int64(n)))
	}
	return d.outcome(found, "no open dead letter was found")
}

// dlqShow prints all there is to one letter.
func (p *program) dlqShow() *cobra.Command {
	d := &dlq{program: p, choice: choice{all: true}}
	cmd := &cobra.Command{
		Use: "show LETTER [URL...]", Short: "Show one dead letter in full",
		Args: cobra.MinimumNArgs(1),
		RunE: d.command(d.show),
	}
	p.outputFlags(cmd)
	return cmd
}

func (d *dlq) show(ctx context.Context, args []string) error {
	only, urls, err := d.arguments(args)
	if err != nil {
		return err
	}
	if len(only) != 1 {
		return exit.Usage("name one letter by its position, such as orders.dlq/0@17")
	}
	format, err := d.format(false)
	if err != nil {
		return err
	}
	if err := d.open(ctx, urls); err != nil {
		return err
	}
	writer := output.NewWriter(d.Stdout)
	seen := map[adapters.Position]bool{}
	err = d.each(ctx, only, func(l *output.Letter) error {
		if seen[l.Letter.Position] {
			return nil // an equal letter of a queue
		}
		seen[l.Letter.Position] = true
		return writer.Write(format.AppendLetterPage(writer.Available(), l))
	})
	if flushing := writer.Flush(); err == nil {
		err = flushing
	}
	if err == nil {
		err = d.missing(ctx, only, seen)
	}
	return d.sources.Answer(err)
}

// dlqJournal prints what was ever done from here.
func (p *program) dlqJournal() *cobra.Command {
	d := &dlq{program: p}
	cmd := &cobra.Command{
		Use: "journal [RUN]", Short: "Print what was done to dead letters from this machine: a line per run, or the steps of one",
		Args: cobra.MaximumNArgs(1),
		RunE: d.command(d.printJournal),
	}
	p.outputFlags(cmd)
	return cmd
}

func (d *dlq) printJournal(_ context.Context, args []string) error {
	format, err := d.format(true)
	if err != nil {
		return err
	}
	if err := d.openJournal(); err != nil {
		return err
	}
	writer := output.NewWriter(d.Stdout)
	count, broken := 0, 0
	if len(args) == 1 {
		broken, err = d.service.Steps(args[0], func(line *replay.Line) error {
			count++
			return writer.Write(format.AppendLine(writer.Available(), line))
		})
	} else {
		var records []*replay.Record
		records, broken, err = d.service.Runs()
		for _, record := range slices.Backward(records) {
			count++
			if err == nil {
				err = writer.Write(format.AppendRecord(writer.Available(), record))
			}
		}
	}
	if flushing := writer.Flush(); err == nil {
		err = flushing
	}
	if broken > 0 {
		d.Note("the journal was changed by somebody: %s of its lines do not follow from the line before", text.Count(int64(broken)))
	}
	if err == nil && count == 0 {
		err = &exit.NothingFound{Searched: "the journal has nothing of that"}
	}
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/envelope"
	"eventscope/adapters/figure"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/tracing/query"
	"eventscope/tui/text"
)

// tail prints events as they come.
type tail struct {
	*program
	reading reading.Flags
	filter  string
	limit   int64
	noValue bool
}

func (p *program) tailCommand() *cobra.Command {
	t := &tail{program: p}
	cmd := &cobra.Command{
		Use: "tail [URL...]", Short: "Print events as they arrive",
		Long: "tail prints a line per event, from one source or from several at once. It joins no consumer group and takes nothing from a queue.\n\n" +
			"With --exit events are printed at the end, in the order of their time over all partitions, sources and brokers; otherwise as they arrive.",
		RunE: p.command(t.run),
	}
	t.reading.Add(cmd)
	cmd.Flags().StringVar(&t.filter, "filter", "", "only events that match: words, or an expression such as 'service == \"payment\"'")
	cmd.Flags().Int64Var(&t.limit, "limit", 0, "stop after this many events")
	cmd.Flags().BoolVar(&t.noValue, "no-value", false, "leave out the values")
	p.outputFlags(cmd)
	return cmd
}

func (t *tail) run(ctx context.Context, args []string) error {
	printer, err := t.printer()
	if err != nil {
		return err
	}
	extent, err := t.reading.Extent()
	if err != nil {
		return err
	}
	if t.limit < 0 {
		return exit.Usage("--limit %d: a limit is a number from 1", t.limit)
	}
	settings, err := t.loadFor(args)
	if err != nil {
		return err
	}
	settings.memory.LimitWithoutIndex()
	printer.reader = envelope.NewReader(settings.rules)
	if extent.Exit {
		const part = 4 // of the memory; sorting and reading need theirs, too
		printer.order = output.NewByTime(int(settings.memory / part))
	}
	sources, err := t.open(ctx, settings.sources)
	if err != nil {
		return err
	}
	defer sources.Close()
	err = t.stream(ctx, extent, sources, printer)
	figures := reading.Figures{Started: printer.started, Events: printer.events.Load()}
	figures.AddDropped(sources)
	t.printFigures(&figures)
	t.noteFilterErrors(printer.wrong, "event", "events")
	if printer.unsure > 0 {
		t.Note("%s did not match the filter without their schemas, which were not known when they came; read them again once they are", figure.Plural(printer.unsure, "event", "events"))
	}
	if printer.order != nil && printer.order.Late() > 0 {
		t.Note("%s events stand behind later ones, since not all fit in memory at once; raise --memory, or read less with --from", text.Count(printer.order.Late()))
	}
	return t.end(err, sources, printer)
}

// end is the command's outcome after the last event.
func (t *tail) end(err error, sources *reading.Sources, printer *printer) error {
	switch {
	case err != nil || printer.printed > 0:
	case printer.filter != nil && printer.events.Load() > 0:
		err = &exit.NothingFound{Searched: fmt.Sprintf("no event matched the filter; %s were read", text.Count(printer.events.Load()))}
	default:
		err = &exit.NothingFound{Searched: "no event was found"}
	}
	return sources.Answer(err)
}

// printer writes the events of batches. It belongs to one goroutine, but for events.
type printer struct {
	format  output.Format
	writer  *output.Writer
	order   *output.ByTime // nil: as they come
	reader  *envelope.Reader
	filter  *query.Filter // nil is everything
	limit   int64         // 0 is none
	printed int64
	wrong   int64 // evaluations of the filter that failed
	unsure  int64 // events that did not match and may, once their schemas are known
	events  atomic.Int64
	started time.Time
}

func (t *tail) printer() (*printer, error) {
	format, err := t.format(t.noValue)
	if err != nil {
		return nil, err
	}
	p := &printer{format: format, writer: output.NewWriter(t.Stdout), limit: t.limit, started: time.Now()}
	if t.filter != "" {
		p.filter, err = query.Compile(t.filter, query.Events)
	}
	return p, err
}

// errEnough ends reading because everything asked for is there.
var errEnough = errors.New("enough")

// delivery is a batch and where it is from.
type delivery struct {
	adapter *driver.Source
	batch   *adapters.Batch
}

// stream reads the sources and prints until everything has ended.
func (t *tail) stream(ctx context.Context, extent reading.Extent, sources *reading.Sources, printer *printer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	deliveries := make(chan delivery, 2) // a few batches, so that memory is bounded
	var readingDone error
	var helpers sync.WaitGroup
	helpers.Go(func() {
		defer close(deliveries)
		readingDone = sources.Read(ctx, extent, func(adapter *driver.Source) adapters.Intake {
			return adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
				select {
				case deliveries <- delivery{adapter, batch}:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
		})
	})
	watching, stopWatching := context.WithCancel(ctx)
	helpers.Go(func() { sources.Watch(watching, cancel, printer.events.Load) })
	err := printer.all(deliveries, cancel)
	stopWatching()
	helpers.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errEnough) {
		return cause
	}
	return errors.Join(err, readingDone)
}

// all prints what is delivered until the channel is closed. When there is nothing more
// to print, it ends the reading and lets go of what still arrives.
func (p *printer) all(deliveries <-chan delivery, end context.CancelCauseFunc) error {
	var failed error
	for d := range deliveries {
		p.events.Add(int64(len(d.batch.Messages)))
		if failed == nil && !p.enough() {
			failed = p.batch(d)
			if failed == nil && len(deliveries) == 0 {
				failed = p.writer.Flush()
			}
			if failed != nil || p.enough() {
				end(errEnough)
			}
		}
		d.batch.Release()
	}
	if failed == nil && p.order != nil {
		failed = p.order.All(p.writer)
	}
	if failed == nil {
		failed = p.writer.Flush()
	}
	return failed
}

func (p *printer) enough() bool { return p.limit > 0 && p.printed >= p.limit }

// batch prints the events of one batch that match.
func (p *printer) batch(d delivery) error {
	var id envelope.Identity
	event := output.Event{Source: d.adapter.Name, Broker: d.adapter.Broker, Identity: &id}
	subject := query.Subject{Source: event.Source, Broker: event.Broker, Identity: &id}
	for i := range d.batch.Messages {
		event.Message = &d.batch.Messages[i]
		p.reader.Read(event.Message, &id)
		if p.filter != nil {
			subject.Message = event.Message
			matches, err := p.filter.Match(&subject)
			if err != nil {
				p.wrong++
			}
			if !matches {
				if event.Message.Lacking {
					p.unsure++
				}
				continue
			}
		}
		if err := p.write(&event); err != nil {
			return err
		}
		if p.printed++; p.enough() {
			return nil
		}
	}
	return nil
}

// write prints an event, or keeps it until its time has come.
func (p *printer) write(event *output.Event) error {
	if p.order == nil {
		return p.writer.Write(p.format.AppendEvent(p.writer.Available(), event))
	}
	return p.order.Add(event.Source, event.Message, p.writer, func(dst []byte) []byte { return p.format.AppendEvent(dst, event) })
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"encoding/json"

	"eventscope/cmd/internal/console"
	"eventscope/cmd/internal/demo"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/tracing"
	"eventscope/tui/text"
)

// demoSummary is what a demonstration without a screen prints.
type demoSummary struct {
	Seconds     float64          `json:"seconds"`
	Orders      int64            `json:"orders"`
	Published   map[string]int64 `json:"published"`
	Seen        int64            `json:"seen"`
	Flows       map[string]int   `json:"flows"`
	DeadLetters map[string]int64 `json:"dead_letters"`
	Faults      map[string]int64 `json:"faults"`
}

// summarise looks at the system until ctx ends, then prints what was seen.
func (d *demonstration) summarise(ctx context.Context, system *demo.System, v *view) error {
	figures := reading.Figures{Started: time.Now()}
	v.index = reading.StartIndex(v.settings.tracing())
	defer v.index.Stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var lines sync.WaitGroup
	v.open(ctx, cancel, d.program, &lines)
	<-ctx.Done()
	lines.Wait()
	cause := context.Cause(ctx)
	if !errors.Is(cause, exit.ErrTime) && !errors.Is(cause, exit.ErrInterrupted) {
		return cause
	}
	summary, err := d.summary(context.WithoutCancel(ctx), system, v, figures.Started)
	if err != nil {
		return err
	}
	figures.Events = summary.Seen
	figures.AddIndex(v.index.Counters())
	d.printFigures(&figures)
	return cmp.Or(d.printSummary(summary), cause)
}

func (d *demonstration) summary(ctx context.Context, system *demo.System, v *view, started time.Time) (*demoSummary, error) {
	if err := errors.Join(v.index.Sync(ctx), v.index.ReadAgain(ctx), v.index.Settle(ctx)); err != nil {
		return nil, err
	}
	stats := system.Stats()
	s := &demoSummary{
		Seconds: time.Since(started).Round(time.Millisecond).Seconds(), Orders: stats.Orders, Published: stats.Events,
		Seen: v.index.Counters().Events, Flows: map[string]int{}, DeadLetters: stats.DeadLetters, Faults: map[string]int64{},
	}
	for kind, n := range stats.Faults {
		s.Faults[string(kind)] = n
	}
	for flow, err := range v.index.All(ctx, tracing.FlowQuery{}) {
		if err != nil {
			return nil, err
		}
		s.Flows[string(flow.Status)]++
	}
	return s, nil
}

func (d *demonstration) printSummary(s *demoSummary) error {
	if _, err := d.format(true); err != nil {
		return err
	}
	writer := output.NewWriter(d.Stdout)
	if d.flags.format == "json" || d.flags.format == "" && !console.IsTerminal(d.Stdout) {
		line, err := json.Marshal(s)
		return cmp.Or(err, writer.Write(append(line, '\n')), writer.Flush())
	}
	words := fmt.Sprintf("%s orders in %.1f s, %s events published and %s seen\n", text.Count(int64(s.Orders)), s.Seconds, text.Count(total(s.Published)), text.Count(s.Seen))
	for _, part := range []struct{ name, list string }{
		{"events", counts(s.Published)}, {"flows", counts(s.Flows)}, {"dead letters", counts(s.DeadLetters)}, {"faults", counts(s.Faults)},
	} {
		words += fmt.Sprintf("%-12s  %s\n", part.name, part.list)
	}
	return cmp.Or(writer.Write([]byte(words)), writer.Flush())
}

func total(counts map[string]int64) (sum int64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// counts lists what was counted, most first.
func counts[N int | int64](of map[string]N) string {
	names := slices.SortedFunc(maps.Keys(of), func(a, b string) int {
		return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a, b))
	})
	parts := []string{}
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%s %s", name, text.Count(int64(of[name]))))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

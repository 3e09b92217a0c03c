package reading

import (
	"context"
	"fmt"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/cmd/internal/console"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/system"
	"eventscope/tui/text"
)

// Watch says on standard error what happens to the sources while they are read, and
// how far the reading is when somebody looks at it and standard output goes elsewhere.
// When nobody reads standard output any more, it ends the work, for on a quiet topic
// there may be no write for hours to notice that. It returns when ctx ends. count is the
// number of events so far.
func (s *Sources) Watch(ctx context.Context, end context.CancelCauseFunc, count func() int64) {
	const every = 500 * time.Millisecond
	const dropsEvery = 5 * time.Second // they go on for as long as the flood does
	progress := !console.IsTerminal(s.console.Stdout)
	before, toldDrops := make([]adapters.Status, len(s.Open)), make([]time.Time, len(s.Open))
	last, lastTime := count(), time.Now()
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true
		case <-ticks.C:
		}
		if system.ReaderGone(s.console.Stdout) {
			end(output.ErrClosed)
		}
		for i, adapter := range s.Open {
			now := adapter.Status()
			if now.Dropped > before[i].Dropped && !ended && time.Since(toldDrops[i]) < dropsEvery {
				now.Dropped = before[i].Dropped // told later, with those to come
			} else if now.Dropped > before[i].Dropped {
				toldDrops[i] = time.Now()
			}
			for _, notice := range Changes(adapter.Name, before[i], now) {
				s.console.Note("%s", notice)
			}
			s.news(adapter.Name, now.Problems)
			before[i] = now
		}
		if progress {
			events, now := count(), time.Now()
			rate := float64(events-last) / now.Sub(lastTime).Seconds()
			s.console.Progress("%s events, %s/s", text.Count(events), text.Short(rate))
			last, lastTime = events, now
		}
	}
	if progress {
		s.console.Progress("")
	}
}

// Changes says what an operator should know about a source that went from one status
// to the next.
func Changes(name string, before, now adapters.Status) []string {
	var notices []string
	add := func(format string, args ...any) {
		notices = append(notices, name+": "+fmt.Sprintf(format, args...))
	}
	if now.Connection == adapters.Lost && before.Connection != adapters.Lost && now.Err != nil {
		add("%v", now.Err)
	}
	connected := now.Connection == adapters.Live || now.Connection == adapters.CatchingUp
	if connected && before.Connection == adapters.Lost {
		add("connected again after %s", text.Span(now.Since.Sub(before.Since)))
	}
	for _, problem := range now.Problems {
		if !slices.Contains(before.Problems, problem) {
			add("%s", problem)
		}
	}
	for _, gap := range now.Gaps {
		known := func(other adapters.Gap) bool { return other.From.Equal(gap.From) && other.Reason == gap.Reason }
		switch {
		case gap.Missed >= 0, slices.ContainsFunc(before.Gaps, known): // those that are counted are told as drops
		case gap.From.Equal(gap.To):
			add("%s", gap.Reason)
		default:
			add("tap was away %s (%s), messages in between are not shown", text.Span(gap.To.Sub(gap.From)), gap.Reason)
		}
	}
	if dropped := now.Dropped - before.Dropped; dropped == 1 {
		add("1 message was dropped because it was not read fast enough")
	} else if dropped > 1 {
		add("%s messages were dropped because they were not read fast enough", text.Count(dropped))
	}
	if now.DroppedUnknown && !before.DroppedUnknown {
		add("messages were dropped because they were not read fast enough, and nobody knows how many")
	}
	return notices
}

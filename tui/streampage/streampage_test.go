package streampage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/tracing/query"
	"eventscope/tui/eventpage"
	"eventscope/tui/page"
	"eventscope/tui/streampage"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// stream is the page of the live tail over a system.
type stream struct {
	*tuitest.Alone
	*tuitest.System
	t      *testing.T
	filter *page.EventFilter
}

// watch tells a story of the stream, which shows ten events, beginning with so many.
func watch(t *testing.T, events int, tell func(s *stream)) {
	t.Helper()
	tuitest.Story(t, func(t *testing.T, system *tuitest.System) {
		s := &stream{Alone: tuitest.NewAlone(t, 120, 11), System: system, t: t}
		s.Querier = system.Store
		s.filter = &page.EventFilter{Screen: s.Alone, Querier: system.Store}
		s.come(0, events)
		events := &eventpage.Config{Screen: s.Alone, Querier: system.Store}
		s.Show(streampage.New(&streampage.Config{Screen: s.Alone, Querier: system.Store, Filter: s.filter, Preview: events.NewPreview(false, 100)}))
		s.Press("f") // the rows of the page are known by now
		tell(s)
	})
}

// come writes events from one number on: every third names no flow.
func (s *stream) come(from, to int) {
	s.t.Helper()
	for i := from; i < to; i++ {
		e := tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: fmt.Sprintf("Event-%03d", i), Service: "order", Flow: fmt.Sprintf("flow-%03d", i), Value: "x"}
		if i%3 == 2 {
			e.Flow = ""
		}
		s.Tell(s.t, e)
	}
}

// filtered makes words the filter, and waits until it has looked at all there is.
func (s *stream) filtered(words string) *stream {
	s.filter.Apply(words, query.Events)
	s.Pass(time.Second).Pass(time.Second)
	return s
}

// TestTheStreamFollowsUntilSomebodyMoves: then it stands, and counts what comes below.
func TestTheStreamFollowsUntilSomebodyMoves(t *testing.T) {
	watch(t, 30, func(s *stream) {
		s.Sees("following", "p pause").Selects("Event-029")
		s.come(30, 32)
		s.Pass(time.Second).Selects("Event-031").Press("k").Selects("Event-030").Sees("paused", "p go on").Misses("new below")
		s.come(32, 37)
		s.Pass(time.Second).Selects("Event-030").Sees("paused, 5 new below").Press("j").Selects("Event-031").Press("G").Selects("Event-036").Sees("following").Misses("below")
		s.Press("p").Sees("paused")
		s.come(37, 40)
		s.Pass(time.Second).Selects("Event-036").Sees("3 new below").Press("p").Selects("Event-039").Sees("following")
		s.Press("g").Selects("Event-000").Sees("30 new below").Press("k").Selects("Event-000").Press("ctrl+d").Selects("Event-005").Press("ctrl+u").Selects("Event-000").Press("f").Selects("Event-039")
	})
}

// TestTheCursorGoesThroughAllThatThereIs, row by row, whatever part of it is at hand, and stays on the
// screen.
func TestTheCursorGoesThroughAllThatThereIs(t *testing.T) {
	watch(t, 70, func(s *stream) {
		s.Press("g").Selects("Event-000")
		for i := 1; i < 70; i++ {
			s.Press("j").Selects(fmt.Sprintf("Event-%03d", i))
		}
		s.Press("j").Selects("Event-069").Press("G").Press("k")
		for i := 67; i >= 0; i-- {
			s.Press("k").Selects(fmt.Sprintf("Event-%03d", i))
		}
	})
}

// TestAnEventLeadsToItsFlow, to itself where it names none, which is said, and to itself when asked.
func TestAnEventLeadsToItsFlow(t *testing.T) {
	watch(t, 6, func(s *stream) {
		s.Press("enter").Sees("this event names no flow and no order; here is the event", "paused").Press("k", "enter", "v")
		if want := []string{"event orders/0@5", "flow flow-004", "event orders/0@4"}; !slices.Equal(s.Went, want) {
			t.Errorf("it leads to %q, want %q", s.Went, want)
		}
	})
	watch(t, 0, func(s *stream) {
		s.Misses("enter flow", "v value", "space mark").Press("enter", "v", "space", "y").Sees("No events yet")
		if s.Went != nil || s.Copied != "" {
			t.Errorf("nothing leads to %q, and %q was copied", s.Went, s.Copied)
		}
	})
}

// TestMarksAreCopiedTogether, each id once and those that have one; without marks it is the id of the row,
// or its position. Esc takes marks away, then the filter.
func TestMarksAreCopiedTogether(t *testing.T) {
	watch(t, 6, func(s *stream) {
		copied := func(want string) {
			t.Helper()
			if s.Press("y"); s.Copied != want {
				t.Errorf("copied %q, want %q", s.Copied, want)
			}
		}
		copied("orders/0@5")
		s.Sees("copied the position").Press("k")
		copied("flow-004")
		s.Press("g", "space").Selects("Event-001").Sees("◆ 1").Press("j", "space").Sees("◆ 2").Selects("Event-003").Press("space", "space")
		copied("flow-000\nflow-003\nflow-004")
		s.Press("k", "space").Sees("◆ 3") // a mark is taken away by another press
		copied("flow-000\nflow-003")
		s.filtered("flow").Sees("/flow").Press("esc").Misses("◆").Sees("/flow").Press("esc").Misses("/flow").Press("g", "j", "j", "space", "y").Sees("none of the marked rows has a flow id; nothing was copied")
	})
}

// TestTheNextMatchIsLookedForInAllThereIs, forward and back, also after the filter has gone.
func TestTheNextMatchIsLookedForInAllThereIs(t *testing.T) {
	watch(t, 60, func(s *stream) {
		s.Press("n").Sees("no filter yet: / and some words").Press("g")
		s.filtered(`type in ["Event-007", "Event-031", "Event-058"]`).Sees(" 3").Selects("Event-007").Press("esc").Misses("/type").Press("g", "n").Selects("Event-007").Press("n").Selects("Event-031").Press("n").Selects("Event-058")
		s.Press("n").Sees("no further match").Selects("Event-058").Press("N").Selects("Event-031").Press("k", "N").Selects("Event-007").Press("N").Sees("no further match").Selects("Event-007").Press("j", "N").Selects("Event-007")
	})
}

// TestWhatDoesNotMatchNeverStandsUnderAFilter, not even until the answer comes, nor when that of an
// earlier filter comes late.
func TestWhatDoesNotMatchNeverStandsUnderAFilter(t *testing.T) {
	watch(t, 20, func(s *stream) {
		s.Hold()
		s.filtered("Event-003").Misses("Event-019", "No event matches")
		s.filtered("Event-004").Misses("Event-003 ", "Event-019")
		s.Answer().Pass(time.Second).Misses("Event-019", "Event-003").Selects("Event-004")
		s.filtered("nowhere").Sees("No event matches the filter so far.", "esc clears it; / changes it.").Press("esc").Pass(time.Second).Sees("Event-019")
	})
}

// TestAClickStopsTheStream and puts the cursor there; the second one opens, one below the rows does nothing.
func TestAClickStopsTheStream(t *testing.T) {
	watch(t, 4, func(s *stream) {
		if s.Click(0, 2) || !s.Click(0, 2) {
			t.Error("a click opens too early, or never")
		}
		s.Selects("Event-001").Sees("paused").Misses("below")
		if s.Click(0, 0) || s.Click(0, 5) || s.Click(0, 10) {
			t.Error("a click on no row opens one")
		}
		s.Selects("Event-001")
	})
}

// TestColumnsOnlyGrow, so that rows do not jump sideways while they pass, until other events are shown.
func TestColumnsOnlyGrow(t *testing.T) {
	watch(t, 1, func(s *stream) {
		at := func() int { return strings.Index(s.Selected(), "orders/0@") }
		narrow := at()
		s.Tell(s.t, tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "AnEventOfAVeryLongName", Service: "a-long-service", Flow: "flow-x", Value: "x"})
		s.Pass(time.Second)
		wide := at()
		s.come(3, 30)
		if s.Pass(time.Second).Misses("AnEventOfAVeryLongName"); wide <= narrow || at() != wide {
			t.Errorf("positions stand at %d, then %d, then %d", narrow, wide, at())
		}
		if s.filtered("Event-0"); at() >= wide {
			t.Errorf("under a filter they still stand at %d", at())
		}
		s.Looks(theme.Dim, "orders/0@")
	})
}

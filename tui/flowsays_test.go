package tui_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui"
	"eventscope/tui/tuitest"
)

// altered is an index whose flows say something else.
type altered struct {
	tracing.Querier
	flow func(*tracing.Flow)
	page func(*tracing.FlowPage)
}

func (q altered) Flow(ctx context.Context, key tracing.FlowKey) (*tracing.Flow, error) {
	flow, err := q.Querier.Flow(ctx, key)
	if err == nil && q.flow != nil {
		other := *flow
		q.flow(&other)
		flow = &other
	}
	return flow, err
}

func (q altered) Flows(ctx context.Context, query tracing.FlowQuery) (tracing.FlowPage, error) {
	page, err := q.Querier.Flows(ctx, query)
	page.Flows = slices.Clone(page.Flows)
	for i := range page.Flows {
		if q.flow != nil {
			other := tracing.Flow{FlowSummary: page.Flows[i]}
			q.flow(&other)
			page.Flows[i] = other.FlowSummary
		}
	}
	if q.page != nil {
		q.page(&page)
	}
	return page, err
}

// TestAFlowSaysWhatIsOutOfTheOrdinary in its row and above its events.
func TestAFlowSaysWhatIsOutOfTheOrdinary(t *testing.T) {
	noHistory := func(o *tui.Options) { o.History = nil }
	withHistory := func(o *tui.Options) {
		o.History = func(context.Context, string, time.Duration, chan<- tui.HistoryProgress) error { return nil }
	}
	for name, c := range map[string]struct {
		change             func(f *tracing.Flow)
		options            func(*tui.Options)
		row, sees, nothing string // in its row, on its page, and not on its page
	}{
		"nothing":           {func(*tracing.Flow) {}, noHistory, "", "began 20", "before the window"},
		"began before":      {func(f *tracing.Flow) { f.BeganBefore = true }, noHistory, "began earlier", "! began before the window", "b looks for them"},
		"cut":               {func(f *tracing.Flow) { f.BeganBefore, f.Cut = true, true }, withHistory, " cut", "! began before the window; b looks for them in the brokers", "no longer indexed"},
		"evicted":           {func(f *tracing.Flow) { f.Cut, f.Evicted = true, 1200 }, noHistory, " cut", "! began before the window; 1,200 events no longer indexed", "b looks"},
		"one evicted":       {func(f *tracing.Flow) { f.Cut, f.Evicted = true, 1 }, noHistory, " cut", "; 1 event no longer indexed", "b looks"},
		"dead":              {func(f *tracing.Flow) { f.DeadLetters = 2 }, noHistory, "☠ 2 dead", "D dead letter", "before the window"},
		"twice":             {func(f *tracing.Flow) { f.Duplicates = 3 }, noHistory, "3 duplicates", "began 20", "D dead letter"},
		"several":           {func(f *tracing.Flow) { f.Entities = 40 }, noHistory, "40 entities", "! about 40 entities, such as orders, share this id, as in a batch", "before the window"},
		"several, of a cut": {func(f *tracing.Flow) { f.Entities, f.Cut = 40, true }, noHistory, "40 entities, cut", "! began before the window", "share this id"},
		"failed earlier":    {func(f *tracing.Flow) { f.FailedAt = "CardDeclined" }, noHistory, "✗ CardDeclined", "began 20", "before the window"},
		"failed last":       {func(f *tracing.Flow) { f.FailedAt = f.LastType }, noHistory, "PaymentProcessed", "began 20", "before the window"},
		"several at once":   {func(f *tracing.Flow) { f.DeadLetters, f.Duplicates = 1, 1 }, noHistory, "☠ 1 dead letter, ", "began 20", "before the window"},
		"only counted":      {func(f *tracing.Flow) { f.Capped = 7000 }, noHistory, "", "7,000 further events share this id and were only counted", "before the window"},
		"settles":           {func(f *tracing.Flow) { f.Path, f.Settle = "declared in the config", 4*time.Second }, noHistory, "", "usual path declared in the config · usually settles in 4 s", "before the window"},
		"no evidence":       {func(f *tracing.Flow) { f.From = "" }, noHistory, "", "began 20", "flow id from"},
		"by its key":        {func(f *tracing.Flow) { f.From = "by key" }, noHistory, "", "flow id by key", "from by key"},
		"an id of its own":  {func(f *tracing.Flow) { f.ID = "0b9d8c42-correlation" }, noHistory, "ord-1001", "flow id 0b9d8c42-correlation from header", "before the window"},
		"a gap at first": {func(f *tracing.Flow) {
			f.Gaps = []tracing.SourceGap{{Source: "kafka", Gap: adapters.Gap{From: f.Started.Add(-time.Minute), To: f.Started.Add(-50 * time.Second), Missed: 12, Reason: "rebalance"}}}
		}, noHistory, "", "kafka was away 10 s (rebalance); 12 messages in between are not shown", "before the window"},
		"why": {func(f *tracing.Flow) {
			f.Expected = []tracing.Expectation{{Type: "Paid", State: tracing.Due, Usual: time.Second, Late: 2 * time.Second, Seen: 0.4, Why: "seen after both"}}
		}, noHistory, "", "still to come, usually within 2 s; seen after both, in 40 % of flows", "overdue"},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				event := s.Order(1, time.Now(), 2)
				put(t, s, event...)
				options := s.Options()
				c.options(&options)
				options.Querier = altered{s.Store, c.change, nil}
				screen := tuitest.Open(t, options, 170, 24).Press("2").Wait(time.Second).Selects("ord-1001", c.row)
				if name == "failed last" || name == "nothing" {
					screen.SelectsNot("✗ Pay")
				}
				screen.Press("enter").Wait(time.Second).Sees(c.sees, "Flow ord-1001").Misses(c.nothing)
				for _, size := range [][2]int{{120, 40}, {80, 24}, {40, 10}} {
					screen.Resize(size[0], size[1]).Press("v").Wait(time.Second).Sees("Order")
				}
			})
		})
	}
}

// TestAGapStandsBeforeWhatCameAfterIt, at the first, between two and behind the last event.
func TestAGapStandsBeforeWhatCameAfterIt(t *testing.T) {
	for at, wanted := range map[time.Duration]int{-time.Minute: 0, 100 * time.Millisecond: 1, time.Minute: 2} {
		story(t, func(t *testing.T, s *tuitest.System) {
			put(t, s, s.Order(1, time.Now(), 2)...)
			options := s.Options()
			options.Querier = altered{s.Store, func(f *tracing.Flow) {
				f.Gaps = []tracing.SourceGap{{Source: "kafka", Gap: adapters.Gap{From: f.Started.Add(at), To: f.Started.Add(at + time.Second), Missed: -1}}}
			}, nil}
			screen := tuitest.Open(t, options, 120, 24).Press("enter").Wait(time.Second).Press("g")
			for range wanted {
				screen.SelectsNot("was away").Press("j")
			}
			screen.Selects("was away 1 s").Press("enter").Wait(time.Second).Sees("Flow ord-1001").Misses("line 1 of").Press("v").Selects("was away 1 s")
		})
	}
}

// TestTheCursorStaysOnItsStepOfAFlow when events come before it, whichever way it is shown.
func TestTheCursorStaysOnItsStepOfAFlow(t *testing.T) {
	for _, keys := range []string{"", "v"} {
		story(t, func(t *testing.T, s *tuitest.System) {
			order := s.Order(1, time.Now(), 5)
			put(t, s, order[2], order[3])
			screen := tuitest.Open(t, s.Options(), 120, 24).Press("enter").Wait(time.Second).Press(strings.Fields(keys)...).Press("g", "j").Selects("InventoryReserved")
			put(t, s, order[0], order[1], order[4])
			screen.Wait(3*time.Second).Sees("5 events", "OrderPlaced").Selects("InventoryReserved").Press("enter").Wait(time.Second).Sees("InventoryReserved", "tree line")
			screen.Press("esc").Selects("InventoryReserved").Press("v").Selects("InventoryReserved")
		})
	}
}

// TestAFlowThatIsOpenGoesOn, says so when it leaves the index, and keeps what it showed.
func TestAFlowThatIsOpenGoesOn(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 1)...)
		screen := tuitest.Open(t, s.Options(), 120, 24).Press("enter").Wait(time.Second).Sees("1 event ", "running")
		put(t, s, s.Order(1, time.Now(), 5)[1:]...)
		screen.Wait(time.Second).Sees("5 events · 5 services · 2 brokers", "ShipmentPrepared").Misses("not in the index")
		flood := tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "flood", ID: "flood"}
		for range 30 {
			if err := s.Flood(t.Context(), flood, 4000); err != nil {
				t.Fatal(err)
			}
		}
		screen.Wait(5*time.Second).Sees("it is not in the index, or no longer", "5 events", "ShipmentPrepared").Press("G", "enter").Wait(time.Second).Sees("ShipmentPrepared")
		screen.Press("esc", "esc", "esc").Wait(time.Second).Misses("not in the index").Sees("1 Stream")
	})
}

// TestAFlowThatIsNotThereYetMayCome while its page is open.
func TestAFlowThatIsNotThereYetMayCome(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many(t, s, 0, 2)
		options := s.Options()
		var shown atomic.Bool
		options.Querier = altered{hiding{s.Store, &shown}, nil, nil}
		screen := tuitest.Open(t, options, 120, 24).Press("enter").Wait(time.Second).Sees("it is not in the index, or no longer", ":trace and an id looks for it in the brokers; esc goes back.")
		screen.Press("enter", "y", "j", "G", "v", "D", "h", "l").Wait(time.Second).Misses("copied").Press("esc").Sees("Flow ord-1001")
		shown.Store(true)
		screen.Wait(2 * time.Second).Sees("2 events").Misses("not in the index")
	})
}

// hiding is an index that says of no flow that it is there.
type hiding struct {
	tracing.Querier
	shown *atomic.Bool
}

func (q hiding) Flow(ctx context.Context, key tracing.FlowKey) (*tracing.Flow, error) {
	if !q.shown.Load() {
		return nil, tracing.ErrUnknown
	}
	return q.Querier.Flow(ctx, key)
}

// TestALaneWithoutAServiceIsCalledSo, and its events are in it.
func TestALaneWithoutAServiceIsCalledSo(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 2)...)
		options := s.Options()
		options.Querier = altered{s.Store, func(f *tracing.Flow) {
			f.Steps = slices.Clone(f.Steps)
			f.Steps[1].Service = ""
		}, nil}
		tuitest.Open(t, options, 120, 24).Press("enter").Wait(time.Second).Press("v").Sees("order", "(unknown)", "● PaymentProcessed")
	})
}

// TestTheListOfFlowsSaysWhatItLooksAt: how many match, of how many, and whether that is all.
func TestTheListOfFlowsSaysWhatItLooksAt(t *testing.T) {
	for name, c := range map[string]struct {
		change       func(*tracing.FlowPage)
		keys         string
		sees, misses string
	}{
		"all":     {func(*tracing.FlowPage) {}, "", "8 of 8", "looked at"},
		"newest":  {func(p *tracing.FlowPage) { p.Total, p.Considered = 30_000, 20_000 }, "", "8 of 30,000, newest 20,000 looked at", "No flow"},
		"none":    {func(p *tracing.FlowPage) { *p = tracing.FlowPage{} }, "", "No flows yet. Events that share a correlation id", "No flow is failed"},
		"trouble": {func(p *tracing.FlowPage) { p.Flows, p.Matched = nil, 0 }, "!", "No flow is failed, stuck or late.", "matches the filter"},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				many(t, s, 0, 8)
				options := s.Options()
				options.Querier = altered{s.Store, nil, c.change}
				tuitest.Open(t, options, 140, 24).Press("2").Wait(time.Second).Press(strings.Fields(c.keys)...).Wait(3 * time.Second).Sees(c.sees).Misses(c.misses)
			})
		})
	}
}

// TestAMarkIsTakenBackByItsKey, in each list, one at a time.
func TestAMarkIsTakenBackByItsKey(t *testing.T) {
	for _, page := range []string{"1", "2", "4 enter"} {
		story(t, func(t *testing.T, s *tuitest.System) {
			_, options := everything(t, s)
			screen := tuitest.Open(t, options, 140, 24)
			for key := range strings.FieldsSeq(page) {
				screen.Press(key).Wait(time.Second)
			}
			screen.Press("g").Wait(time.Second).Press("space", "space").Sees("◆ 2").Press("g").Wait(time.Second).Press("space").Sees("◆ 1").Press("esc").Misses("◆ ")
			if line := screen.Selected(); strings.Contains(line, "◆") {
				t.Fatalf("the mark stays on %s", line)
			}
		})
	}
}

// finding is an index that finds what it is told.
type finding struct {
	tracing.Querier
	matches []tracing.Match
	err     error
}

func (q finding) Find(ctx context.Context, id string) ([]tracing.Match, error) {
	if q.err != nil {
		return nil, q.err
	}
	found, err := q.Querier.Find(ctx, id)
	return append(found, q.matches...), err
}

// TestWhatATraceFindsIsTold: the best of several, and why nothing could be looked for.
func TestWhatATraceFindsIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		matches      []tracing.Match
		err          error
		sees, misses []string
	}{
		"one":       {nil, nil, []string{"Flow ord-1001"}, []string{"flows match"}},
		"several":   {[]tracing.Match{{Key: 1 << 40, By: "event id"}}, nil, []string{"2 flows match ord-1001; this is the best, by flow id", "Flow ord-1001"}, nil},
		"an error":  {nil, errors.New("the index is busy"), []string{"ord-1001: the index is busy", "following"}, []string{"Flow ord", "nothing found"}},
		"no answer": {nil, context.DeadlineExceeded, []string{"ord-1001: no answer in time"}, []string{"Flow ord"}},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				many(t, s, 0, 2)
				options := s.Options()
				options.Querier = finding{s.Store, c.matches, c.err}
				screen := tuitest.Open(t, options, 120, 24).Command("trace ord-1001").Sees(c.sees...).Misses(c.misses...)
				if name == "one" { // the same again does not lie on itself
					screen.Command("flow ord-1001").Misses("› Flow ord-1001 › Flow").Press("esc").Wait(time.Second).Sees("2 Flows").Misses("› Flow")
				}
			})
		})
	}
}

// TestASearchTellsWhatItHasFoundSoFar, and why it failed.
func TestASearchTellsWhatItHasFoundSoFar(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		options.History = func(ctx context.Context, id string, since time.Duration, progress chan<- tui.HistoryProgress) error {
			if id == "broken" {
				return &adapters.Problem{Doing: "read the history of kafka", Cause: "no broker answers", Kind: adapters.ErrNotConnected}
			}
			progress <- tui.HistoryProgress{Read: 250_000, Total: 1_000_000, Found: 12}
			<-time.After(4 * time.Second)
			progress <- tui.HistoryProgress{Read: 900_000, Total: 1_000_000, Found: 13}
			<-time.After(time.Second)
			return nil
		}
		screen := tuitest.Open(t, options, 120, 24).Command("trace nothing 6h").Sees("250k read", "12 found", " left").Wait(3500*time.Millisecond).Sees("900k read", "13 found").Misses("12 found")
		screen.Wait(2 * time.Second).Sees("nothing found for nothing in the last 6h; :trace ID 36h looks further").Misses("900k read")
		screen.Press("esc").Command("trace broken").Sees("broken: cannot read the history of kafka: no broker answers").Misses("nothing found").Wait(9 * time.Second).Misses("no broker answers")
	})
}

// TestAHugeFlowIsDrawn: thousands of events, of which what the index links is shown.
func TestAHugeFlowIsDrawn(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		one := tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "huge", ID: "e"}
		if err := s.Swell(t.Context(), one, 12_000); err != nil {
			t.Fatal(err)
		}
		for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 10}} {
			screen := tuitest.Open(t, s.Options(), size[0], size[1]).Press("enter").Wait(3*time.Second).Sees("huge", "12,000 ev")
			screen.Press("G").Selects("2,000 further").Press("k").SelectsNot("further").Press("enter").Wait(time.Second).Sees("OrderPlaced", "line 1").Press("esc", "v").Wait(time.Second).Press("g", "G").Selects("2,000").Quit()
		}
		tuitest.Open(t, s.Options(), 120, 24).Press("2").Wait(time.Second).Selects("huge", "12,000")
	})
}

// TestANarrowFlowSaysTheTimeItBegan, and its day only if that is another one.
func TestANarrowFlowSaysTheTimeItBegan(t *testing.T) {
	for ago, short := range map[time.Duration]string{0: "began 00:00:0", 26 * time.Hour: "began 1999-12-30"} {
		story(t, func(t *testing.T, s *tuitest.System) {
			put(t, s, s.Order(1, time.Now().Add(-ago), 2)...)
			screen := tuitest.Open(t, s.Options(), 120, 24).Press("enter").Wait(time.Second).Sees("began "+time.Now().Add(-ago).Format("2006-01-02 "), "+00:00")
			screen.Press("tab").Resize(66, 24).Sees("flow id from", short).Misses("+00:00")
		})
	}
}

package flowpage_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing"
	"eventscope/tracing/lag"
	"eventscope/tracing/topology"
	"eventscope/tui/eventpage"
	"eventscope/tui/flowpage"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"

	tea "charm.land/bubbletea/v2"
)

// index is an index that says what a story wants.
type index struct {
	tracing.Querier
	flows   []tracing.FlowSummary
	flow    tracing.Flow
	err     error
	version uint64
	asked   []tracing.FlowQuery
}

func (x *index) Counters() tracing.Counters { return tracing.Counters{Version: x.version} }

func (x *index) Flow(_ context.Context, key tracing.FlowKey) (*tracing.Flow, error) {
	for i := range x.flows {
		if x.flows[i].Key == key {
			return &tracing.Flow{FlowSummary: x.flows[i]}, nil
		}
	}
	flow := x.flow
	return &flow, x.err
}

func (x *index) Flows(_ context.Context, query tracing.FlowQuery) (tracing.FlowPage, error) {
	x.asked = append(x.asked, query)
	var matched []tracing.FlowSummary
	for _, flow := range x.flows {
		if len(query.Status) == 0 || slices.Contains(query.Status, flow.Status) {
			matched = append(matched, flow)
		}
	}
	from := min(query.Offset, len(matched))
	return tracing.FlowPage{Flows: slices.Clone(matched[from:min(len(matched), from+query.Limit)]), Matched: len(matched), Total: len(x.flows), Considered: len(x.flows)}, x.err
}

// staff is what is known of services.
type staff struct {
	worst   map[string]*topology.Reader
	writers map[string]string
}

func (s *staff) Worst(service string) (*topology.Reader, bool) {
	r, ok := s.worst[service]
	return r, ok
}
func (s *staff) Writer(kind string) string { return s.writers[kind] }
func (s *staff) Refresh() tea.Cmd          { return nil }

// flows are the pages about flows over such an index.
type flows struct {
	*tuitest.Alone
	*index
	staff  staff
	config *flowpage.Config
}

// look tells a story of so many flows, ten of which have room.
func look(t *testing.T, n int, tell func(f *flows)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &flows{Alone: tuitest.NewAlone(t, 140, 11), index: &index{version: 1}, staff: staff{map[string]*topology.Reader{}, map[string]string{}}}
		f.Alone.Querier = f.index
		for i := range n {
			f.flows = append(f.flows, tracing.FlowSummary{Key: tracing.FlowKey(i + 1), ID: fmt.Sprintf("id-%03d", i), Entity: fmt.Sprintf("ord-%03d", i), Status: tracing.Complete, Events: i, Last: time.Now(), Started: time.Now()})
		}
		f.config = &flowpage.Config{Screen: f.Alone, Querier: f.index, Filter: &page.EventFilter{Screen: f.Alone, Querier: f.index}, History: true, Services: &f.staff, Preview: (&eventpage.Config{Screen: f.Alone, Querier: f.index}).NewPreview(false, 120)}
		tell(f)
	})
}

// listed shows the list of all flows.
func (f *flows) listed() *tuitest.Alone {
	f.Show(flowpage.NewList(f.config))
	f.Text() // the page knows its height by now
	return f.Refresh()
}

// changes makes the index say something else, and gives the page time to ask.
func (f *flows) changes(do func()) *tuitest.Alone {
	do()
	f.version++
	return f.Pass(time.Second)
}

// TestTheOrderOfFlowsIsHeldWhereSomebodyReads: below the first row rows keep their places while their
// values go on, and at the first row the list is live.
func TestTheOrderOfFlowsIsHeldWhereSomebodyReads(t *testing.T) {
	look(t, 10, func(f *flows) {
		first := func(row int, want string) {
			t.Helper()
			if got := f.Row(row); !strings.Contains(got, want) {
				t.Errorf("row %d is %q, want %s", row, got, want)
			}
		}
		f.listed().Selects("ord-000").Sees(" live", "10 of 10")
		f.changes(func() { f.flows[0], f.flows[9] = f.flows[9], f.flows[0] }).Selects("ord-009")
		f.Press("j", "j").Selects("ord-002").Sees("order frozen; f to resume")
		f.changes(func() { f.flows[2].Events = 77; f.flows[2], f.flows[5] = f.flows[5], f.flows[2] }).Selects("ord-002", " 77")
		first(3, "ord-002")
		first(6, "ord-005")
		f.Press("f").Selects("ord-009").Sees(" live")
		first(6, "ord-002")
		f.Press("p").Sees("paused", "p go on").Press("g")
		f.changes(func() { f.flows[0].Events = 88 }).Misses(" 88").Press("p").Sees(" 88", " live")
	})
}

// TestAllFlowsCanBeReached, row by row and by their ends, however many there are.
func TestAllFlowsCanBeReached(t *testing.T) {
	look(t, 80, func(f *flows) {
		f.listed()
		for i := 1; i < 80; i++ {
			f.Press("j").Selects(fmt.Sprintf("ord-%03d", i))
		}
		f.Press("j").Selects("ord-079").Press("g").Selects("ord-000").Press("G").Selects("ord-079")
		for i := 78; i >= 0; i-- {
			f.Press("k").Selects(fmt.Sprintf("ord-%03d", i))
		}
		f.Press("k").Selects("ord-000").Sees(" live")
		for _, query := range f.asked[1:] { // how many have room is known by then
			if query.Limit != 30 {
				t.Errorf("%d rows were asked for; 10 have room", query.Limit)
			}
		}
	})
}

// TestEveryOrderIsAskedFor, by its name, from its first row on, and the first comes after the last.
func TestEveryOrderIsAskedFor(t *testing.T) {
	look(t, 5, func(f *flows) {
		f.listed().Press("j", "j")
		for i := range len(tracing.FlowSorts) + 1 {
			order := tracing.FlowSorts[i%len(tracing.FlowSorts)]
			f.Sees("by " + string(order))
			if asked := f.asked[len(f.asked)-1]; asked.Sort != order || asked.Offset != 0 {
				t.Errorf("asked was %+v, want by %s", asked, order)
			}
			if f.Press("j", "S").Sees("by " + string(order) + ", reversed"); !f.asked[len(f.asked)-1].Reversed {
				t.Errorf("%s is not asked for reversed", order)
			}
			f.Press("j", "s").Selects("ord-000")
		}
	})
}

// TestTroubleAloneIsShownWhenAsked, and that there is none is no empty page.
func TestTroubleAloneIsShownWhenAsked(t *testing.T) {
	look(t, 4, func(f *flows) {
		f.listed().Press("j", "!").Sees("trouble only", "No flow is failed, stuck or late.", "! shows all flows again.").Misses("ord-0", "enter open", "space mark").Press("enter", "space", "y")
		f.changes(func() {
			f.flows[1].Status, f.flows[2].Status, f.flows[3].Status = tracing.Failed, tracing.Stuck, tracing.Late
		})
		f.Press("!", "!").Sees("ord-001", "ord-002", "ord-003", "3 of 4").Misses("ord-000").Selects("ord-001").Press("enter").Press("esc").Sees("4 of 4").Misses("trouble only")
		if !slices.Equal(f.Went, []string{"flow ord-001"}) {
			t.Errorf("it leads to %q", f.Went)
		}
	})
}

// TestAnIndexThatDoesNotAnswerIsAskedAgain, not at once, and what was asked for is not forgotten.
func TestAnIndexThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	look(t, 50, func(f *flows) {
		f.listed()
		f.err = context.DeadlineExceeded
		f.Press("G")
		asked := len(f.asked)
		if f.Refresh(); len(f.asked) != asked {
			t.Error("it is asked again at once")
		}
		f.Sees("no answer in time")
		f.err = nil
		f.Pass(time.Second).Selects("ord-049").Misses("no answer")
	})
}

// TestMarkedFlowsAreCopiedById, whatever they are called; a click puts the cursor there, and the second opens.
func TestMarkedFlowsAreCopiedById(t *testing.T) {
	look(t, 6, func(f *flows) {
		f.listed().Press("y")
		if f.Copied != "id-000" {
			t.Errorf("copied %q", f.Copied)
		}
		f.Press("space", "j", "space").Sees("◆ 2").Press("y")
		if f.Copied != "id-000\nid-002" {
			t.Errorf("copied %q", f.Copied)
		}
		if f.Press("esc").Misses("◆"); f.Click(0, 5) || !f.Click(0, 5) || f.Click(0, 0) || f.Click(0, 9) {
			t.Error("clicks open otherwise than by the second on a row")
		}
		f.Selects("ord-004")
	})
}

// order is a flow of three events, the last of which died.
func (f *flows) order(marks ...tracing.Marks) *tuitest.Alone {
	f.flow = tracing.Flow{FlowSummary: tracing.FlowSummary{Key: 99, ID: "flow-99", Entity: "ord-99", From: "header correlation_id", Status: tracing.Running, Events: len(marks), Started: time.Now().Add(-90 * time.Minute), Last: time.Now(), Services: []string{"order"}, Brokers: []adapters.Broker{"kafka"}}}
	for i, mark := range marks {
		if mark.Has(tracing.DeadLetter) {
			f.flow.DeadLetters++
		}
		f.flow.Steps = append(f.flow.Steps, tracing.Step{Parent: i - 1, Event: tracing.Event{Sequence: tracing.Sequence(i + 1), Source: "kafka", Broker: "kafka", Position: adapters.Position{Destination: "orders", Offset: int64(i)}, Time: time.Now(), Type: fmt.Sprintf("Step-%d", i), Service: fmt.Sprintf("service-%d", i), Marks: mark}})
	}
	return f.Resize(140, 20).Show(flowpage.New(f.config, 99, text.Own("ord-99"))).Pass(time.Second)
}

// TestADeadLetterIsOpenedFromItsFlow: the one under the cursor, or the only one; of several somebody says which.
func TestADeadLetterIsOpenedFromItsFlow(t *testing.T) {
	look(t, 0, func(f *flows) {
		f.order(0, 0).Misses("D dead letter").Press("D").Sees("put the cursor on a dead letter ☠ first")
		f.order(0, tracing.DeadLetter, 0).Sees("D dead letter").Press("D")
		f.order(tracing.DeadLetter, 0, tracing.DeadLetter).Press("j", "D").Sees("put the cursor on a dead letter ☠ first").Press("j", "D").Press("k", "enter", "y")
		if want := []string{"letter orders/0@1", "letter orders/0@2", "event orders/0@1"}; !slices.Equal(f.Went, want) || f.Copied != "flow-99" {
			t.Errorf("it leads to %q, want %q, and %q was copied", f.Went, want, f.Copied)
		}
	})
}

// TestWhatAFlowHadBeforeIsLookedForFromItsBeginning on, and as long before that as is always looked;
// where no source keeps anything, that is said.
func TestWhatAFlowHadBeforeIsLookedForFromItsBeginning(t *testing.T) {
	look(t, 0, func(f *flows) {
		f.order(0).Sees("b look back").Press("b")
		f.config.History = false
		f.Misses("b look back").Press("b").Sees("no source here keeps a history that could be read")
		if !slices.Equal(f.Went, []string{"search ord-99 for 2h30m0s"}) {
			t.Errorf("it leads to %q", f.Went)
		}
	})
}

// TestTheCursorOfAFlowStaysOnItsEvent when others come before it, in the timeline and in lanes.
func TestTheCursorOfAFlowStaysOnItsEvent(t *testing.T) {
	look(t, 0, func(f *flows) {
		f.order(0, 0, 0).Press("j").Selects("Step-1").Sees("v lanes")
		f.changes(func() {
			earlier := f.flow.Steps[0]
			earlier.Sequence, earlier.Type = 50, "Earlier"
			f.flow.Steps = slices.Insert(slices.Clone(f.flow.Steps), 0, earlier)
		}).Sees("Earlier").Selects("Step-1").Press("v").Sees("v timeline", "service-2").Selects("Step-1").Press("v").Selects("Step-1")
		f.changes(func() { f.flow.Steps = f.flow.Steps[:1] }).Sees("Earlier").Misses("Step-1")
	})
}

// TestAFlowThatIsNotThereSaysSo, goes on asking, and is shown when it has come.
func TestAFlowThatIsNotThereSaysSo(t *testing.T) {
	look(t, 0, func(f *flows) {
		f.err = tracing.ErrUnknown
		f.order(0).Sees("Flow ord-99: it is not in the index, or no longer", ":trace and an id looks for it in the brokers").Misses("D dead letter").Press("y", "b", "enter", "D")
		f.err = nil
		f.Pass(time.Second).Sees("Step-0").Misses("not in the index")
	})
}

// TestAServiceThatIsIllIsSaidOfItsEvents, and of what it has not written yet, where that still may come.
func TestAServiceThatIsIllIsSaidOfItsEvents(t *testing.T) {
	look(t, 0, func(f *flows) {
		reader := func(state consumer.LagState, left int64) *topology.Reader {
			logs := []consumer.LogLag{{State: state, Lag: left, Committed: 1, End: 1 + left}}
			return &topology.Reader{Consumer: &lag.Consumer{Lag: consumer.Lag{Group: "billing", Logs: logs}, Standing: lag.Standing{State: state, Direction: lag.Growing}}}
		}
		f.staff.writers["Paid"] = "service-1"
		f.staff.worst["service-1"] = reader(consumer.LagStall, 1_204)
		f.order(0, 0)
		f.flow.Expected = []tracing.Expectation{{Type: "Paid", State: tracing.Missing, Usual: 2 * time.Second, Late: 4 * time.Second, Seen: 0.5}, {Type: "Refunded", State: tracing.NotExpected, Why: "not expected after Paid"}, {Type: "Step-0", State: tracing.Seen}}
		f.Pass(time.Second).Sees("not seen; service-1 is STALL, 1,204 to read and growing, usually within 4 s, in 50 % of flows", "not expected after Paid").Looks(theme.Bad, "not seen")
		f.Selects("Step-0").Misses("billing STALL").Press("j").Sees("billing STALL, 1,204 to read and growing")
		f.staff.worst["service-1"] = reader(consumer.LagOK, 0)
		f.Refresh().Sees("not seen, usually within 4 s").Misses("STALL", "service-1 is")
		f.staff.worst["service-1"] = reader(consumer.LagBehind, 3)
		f.Sees("not seen; service-1 is BEHIND, 3 to read").Misses("billing BEHIND")
	})
}

// TestAStepSaysHowSoonSuchOnesUsuallyCome, the first of its type, and stands out when it came later than
// nearly all.
func TestAStepSaysHowSoonSuchOnesUsuallyCome(t *testing.T) {
	look(t, 0, func(f *flows) {
		f.order(0, 0, 0, 0).Misses("p50 / p95").Sees("Time  Service", "Type", "Position", "│0")
		for i := range f.flow.Steps {
			f.flow.Steps[i].Offset = time.Duration(i) * time.Second
		}
		f.flow.Steps[3].Type = "Step-1" // once more
		f.flow.Expected = []tracing.Expectation{
			{Type: "Step-0", State: tracing.Seen, Usual: time.Millisecond, Late: time.Millisecond}, {Type: "Step-1", State: tracing.Seen, Usual: 700 * time.Millisecond, Late: 950 * time.Millisecond},
			{Type: "Step-2", State: tracing.Seen, Usual: 700 * time.Millisecond, Late: 900 * time.Millisecond}, {Type: "Step-3", State: tracing.Due, Usual: 5 * time.Second, Late: 6 * time.Second},
		}
		f.Pass(time.Second).Sees("p50 / p95", "700 ms / 950 ms", "700 ms / 900 ms", "│0 ").Misses("1 ms / 1 ms").Looks(theme.Dim, "+1.000").Looks(theme.Warn, "+2.000")
		if strings.Count(f.Text(), "950 ms") != 1 {
			t.Errorf("the second of a type is told of as well:\n%s", f.Text())
		}
		f.Resize(80, 20).Misses("p50 / p95", "950 ms").Sees("+1.000").Resize(140, 9).Misses("Time  Service")
	})
}

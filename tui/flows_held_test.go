package tui_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"eventscope/tracing"
	"eventscope/tui/tuitest"
)

// many puts n complete orders, from a number on.
func many(t *testing.T, s *tuitest.System, from, n int) {
	t.Helper()
	for i := range n {
		put(t, s, s.Order(from+i, time.Now(), 2)...)
	}
}

func TestNoKeyEndsAListOfFlowsThatIsEmpty(t *testing.T) {
	for _, key := range []string{"enter", "y", "space", "j", "k", "n", "esc"} {
		story(t, func(t *testing.T, s *tuitest.System) {
			screen := tuitest.Open(t, s.Options(), 80, 24).Rush("2", "G", key).Wait(time.Second)
			if screen.Ended() {
				t.Fatalf("%s right after G has ended the screen: %v", key, screen.Crash())
			}
			screen.Sees("No flows yet").Press("G").Rush("g", "G", key).Sees("No flows yet")
		})
	}
}

// TestEnterOpensTheFlowUnderTheCursor, also where the list goes on to other rows.
func TestEnterOpensTheFlowUnderTheCursor(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many(t, s, 0, 120)
		screen := tuitest.Open(t, s.Options(), 120, 20).Press("2").Wait(time.Second)
		for at := range 119 { // the newest comes first
			screen.Rush("j", "enter").Wait(100 * time.Millisecond)
			screen.Sees(fmt.Sprintf("Flow ord-%d", 1118-at)).Press("esc").Selects(fmt.Sprintf("ord-%d", 1118-at))
		}
		for at := range 30 {
			screen.Rush("k", "enter").Wait(100 * time.Millisecond)
			screen.Sees(fmt.Sprintf("Flow ord-%d", 1001+at)).Press("esc")
		}
		screen.Press("G").Selects("ord-1000 ").Press("g").Selects("ord-1119").Press("G", "k").Selects("ord-1001")
	})
}

// TestAHeldRowTellsWhatItsFlowIsNow, however many others came meanwhile.
func TestAHeldRowTellsWhatItsFlowIsNow(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(900, time.Now(), 1)...)
		put(t, s, s.Order(901, time.Now(), 1)...)
		screen := tuitest.Open(t, s.Options(), 120, 20).Press("2", "j").Wait(time.Second).Sees("order frozen").Selects("ord-1900", "1  OrderPlaced")
		put(t, s, s.Order(900, time.Now(), 4)[1:]...)
		many(t, s, 0, 100)
		screen.Wait(3*time.Second).Selects("ord-1900", "4  InventoryReserved").Sees("of 102")
	})
}

// TestAHeldRowOfAFlowThatLeftTheIndexIsUnknown rather than running for ever.
func TestAHeldRowOfAFlowThatLeftTheIndexIsUnknown(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 1)...)
		put(t, s, s.Order(2, time.Now(), 1)...)
		screen := tuitest.Open(t, s.Options(), 120, 20).Press("2", "j").Wait(time.Second).Selects("running", "ord-1001")
		flood := tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "flood", ID: "flood"}
		for range 30 {
			if err := s.Flood(t.Context(), flood, 4000); err != nil {
				t.Fatal(err)
			}
		}
		screen.Wait(5*time.Second).Selects("? unknown", "ord-1001").Press("enter").Wait(time.Second).Sees("it is not in the index, or no longer")
	})
}

// slowFlows is a store whose list of flows takes its time.
type slowFlows struct{ tracing.Querier }

func (q slowFlows) Flows(ctx context.Context, query tracing.FlowQuery) (tracing.FlowPage, error) {
	select {
	case <-time.After(3 * time.Second):
	case <-ctx.Done():
		return tracing.FlowPage{}, ctx.Err()
	}
	return q.Querier.Flows(ctx, query)
}

func TestKeysDoNotWaitForTheListOfFlows(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many(t, s, 0, 120)
		options := s.Options()
		options.Querier = slowFlows{s.Store}
		screen := tuitest.Open(t, options, 120, 20).Press("2").Wait(time.Second).Sees("reading the flows").Wait(4 * time.Second).Selects("ord-1119")
		screen.Press("G", "j", "k").Wait(7 * time.Second).Press("g").Wait(7 * time.Second).Selects("ord-1119").Press("s").Wait(7 * time.Second).Sees("by trouble")
	})
}

// TestWhatIsCalledTheFlowIdIsIt: rows tell what a flow is about, and y copies the id that a
// broker's messages have.
func TestWhatIsCalledTheFlowIdIsIt(t *testing.T) {
	for _, page := range []string{"1", "2"} {
		for _, keys := range [][]string{{"y"}, {"space", "y"}} {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "0b9d8c42-correlation", ID: "e-1", Value: `{"type":"OrderPlaced","order_id":"ord-7"}`})
				screen := tuitest.Open(t, s.Options(), 120, 20).Press(page).Wait(time.Second).Sees("ord-7").Press(keys...).Wait(time.Second)
				if screen.Sees("copied"); !screen.Copied("0b9d8c42-correlation") {
					t.Fatalf("%v on page %s has copied something else", keys, page)
				}
			})
		}
	}
}

// TestWhatFailsIsSeenWhereverTheCursorIs: a list that leaves room shows what comes.
func TestWhatFailsIsSeenWhereverTheCursorIs(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 3 {
			put(t, s, s.Compensated(i, time.Now())[:4]...) // failed and not refunded
		}
		screen := tuitest.Open(t, s.Options(), 120, 24).Press("2", "!").Wait(time.Second).Sees("3 of 3").Press("j").Selects("ord-1001")
		for i := range 3 {
			put(t, s, s.Compensated(10+i, time.Now())[:4]...)
		}
		screen.Wait(5*time.Second).Sees("ord-1010", "ord-1011", "ord-1012", "6 of 6").Selects("ord-1001")
		put(t, s, s.Compensated(0, time.Now())[4:]...)
		put(t, s, s.Compensated(1, time.Now())[4:]...)
		screen.Wait(5*time.Second).Misses("ord-1000").Selects("compensated", "ord-1001").Sees("ord-1012", "4 of 6")
		screen.Press("k").Wait(5 * time.Second).Misses("ord-1001")
	})
}

// brokenFlows is a store whose list of flows can fail, and what its map is made of.
type brokenFlows struct {
	tracing.Querier
	broken atomic.Bool
}

func (q *brokenFlows) Flows(ctx context.Context, query tracing.FlowQuery) (tracing.FlowPage, error) {
	if q.broken.Load() {
		return tracing.FlowPage{}, errors.New("the index is busy")
	}
	return q.Querier.Flows(ctx, query)
}

// TestWhatIsShownSaysHowOldItIsWhereItCannotBeAskedAgain, each second, until it can.
func TestWhatIsShownSaysHowOldItIsWhereItCannotBeAskedAgain(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many(t, s, 0, 3)
		options := s.Options()
		index := &brokenFlows{Querier: s.Store}
		options.Querier = index
		screen := tuitest.Open(t, options, 120, 20).Press("5").Wait(time.Second).Sees("orders")
		index.broken.Store(true)
		screen.Wait(8*time.Second).Sees("the index is busy; what is shown is ", "s old", "orders")
		was := screen.Text()
		if screen.Wait(2 * time.Second); screen.Text() == was {
			t.Errorf("two seconds later it is as old:\n%s", was)
		}
		index.broken.Store(false)
		screen.Wait(8*time.Second).Misses("the index is busy", "what is shown")
	})
}

func (q *brokenFlows) Traffic(ctx context.Context) (tracing.Traffic, error) {
	if q.broken.Load() {
		return tracing.Traffic{}, errors.New("the index is busy")
	}
	return q.Querier.Traffic(ctx)
}

func TestScrollingGoesOnAfterTheIndexFailedToAnswer(t *testing.T) {
	for keys, at := range map[string]string{"G": "ord-1000 ", "scroll": "ord-1000 ", "G g": "ord-1119", "/": "ord-1007"} {
		story(t, func(t *testing.T, s *tuitest.System) {
			many(t, s, 0, 120)
			options := s.Options()
			index := &brokenFlows{Querier: s.Store}
			options.Querier = index
			screen := tuitest.Open(t, options, 120, 20).Press("2").Wait(time.Second).Selects("ord-1119")
			index.broken.Store(true)
			switch keys {
			case "scroll":
				for range 40 {
					screen.Press("j")
				}
			case "/":
				screen.Press("/").Type("ord-1007").Press("enter")
			default:
				screen.Press(strings.Fields(keys)...)
			}
			screen.Wait(time.Second)
			index.broken.Store(false)
			screen.Wait(3 * time.Second)
			if keys == "scroll" {
				for range 120 {
					screen.Press("j")
				}
			}
			screen.Selects(at)
		})
	}
}

// TestAFilterIsLookedAtFromItsFirstMatch, wherever the list was before.
func TestAFilterIsLookedAtFromItsFirstMatch(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many(t, s, 0, 120)
		screen := tuitest.Open(t, s.Options(), 120, 20).Press("2").Wait(time.Second).Press("G").Wait(time.Second).Selects("ord-1000 ")
		screen.Press("/").Type("ord-1110").Press("enter").Wait(time.Second).Selects("ord-1110").Sees("1 of 120", "live").Misses("No flow has")
		screen.Press("esc").Wait(time.Second).Selects("ord-1119")
	})
}

func TestAllFlowsAreLookedAtFromTheFirstAgain(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 120 {
			put(t, s, s.Compensated(i, time.Now())[:4]...)
		}
		screen := tuitest.Open(t, s.Options(), 120, 20).Press("2", "!").Wait(time.Second).Press("G").Wait(time.Second).Selects("ord-1000 ")
		screen.Press("esc").Wait(time.Second).Selects("ord-1119").Sees("live").Misses("trouble only")
	})
}

// TestAListThatShrinksIsLookedAtFromItsFirstRow rather than from behind its last.
func TestAListThatShrinksIsLookedAtFromItsFirstRow(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 120 {
			put(t, s, s.Compensated(i, time.Now())[:4]...)
		}
		screen := tuitest.Open(t, s.Options(), 120, 20).Press("2", "!").Wait(time.Second).Press("G").Wait(time.Second).Selects("ord-1000 ").Press("p")
		for i := range 115 {
			put(t, s, s.Compensated(i, time.Now())[4:]...)
		}
		screen.Wait(time.Second).Press("p").Wait(3*time.Second).Sees("5 of 120", "ord-1119", "ord-1115").Misses("No flow is")
	})
}

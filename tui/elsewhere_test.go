package tui_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui"
	"eventscope/tui/tuitest"
)

// looking is a screen with a history that takes five seconds and then has order 42.
func looking(t *testing.T, s *tuitest.System, over func(tui.Options) tui.Options) *tuitest.Screen {
	t.Helper()
	options := s.Options()
	options.History = func(ctx context.Context, id string, _ time.Duration, _ chan<- tui.HistoryProgress) error {
		select {
		case <-time.After(5 * time.Second):
			return s.Put(ctx, s.Order(42, time.Now().Add(-2*time.Hour), 5)...)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return tuitest.Open(t, over(options), 120, 24).Wait(time.Second)
}

// TestWhatIsFoundLateTakesNobodysPage: who went elsewhere while a search ran is told of it.
func TestWhatIsFoundLateTakesNobodysPage(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.NewLetters(t, adapters.Topic)
		screen := looking(t, s, l.Over).Command("trace ord-1042").Sees("history of ord-1042").Press("4").Wait(time.Second).Press("r").Wait(time.Second)
		screen.Press("enter").Type("2").Sees("to replay 2 letters: 2").Wait(6*time.Second).Sees("to replay 2 letters: 2", "Plan: replay").Misses("Flow ord-1042")
		screen.Press("esc").Sees("ord-1042 was found: :flow ord-1042 opens it").Press("esc").Command("flow ord-1042").Sees("Flow ord-1042")
	})
}

func TestWhatIsFoundWhileALineIsWrittenWaits(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := looking(t, s, func(o tui.Options) tui.Options { return o }).Command("trace ord-1042").Press("/").Type("some words").Wait(6 * time.Second)
		screen.Sees("/some words").Misses("Flow ord-1042").Press("esc").Sees("ord-1042 was found")
	})
}

// TestEscTakesAwayWhatIsShown: what happened comes before a search that runs, and esc takes
// them away in that order.
func TestEscTakesAwayWhatIsShown(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 1)...)
		screen := looking(t, s, func(o tui.Options) tui.Options { return o }).Command("trace nothing").Sees("history of nothing", "esc stops")
		screen.Press("y").Sees("copied the flow id").Misses("esc stops").Press("esc").Sees("history of nothing", "esc stops").Misses("copied")
		screen.Command("trace other").Sees("a search is running; esc stops it").Press("esc", "esc").Wait(time.Second).Sees("stopped; nothing found for nothing so far")
	})
}

// TestATerminalThatShowsNoPageTakesNoKeys but the one that it names.
func TestATerminalThatShowsNoPageTakesNoKeys(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.NewLetters(t, adapters.Topic)
		screen := tuitest.Open(t, l.Over(s.Options()), 80, 24).Press("4").Wait(time.Second).Press("r").Wait(time.Second).Press("enter").Sees("type 2")
		before := screen.Text()
		screen.Resize(39, 24).Sees("eventscope needs 40x8 cells").Type("2").Press("enter", "esc", "4", "ctrl+d").Click(3, 1).Wheel(false).Wait(time.Second)
		if sent(l) != 0 {
			t.Fatal("a letter was sent that nobody saw")
		}
		if after := screen.Resize(80, 24).Text(); after != before {
			t.Fatalf("it was\n%s\nand is\n%s", before, after)
		}
		if screen.Resize(80, 7).Press("q"); !screen.Ended() {
			t.Fatal("q has not quit")
		}
	})
}

// TestTheWheelTurnsWhatLiesOnTop: help, not the page under it, and nothing under a question.
func TestTheWheelTurnsWhatLiesOnTop(t *testing.T) {
	dead(t, adapters.Queue, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Resize(80, 24).Press("?").Sees("Keys of Dead letters", "more below").Wheel(false).Wheel(false).Wheel(false).Sees("j and k scroll; any other").Press("q")
		buried(l, 1, "timeout")
		screen.Press("enter", "y").Wait(time.Second)
		at := screen.Press("g").Selected()
		screen.Press("r").Wait(time.Second).Press("esc").Press("x").Sees("reason for the discard").Wheel(false).Press("esc").Selects(at)
	})
}

// TestAClickBelowAListSelectsNothing: there stands what is said of the row under the cursor.
func TestAClickBelowAListSelectsNothing(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		buried(l, 40, "no stock")
		screen.Wait(3*time.Second).Press("g", "enter").Wait(time.Second).Sees("40 letters")
		at := screen.Selected()
		for row := 24; row < 28; row++ {
			screen.Click(10, row).Click(10, row).Sees("40 letters").Selects(at)
		}
		screen.Click(10, 6).Click(10, 6).Wait(time.Second).Sees("state      open")
	})
}

// TestNobodyKnowsOfDeadLettersThatCannotBeListed, so nothing says that there are none.
func TestNobodyKnowsOfDeadLettersThatCannotBeListed(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.NewLetters(t, adapters.Topic)
		l.Down = errors.New("connection refused")
		screen := tuitest.Open(t, l.Over(s.Options()), 100, 24).Press("4").Wait(time.Second)
		screen.Sees("connection refused", "nobody knows whether there are dead letters", "☠ 0+ open").Misses("No dead-letter", "No open", "✓")
		l.Change(func() { l.Down = nil })
		screen.Wait(5*time.Second).Sees("3 open", "card declined").Misses("0+", "nobody knows")
	})
}

// TestTheHeaderSaysHowOldTheDeadLettersAre, second by second, on a page that has no ages.
func TestTheHeaderSaysHowOldTheDeadLettersAre(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		l.Change(func() { l.Down = errors.New("no permission") })
		screen.Press("1").Wait(20*time.Second).Sees("☠ 3 dead letters (", "old)").Wait(5 * time.Minute).Sees("☠ 3 dead letters (5m old)")
	})
}

// TestWhatASourceSaysIsWhatItSaysNow, also when it says as much as before.
func TestWhatASourceSaysIsWhatItSaysNow(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 120, 24)
		for _, step := range []struct {
			change func(*adapters.Status)
			sees   string
		}{
			{func(st *adapters.Status) { st.Problems = []string{"cannot read topic a"} }, "cannot read topic a"},
			{func(st *adapters.Status) { st.Problems = []string{"cannot read topic b"} }, "cannot read topic b"},
			{func(st *adapters.Status) { st.Connection, st.Err = adapters.Failed, errors.New("first fault") }, "first fault"},
			{func(st *adapters.Status) { st.Err = errors.New("another fault") }, "another fault"},
			{func(st *adapters.Status) { *st = adapters.Status{Connection: adapters.Live, DroppedUnknown: true} }, "some dropped"},
			{func(st *adapters.Status) {
				st.Gaps = []adapters.Gap{{From: time.Now(), To: time.Now(), Reason: "a first gap"}}
			}, "a first gap"},
			{func(st *adapters.Status) {
				st.Gaps = []adapters.Gap{{From: time.Now(), To: time.Now(), Reason: "a second gap"}}
			}, "a second gap"},
		} {
			s.RabbitMQ.Set(step.change)
			screen.Wait(time.Second).Sees(step.sees)
		}
	})
}

// TestEachGapIsSpokenOfForItsOwnMinute, whichever source had it.
func TestEachGapIsSpokenOfForItsOwnMinute(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		gap := func(ago time.Duration, why string) func(*adapters.Status) {
			at := time.Now().Add(-ago)
			return func(st *adapters.Status) { st.Gaps = []adapters.Gap{{From: at, To: at, Reason: why}} }
		}
		screen := tuitest.Open(t, s.Options(), 120, 24)
		s.Kafka.Set(gap(40*time.Second, "an old gap"))
		s.RabbitMQ.Set(gap(0, "a new gap"))
		screen.Wait(time.Second).Sees("an old gap", "a new gap").Wait(30 * time.Second).Misses("an old gap").Sees("a new gap").Wait(40 * time.Second).Misses("a new gap")
	})
}

// TestALetterThatIsFoundLateTakesNobodysLine: who writes meanwhile is told where it is.
func TestALetterThatIsFoundLateTakesNobodysLine(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		headers := []adapters.Header{{Name: "dlq-original-topic", Value: []byte("orders")}, {Name: "dlq-reason", Value: []byte("card declined")}}
		put(t, s, tuitest.Event{Source: s.Kafka, To: "dlq", Key: "ord-1001", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "ord-1001", ID: "e-1-1", Headers: headers})
		screen := tuitest.Open(t, l.Over(s.Options()), 120, 30).Press("enter").Wait(time.Second).Sees("Flow ord-1001", "D dead letter")
		l.Change(func() { l.BuryFor(`{"type":"OrderPlaced","order_id":"ord-1001"}`, "card declined") })
		release := l.Hold()
		screen.Press("D").Sees("reading the dead letters").Press(":").Type("trace ord")
		release()
		screen.Wait(time.Second).Type("-7").Sees(":trace ord-7").Press("esc").Sees("Flow ord-1001", "the dead letter was found in dlq: D on its event opens it").Misses("state      open")
		screen.Press("esc", "D").Wait(time.Second).Sees("state      open")
	})
}

// slowFind is an index that takes two seconds to look for an id.
type slowFind struct{ tracing.Querier }

func (q slowFind) Find(ctx context.Context, id string) ([]tracing.Match, error) {
	select {
	case <-time.After(2 * time.Second):
		return q.Querier.Find(ctx, id)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TestWhoWentElsewhereBeforeTheHistoryWasAskedIsLeftThere, and is given the whole id.
func TestWhoWentElsewhereBeforeTheHistoryWasAskedIsLeftThere(t *testing.T) {
	id := "0b9d8c42-1111-2222-3333-444455556666-and-more-of-it"
	story(t, func(t *testing.T, s *tuitest.System) {
		event := tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: id, ID: "e-1"}
		screen := looking(t, s, func(o tui.Options) tui.Options {
			o.Querier = slowFind{o.Querier}
			o.History = func(ctx context.Context, _ string, _ time.Duration, _ chan<- tui.HistoryProgress) error {
				return s.Put(ctx, event)
			}
			return o
		})
		screen.Command("trace "+id).Press("2").Wait(6*time.Second).Sees("2 Flows", ":flow "+id+" opens it").Misses("Flow 0b9d")
	})
}

// slowLocate is an index that takes two seconds to look for a position.
type slowLocate struct{ tracing.Querier }

func (q slowLocate) Locate(ctx context.Context, position adapters.Position) (tracing.Sequence, error) {
	select {
	case <-time.After(2 * time.Second):
		return q.Querier.Locate(ctx, position)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

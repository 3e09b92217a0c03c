package tui_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui"
	"eventscope/tui/tuitest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // clocks on the screen are local
	os.Unsetenv("NO_COLOR")
	goleak.VerifyTestMain(m)
}

// story runs a test in virtual time over a system of two brokers.
func story(t *testing.T, tell func(t *testing.T, s *tuitest.System)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		s, stopped := tuitest.NewSystem(ctx, tracing.Config{KeepRecent: true, Memory: 8 << 20})
		t.Cleanup(func() { cancel(); <-stopped })
		tell(t, s)
	})
}

// put puts events or fails.
func put(t *testing.T, s *tuitest.System, events ...tuitest.Event) {
	t.Helper()
	if err := s.Put(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
}

func TestAnOrderIsTwoKeysAway(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 120, 30).Sees("No events yet", "kafka ● 4 topics", "following", "READ-ONLY")
		put(t, s, s.Compensated(9, time.Now())...)
		screen.Wait(time.Second).Sees("OrderPlaced", "InventoryFailed ✗", "PaymentRefunded ↩", "ord-1009")
		screen.Press("enter").Sees("Flow ord-1009", "↩ compensated", "5 events · 4 services · 2 brokers", "flow id from header correlation_id", "compensates Payment")
		screen.Press("v").Sees("● OrderPlaced", "├──", "▶● PaymentProcessed")
		screen.Press("v", "j", "enter").Sees("PaymentProcessed", "header causation_id", "order_id", "Headers 5")
		screen.Press("esc").Sees("5 events").Press("esc").Sees("paused", "1 Stream")
		screen.Press("esc", "esc")
		if screen.Ended() {
			t.Fatal("esc has quit")
		}
		screen.Press("f").Sees("following").Press("enter", "q").Sees("ord-1009").Press("q")
		if !screen.Ended() {
			t.Fatal("q on the first page has not quit")
		}
	})
}

func TestControlCQuitsFromAnywhere(t *testing.T) {
	for _, before := range [][]string{{}, {"/", "x"}, {":", "t"}, {"?"}, {"2"}} {
		story(t, func(t *testing.T, s *tuitest.System) {
			screen := tuitest.Open(t, s.Options(), 80, 24).Press(before...).Press("ctrl+c")
			if !screen.Ended() {
				t.Fatalf("ctrl+c after %v has not quit", before)
			}
		})
	}
}

func TestTheCursorStaysOnItsEvent(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 20 {
			put(t, s, s.Order(i, time.Now(), 5)...)
		}
		screen := tuitest.Open(t, s.Options(), 120, 24)
		screen.Press("k", "k", "k", "k", "k", "k").Sees("paused")
		selected := screen.Selected()
		put(t, s, s.Order(50, time.Now(), 5)...)
		screen.Wait(time.Second)
		if now := screen.Selected(); now != selected {
			t.Fatalf("the cursor was on\n%s\nand is now on\n%s", selected, now)
		}
		screen.Sees("5 new below")
		put(t, s, s.Order(51, time.Now(), 5)...)
		screen.Wait(time.Second).Sees("10 new below").Press("G").Sees("following", "ord-1051")
	})
}

func TestTheCursorSurvivesEviction(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 120, 24).Press("g", "j").Sees("paused", "ord-1001")
		flood := tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "flood", ID: "flood"}
		for range 30 {
			if err := s.Flood(t.Context(), flood, 4000); err != nil {
				t.Fatal(err)
			}
		}
		if s.Store.Counters().Evicted == 0 {
			t.Fatal("the flood was too small to evict anything")
		}
		screen.Wait(2*time.Second).Misses("ord-1001").Sees("▸", "flood-", "new below")
		screen.Press("j", "k", "G").Wait(time.Second).Sees("following", "flood-3999")
	})
}

func TestNothingIsDrawnWhenNothingChanges(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 120, 30).Wait(30 * time.Second)
		before := screen.Frames()
		screen.Wait(5 * time.Minute)
		if drawn := screen.Frames() - before; drawn != 0 {
			t.Fatalf("%d frames were drawn while nothing changed", drawn)
		}
		put(t, s, s.Order(2, time.Now(), 1)...)
		if screen.Wait(time.Second).Frames() == before {
			t.Fatal("a new event was not drawn")
		}
		screen.Sees("ord-1002")
	})
}

func TestFilterAndMatches(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 4 {
			put(t, s, s.Order(i, time.Now(), 5)...)
		}
		put(t, s, s.Compensated(7, time.Now())...)
		put(t, s, s.Order(8, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 120, 40)
		screen.Press("/").Type(`type == "InventoryFailed"`).Sees(`/type == "InventoryFailed"`).Press("enter").Wait(time.Second)
		screen.Sees("InventoryFailed ✗").Misses("ShipmentPrepared")
		screen.Press("2").Wait(time.Second).Sees("ord-1007", "1 of 6").Misses("ord-1008")
		screen.Press("1", "esc").Wait(time.Second).Sees("ShipmentPrepared")
		screen.Press("G").Press("N").Wait(time.Second)
		if line := screen.Selected(); !strings.Contains(line, "InventoryFailed") {
			t.Fatalf("N went to %s", line)
		}
		screen.Press("n").Sees("no further match")
	})
}

func TestAWrongFilterPointsAtItsFault(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 80, 24).Press("/").Type(`type == `)
		screen.Sees("▾")
		screen.Press("enter").Sees("type ==") // a wrong one is not taken
		screen.Type(`"x"`).Misses("▾").Press("esc").Misses("type ==")
	})
}

func TestFlowsAreSortedFilteredAndHeld(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 5 {
			put(t, s, s.Order(i, time.Now(), 5)...)
		}
		broken := s.Compensated(6, time.Now())
		put(t, s, broken[:4]...) // failed and not refunded
		screen := tuitest.Open(t, s.Options(), 120, 24).Press("2").Sees("Status", "Age↓", "6 of 6", "by activity")
		screen.Press("s").Wait(time.Second).Sees("by trouble", "Status↓")
		screen.Press("!").Wait(time.Second).Sees("trouble only", "ord-1006").Misses("ord-1002")
		screen.Press("!", "s", "s", "s", "s").Wait(time.Second).Sees("by activity")
		screen.Press("j", "j").Sees("order held")
		selected := strings.Fields(screen.Selected())[2]
		put(t, s, s.Order(20, time.Now(), 5)...)
		screen.Wait(2 * time.Second)
		if now := strings.Fields(screen.Selected())[2]; now != selected {
			t.Fatalf("the cursor was on %s and is on %s", selected, now)
		}
		screen.Press("f").Wait(time.Second).Sees("live", "ord-1020")
	})
}

func TestAnEventIsShownAsTreeRawAndHex(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		value := `{"type":"OrderPlaced","payload":{"order_id":"ord-1","items":[{"sku":"abc","qty":4},{"sku":"xyz","qty":1}],"total":129.90}}`
		put(t, s, tuitest.Event{Source: s.Kafka, To: "orders", Key: "ord-1", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "ord-1", ID: "e-1", Value: value})
		options := s.Options()
		options.SaveFolder = t.TempDir()
		screen := tuitest.Open(t, options, 120, 30).Press("v").Sees("tree line 1 of", "order_id", "129.90", "position", "Kafka orders/0@0")
		screen.Press("enter").Sees("tree line 1 of 1").Press("enter").Press("/").Type("xyz").Press("enter").Sees(`"xyz"`, "/xyz")
		if line := screen.Selected(); !strings.Contains(line, "xyz") {
			t.Fatalf("found %s", line)
		}
		screen.Press("v").Sees("raw line", `{"type":"OrderPlaced"`).Press("v").Sees("hex line", "7b 22 74 79")
		screen.Press("y").Sees("copied the value").Wait(time.Second)
		if !screen.Copied(value) {
			t.Fatal("the value is not in the clipboard")
		}
		screen.Press("w").Wait(time.Second).Sees("saved")
		saved, err := os.ReadFile(filepath.Join(options.SaveFolder, "event-orders-0-0.json"))
		if err != nil || string(saved) != value {
			t.Fatalf("saved %q, %v", saved, err)
		}
		screen.Press("w").Wait(time.Second).Sees("event-orders-0-0-1.json")
	})
}

func TestAWaitIsNamed(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		lean, stopped := tuitest.NewSystem(ctx, tracing.Config{}) // keeps no copies
		put(t, lean, lean.Order(1, time.Now(), 1)...)
		release := lean.Kafka.Hold()
		screen := tuitest.Open(t, lean.Options(), 100, 24).Press("v").Wait(time.Second).Sees("reading orders/0@0 again from Kafka")
		release()
		screen.Wait(time.Second).Misses("reading orders").Sees("order_id")
		screen.Quit()
		cancel()
		<-stopped
	})
}

func TestTraceLooksIntoHistory(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		options.History = func(ctx context.Context, id string, since time.Duration, progress chan<- tui.HistoryProgress) error {
			progress <- tui.HistoryProgress{Read: 250_000, Total: 1_000_000}
			select {
			case <-time.After(5 * time.Second):
			case <-ctx.Done():
				return ctx.Err()
			}
			if id == "ord-1042" && since == 6*time.Hour {
				return s.Put(ctx, s.Order(42, time.Now().Add(-2*time.Hour), 5)...)
			}
			return nil
		}
		screen := tuitest.Open(t, options, 120, 24).Press(":").Type("tr").Sees("trace ID [since]").Press("tab").Type(" ord-1042 6h").Press("enter").Wait(time.Second)
		screen.Sees("reading history for ord-1042", "████░░", "250k read", "esc stops")
		screen.Wait(6*time.Second).Sees("Flow ord-1042", "5 events")
		screen.Press("esc").Press(":").Type("trace nothing").Press("enter").Wait(7 * time.Second).Sees("nothing found for nothing")
		screen.Press("esc").Press(":").Type("trace nothing").Press("enter").Wait(time.Second).Press("esc").Wait(time.Second).Sees("stopped")
	})
}

func TestTheCommandLine(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		options.Faults = []string{"payment", "inventory"}
		options.Fault = func(_ context.Context, words []string) (string, error) {
			if len(words) != 2 {
				return "", errors.New("say which service and what")
			}
			return "the " + words[0] + " service is " + words[1] + " now", nil
		}
		put(t, s, s.Order(1, time.Now(), 5)...)
		screen := tuitest.Open(t, options, 100, 24)
		run := func(line string) *tuitest.Screen {
			return screen.Press(":").Type(line).Press("enter").Wait(time.Second)
		}
		run("goto payments/0@1").Sees("PaymentApprovedByFraudAgent", "tree line").Press("esc")
		run("goto payments/0@77").Sees("not in the index").Press("esc")
		run("goto nonsense").Sees("looks like orders/2@881").Press("esc")
		run("fault payment slow").Sees("the payment service is slow now").Press("esc")
		run("fault").Sees("say which service").Press("esc")
		run("sort duration").Sees("by duration")
		run("theme light").Sees("Status")
		run("nonsense").Sees("there is no command nonsense").Press("esc")
		screen.Press(":").Type("fault ").Sees("payment", "inventory").Press("tab").Sees(":fault payment").Press("esc")
		screen.Press(":").Press("up").Sees(":nonsense").Press("up").Sees(":theme light").Press("esc")
		run("help").Sees("Keys of Flows").Press("x").Misses("Keys of")
		if run("q"); !screen.Ended() {
			t.Fatal(":q has not quit")
		}
	})
}

func TestSourcesInTrouble(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 100, 24)
		s.Kafka.Set(func(status *adapters.Status) {
			status.Connection, status.Since = adapters.Lost, time.Now()
			status.Err = &adapters.Problem{Doing: "connect to kafka 127.0.0.1:9092", Cause: "connection \x1b[31mrefused", Remedy: "check the address", Kind: adapters.ErrNotConnected}
		})
		s.RabbitMQ.Set(func(status *adapters.Status) {
			status.Dropped = 12
			status.Gaps = []adapters.Gap{{From: time.Now().Add(-8 * time.Second), To: time.Now(), Missed: -1}}
		})
		screen.Wait(8500*time.Millisecond).Sees("kafka ✗ lost 8s", `connection \x1b[31mrefused; check the address`, "was away 8 s", "messages in between are not shown", "12 dropped")
		s.Kafka.Set(func(status *adapters.Status) {
			status.Connection, status.Err, status.BehindBy = adapters.CatchingUp, nil, 1_200_000
		})
		screen.Wait(time.Second).Sees("behind 1.2M").Misses("refused")
	})
}

func TestMouse(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 20 {
			put(t, s, s.Order(i, time.Now(), 5)...)
		}
		screen := tuitest.Open(t, s.Options(), 100, 24).Wheel(true).Sees("paused")
		screen.Click(30, 10)
		row := strings.Split(screen.Text(), "\n")[10]
		if !strings.HasPrefix(row, "▸") {
			t.Fatalf("the click did not select the row under it: %s", row)
		}
		screen.Click(30, 10).Sees("Flow ord-").Press("esc")
		screen.Click(13, 1).Sees("by activity").Click(3, 1).Sees("OrderPlaced")
	})
}

func TestMarksAreCopied(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 1)...)
		put(t, s, s.Order(2, time.Now(), 1)...)
		screen := tuitest.Open(t, s.Options(), 100, 24).Press("g").Press("space", "space").Sees("◆ 2").Press("y").Sees("copied 2 flow ids").Wait(time.Second)
		if !screen.Copied("ord-1001\nord-1002") {
			t.Fatal("the marked ids are not in the clipboard")
		}
		screen.Press("esc", "esc").Misses("◆")
	})
}

func TestAHostileEventCannotReachTheTerminal(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		evil := "\x1b]0;pwned\a\x1b[2J\u009b31m\u202e\r\x00\xff"
		put(t, s, tuitest.Event{Source: s.Kafka, To: "orders" + evil, Key: evil, At: time.Now(), Type: "T" + evil, Service: "s" + evil, Flow: "f" + evil, ID: "i" + evil, Value: `"` + evil + `"`,
			Headers: []adapters.Header{{Name: "h" + evil, Value: []byte(evil)}}})
		screen := tuitest.Open(t, s.Options(), 120, 40)
		for _, key := range []string{"v", "v", "v", "tab", "y", "esc", "esc", "enter", "v", "esc", "2", "enter"} {
			screen.Press(key).Wait(time.Second)
			for _, bad := range []string{"pwned\a", "\x1b[2J\u009b", "\u009b", "\u202e", "\x00", "\xff", "\r\x00"} {
				if strings.Contains(screen.Raw(), bad) {
					t.Fatalf("after %s %q is in the frame", key, bad)
				}
			}
		}
		if written := screen.Written(); strings.Contains(written, "\x1b]0;pwned") || strings.Contains(written, "\u009b") {
			t.Fatal("the terminal was given what the event said")
		}
	})
}

// panicking is a store with a defect.
type panicking struct{ tracing.Querier }

func (panicking) Flows(context.Context, tracing.FlowQuery) (tracing.FlowPage, error) {
	panic("a defect\x1b[31m")
}

func TestADefectEndsWithOneSentence(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		options.Querier = panicking{s.Store}
		screen := tuitest.Open(t, options, 80, 24).Press("2")
		if !screen.Ended() {
			t.Fatal("the screen goes on after a defect")
		}
		var crash *tui.Crash
		if !errors.As(screen.Crash(), &crash) || !strings.Contains(crash.Error(), `a defect\x1b[31m`) || strings.Contains(crash.Error(), "\n") || crash.Stack == "" {
			t.Fatalf("the defect is reported as %v", screen.Crash())
		}
	})
}

func TestWithoutATerminalNothingIsDrawn(t *testing.T) {
	var out strings.Builder
	err := tui.Run(t.Context(), tui.Options{Output: &out})
	if !errors.Is(err, adapters.ErrUsage) || out.Len() > 0 {
		t.Fatalf("%v, %d bytes", err, out.Len())
	}
}

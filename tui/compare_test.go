package tui_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui"
	"eventscope/tui/tuitest"
)

// twoOrders is a system with one order that went well, and one whose payment took long, whose stock
// was out, and whose currency is another.
func twoOrders(t *testing.T, s *tuitest.System) tui.Options {
	t.Helper()
	good := s.Order(9, time.Now(), 5)
	good[1].Value = `{"type":"PaymentProcessed","payload":{"order_id":"ord-1009","amount":12.5,"currency":"EUR","card":{"kind":"visa"},"paid_at":"2000-01-01T00:00:01Z"}}`
	good[1].Headers = header("tenant", "north", "retries", "0")
	bad := s.Order(10, time.Now().Add(20*time.Second), 4)
	bad[1].At, bad[2].At, bad[3].At = bad[1].At.Add(8*time.Second), bad[2].At.Add(8*time.Second), bad[3].At.Add(8*time.Second)
	bad[1].Value = `{"type":"PaymentProcessed","payload":{"order_id":"ord-1010","amount":12.5,"currency":"USD","card":{"kind":"visa"},"coupon":"SPRING","paid_at":"2000-01-01T00:00:29Z"}}`
	bad[1].Headers = header("tenant", "north", "retries", "3")
	bad[3].Type = "InventoryFailed"
	put(t, s, append(good, bad...)...)
	<-time.After(40 * time.Second) // of virtual time, so that all this has happened
	return s.Options()
}

// Two flows are marked and compared: their steps by what happened, with times side by side, and
// what differs in their messages.
func TestTwoFlowsAreCompared(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, twoOrders(t, s), 120, 40).Press("2").Wait(time.Second).GoTo("j", "ord-1009").Press("=").Sees("ord-1009 is marked: = on another flow compares the two", "  = ord-1009")
		screen.Press("g").GoTo("k", "ord-1010").Press("=").Wait(time.Second).Misses("is marked", "  = ord-1009").Sees("› ord-1009 = ord-1010", "A  ord-1009", "B  ord-1010",
			"2 steps are in A alone; 1 step is in B alone; PaymentProcessed took 8 s longer in B", "6 steps")
		for _, step := range [][]string{
			{"OrderPlaced", "+0.000   +0.000      0  order", "nothing"}, {"PaymentProcessed", "+0.173   +8.173", "+8 s", "header retries, currency, coupon"},
			{"InventoryReserved", "+0.420  missing", "in A alone"}, {"InventoryFailed", "missing   +8.420", "in B alone"}, {"ShipmentPrepared", "in A alone"},
		} {
			for _, said := range step {
				if line := screen.Press("g").GoTo("j", step[0]).Selected(); !strings.Contains(line, said) {
					t.Errorf("%q is not said of %s: %s", said, step[0], line)
				}
			}
		}
		screen.Press("g").Sees("Nothing differs but ids, times and positions.", "header correlation_id  ord-1009", "ord-1010").Press("j").Sees("3 differences", "payload.coupon", "not there", `"SPRING"`, "Ids, times and positions")
		screen.GoTo("j", "InventoryReserved").Sees("This step is in A alone.").Press("enter").Sees("this step is in A alone, so there is nothing to compare it with").Press("esc").GoTo("j", "InventoryFailed").Sees("This step is in B alone.").Press("enter").Sees("in B alone, so")
		screen.Press("esc", "g", "j", "enter").Wait(time.Second).Sees("A  PaymentProcessed  payment  payments/0@0  ord-1009", "B  PaymentProcessed  payment  payments/0@2  ord-1010", "payload.paid_at", "3 differences")
		screen.Press("esc").Sees("6 steps").Press("y").Wait(time.Second).Sees("copied what differs")
		for _, said := range []string{"A  ord-1009  ✓ complete", "2 steps are in A alone", "payload.currency", `"EUR"`, "missing"} {
			if !strings.Contains(screen.Clipboard(), said) {
				t.Errorf("%q was not copied:\n%s", said, screen.Clipboard())
			}
		}
	})
}

// Two events are compared, from the stream or from their pages; what cannot be compared is said.
func TestTwoEventsAreCompared(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, twoOrders(t, s), 80, 24).Wait(time.Second).Press("g", "j", "=").Sees("payments/0@0 is marked: = on another event").Press("=").Sees("payments/0@0 is no longer marked")
		screen.Press("=", "g").Press("j", "j", "j", "j", "j", "j", "v").Wait(time.Second).Press("=").Wait(time.Second).Sees("A  PaymentProcessed", "3 differences", "header retries", "A  0", "B  3", `A  "EUR"`)
		screen.GoTo("j", "payload.coupon").Press("j").Selects("not there").Sees("A  not there", "unfold").Press("enter").Sees("⏎ fold").Press("enter").Sees("unfold")
		if screen.Press("y").Wait(time.Second).Sees("copied what differs"); !strings.Contains(screen.Clipboard(), `B  "USD"`) {
			t.Errorf("copied is %s", screen.Clipboard())
		}
		screen.Press("1").Press("g", "=").Press("2").Wait(time.Second).Press("=").Sees("is marked: = on another flow", "orders/0@0 is not,", "since flows are compared with flows and events with events")
	})
}

// A long value is unfolded where it stands, and the cursor stays on its field when the screen
// becomes another one.
func TestALongValueIsUnfolded(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 2 {
			put(t, s, tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "Placed", ID: fmt.Sprint(i), Value: fmt.Sprintf(`{"text":"%s%d the end","n":%d}`, strings.Repeat("word ", 40), i, i)})
		}
		for _, size := range [][2]int{{80, 24}, {120, 40}} {
			screen := tuitest.Open(t, s.Options(), size[0], size[1]).Wait(time.Second).Press("g", "=", "j", "=").Wait(time.Second).GoTo("j", "text").Misses("the end").Press("enter").Sees("0 the end", "1 the end")
			screen.Resize(200-size[0], 40).Wait(time.Second)
			if line := screen.Selected(); !strings.Contains(line, "text") && !strings.Contains(line, "word") {
				t.Errorf("the cursor is on %q", line)
			}
			screen.Quit()
		}
	})
}

// Dead letters are compared as they lie in their queue, and the same with a page of one.
func TestTwoLettersAreCompared(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second).Press("g", "=").Sees("dlq/0@1 is marked").Press("j", "enter").Wait(time.Second).Press("=").Wait(time.Second).Sees("A  ", "dlq/0@1", "dlq/0@0", "order_id", `"ord-b"`, `"ord-a"`)
	})
}

// What is gone is said: a message that was not kept, and a flow that is not there.
func TestWhatCannotBeComparedIsSaid(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := twoOrders(t, s)
		options.Querier = forgetful{s.Store}
		screen := tuitest.Open(t, options, 120, 40).Command("compare ord-1009 ord-1010").Wait(time.Second).Sees("not compared").Press("enter").Wait(time.Second).Sees("The messages cannot be compared: the broker no longer has it")
		screen.Command("compare ord-1009 nobody").Wait(time.Second).Sees("nobody: it is not in the index, or no longer; :trace nobody looks for it in the brokers")
		screen.Press("5").Command("compare").Sees("write :compare ID to compare").Command("compare ord-1009").Sees("there is no flow under the cursor")
		screen.Press("2").Wait(time.Second).GoTo("j", "ord-1009").Command("compare ord-1010").Wait(time.Second).Sees("› ord-1009 = ord-1010")
	})
	story(t, func(t *testing.T, s *tuitest.System) {
		tuitest.Open(t, s.Options(), 80, 24).Press("=").Sees("there is nothing under the cursor to compare").Press("2", "=").Sees("there is nothing under the cursor")
	})
}

// A flow that goes on is compared as it is by then, and the cursor stays on its step.
func TestAFlowThatGoesOnIsComparedAgain(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, append(s.Order(1, time.Now(), 5), s.Order(2, time.Now(), 2)...)...)
		screen := tuitest.Open(t, s.Options(), 120, 40).Command("compare ord-1001 ord-1002").Wait(time.Second).Sees("3 steps are in A alone").GoTo("j", "ShipmentPrepared")
		rest := s.Order(2, time.Now(), 5)[2:]
		extra := rest[0]
		extra.Type, extra.ID = "Extra", "extra"
		put(t, s, append(rest, extra)...)
		screen.Wait(3 * time.Second).Sees("1 step is in B alone").Selects("ShipmentPrepared")
	})
}

// forgetful has no message any more.
type forgetful struct{ tracing.Querier }

func (forgetful) Messages(_ context.Context, events []tracing.Event) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		for range events {
			if !yield(adapters.Message{}, adapters.ErrGone) {
				return
			}
		}
	}
}

// Ten thousand steps, none of them in the other flow, and large bodies, are compared all the same.
func TestLongFlowsAreCompared(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for _, flow := range []string{"a", "b"} {
			e := tuitest.Event{Source: s.Kafka, To: "t" + flow, At: time.Now(), Type: "Ticked", Service: "clock", Flow: "flow-" + flow, ID: flow}
			if err := s.Swell(t.Context(), e, 10_000); err != nil {
				t.Fatal(err)
			}
			put(t, s, tuitest.Event{Source: s.Kafka, To: "large", At: time.Now(), Type: "Large", Flow: "big-" + flow, ID: "large" + flow, Value: `{"list":[` + strings.Repeat(`{"n":"`+flow+`"},`, 200_000) + `0]}`})
		}
		screen := tuitest.Open(t, s.Options(), 120, 40).Command("compare flow-a flow-b").Wait(time.Second).Sees("10,000 steps are in A alone; 10,000 steps are in B alone").Press("G").Wait(time.Second).Sees("This step is in B alone.")
		intact(t, screen, "many steps")
		screen.Command("compare big-a big-b").Wait(3 * time.Second).Sees("and 199,9").Press("enter").Wait(3 * time.Second).Sees("200,000 differences").Press("G").Sees("more, which are not listed")
		intact(t, screen, "large bodies")
		screen.Command("compare flow-a flow-a").Wait(3*time.Second).Sees("both have the same steps", "10,000 steps").Press("G").Wait(time.Second).Sees("compares the two messages")
	})
}

// Of what is too large to be compared whole it is not said that it is the same.
func TestWhatIsComparedInPartIsSaid(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		var value bytes.Buffer
		w := gzip.NewWriter(&value)
		_, err := io.WriteString(w, "["+strings.Repeat("0,", 3<<20)+"0]")
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		for _, flow := range []string{"big-a", "big-b"} {
			put(t, s, tuitest.Event{Source: s.Kafka, To: "large", At: time.Now(), Type: "Large", Flow: flow, ID: flow, Value: value.String()})
		}
		for _, size := range [][2]int{{80, 24}, {120, 40}} {
			screen := tuitest.Open(t, s.Options(), size[0], size[1]).Command("compare big-a big-b").Wait(3*time.Second).Sees("in part", "Nothing differs in what was compared.", "too large to be compared whole")
			screen.Press("enter").Wait(3*time.Second).Sees("not compared whole", "their lines are").Misses("✓ the same")
			intact(t, screen, "large bodies")
			screen.Quit()
		}
	})
}

// What differs is copied whole, however narrow the screen is, and saved where it is too long for a
// clipboard.
func TestWhatDiffersIsCopiedWhole(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for _, flow := range []string{"a", "b"} {
			short := fmt.Sprintf(`{"text":"%s%s","none":%s}`, strings.Repeat("word ", 30), flow, map[string]string{"a": `""`, "b": `"x"`}[flow])
			put(t, s, tuitest.Event{Source: s.Kafka, To: "short", At: time.Now(), Type: "Short", Flow: "short-" + flow, ID: "short" + flow, Value: short})
			for step := range 6 {
				var long strings.Builder
				for i := range 40 {
					fmt.Fprintf(&long, `"n%d":"%s%s",`, i, strings.Repeat("word ", 200), flow)
				}
				put(t, s, tuitest.Event{Source: s.Kafka, To: "long", At: time.Now(), Type: fmt.Sprint("Long", step), Flow: "long-" + flow, ID: fmt.Sprint("long", flow, step), Value: "{" + long.String() + `"n":0}`})
			}
		}
		options := s.Options()
		options.SaveFolder = t.TempDir()
		for _, size := range [][2]int{{80, 24}, {120, 40}} {
			screen := tuitest.Open(t, options, size[0], size[1]).Command("compare short-a short-b").Wait(time.Second)
			for page, keys := range map[string][]string{"flows": {"y"}, "events": {"enter", "y"}} {
				screen.Press(keys...).Wait(time.Second).Sees("copied what differs")
				for _, side := range []string{"a", "b"} {
					if want := "  " + strings.ToUpper(side) + `  "` + strings.Repeat("word ", 30) + side + `"`; !strings.Contains(screen.Clipboard(), want+"\n") {
						t.Errorf("%s, %d wide: the text is not copied whole:\n%s", page, size[0], screen.Clipboard())
					}
				}
				screen.Press("esc")
			}
			screen.Command("compare long-a long-b").Wait(time.Second).Press("y").Wait(time.Second).Sees("what differs, which is too long for a clipboard,").Misses("w saves")
			screen.Press("enter").Wait(time.Second).Press("y").Wait(time.Second).Sees("what differs, which is too long for a clipboard,").Misses("w saves")
			screen.Quit()
		}
		if saved, err := os.ReadDir(options.SaveFolder); err != nil || len(saved) != 4 {
			t.Errorf("%d files are saved, %v", len(saved), err)
		}
		saved, err := os.ReadFile(filepath.Join(options.SaveFolder, "compare-long-0-0-long-0-6.txt"))
		if said := string(saved); err != nil || strings.Count(said, strings.Repeat("word ", 200)+"a\"\n") != 40 || !strings.Contains(said, "40 differences") {
			t.Errorf("saved is %.500s, %v", said, err)
		}
	})
}

func TestFramesOfComparing(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		for page, keys := range map[string][]string{"compare": nil, "differences": {"j", "enter"}} {
			t.Run(name(page, size), func(t *testing.T) {
				story(t, func(t *testing.T, s *tuitest.System) {
					screen := tuitest.Open(t, twoOrders(t, s), size[0], size[1]).Command("compare ord-1009 ord-1010").Wait(time.Second).Press(keys...).Wait(5 * time.Second)
					golden(t, screen, name(page, size))
				})
			})
		}
	}
}

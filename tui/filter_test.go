package tui_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui/tuitest"
)

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

// TestFlowsAreFilteredByWhatTheyAreAsAWhole: on Flows alone, and while they change.
func TestFlowsAreFilteredByWhatTheyAreAsAWhole(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Compensated(7, time.Now())...)
		put(t, s, s.Order(8, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 140, 24).Press("/").Sees(`type == "PaymentFailed"`).Type(`"payment" in services`).Sees("services is that of a flow, not of an event").Press("esc")
		screen.Press("2").Wait(time.Second).Press("/").Sees(`type == "PaymentFailed" && status == "failed"`).Type(`status == "compensatd"`)
		screen.Sees(`▾ status is never "compensatd"; it is one of failed, stuck, late, compensated`).Press("enter").Sees(`/status == "compensatd"`)
		screen.Press("backspace", "backspace").Type(`ed" && "payment" in services`).Misses("▾").Press("enter").Wait(time.Second)
		screen.Sees(`/status == "compensated"`, "ord-1007", "1 of 2").Misses("ord-1008", "searched", "…\" 0")
		screen.Press("1").Wait(time.Second).Sees("ord-1007", "ord-1008").Misses("/status").Press("2").Wait(time.Second).Sees("1 of 2").Misses("ord-1008")
		put(t, s, s.Compensated(9, time.Now())...)
		screen.Wait(time.Second).Sees("ord-1009", "2 of 3").Press("/").Sees(`in services`).Press("esc")
		screen.Press("esc").Filter(`status == "compensated" && json("payload.order_id") == "ord-1007"`).Wait(time.Second).Sees("ord-1007", "1 of 3").Misses("ord-1009")
		screen.Press("esc").Filter(`status == "stuck" && json("payload.order_id") == "ord-1007"`).Wait(time.Second).Sees("No flow matches the filter.", "esc clears it")
		screen.Press("esc").Wait(time.Second).Sees("ord-1007", "ord-1008", "ord-1009").Misses("/status")
		screen.Filter(`status == "compensated"`).Wait(time.Second).Misses("ord-1008").Press("1").Filter("ord-1008").Wait(time.Second).Press("2").Wait(time.Second).Sees("ord-1008", "/ord-1008").Misses("ord-1007")
	})
}

// TestTheCommandForFiltersIsThatOfThePage: on Flows it may ask about flows as a whole.
func TestTheCommandForFiltersIsThatOfThePage(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Compensated(7, time.Now())...)
		put(t, s, s.Order(8, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 140, 24).Command(`filter status == "compensated"`).Misses("/status")
		screen.Press("esc", "2").Wait(time.Second).Sees("ord-1008").Command(`filter status == "compensated"`).Wait(time.Second)
		screen.Sees(`/status == "compensated"`, "ord-1007").Misses("ord-1008")
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

// TestAFilterIsChangedWhereItStands: its line has it, emptied it is gone, and esc leaves it.
func TestAFilterIsChangedWhereItStands(t *testing.T) {
	for page, keys := range map[string]string{"Stream": "1", "Flows": "2", "Lag": "3", "Letters": "4 enter", "Topology": "5"} {
		t.Run(page, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				_, options := everything(t, s)
				screen := tuitest.Open(t, options, 140, 24)
				for key := range strings.FieldsSeq(keys) {
					screen.Press(key).Wait(time.Second)
				}
				before := screen.Text()
				screen.Filter("or").Sees("/or").Press("/").Sees("/or").Type("zz").Sees("/orzz").Press("esc").Wait(time.Second).Sees("/or").Misses("/orzz")
				screen.Press("/").Type("d").Press("enter").Wait(time.Second).Sees("/ord")
				screen.Press("/", "backspace", "backspace", "backspace", "enter").Wait(time.Second).Misses("/ord", "/or ")
				if page == "Stream" {
					before = screen.Press("f").Wait(time.Second).Text()
				}
				if after := screen.Press("g").Wait(time.Second).Text(); len(strings.Fields(after)) < len(strings.Fields(before))-2 {
					t.Fatalf("without the filter it was\n%s\nand is\n%s", before, after)
				}
			})
		})
	}
}

// TestWhatAFilterCannotReadIsCounted: events of which nobody has the value any more.
func TestWhatAFilterCannotReadIsCounted(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		lean, stopped := tuitest.NewSystem(ctx, tracing.Config{}) // keeps no copies
		for i := range 3 {
			put(t, lean, lean.Order(i, time.Now(), 1)...)
		}
		lean.Kafka.Forget()
		screen := tuitest.Open(t, lean.Options(), 140, 24).Filter(`json("payload.order_id") == "ord-1001"`).Wait(2 * time.Second).Sees("3 unreadable").Press("esc").Wait(time.Second).Misses("unreadable")
		screen.Quit()
		cancel()
		<-stopped
	})
}

// TestTheTrendOfTheHeaderIsThatOfNow: a burst is seen, moves on, and is gone.
func TestTheTrendOfTheHeaderIsThatOfNow(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 140, 24).Wait(3 * time.Second)
		if header := strings.Split(screen.Text(), "\n")[0]; strings.Contains(header, "▁") {
			t.Fatalf("nothing has come, and there is a trend: %s", header)
		}
		for i := range 20 {
			put(t, s, s.Order(i, time.Now(), 5)...)
		}
		for _, wanted := range []string{"█", "█▁", "█▁▁"} {
			if header := strings.Split(screen.Wait(1100*time.Millisecond).Text(), "\n")[0]; !strings.Contains(header, wanted) {
				t.Fatalf("%s is not the trend: %s", wanted, header)
			}
		}
		if header := strings.Split(screen.Wait(30*time.Second).Text(), "\n")[0]; strings.ContainsAny(header, "▁█") || !strings.Contains(header, "kafka ● 4 topics 0/s") {
			t.Fatalf("nothing comes any more: %s", header)
		}
	})
}

// TestEscTakesAwayWhatWasAskedForLast on the list of letters: marks, the filter, those dealt with,
// the page.
func TestEscTakesAwayWhatWasAskedForLast(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second).Press("a").Wait(time.Second).Filter("ord").Press("space").Sees("◆ 1", "/ord", "incl. resolved")
		screen.Press("esc").Wait(time.Second).Misses("◆ 1").Sees("/ord", "incl. resolved").Press("esc").Wait(time.Second).Misses("/ord").Sees("incl. resolved")
		screen.Press("esc").Wait(time.Second).Misses("incl. resolved").Sees("2 letters").Press("esc").Wait(time.Second).Sees("3 open")
	})
}

// TestALineOfWideCharactersIsBrokenBetweenThem, so that none of them is taken for broken text.
func TestALineOfWideCharactersIsBrokenBetweenThem(t *testing.T) {
	for width := 60; width < 66; width++ {
		story(t, func(t *testing.T, s *tuitest.System) {
			put(t, s, odd(s, strings.Repeat("日本語", 100)))
			screen := tuitest.Open(t, s.Options(), width, 40).Press("v").Wait(time.Second).Sees("raw line 1 of").Misses(`\x`)
			if n := strings.Count(screen.Text(), "本"); n < 95 {
				t.Fatalf("only %d of 100 are shown:\n%s", n, screen.Text())
			}
		})
	}
}

// TestAFilterSaysOfHowManyItCannotTell: those at which its expression fails pass no list, and are
// counted in the stream, among flows and among letters; those that it is just not about are not.
func TestAFilterSaysOfHowManyItCannotTell(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		for i, items := range []string{`["a","b"]`, `["a"]`, `[]`, `["a","c"]`} {
			value := fmt.Sprintf(`{"type":"Odd","items":%s}`, items)
			event := odd(s, value)
			event.Flow, event.ID = fmt.Sprint("odd-", i), fmt.Sprint(i)
			put(t, s, event)
			l.BuryFor(value, "no stock")
		}
		const second = `json("items")[1] == "b"`
		screen := tuitest.Open(t, l.Over(s.Options()), 150, 24).Filter(second).Sees("/"+second+" 1, 2 could not be evaluated").Press("2").Wait(time.Second).Sees("1 of 4", ", 2 could not be evaluated")
		short := odd(s, `{"items":["a"]}`)
		short.ID = "short"
		put(t, s, short)
		screen.Wait(time.Second).Sees(", 3 could not be evaluated").Command(`filter type == "Odd"`).Sees("4 of 4").Misses("could not be evaluated")
		screen.Press("4").Wait(time.Second).Press("enter").Wait(time.Second).Filter(second).Sees("☠ 1 letter", "2 could not be evaluated").Press("a").Wait(time.Second).Sees("2 could not be evaluated")
		l.Change(func() { l.BuryFor(`{"type":"Odd","items":[]}`, "no stock") })
		screen.Wait(3 * time.Second).Sees("3 could not be evaluated").Press("esc").Wait(time.Second).Filter("odd no").Sees("☠ 5 letters").Misses("could not be evaluated")
	})
}

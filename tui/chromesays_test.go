package tui_test

import (
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"
)

// TestEachTabIsClickedWhereItStands, from its first cell to its last, and nothing between two of them.
func TestEachTabIsClickedWhereItStands(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		_, options := everything(t, s)
		screen := tuitest.Open(t, options, 130, 24)
		tabs := strings.Split(screen.Text(), "\n")[1]
		for label, shows := range map[string]string{"2 Flows": "by activity", "3 Lag": "consumers by trouble", "4 Dead letters": " open", "5 Topology": "From writers", "6 Journal": "No runs yet"} {
			first := strings.Index(tabs, label)
			for _, x := range []int{first, first + len(label) - 1} {
				screen.Press("1").Wait(time.Second).Misses(shows).Click(x, 1).Wait(time.Second).Sees(shows)
			}
			for _, x := range []int{first - 1, first + len(label)} {
				screen.Press("1").Wait(time.Second).Click(x, 1).Wait(time.Second).Misses(shows)
			}
		}
		screen.Press("2").Wait(time.Second).Click(strings.Index(tabs, "1 Stream"), 1).Misses("by activity").Click(129, 1).Click(0, 1).Misses("by activity")
	})
}

// TestAClickOutsideThePageDoesNothing: on the header, the rules and the footer.
func TestAClickOutsideThePageDoesNothing(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many(t, s, 0, 30)
		screen := tuitest.Open(t, s.Options(), 100, 24).Press("g", "j").Wait(time.Second)
		before := screen.Text()
		for _, y := range []int{0, 2, 22, 23} {
			for range 2 {
				if after := screen.Click(40, y).Wait(100 * time.Millisecond).Text(); after != before {
					t.Fatalf("a click into line %d has done something:\n%s\nand it was\n%s", y, after, before)
				}
			}
		}
		screen.Click(40, 21)
		if lines := strings.Split(screen.Text(), "\n"); !strings.HasPrefix(lines[21], "▸") {
			t.Fatalf("the last row of the page is not selected:\n%s", screen.Text())
		}
	})
}

// TestTheTrailGivesWayFromItsBeginning where the screen is narrow: the present page is named as
// long as there is room for anything.
func TestTheTrailGivesWayFromItsBeginning(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		event := odd(s, `{"a":1}`)
		event.To, event.Flow, event.Key = "a-topic-with-a-long-name", "a-flow-with-a-long-name-too", "a-flow-with-a-long-name-too"
		put(t, s, event)
		screen := tuitest.Open(t, s.Options(), 160, 24).Press("enter").Wait(time.Second).Press("enter").Wait(time.Second).Sees("› Flow a-flow-with-a-long-name-too › a-topic-with-a-long-name/0@0")
		flow, whole := true, true
		for width := 160; width >= 40; width -= 4 {
			trail := strings.Split(screen.Resize(width, 24).Text(), "\n")[1]
			nowFlow, nowWhole := strings.Contains(trail, "Flow a-flow-with-a-long-name-too"), strings.Contains(trail, "a-topic-with-a-long-name/0@0")
			if nowFlow && (!flow || !nowWhole) || nowWhole && !whole {
				t.Fatalf("at %d the trail is %s", width, trail)
			}
			flow, whole = nowFlow, nowWhole
		}
		if flow {
			t.Fatal("the trail was never cut")
		}
		screen.Resize(160, 24).Press("esc").Misses("a-topic-with-a-long-name/0@0 ›").Sees("› Flow a-flow")
	})
}

// TestANarrowHeaderNamesItsSources when all else has left, in this order: the trend, how much
// is read, the name of the program.
func TestANarrowHeaderNamesItsSources(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 140, 24).Wait(2 * time.Second)
		was := []bool{true, true, true}
		for width := 140; width >= 40; width-- {
			header := strings.Split(screen.Resize(width, 24).Text(), "\n")[0]
			for _, stays := range []string{"kafka ●", "rabbitmq ●", "READ-ONLY"} {
				if !strings.Contains(header, stays) {
					t.Fatalf("%s has left at %d: %s", stays, width, header)
				}
			}
			has := []bool{strings.ContainsAny(header, "▁█"), strings.Contains(header, "4 topics"), strings.Contains(header, "eventscope · test")}
			for i := range has {
				if has[i] && !was[i] || i > 0 && has[i-1] && !has[i] {
					t.Fatalf("at %d what had left is back, or left too early: %v, then %v\n%s", width, was, has, header)
				}
			}
			was = has
		}
		if was[0] || was[1] || was[2] {
			t.Fatalf("at 40 there is room for all: %v", was)
		}
	})
}

// TestANoticeStandsAsLongAsItTakesToReadIt: six seconds at least, a long one for longer.
func TestANoticeStandsAsLongAsItTakesToReadIt(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 1)...)
		screen := tuitest.Open(t, s.Options(), 200, 24).Press("n").Sees("no filter yet: / and some words").Wait(5 * time.Second).Sees("no filter yet").Wait(2 * time.Second).Misses("no filter yet")
		long := strings.Repeat("x", 30)
		screen.Command("goto " + long).Sees("looks like orders/2@881").Wait(6 * time.Second)
		width := len(strings.TrimSpace(screen.Line("looks like orders")))
		if width < 90 {
			t.Fatalf("the sentence is too short for this story: %d", width)
		}
		screen.Wait(time.Duration(width)*time.Second/12 + time.Second - 6*time.Second).Misses("looks like orders")
		screen.Press("n").Sees("no filter yet").Press("esc").Misses("no filter yet").Sees("1 Stream")
	})
}

// TestALongTitleIsCut, so that it takes no room from the sources.
func TestALongTitleIsCut(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		options.Title = "production-of-the-eastern-region"
		tuitest.Open(t, options, 140, 24).Sees("eventscope · production-of-the-easte…", "kafka ● 4 topics").Misses("region")
		options.Title = ""
		tuitest.Open(t, options, 140, 24).Sees("eventscope   kafka ● 4 topics").Misses("eventscope ·")
	})
}

// TestHelpStandsInTwoColumns where the screen is too low for one and wide enough for two.
func TestHelpStandsInTwoColumns(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 160, 28).Press("?").Sees("Keys of Stream", "quit at once", "open the event's flow").Misses("more below")
		if line := screen.Line("open the event's flow"); strings.Count(line, "│") != 2 || len(strings.Fields(line)) < 9 {
			t.Fatalf("the first line has one key: %s", line)
		}
		screen.Press("x").Resize(160, 50).Press("?").Sees("quit at once").Press("x").Resize(100, 24).Press("?").Sees("more below").Misses("quit at once").Press(strings.Fields(strings.Repeat("j ", 32))...).Sees("quit at once").Misses("open the event's flow", "more below")
	})
}

// TestASourceSaysHowFarBehindItIs, and how much of it was dropped, as far as anybody counted.
func TestASourceSaysHowFarBehindItIs(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 160, 24).Misses("behind", "kafka ● 4 topics 0/s 0 dropped")
		for says, change := range map[string]func(*adapters.Status){
			"kafka ● 4 topics 0/s behind 1.2M":  func(st *adapters.Status) { st.BehindBy = 1_200_000 },
			"kafka ● 1 topic 0/s   ":            func(st *adapters.Status) { st.Destinations = 1 },
			"kafka ● 4 topics 0/s 12 dropped":   func(st *adapters.Status) { st.Dropped = 12 },
			"kafka ● 4 topics 0/s 12+ dropped":  func(st *adapters.Status) { st.Dropped, st.DroppedUnknown = 12, true },
			"kafka ● 4 topics 0/s some dropped": func(st *adapters.Status) { st.DroppedUnknown = true },
			"kafka ◐ 4 topics 0/s behind 35k some dropped": func(st *adapters.Status) {
				st.Connection, st.BehindBy, st.DroppedUnknown = adapters.CatchingUp, 35_000, true
			},
			"kafka ✗ lost 5m 3 dropped": func(st *adapters.Status) {
				st.Connection, st.Since, st.Dropped = adapters.Lost, time.Now().Add(-5*time.Minute), 3
			},
		} {
			before := s.Kafka.Status()
			s.Kafka.Set(change)
			screen.Wait(time.Second).Sees(says)
			s.Kafka.Set(func(st *adapters.Status) { *st = before })
			screen.Wait(time.Second).Sees("kafka ● 4 topics 0/s   ").Misses("behind")
		}
	})
}

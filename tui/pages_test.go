package tui_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing"
	"eventscope/tui"
	"eventscope/tui/tuitest"

	"github.com/charmbracelet/x/ansi"
)

// intact fails unless the frame is exactly as large as the screen, and nothing of it acts on the
// terminal.
func intact(t *testing.T, screen *tuitest.Screen, after string) {
	t.Helper()
	width, height := screen.Size()
	lines := strings.Split(screen.Raw(), "\n")
	if len(lines) != height {
		t.Fatalf("after %s: %d lines at %dx%d", after, len(lines), width, height)
	}
	for _, line := range lines {
		if ansi.StringWidth(line) != width {
			t.Fatalf("after %s: %d cells at %dx%d: %q", after, ansi.StringWidth(line), width, height, line)
		}
	}
	for _, bad := range []string{"\x1b]", "\x1b[2J", "\a", "\u202e", "\u009b", "\r", "\t", "\x00"} {
		if strings.Contains(screen.Raw(), bad) {
			t.Fatalf("after %s: %q is in the frame", after, bad)
		}
	}
}

// sizes are those at which a frame must be whole.
var sizes = [][2]int{{80, 24}, {120, 40}, {40, 10}, {41, 8}, {200, 12}}

// evil is what a stranger may put where a name belongs.
var evil = map[string]string{
	"controls": "\x1b[2J\x1b]0;x\a\r\n\t\x00", "wide": strings.Repeat("日本語テキスト", 6), "joined": "👩\u200d👩\u200d👧e\u0301\u0301\u202eabc\u2066", "no UTF-8": "\xff\xfe\x80caf\xe9",
	"long": strings.Repeat("VeryLongNameOfSomething.", 40), "empty": "", "glyphs": "▸◆☠✗─│…",
}

// uglyShop has such a name wherever a broker, a message or the operator may give one.
func uglyShop(t *testing.T, s *tuitest.System, word string) tui.Options {
	t.Helper()
	for i := range 4 {
		put(t, s, tuitest.Event{Source: s.Kafka, To: "t" + word, Key: word, At: time.Now(), Type: word, Service: word, Flow: word + "1", ID: fmt.Sprint(word, i), Cause: fmt.Sprint(word, i-1),
			Value: `{"` + strings.ToValidUTF8(word, "?") + `":"` + word + `"}`, Headers: header("h"+word, word)})
	}
	l := tuitest.EmptyDLQ(t, adapters.Topic)
	for range 3 {
		l.Broker.BuryFrom("o"+word, `{"type":"`+word+`","order_id":"`+word+`"}`, header("dlq-reason", word, "dlq-exception", word, "x"+word, word)...)
	}
	group := func(name string, committed int64) *tuitest.Group {
		return &tuitest.Group{Name: name + word, Topic: "t" + word, Members: []consumer.Member{{ID: word, Client: word, Host: word, Logs: 1}},
			Partitions: []tuitest.Partition{{Committed: committed, End: 90}, {Unknown: "why " + word}}}
	}
	c := tuitest.NewConsumers(s.Kafka, group("a", 5), group("b", 90))
	options := c.Over(l.Over(s.Options()))
	options.Title, options.Banner, options.Empty, options.Sources[1].Name = "title"+word, "banner "+word, word, "r"+word
	options.Sources[0].Topology = &tuitest.Told{There: []adapters.Destination{{Name: "q" + word, Kind: adapters.Queue}}, Ways: []adapters.Binding{bound(exchange("x"+word), queue("q"+word), word)}}
	s.Kafka.Set(func(st *adapters.Status) {
		st.Problems = []string{"cannot read " + word, word}
		st.Gaps = []adapters.Gap{{From: time.Now(), To: time.Now(), Reason: "gap " + word}}
	})
	options.SaveFolder = t.TempDir()
	options.Fault = func(context.Context, []string) (string, error) { return "it says " + word, nil }
	options.Faults = []string{word}
	return options
}

// TestUglyNamesKeepEveryFrameWhole: pages, panels, lines and notices, at any size.
// TestThePresentPageIsNamedWhole: what leads to it gives way, and the names of the first pages too.
func TestThePresentPageIsNamedWhole(t *testing.T) {
	for _, width := range []int{40, 60, 80, 100, 120, 160} {
		story(t, func(t *testing.T, s *tuitest.System) {
			put(t, s, s.Order(1, time.Now(), 5)...)
			screen := tuitest.Open(t, s.Options(), width, 24).Wait(time.Second).Press("g", "enter").Wait(time.Second).Sees("› Flow ord-1001")
			screen.Press("g", "enter").Wait(time.Second).Sees("› orders/0@0").Press("2").Wait(time.Second).Misses("›").Sees("2 Flows")
		})
	}
}

func TestUglyNamesKeepEveryFrameWhole(t *testing.T) {
	for name, word := range evil {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(t, func(t *testing.T, s *tuitest.System) {
				screen := tuitest.Open(t, uglyShop(t, s, word), 120, 40).Wait(3 * time.Second)
				for _, size := range sizes {
					screen.Resize(size[0], size[1])
					for _, keys := range []string{
						"1 g v tab j j j j l v l v", "1 G enter v l", "2 j space y", "3 enter enter", "4 enter space enter", "4 r", "4 x", "5 j v j", "6", "1 : f a u l t space tab enter",
						"1 / x", "1 g = j = enter G y", "2 = j = enter y", ": s o u r c e s enter j", "?", "1 y", "5 w", "1 n",
					} {
						for key := range strings.FieldsSeq(keys) {
							screen.Press(key)
							intact(t, screen, keys)
						}
						screen.Wait(300*time.Millisecond).Press("esc", "esc", "esc", "esc")
						intact(t, screen, keys+" esc")
					}
				}
				if screen.Ended() {
					t.Fatalf("the screen has ended: %v", screen.Crash())
				}
				if strings.Contains(screen.Written(), "\x1b]0;x") {
					t.Fatal("the terminal was told what a name says")
				}
			})
		})
	}
}

// TestNoKeyBreaksAnEmptyPage: each key of each page that can be empty, at each size.
func TestNoKeyBreaksAnEmptyPage(t *testing.T) {
	pages := map[string]string{"Stream": "1", "Flows": "2", "Lag": "3", "Dead letters": "4", "Topology": "5", "Journal": "6"}
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		l.None = true
		options := tuitest.NewConsumers(s.Kafka).Over(l.Over(s.Options()))
		options.SaveFolder = t.TempDir()
		screen := tuitest.Open(t, options, 120, 40)
		keys := tui.Keys()
		for _, size := range sizes {
			screen.Resize(size[0], size[1])
			for _, page := range slices.Sorted(maps.Keys(pages)) {
				for _, key := range keys[page] {
					if key == "q" || key == "ctrl+c" {
						continue
					}
					screen.Press(pages[page], key)
					intact(t, screen, page+" "+key)
					screen.Click(10, 5).Wheel(false).Wheel(true).Wait(100*time.Millisecond).Press("esc", "esc")
					intact(t, screen, page+" "+key+" and the mouse")
				}
			}
		}
		if screen.Press("1").Sees("No events yet"); screen.Ended() {
			t.Fatal(screen.Crash())
		}
	})
}

// TestAnAnswerWithoutRowsTakesTheCursorAlong: what was there goes, in each list, and no key acts on
// what is not there any more.
func TestAnAnswerWithoutRowsTakesTheCursorAlong(t *testing.T) {
	for page, keys := range map[string]string{"Lag": "3 G", "Partitions": "3 enter G", "Dead letters": "4 G", "Letters": "4 enter G", "Topology": "5 G"} {
		t.Run(page, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, s.Order(1, time.Now(), 5)...)
				l, c := tuitest.NewLetters(t, adapters.Topic), twoConsumers(s)
				screen := tuitest.Open(t, c.Over(l.Over(s.Options())), 120, 30)
				for key := range strings.FieldsSeq(keys) {
					screen.Press(key).Wait(time.Second)
				}
				l.Change(func() { l.Broker.Letters = nil; l.Incarnation = "again" })
				c.Change(func(groups []*tuitest.Group) {
					for _, g := range groups {
						g.Partitions = nil
					}
				})
				screen.Wait(20 * time.Second)
				for _, key := range []string{"j", "k", "enter", "esc", "G", "g", "y", "space", "r", "x", "u", "L", "a", "v", "enter"} {
					if screen.Press(key).Wait(300 * time.Millisecond); screen.Ended() {
						t.Fatalf("%s has ended the screen: %v", key, screen.Crash())
					}
					screen.Misses("Plan", "reason for the")
				}
			})
		})
	}
}

// TestManyRowsAreGoneThroughAsQuickly, from end to end, and what is under the cursor is what is
// acted on.
func TestManyRowsAreGoneThroughAsQuickly(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		buried(l, 20_000, "no stock")
		screen := tuitest.Open(t, l.Over(s.Options()), 120, 30).Press("4").Wait(3 * time.Second).Sees("20,000 open").Press("enter").Wait(3 * time.Second).Sees("☠ 20,000 letters").Selects("ord-19999")
		screen.Press("G").Selects("ord-00000").Press("ctrl+u", "ctrl+u").SelectsNot("ord-00000").Press("G", "space").Sees("◆ 1").Press("r").Wait(3*time.Second).Sees("1 letter,").Press("esc", "esc")
		screen.Filter("ord-12345").Selects("ord-12345").Sees("1 letter").Press("enter").Wait(time.Second).Sees("ord-12345", "state      open").Press("esc", "esc").Wait(time.Second).Selects("ord-12345")
		screen.Press("r").Wait(10 * time.Second).Sees("20,000 letters, ").Press("enter").Sees("type orders to replay 20,000 letters:")
		intact(t, screen, "all of them")
	})
	story(t, func(t *testing.T, s *tuitest.System) {
		flood := tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "flood", ID: "flood"}
		if err := s.Flood(t.Context(), flood, 30_000); err != nil {
			t.Fatal(err)
		}
		screen := tuitest.Open(t, s.Options(), 120, 30).Press("g").Wait(time.Second)
		first := screen.Selected()
		screen.Press("ctrl+d", "ctrl+d", "ctrl+u", "ctrl+u").Selects(first).Press("G").Wait(time.Second).Selects("flood-29999").Press("2").Wait(3 * time.Second).Press("G").Wait(time.Second)
		last := screen.Selected()
		screen.Press("g").Wait(time.Second).SelectsNot(strings.Fields(last)[3]).Press("G").Wait(time.Second).Selects(strings.Fields(last)[3]).Press("enter").Wait(time.Second).Sees("Flow flood-")
	})
}

// TestATabThatIsNotThereTakesNobodyAway, by its key or by a click.
func TestATabThatIsNotThereTakesNobodyAway(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many(t, s, 0, 3)
		screen := tuitest.Open(t, s.Options(), 120, 24).Press("2").Wait(time.Second)
		for _, key := range []string{"3", "4", "6"} {
			screen.Press(key).Wait(time.Second).Sees("by activity")
		}
		for x := range 50 { // 1 Stream  2 Flows  5 Topology  7 Schemas
			wanted := "by activity"
			switch {
			case x >= 1 && x < 9:
				wanted = "following"
			case x >= 20 && x < 30:
				wanted = "From writers"
			case x >= 32 && x < 41:
				wanted = "For whom"
			}
			screen.Press("2").Click(x, 1).Wait(3 * time.Second).Sees(wanted)
		}
	})
}

// TestNoticesStandAsLongAsTheyAreRead, and go with esc before anything else does.
func TestNoticesStandAsLongAsTheyAreRead(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		long := strings.Repeat("a long tale ", 30)
		options := s.Options()
		options.Fault = func(_ context.Context, words []string) (string, error) {
			return map[bool]string{true: long + "and its end", false: "short"}[len(words) > 0], nil
		}
		screen := tuitest.Open(t, options, 120, 24).Command("fault").Sees("short").Wait(4 * time.Second).Sees("short").Wait(3 * time.Second).Misses("short")
		screen.Command("fault x").Sees("and its end").Wait(25 * time.Second).Sees("and its end").Wait(10 * time.Second).Misses("a long tale")
		screen.Command("fault x").Resize(120, 13).Sees("a long tale", "…").Misses("and its end").Resize(120, 24).Sees("and its end").Press("esc").Misses("a long tale")
	})
}

// TestWhatIsCopiedIsSaid: how much, of what, and what was done to it; and what is too long is not.
func TestWhatIsCopiedIsSaid(t *testing.T) {
	for name, c := range map[string]struct{ value, keys, sees, copied string }{
		"a value":       {`{"a":1}`, "v y", "✓ copied the value, 7 B", `{"a":1}`},
		"controls":      {"a\x1b[31mb", "v y", "✓ copied the value, 7 B; control characters are escaped", `a\x1b[31mb`},
		"too long":      {strings.Repeat("a", 75_000), "v y", "the value is too long for a clipboard; w saves it to a file", ""},
		"a flow":        {"{}", "y", "✓ copied the flow id, 5 B", "odd-1"},
		"a marked one":  {"{}", "space y", "✓ copied 1 flow id, 5 B", "odd-1"},
		"of a flow":     {"{}", "enter y", "✓ copied the flow id, 5 B", "odd-1"},
		"of a list":     {"{}", "2 y", "✓ copied the flow id, 5 B", "odd-1"},
		"a letter":      {"{}", "4 enter y", "✓ copied the position, 7 B", "dlq/0@1"},
		"of the letter": {"{}", "4 enter enter y", "✓ copied the value", `{"type":"OrderPlaced","order_id":"ord-b"}`},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, odd(s, c.value))
				screen := tuitest.Open(t, tuitest.NewLetters(t, adapters.Topic).Over(s.Options()), 160, 24).Wait(time.Second)
				for key := range strings.FieldsSeq(c.keys) {
					screen.Press(key).Wait(300 * time.Millisecond)
				}
				if screen.Sees(c.sees); c.copied != "" && !screen.Copied(c.copied) {
					t.Fatalf("%q is not in the clipboard", c.copied)
				}
				if c.copied == "" && strings.Contains(screen.Written(), "\x1b]52") {
					t.Fatal("something is in the clipboard")
				}
			})
		})
	}
}

// flowless are events without a flow and an order.
type flowless struct{ tracing.Querier }

func (q flowless) Page(ctx context.Context, query tracing.PageQuery) (tracing.Page, error) {
	page, err := q.Querier.Page(ctx, query)
	for i := range page.Events {
		if page.Events[i].Type != "OrderPlaced" {
			page.Events[i].FlowID, page.Events[i].Entity, page.Events[i].FlowKey = "", "", 0
		}
	}
	return page, err
}

// TestAnEventWithoutAFlowIsOpenedItself, and its position is copied; marks of such have no id.
func TestAnEventWithoutAFlowIsOpenedItself(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, odd(s, "{}"))
		options := s.Options()
		options.Querier = flowless{s.Store}
		screen := tuitest.Open(t, options, 120, 24).Press("y").Sees("copied the position, 7 B").Press("esc", "enter").Wait(time.Second).Sees("this event names no flow and no order; here is the event", "tree line 1").Press("esc", "esc")
		screen.Press("space", "y").Sees("none of the marked rows has a flow id; nothing was copied").Press("esc", "esc").Misses("◆").Press("v").Sees("tree line 1").Misses("names no flow").Press("esc")
		put(t, s, s.Order(1, time.Now(), 1)...)
		if screen.Press("f").Wait(time.Second).Press("g", "space", "space").Sees("◆ 2").Press("y").Sees("copied 1 flow id, 8 B").Wait(time.Second); !screen.Copied("ord-1001") {
			t.Fatal("the id that there is was not copied alone")
		}
	})
}

// TestTheFooterOffersWhatThereIs: a key that would only say that it cannot is not offered.
func TestTheFooterOffersWhatThereIs(t *testing.T) {
	for name, c := range map[string]struct {
		keys         string
		history      bool
		sees, misses []string
	}{
		"a flow without history": {"enter", false, []string{"⏎ event", "v lanes"}, []string{"b look back", "D dead letter"}},
		"a flow with history":    {"enter", true, []string{"b look back"}, []string{"D dead letter"}},
		"the first page":         {"", false, []string{"? help"}, []string{"esc back"}},
		"no group":               {"3", false, []string{"/ filter", "s sort"}, []string{"⏎ partitions"}},
		"no letters":             {"4", false, []string{"a resolved"}, []string{"⏎ letters", "⏎ peek", "r replay", "x discard"}},
		"the map":                {"5", false, []string{"⏎ stream", "v by destination"}, []string{"by service"}},
		"the map by service":     {"5 v v", false, []string{"v tree"}, []string{"v by"}},
		"an empty map":           {"5 / z z enter", false, []string{"/ filter"}, []string{"⏎ stream"}},
		"a text":                 {"v v", false, []string{"v hex", "y copy"}, []string{"⏎ fold"}},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, s.Order(1, time.Now(), 1)...)
				l := tuitest.EmptyDLQ(t, adapters.Topic)
				options := tuitest.NewConsumers(s.Kafka).Over(l.Over(s.Options()))
				if c.history {
					options.History = func(context.Context, string, time.Duration, chan<- tui.HistoryProgress) error { return nil }
				}
				screen := tuitest.Open(t, options, 160, 24)
				for key := range strings.FieldsSeq(c.keys) {
					screen.Press(key).Wait(500 * time.Millisecond)
				}
				screen.Wait(3 * time.Second).Sees(c.sees...).Misses(c.misses...)
			})
		})
	}
}

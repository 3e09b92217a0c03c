package tui_test

import (
	"errors"
	"fmt"
	"image/color"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/deadletter"
	"eventscope/tui"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"

	tea "charm.land/bubbletea/v2"
)

// looks are words and the role whose colours they have.
type looks map[theme.Role][]string

func (l looks) check(screen *tuitest.Screen) {
	for role, words := range l {
		screen.Looks(role, words...)
	}
}

// TestColoursMeanTheSameEverywhere: green is done, amber is late or doubtful, red failed or
// died, blue leads somewhere, and what is merely said beside is dim.
func TestColoursMeanTheSameEverywhere(t *testing.T) {
	for name, c := range map[string]struct {
		keys string
		looks
	}{
		"Stream":       {"", looks{theme.Good: {"following", "●"}, theme.Bad: {"InventoryFailed ✗", "☠ 3 dead", "WRITE"}, theme.Warn: {"PaymentRefunded ↩"}, theme.Dim: {"orders/0@0", " 0 dropped"}, theme.Accent: {"1 Stream"}, theme.Title: {"eventscope"}}},
		"paused":       {"p space", looks{theme.Warn: {"paused"}, theme.Marked: {"◆ 1", "◆"}}},
		"filter":       {"/ o r d enter", looks{theme.Accent: {"/ord"}, theme.Dim: {" 15"}}},
		"fault":        {"/ t y p e space = enter", looks{theme.Bad: {"▾"}}},
		"Flows":        {"2 G", looks{theme.Warn: {"↩ compensated", "order frozen"}, theme.Good: {"✓ complete"}, theme.Accent: {"Last↓"}, theme.Dim: {"of 3"}}},
		"Flow":         {"enter g", looks{theme.Warn: {"compensated", "PaymentRefunded ↩"}, theme.Bad: {"InventoryFailed ✗"}, theme.Title: {"ord-1009"}, theme.Dim: {"kafka orders/0@", "flow id from header", "began 20"}}},
		"Event":        {"g v", looks{theme.Title: {"OrderPlaced", "Identity"}, theme.Link: {"ord-1000"}, theme.Accent: {"tree", "▸"}, theme.Strong: {"payload"}, theme.Dim: {"header event_type", "{2}"}}},
		"Lag":          {"3", looks{theme.Bad: {"✗ STOP"}, theme.Good: {"✓ OK"}, theme.Warn: {"never"}, theme.Strong: {"8"}, theme.Dim: {"classic", "2 consumers"}}},
		"Partitions":   {"3 enter", looks{theme.Bad: {"✗ STOP"}, theme.Good: {"✓ OK"}, theme.Strong: {"lag 8"}, theme.Warn: {"nobody", "not draining"}, theme.Title: {"billing"}}},
		"Dead letters": {"4", looks{theme.Bad: {"☠ 3 open", "2"}, theme.Warn: {"card declined"}, theme.Dim: {"failed in orders"}}},
		"Letters":      {"4 enter space", looks{theme.Bad: {"open", "☠ 2 letters"}, theme.Warn: {"card declined"}, theme.Link: {"orders"}, theme.Marked: {"◆ 1"}, theme.Dim: {"dlq/0@0"}}},
		"Letter":       {"4 enter enter", looks{theme.Bad: {"open", "card declined"}, theme.Link: {"orders"}}},
		"Plan":         {"4 r", looks{theme.Good: {"exactly once"}, theme.Warn: {"nothing has happened yet", "payment"}}},
		"Run":          {"4 r enter 2 enter", looks{theme.Good: {"✓ done", "✓ replayed"}, theme.Title: {"replay"}, theme.Dim: {"orders"}}},
		"Journal":      {"4 r enter 2 enter 6", looks{theme.Good: {"✓ done"}, theme.Dim: {"ann@host", "1 run"}}},
		"Topology":     {"5 v", looks{theme.Strong: {"orders"}, theme.Bad: {"33 %", "✗ STOP"}, theme.Dim: {"topic", "OrderPlaced"}, theme.Good: {"✓ OK"}}},
		"a refusal":    {": n o n s e n s e enter", looks{theme.Bad: {"unknown command nonsense"}}},
		"done":         {"y", looks{theme.Good: {"✓ copied"}}},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				for i := range 2 {
					put(t, s, s.Order(i, time.Now(), 5)...)
				}
				put(t, s, s.Compensated(9, time.Now())...)
				options := twoConsumers(s).Over(tuitest.NewLetters(t, adapters.Topic).Over(s.Options()))
				options.SaveFolder = t.TempDir()
				<-time.After(10 * time.Minute)
				screen := tuitest.Open(t, options, 170, 30).Wait(20 * time.Second)
				for key := range strings.FieldsSeq(c.keys) {
					screen.Press(key).Wait(300 * time.Millisecond)
				}
				c.check(screen.Wait(time.Second))
			})
		})
	}
}

// TestTroubleIsRedAndDoubtIsAmber on whichever page it is told.
func TestTroubleIsRedAndDoubtIsAmber(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *tuitest.System, l *tuitest.Letters, c *tuitest.Consumers)
		keys   string
		looks
	}{
		"lost": {func(s *tuitest.System, _ *tuitest.Letters, _ *tuitest.Consumers) { s.Kafka.Set(refused) }, "", looks{theme.Bad: {"✗", "lost ", "refused"}}},
		"catching up": {func(s *tuitest.System, _ *tuitest.Letters, _ *tuitest.Consumers) {
			s.Kafka.Set(func(st *adapters.Status) { st.Connection, st.BehindBy, st.Dropped = adapters.CatchingUp, 1200, 7 })
		}, "", looks{theme.Warn: {"◐", "behind 1.2k"}, theme.Bad: {"7 dropped"}}},
		"problems": {func(s *tuitest.System, _ *tuitest.Letters, _ *tuitest.Consumers) {
			s.Kafka.Set(func(st *adapters.Status) { st.Problems = []string{"one", "two", "three"} })
		}, "", looks{theme.Warn: {"kafka: one", "1 more problem"}}},
		"unmarked": {func(_ *tuitest.System, l *tuitest.Letters, _ *tuitest.Consumers) {
			l.LedgerHidden = errors.New("hidden")
		}, "4", looks{theme.Warn: {"Nobody knows which letters"}}},
		"unread": {func(_ *tuitest.System, l *tuitest.Letters, _ *tuitest.Consumers) {
			l.Broken = errors.New("no permission")
		}, "4", looks{theme.Bad: {"✗ no permission", "☠ 3 open"}}},
		"down":       {func(_ *tuitest.System, l *tuitest.Letters, _ *tuitest.Consumers) { l.Down = errors.New("away") }, "4", looks{theme.Bad: {"✗", "0+ open"}, theme.Plain: {"nobody knows whether"}}},
		"no letters": {func(_ *tuitest.System, l *tuitest.Letters, _ *tuitest.Consumers) { l.Broker.Letters = nil }, "4", looks{theme.Good: {"✓ No open"}, theme.Dim: {"0 open"}}},
		"a guess": {func(_ *tuitest.System, l *tuitest.Letters, _ *tuitest.Consumers) {
			l.Broker.Letters = l.Broker.Letters[:1]
			l.Broker.Letters[0].Headers = nil
		}, "4 enter", looks{theme.Warn: {"unknown", "nothing says why it died"}, theme.Dim: {"nothing says where"}}},
		"refused": {func(_ *tuitest.System, l *tuitest.Letters, _ *tuitest.Consumers) { l.Missing["orders"] = true }, "4 r", looks{theme.Bad: {"✗ refused"}}},
		"failed": {func(_ *tuitest.System, l *tuitest.Letters, _ *tuitest.Consumers) {
			l.Poison[string(l.Broker.Letters[2].Value)] = true
		}, "4 G r enter 1 enter", looks{theme.Bad: {"✗ failed", "1 failed"}, theme.Warn: {"Go on with :resume"}}},
		"failed run": {func(_ *tuitest.System, l *tuitest.Letters, _ *tuitest.Consumers) {
			l.Poison[string(l.Broker.Letters[2].Value)] = true
		}, "4 G r enter 1 enter 6", looks{theme.Bad: {"✗ failed"}, theme.Warn: {"go on with :resume"}}},
		"discarded": {func(*tuitest.System, *tuitest.Letters, *tuitest.Consumers) {}, "4 G x o l d enter enter 1 enter 4 a G enter", looks{theme.Dim: {"discarded", "incl. resolved"}}},
		"stopped": {func(_ *tuitest.System, _ *tuitest.Letters, c *tuitest.Consumers) {
			c.Change(func(groups []*tuitest.Group) { groups[0].In, groups[0].Out = 5, 0 })
		}, "3", looks{theme.Bad: {"STOP"}, theme.Warn: {"growing"}}},
		"growing": {func(_ *tuitest.System, _ *tuitest.Letters, c *tuitest.Consumers) {
			c.Change(func(groups []*tuitest.Group) {
				groups[0].In, groups[0].Out, groups[0].Members = 9, 3, make([]consumer.Member, 1)
			})
		}, "3", looks{theme.Warn: {"↗ growing", "lag "}}},
		"draining": {func(_ *tuitest.System, _ *tuitest.Letters, c *tuitest.Consumers) {
			c.Change(func(groups []*tuitest.Group) {
				groups[0].Partitions[0].End, groups[0].In, groups[0].Out, groups[0].Members = 90_000, 3, 9, make([]consumer.Member, 1)
			})
		}, "3", looks{theme.Good: {"↘", "lag "}}},
		"lag unknown": {func(_ *tuitest.System, _ *tuitest.Letters, c *tuitest.Consumers) { c.Break(errors.New("away")) }, "3", looks{theme.Bad: {"✗ kafka: away"}}},
		"unsafe": {func(_ *tuitest.System, l *tuitest.Letters, _ *tuitest.Consumers) {
			l.DLQ = func(g *deadletter.Queue) {
				g.Unsafe, g.Kind, g.Cost = errors.New("not safe"), adapters.Queue, deadletter.Cost{Marked: "marked as redelivered"}
			}
		}, "4", looks{theme.Warn: {"not inspected: not safe"}, theme.Bad: {"3"}}},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, s.Order(1, time.Now(), 2)...)
				l, consumers := tuitest.NewLetters(t, adapters.Topic), twoConsumers(s)
				consumers.Change(func(groups []*tuitest.Group) { groups[1].Topic = "payments" })
				c.change(s, l, consumers)
				screen := tuitest.Open(t, consumers.Over(l.Over(s.Options())), 170, 30).Wait(3 * time.Minute)
				if name == "lost" {
					s.Kafka.Set(refused)
					screen.Wait(2500 * time.Millisecond)
				}
				for key := range strings.FieldsSeq(c.keys) {
					screen.Press(key).Wait(time.Second)
				}
				c.check(screen.Wait(3 * time.Second))
			})
		})
	}
}

// TestTheThemeIsThatOfTheTerminal: it is asked for its background where nobody said which it
// has, and NO_COLOR is obeyed.
func TestTheThemeIsThatOfTheTerminal(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Compensated(1, time.Now())...)
		options := s.Options()
		dark := tuitest.Open(t, options, 80, 24).Raw()
		light := tuitest.Open(t, options, 80, 24).Command("theme light").Raw()
		options.Theme = "light"
		if tuitest.Open(t, options, 80, 24).Wait(time.Second).Raw() != light {
			t.Error("a screen that is to be light is not")
		}
		known := len(tui.New(options).Init()().(tea.BatchMsg))
		options.Theme = ""
		if asks := len(tui.New(options).Init()().(tea.BatchMsg)); asks != known+1 {
			t.Errorf("a terminal of which nothing is known is asked %d questions, and another one %d", asks, known)
		}
		screen := tuitest.Open(t, options, 80, 24)
		for background, wanted := range map[color.Color]string{color.White: light, color.Black: dark} {
			if got := screen.Send(tea.BackgroundColorMsg{Color: background}).Wait(time.Second).Raw(); got != wanted {
				t.Errorf("on %v it is\n%q\nwhere\n%q\nwas wanted", background, got, wanted)
			}
		}
		t.Setenv("NO_COLOR", "1")
		if found := colour.FindString(tuitest.Open(t, options, 80, 24).Raw()); found != "" {
			t.Errorf("with NO_COLOR %q is written", found)
		}
	})
}

// TestTheBannerGoesWithTheKeysThatItSpeaksOf, or with esc, and not with others.
func TestTheBannerGoesWithTheKeysThatItSpeaksOf(t *testing.T) {
	for _, c := range []struct {
		keys  string
		stays bool
	}{{"j", true}, {"p", true}, {"G", true}, {"space", true}, {"space esc", true}, {"enter q", false}, {"v q", false}, {"2 1", false}, {"? ?", false}, {": esc", false}, {"esc", false}, {"space esc esc", false}} {
		t.Run(c.keys, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, s.Order(1, time.Now(), 5)...)
				options := s.Options()
				options.Banner = "Press enter to see where an order is."
				screen := tuitest.Open(t, options, 80, 24).Sees(options.Banner)
				screen.Resize(80, 13).Misses(options.Banner).Resize(80, 24).Sees(options.Banner).Press(strings.Fields(c.keys)...).Wait(time.Second)
				if there := strings.Contains(screen.Text(), options.Banner); there != c.stays {
					t.Fatalf("the banner is there: %v\n%s", there, screen.Text())
				}
			})
		})
	}
}

// TestAnEmptyScreenSaysWhatIsWaitedFor: of each source, and how to see more.
func TestAnEmptyScreenSaysWhatIsWaitedFor(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		options.Empty = "--from beginning shows older events"
		screen := tuitest.Open(t, options, 100, 24).Sees("No events yet", "● kafka live, 4 topics: waiting for a producer to write", options.Empty)
		s.Kafka.Set(refused)
		s.RabbitMQ.Set(func(st *adapters.Status) { st.Connection = adapters.CatchingUp })
		screen.Wait(time.Second).Sees("✗ kafka lost, 4 topics: trying", "rabbitmq catching up, 2 taps").Misses("2 taps:")
		screen.Filter("x").Sees("No event matches the filter so far", "esc clears it; / changes it").Misses(options.Empty)
	})
}

// TestPanelsAreClosedByAnyOtherKey, by a click, and never act on the page under them.
func TestPanelsAreClosedByAnyOtherKey(t *testing.T) {
	for _, open := range []string{"?", ": s o u r c e s enter"} {
		story(t, func(t *testing.T, s *tuitest.System) {
			many(t, s, 0, 20)
			screen := tuitest.Open(t, s.Options(), 80, 24).Press("g", "j").Wait(time.Second)
			at := screen.Selected()
			for _, key := range []string{"enter", "esc", "q", "p", "2", "space", "x", "v", ":", "/"} {
				screen.Press(strings.Fields(open)...).Sees("closes").Press("j", "k", "ctrl+d", "ctrl+u", "down", "up", "G", "g").Sees("closes").Press(key).Wait(time.Second).Misses("closes").Selects(at)
				if screen.Ended() {
					t.Fatalf("%s over a panel has quit", key)
				}
			}
			screen.Press(strings.Fields(open)...).Sees("closes").Click(20, 5).Misses("closes").Selects(at)
			screen.Press(strings.Fields(open)...).Sees("closes").Send(tea.MouseClickMsg{X: 20, Y: 5, Button: tea.MouseRight}).Misses("closes").Selects(at)
			screen.Send(tea.MouseClickMsg{X: 20, Y: 8, Button: tea.MouseRight}).Selects(at).Send(tea.MouseWheelMsg{Button: tea.MouseWheelLeft}).Selects(at)
		})
	}
}

// TestOnlySoManyLinesAreRemembered, the newest.
func TestOnlySoManyLinesAreRemembered(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 80, 24)
		for i := range 55 {
			screen.Press(":").Type(fmt.Sprint("nonsense", i)).Press("enter")
		}
		screen.Press(":")
		for range 60 {
			screen.Press("up")
		}
		screen.Sees(":nonsense5").Misses(":nonsense54").Press("down").Sees(":nonsense6").Press("esc")
	})
}

// TestWhatIsLookedForByPositionTakesNobodysPage: who went elsewhere is told where it is.
func TestWhatIsLookedForByPositionTakesNobodysPage(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many(t, s, 0, 3)
		options := s.Options()
		options.Querier = slowLocate{s.Store}
		screen := tuitest.Open(t, options, 120, 24).Command("goto orders/0@1").Sees("looking for orders/0@1").Press("2").Wait(3*time.Second).Sees("2 Flows", "orders/0@1 was found: :goto orders/0@1 opens it").Misses("› orders/0@1")
		screen.Command("goto orders/0@1").Wait(3*time.Second).Sees("› orders/0@1", "OrderPlaced").Misses("looking for", "was found")
		screen.Command("goto orders/0@99").Press("1").Wait(3 * time.Second).Sees("orders/0@99: it is not in the index, or no longer")
	})
}

package tui_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// someConsumers are one group that keeps up, one that grows, one that drains, and some of
// which not all is known.
func someConsumers(s *tuitest.System) *tuitest.Consumers {
	ann := []consumer.Member{{ID: "c-1", Client: "billing", Host: "10.0.0.7", Logs: 2}, {ID: "c-2", Client: "billing", Host: "10.0.0.8", Logs: 1}}
	return tuitest.NewConsumers(s.Kafka,
		&tuitest.Group{Name: "billing", Topic: "bills", In: 4, Out: 2, Members: ann, Partitions: []tuitest.Partition{{Start: 0, Committed: 0, End: 100}, {Start: 0, Committed: 5, End: 900}, {Start: 0, Committed: 7, End: 7}}},
		&tuitest.Group{Name: "shipping", Topic: "orders", In: 4, Out: 9, Members: ann[:1], Partitions: []tuitest.Partition{{Start: 0, Committed: 0, End: 5000}}},
		&tuitest.Group{Name: "audit", Topic: "payments", In: 3, Out: 3, Members: ann[:1], Partitions: []tuitest.Partition{{Start: 0, Committed: 50, End: 50}}},
		&tuitest.Group{Name: "search", Topic: "catalog", Partitions: []tuitest.Partition{{End: 10, Committed: -1}, {End: 20, Committed: -1}}},
		&tuitest.Group{Name: "partly", Topic: "stock", Members: ann[:1], Partitions: []tuitest.Partition{{Start: 0, Committed: 40, End: 40}, {Unknown: "its leader does not answer"}}},
		&tuitest.Group{Name: "secret", Hidden: true, Err: &adapters.Problem{Doing: "describe group secret", Cause: "the user may not", Remedy: "grant DESCRIBE on it", Kind: adapters.ErrNotAuthorized}},
	)
}

// lags runs a story over consumers, on the page about them.
func lags(t *testing.T, tell func(t *testing.T, s *tuitest.System, c *tuitest.Consumers, screen *tuitest.Screen)) {
	story(t, func(t *testing.T, s *tuitest.System) {
		c := someConsumers(s)
		tell(t, s, c, tuitest.Open(t, c.Over(s.Options()), 140, 30).Press("3").Wait(5*time.Second))
	})
}

func TestWhoIsBehindAndWhetherItBecomesBetter(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, c *tuitest.Consumers, screen *tuitest.Screen) {
		screen.Sees("6 consumers by trouble", "1 Stream  2 Flows  3 Lag", "   lag ")
		screen.Wait(2 * time.Minute)
		for group, wanted := range map[string]string{"billing": "WARN", "shipping": "↘", "audit": "✓ OK", "search": "NO_OFFSET"} {
			if line := screen.Line(" " + group + " "); !strings.Contains(line, wanted) {
				t.Errorf("%s is not %s:\n%s", group, wanted, line)
			}
		}
		if line := screen.Line(" billing "); !strings.Contains(line, "↗ growing") || !strings.Contains(line, "12") || !strings.Contains(line, "6.0") {
			t.Errorf("billing:\n%s", line)
		}
		c.Change(func(groups []*tuitest.Group) { groups[0].Out = 40; groups[1].Out = 400 })
		screen.Wait(2*time.Minute).Sees("✓ OK").Misses("growing", "WARN")
		if line := screen.Line(" billing "); !strings.Contains(line, " 0 s ") {
			t.Errorf("billing has drained:\n%s", line)
		}
	})
}

func TestAGroupThatStops(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, c *tuitest.Consumers, screen *tuitest.Screen) {
		screen.Wait(time.Minute)
		c.Change(func(groups []*tuitest.Group) { groups[2].Out, groups[2].Members = 0, nil })
		screen.Wait(2 * time.Minute).Sees("✗ STOP").Press("g")
		if !strings.Contains(screen.Selected(), "audit") {
			t.Fatalf("what has stopped is not the first:\n%s", screen.Text())
		}
		screen.Sees("and nobody reads it", "1 partition has no consumer")
		c.Change(func(groups []*tuitest.Group) { groups[2].In = 0 })
		screen.Wait(2 * time.Minute)
		if line := screen.Line(" audit "); !strings.Contains(line, "never") || strings.Contains(line, "steady") {
			t.Errorf("what has stopped is told to be\n%s", line)
		}
		screen.Press("g", "enter").Sees("not draining", "nobody", "payments/0")
	})
}

func TestAGroupThatMayNotBeSeenIsARow(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, _ *tuitest.Consumers, screen *tuitest.Screen) {
		if line := screen.Line(" secret "); !strings.Contains(line, "! NOT_ALLOWED") || !strings.Contains(line, "?") || strings.Contains(line, " 0 ") {
			t.Errorf("secret:\n%s", line)
		}
		screen.Press("/").Type("secret").Press("enter").Sees("1 consumer ", "grant DESCRIBE", "/secret").Misses("billing ")
		screen.Press("enter").Sees("grant DESCRIBE on it").Press("esc", "esc").Wait(time.Second).Sees("billing", "6 consumers")
	})
}

func TestWhatIsNotKnownIsNeverZero(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, c *tuitest.Consumers, screen *tuitest.Screen) {
		if line := screen.Line(" partly "); !strings.Contains(line, " 0+ ") || !strings.Contains(line, "1 of 2 known") {
			t.Errorf("partly:\n%s", line)
		}
		if line := screen.Line(" search "); strings.Contains(line[:80], " 0 ") {
			t.Errorf("search:\n%s", line)
		}
		if header := screen.Line("eventscope"); !strings.Contains(header, ", 3 unknown") {
			t.Errorf("the header tells a total of which not all is known: %s", header)
		}
		c.Break(&adapters.Problem{Doing: "read the lag of kafka", Cause: "no broker answers", Kind: adapters.ErrNotConnected})
		screen.Wait(5*time.Second).Sees("no broker answers", "✓ OK")
		screen.Wait(time.Minute).Misses("✓ OK", "lag 6").Sees("? UNKNOWN", "nothing was heard of it since")
		c.Break(nil)
		screen.Wait(20*time.Second).Sees("✓ OK", "   lag ").Misses("no broker answers")
	})
}

// TestTheHeaderSaysHowOldALagIs: a source that cannot be asked keeps its last figure, with its
// age; what is too old for that is unknown; and it is asked as soon as it is back.
func TestTheHeaderSaysHowOldALagIs(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		group := func(name string, end int64) *tuitest.Group {
			return &tuitest.Group{Name: name, Topic: name, Members: make([]consumer.Member, 1), Partitions: []tuitest.Partition{{End: end}}}
		}
		kafka, rabbit := tuitest.NewConsumers(s.Kafka, group("billing", 350_000)), tuitest.NewConsumers(s.Kafka, group("mail", 42_000))
		options := kafka.Over(s.Options())
		options.Sources[1].Lag, options.Sources[1].Unroutable = rabbit, rabbit
		screen := tuitest.Open(t, options, 140, 30).Wait(20 * time.Second)
		screen.Sees("lag 392,000 (every 15s)").Misses(" old", "unknown", "kafka ?")
		kafka.Break(&adapters.Problem{Doing: "read the lag of kafka", Cause: "no broker answers", Kind: adapters.ErrNotConnected})
		screen.Wait(16*time.Second).Sees("lag 392,000, kafka ", "s old").Misses("rabbitmq ?", "(every 15s)")
		screen.Press("3").Wait(time.Second).Sees("lag 392,000, kafka ", "s old").Press("1")
		screen.Wait(time.Minute).Sees("lag 42,000 (every 15s), kafka ?")
		kafka.Break(nil)
		screen.Wait(3*time.Second).Sees("lag 392,000 (every 15s)").Misses(" old", "unknown", "kafka ?")
		screen.Press("3").Wait(3 * time.Second).Sees("lag 392,000").Misses("(every 15s)")
	})
}

// TestADeadLetterIsCountedOnce: what lies in a queue of dead letters is told as dead, not as lag.
func TestADeadLetterIsCountedOnce(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		letters := tuitest.NewLetters(t, adapters.Queue)
		queue := func(name string, end int64) *tuitest.Group {
			return &tuitest.Group{Name: name, Topic: name, Kind: consumer.QueueConsumers, Partitions: []tuitest.Partition{{End: end}}}
		}
		options := letters.Over(s.Options())
		c := tuitest.NewConsumers(s.Kafka, queue("work", 12), queue("dlq", 7))
		options.Sources[0].Lag, options.Sources[0].Unroutable = c, c
		options.Title = "a context with a long name"
		for _, width := range []int{80, 100} { // the rates leave before what is behind and dead
			if head := tuitest.Open(t, options, width, 24).Wait(20 * time.Second).Line("rabbitmq ●"); !strings.Contains(head, "lag 12") || !strings.Contains(head, "☠ 3 dead letters") {
				t.Errorf("at %d the header is %q", width, head)
			}
		}
		tuitest.Open(t, options, 140, 30).Wait(20*time.Second).Sees("lag 12 (every 15s)", "3 dead").Press("3").Wait(time.Second).Sees("✗ STOP   work ", "☠ STOP   dlq ").Looks(theme.Bad, "✗ STOP").Press("G").Wait(time.Second).Looks(theme.Dim, "☠ dead letters wait here, and nobody reads them: 4 lists them")
	})
}

func TestPartitionsThatAreNotWatchedAreTold(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := someConsumers(s).Over(s.Options())
		options.Watched = 5
		tuitest.Open(t, options, 140, 30).Press("3").Wait(5 * time.Second).Sees("partitions not watched")
	})
}

func TestAQueueTellsHowItDelivers(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		known := func(perSecond float64) adapters.Rate { return adapters.Rate{PerSecond: perSecond, Known: true} }
		c := tuitest.NewConsumers(s.Kafka, &tuitest.Group{
			Name: "work", Topic: "work", Kind: consumer.QueueConsumers, Partitions: []tuitest.Partition{{End: 12}},
			Members: []consumer.Member{{ID: "ctag-1", Host: "10.0.0.7"}, {ID: "ctag-2", Host: "10.0.0.8"}, {}, {ID: "ctag-4"}},
			Queue:   &consumer.QueueDepth{Ready: 9, Unacked: 3, Consumers: 4, Delivered: known(4), Redelivered: known(0.5), Capacity: 0.4},
		})
		screen := tuitest.Open(t, c.Over(s.Options()), 180, 30).Press("3").Wait(3 * time.Second).Sees("9 ready, 3 unacknowledged, 4.0/s delivered, 0.5/s of that again, could deliver at once 40 % of the time, 4 members")
		screen.Press("enter").Wait(time.Second).Sees("read by: ctag-1@10.0.0.7, ctag-2@10.0.0.8, ?, 1 more")
	})
}

func TestMessagesThatNobodyGetsAreTold(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, c *tuitest.Consumers, screen *tuitest.Screen) {
		screen.Misses("unroutable")
		c.Lose(adapters.Unroutable{Dropped: 1234, Returned: 2, DroppedRate: adapters.Rate{PerSecond: 0.4, Known: true}})
		screen.Wait(20 * time.Second).Sees("! kafka: 1,234 unroutable messages were dropped (0.4/s); 2 were returned to publishers as unroutable; counted since the broker started")
		c.Lose(adapters.Unroutable{Dropped: -1, Returned: 1})
		screen.Wait(20 * time.Second).Sees("kafka: 1 was returned to publishers").Misses("lost")
	})
}

func TestASourceThatCannotTellSaysSo(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		c := tuitest.NewConsumers(s.Kafka)
		c.Break(fmt.Errorf("sources of rabbitmq do not tell how far consumers are behind: %w", errors.ErrUnsupported))
		options.Sources[1].Lag, options.Sources[1].Unroutable = c, c
		tuitest.Open(t, options, 80, 24).Press("3").Wait(time.Second).Sees("rabbitmq: sources of rabbitmq do not tell", "No consumer group or queue was found").Misses("lag 0")
		tuitest.Open(t, s.Options(), 80, 24).Press("3").Misses("3 Lag")
	})
}

func TestThePartitionsAndWhatIsReadNext(t *testing.T) {
	lags(t, func(t *testing.T, s *tuitest.System, c *tuitest.Consumers, screen *tuitest.Screen) {
		put(t, s, s.Order(1, time.Now(), 1)...)
		screen.Press("/").Type("shipping").Press("enter", "enter").Wait(time.Second)
		screen.Sees("› shipping", "orders/0", "billing@10.0.0.7", "classic group", "Committed")
		c.Change(func(groups []*tuitest.Group) { groups[1].Partitions[0].Committed = 0; groups[1].Out = 0 })
		screen.Wait(3 * time.Second).Press("enter").Wait(time.Second)
		screen.Sees("next for", "shipping", "OrderPlaced", "› orders/0@0", "tree line 1", "state")
		screen.Press("esc").Sees("› shipping").Press("esc").Sees("1 consumer ", "m next message")
		screen.Press("m").Wait(time.Second).Sees("next for", "OrderPlaced", "› orders/0@0").Press("esc").Sees("1 consumer ")
	})
}

func TestWhatIsReadNextLiesBehindAGap(t *testing.T) {
	lags(t, func(t *testing.T, s *tuitest.System, c *tuitest.Consumers, screen *tuitest.Screen) {
		put(t, s, s.Order(1, time.Now(), 1)...) // at 0
		c.Change(func(groups []*tuitest.Group) {
			groups[1].Partitions[0] = tuitest.Partition{Start: 0, Committed: 1, End: 300}
			groups[1].In, groups[1].Out = 0, 0
		})
		screen.Press("/").Type("shipping").Press("enter", "enter").Wait(3 * time.Second).Press("enter").Wait(time.Second)
		screen.Sees("The value cannot be shown", "only marks of transactions")
	})
}

func TestAPartitionWithoutANextMessageSaysWhy(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, _ *tuitest.Consumers, screen *tuitest.Screen) {
		whyOnTheList := map[string]string{"search": "nothing was ever committed, so", "audit": "nothing is left to read", "partly": "its position is not known"}
		for group, why := range map[string]string{"search": "nothing was ever committed", "audit": "nothing left to read", "partly": "its leader does not answer"} {
			screen.Press("/").Type(group).Press("enter", "enter").Wait(time.Second).Press("g").Sees(why).Press("enter").Misses("next for").Press("esc", "esc").Wait(10*time.Second).Press("m").Sees(whyOnTheList[group]).Misses("next for").Press("esc", "esc", "esc").Wait(time.Second)
		}
	})
}

func TestLagOrders(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, _ *tuitest.Consumers, screen *tuitest.Screen) {
		for _, order := range []struct{ name, first string }{{"by lag", "shipping"}, {"by time behind", ""}, {"by name", "audit"}, {"by kind", ""}} {
			screen.Press("s").Sees(order.name)
			if !strings.Contains(screen.Selected(), order.first) {
				t.Errorf("%s begins with\n%s", order.name, screen.Selected())
			}
		}
	})
}

func TestALookThatTakesLongHoldsNothingUp(t *testing.T) {
	lags(t, func(t *testing.T, s *tuitest.System, c *tuitest.Consumers, screen *tuitest.Screen) {
		release := c.Hold()
		screen.Wait(5*time.Second).Sees("asking how far consumers are behind").Press("j", "j", "1").Sees("following")
		put(t, s, s.Order(3, time.Now(), 1)...)
		screen.Wait(time.Second).Sees("ord-1003")
		peeks, _ := c.Peeks()
		screen.Wait(20 * time.Second)
		if again, _ := c.Peeks(); again != peeks {
			t.Fatalf("%d looks while one is under way", again-peeks)
		}
		release()
	})
}

func TestALongLookShowsWhatItHasFound(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		var groups []*tuitest.Group
		for i := range 200 {
			groups = append(groups, &tuitest.Group{Name: fmt.Sprintf("group-%03d", i), Topic: fmt.Sprint("topic-", i), Partitions: []tuitest.Partition{{Committed: 1, End: 3}}})
		}
		c := tuitest.NewConsumers(s.Kafka, groups...)
		c.Pace = 100 * time.Millisecond
		screen := tuitest.Open(t, c.Over(s.Options()), 80, 24).Press("3").Wait(2*time.Second).Sees("group-000", "asking how far consumers are behind").Misses("200 consumers")
		screen.Wait(30 * time.Second).Sees("200 consumers")
	})
}

// A look that takes too long is given up, and what was not heard of in it is unknown after
// a while.
func TestALookThatIsGivenUp(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, c *tuitest.Consumers, screen *tuitest.Screen) {
		release := c.Hold()
		defer release()
		screen.Wait(70*time.Second).Sees("no answer in time", "? UNKNOWN", "nothing was heard of it since").Misses("✓ OK")
	})
}

func TestManyConsumersAreLookedAtWhereTheyAreShown(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		var groups []*tuitest.Group
		for i := range 500 {
			groups = append(groups, &tuitest.Group{Name: fmt.Sprintf("group-%03d", i), Topic: fmt.Sprint("topic-", i), In: 1, Out: 1, Partitions: []tuitest.Partition{{Start: 0, Committed: 0, End: int64(i)}}})
		}
		for _, g := range groups {
			g.Members = make([]consumer.Member, 1)
		}
		c := tuitest.NewConsumers(s.Kafka, groups...)
		screen := tuitest.Open(t, c.Over(s.Options()), 80, 24).Press("3").Wait(4 * time.Second)
		screen.Sees("500 consumers", "group-499")
		if _, asked := c.Peeks(); len(asked) == 0 || len(asked) > 24 {
			t.Fatalf("%d groups are asked for while 24 lines are shown", len(asked))
		}
		screen.Press("1").Wait(2 * time.Minute)
		before, _ := c.Peeks()
		screen.Wait(time.Minute)
		if after, asked := c.Peeks(); after-before != 4 || len(asked) != 0 {
			t.Fatalf("%d looks in a minute in the background, the last at %d", after-before, len(asked))
		}
		c.Change(func(groups []*tuitest.Group) { groups[499].Name = "renamed" })
		screen.Press("3").Wait(20*time.Second).Misses("group-499").Press("/").Type("renamed").Press("enter").Sees("1 consumer ", "renamed")
	})
}

func TestNothingIsDrawnWhileNoLagMoves(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		c := tuitest.NewConsumers(s.Kafka, &tuitest.Group{Name: "quiet", Topic: "orders", Partitions: []tuitest.Partition{{Start: 0, Committed: 5, End: 5}}})
		screen := tuitest.Open(t, c.Over(s.Options()), 120, 30).Wait(6 * time.Minute)
		for _, page := range []string{"1", "3"} {
			screen.Press(page).Wait(10 * time.Second)
			before := screen.Frames()
			screen.Wait(5 * time.Minute)
			if drawn := screen.Frames() - before; drawn != 0 {
				t.Errorf("page %s: %d frames were drawn while nothing changed", page, drawn)
			}
		}
		screen.Sees("lag 0")
	})
}

func TestLagFrames(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		for _, page := range []struct{ name, keys string }{{"lag", ""}, {"partitions", "/ billing enter enter"}, {"next", "/ shipping enter enter enter"}} {
			t.Run(name(page.name, size), func(t *testing.T) {
				story(t, func(t *testing.T, s *tuitest.System) {
					put(t, s, s.Order(1, time.Now(), 1)...)
					c := someConsumers(s)
					screen := tuitest.Open(t, c.Over(s.Options()), size[0], size[1]).Press("3").Wait(3 * time.Minute)
					for key := range strings.FieldsSeq(page.keys) {
						if len(key) > 1 && key != "enter" {
							screen.Type(key)
							continue
						}
						if page.name == "next" && key == "enter" {
							c.Change(func(groups []*tuitest.Group) { groups[1].Partitions[0].Committed, groups[1].Out = 0, 0 })
						}
						screen.Press(key).Wait(2 * time.Second)
					}
					golden(t, screen, name(page.name, size))
				})
			})
		}
	}
}

// TestAFilterMayHideAllThatWasScrolledTo: nothing is left where the cursor was.
func TestAFilterMayHideAllThatWasScrolledTo(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		var groups []*tuitest.Group
		for i := range 60 {
			groups = append(groups, &tuitest.Group{Name: fmt.Sprintf("group-%03d", i), Topic: "orders", Partitions: []tuitest.Partition{{Committed: 1, End: 3}}})
		}
		screen := tuitest.Open(t, tuitest.NewConsumers(s.Kafka, groups...).Over(s.Options()), 80, 24).Press("3").Wait(3 * time.Second).Press("G").Selects("group-059")
		screen.Filter("nothing-has-this").Sees("No group has these words").Press("j", "k", "G", "enter").Press("esc").Wait(time.Second).Sees("60 consumers")
	})
}

// TestTheCursorStaysOnItsGroup when a filter comes and goes, also at the first row.
func TestTheCursorStaysOnItsGroup(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, _ *tuitest.Consumers, screen *tuitest.Screen) {
		screen.Wait(time.Minute).Filter("audit").Selects(" audit ").Press("esc").Wait(time.Second).Sees("6 consumers").Selects(" audit ")
		screen.Wait(10 * time.Second).Selects(" audit ").Press("s").SelectsNot(" audit ")
	})
}

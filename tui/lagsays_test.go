package tui_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tui"
	"eventscope/tui/tuitest"
)

// TestAConsumerSaysHowItIsSetUp and what of it is not known, below its row and on its page.
func TestAConsumerSaysHowItIsSetUp(t *testing.T) {
	member := []consumer.Member{{ID: "c-1", Client: "billing", Host: "10.0.0.7", Logs: 1}, {ID: "c-2", Client: "spare", Host: "10.0.0.8"}, {ID: "c-3", Client: "idle", Host: "10.0.0.9"}}
	for name, c := range map[string]struct {
		group        tuitest.Group
		list, page   []string
		misses       []string // of both
		after, other string   // a key on the page, and what it says
	}{
		"well": {tuitest.Group{Members: member[:1], Partitions: []tuitest.Partition{{Committed: 5, End: 5}}},
			[]string{"✓ OK", "classic group on kafka, Stable, 1 member"}, []string{"lag 0", "10.0.0.7", "nothing left to read"}, []string{"has no consumer", "reads nothing", "of connect"}, "enter", "nothing is left to read"},
		"of a protocol": {tuitest.Group{Members: member[:1], Protocol: "connect", Partitions: []tuitest.Partition{{Committed: 5, End: 5}}},
			[]string{"Stable, of connect, 1 member"}, []string{"of connect"}, nil, "", ""},
		"read by nobody": {tuitest.Group{Partitions: []tuitest.Partition{{Committed: 5, End: 9}, {Committed: 1, End: 2}}},
			[]string{"0 members", "2 partitions have no consumer"}, []string{"nobody"}, []string{"1 partition has"}, "", ""},
		"idle members": {tuitest.Group{Members: member, Partitions: []tuitest.Partition{{Committed: 5, End: 9}}},
			[]string{"3 members"}, []string{"reads nothing: spare@10.0.0.8, idle@10.0.0.9"}, []string{"has no consumer", "have no consumer"}, "", ""},
		"members without names": {tuitest.Group{Members: make([]consumer.Member, 2), Partitions: []tuitest.Partition{{Committed: 5, End: 9}}},
			[]string{"2 members"}, []string{"reads nothing: ?, ?", "read by ?"}, nil, "", ""},
		"left behind": {tuitest.Group{Members: member[:1], Partitions: []tuitest.Partition{{Committed: 5, End: 9}, {Committed: 100, End: 1400, Left: true}}},
			[]string{"1,300 more in topics that it reads no more"}, []string{"1,300 more in topics", "left behind"}, nil, "", ""},
		"members unseen": {tuitest.Group{NoMembers: true, Partitions: []tuitest.Partition{{Committed: 5, End: 9}}},
			[]string{"classic group on kafka, Stable"}, []string{"read by ?"}, []string{"member,", "0 members", "nobody"}, "", ""},
		"an open transaction": {tuitest.Group{Members: member[:1], Partitions: []tuitest.Partition{{Committed: 5, End: 9, Open: 3}}},
			nil, []string{"committed transactions end at 6", "starts at 0"}, nil, "", ""},
		"no open transaction": {tuitest.Group{Members: member[:1], Partitions: []tuitest.Partition{{Committed: 5, End: 9}}},
			nil, []string{"starts at 0"}, []string{"committed transactions"}, "", ""},
		"in part": {tuitest.Group{Members: member[:1], Err: errors.New("a broker is away"), Partitions: []tuitest.Partition{{Committed: 5, End: 9}, {Unknown: "its leader does not answer"}}},
			[]string{"; a broker is away", "1 of 2 known", " 4+ "}, []string{"lag 4+", "1 of 2 known"}, nil, "", ""},
		"hidden": {tuitest.Group{Hidden: true, Err: errors.New("not yours")},
			[]string{"not yours"}, []string{"not yours", "0 partitions"}, []string{"0 members", "lag 0", "✓"}, "enter", "not yours"},
		"a queue": {tuitest.Group{Kind: consumer.QueueConsumers, Members: member[:1], Partitions: []tuitest.Partition{{Committed: 5, End: 9}}, Queue: &consumer.QueueDepth{Ready: 3, Unacked: 1, Consumers: 1, Capacity: -1}},
			[]string{"queue on kafka", "3 ready, 1 unacknowledged, 1 member"}, []string{"1 queue ", "read by: billing@10.0.0.7"}, []string{"could deliver", "reads nothing", "1 partition"}, "enter", "what a queue delivers next cannot be read without taking it"},
		"a stream": {tuitest.Group{Kind: consumer.StreamConsumer, Members: member[:1], Partitions: []tuitest.Partition{{Committed: 5, End: 9}}},
			[]string{"reader of a stream on kafka"}, []string{"reader of a stream on kafka"}, nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				group := c.group
				group.Name, group.Topic = "billing", "orders"
				screen := tuitest.Open(t, tuitest.NewConsumers(s.Kafka, &group).Over(s.Options()), 180, 30).Press("3").Wait(3 * time.Second).Selects("billing")
				screen.Sees(c.list...).Misses(c.misses...).Press("enter").Wait(time.Second).Sees(c.page...).Misses(c.misses...)
				if c.after != "" {
					screen.Press(c.after).Wait(time.Second).Sees(c.other).Misses("next for")
				}
				for _, size := range [][2]int{{120, 40}, {80, 24}, {40, 10}} {
					screen.Resize(size[0], size[1]).Sees("billing").Press("esc", "esc").Wait(time.Second).Sees("billing").Press("enter")
				}
			})
		})
	}
}

// TestTheDepthOfAQueueIsDrawnWhenItChanges, also when as much is left, and only then.
func TestTheDepthOfAQueueIsDrawnWhenItChanges(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		c := tuitest.NewConsumers(s.Kafka, &tuitest.Group{Name: "work", Topic: "work", Kind: consumer.QueueConsumers, Members: make([]consumer.Member, 1),
			Partitions: []tuitest.Partition{{}}, Queue: &consumer.QueueDepth{Unacked: 2, Consumers: 1, Capacity: -1}})
		screen := tuitest.Open(t, c.Over(s.Options()), 180, 30).Press("3").Wait(6 * time.Minute).Sees("0 ready, 2 unacknowledged")
		frames := screen.Frames()
		c.Change(func(groups []*tuitest.Group) { // as much, told anew
			groups[0].Queue = &consumer.QueueDepth{Unacked: 2, Consumers: 1, Capacity: -1}
		})
		if drawn := screen.Wait(10*time.Second).Frames() - frames; drawn != 0 {
			t.Fatalf("%d frames were drawn while nothing changed:\n%s", drawn, screen.Text())
		}
		c.Change(func(groups []*tuitest.Group) {
			groups[0].Queue = &consumer.QueueDepth{Ready: 8, Unacked: 4, Consumers: 1, Capacity: -1}
		})
		screen.Wait(5 * time.Second).Sees("8 ready, 4 unacknowledged")
		c.Change(func(groups []*tuitest.Group) { groups[0].Queue = nil })
		screen.Wait(5*time.Second).Misses("ready", "unacknowledged")
	})
}

// twoBrokers are as many sources with consumers each.
func twoBrokers(s *tuitest.System, kafka, rabbit []*tuitest.Group) (*tuitest.Consumers, *tuitest.Consumers, tui.Options) {
	one, other := tuitest.NewConsumers(s.Kafka, kafka...), tuitest.NewConsumers(s.Kafka, rabbit...)
	options := one.Over(s.Options())
	options.Sources[1].Lag, options.Sources[1].Unroutable = other, other
	return one, other, options
}

// groups are n consumers of a topic each, with something to read.
func groups(name string, n int) (list []*tuitest.Group) {
	for i := range n {
		list = append(list, &tuitest.Group{Name: fmt.Sprintf("%s-%03d", name, i), Topic: fmt.Sprint("topic-", i), Members: make([]consumer.Member, 1), Partitions: []tuitest.Partition{{End: int64(n - i)}}})
	}
	return list
}

// TestASourceInTroubleIsToldOfWhicheverConsumersAreLookedAt: with many of them only those on
// the screen are, and what is known of the other source stays said.
func TestASourceInTroubleIsToldOfWhicheverConsumersAreLookedAt(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		kafka, rabbit, options := twoBrokers(s, groups("bill", 150), groups("mail", 3))
		screen := tuitest.Open(t, options, 160, 24).Press("3").Wait(20*time.Second).Sees("153 consumers", "bill-000").Misses("✗ ")
		rabbit.Break(&adapters.Problem{Doing: "read the lag of rabbitmq", Cause: "no permission", Kind: adapters.ErrNotAuthorized})
		screen.Wait(20 * time.Second).Sees("✗ rabbitmq: cannot read the lag of rabbitmq: no permission").Wait(7 * time.Second).Sees("✗ rabbitmq: cannot read the lag")
		kafka.Break(&adapters.Problem{Doing: "ask kafka", Cause: "connection reset", Kind: adapters.ErrNotConnected})
		screen.Wait(3*time.Second).Sees("✗ rabbitmq: cannot read", "✗ kafka: cannot ask kafka: connection reset")
		kafka.Break(nil)
		screen.Wait(6 * time.Second).Sees("✗ rabbitmq: cannot read").Misses("connection reset")
		rabbit.Break(nil)
		screen.Wait(20 * time.Second).Misses("✗ rabbitmq").Sees("153 consumers")
	})
}

// TestTheHeaderOfANarrowScreenMarksAnOldLag, since it has no room to say how old it is.
func TestTheHeaderOfANarrowScreenMarksAnOldLag(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		kafka, _, options := twoBrokers(s, groups("bill", 2), groups("mail", 1))
		screen := tuitest.Open(t, options, 90, 24).Press("3").Wait(20*time.Second).Sees("lag 4").Misses(" old", "+?")
		kafka.Break(&adapters.Problem{Doing: "read the lag of kafka", Cause: "no broker answers", Kind: adapters.ErrNotConnected})
		screen.Wait(16 * time.Second).Sees("lag 4 old").Wait(time.Minute).Sees("lag 1 +?").Misses(" old")
		kafka.Break(nil)
		screen.Wait(20*time.Second).Sees("lag 4").Misses(" old", "+?")
	})
}

// TestASourceThatIsBackIsAskedAtOnce how far its consumers are, on every page.
func TestASourceThatIsBackIsAskedAtOnce(t *testing.T) {
	for _, page := range []string{"1", "3"} {
		story(t, func(t *testing.T, s *tuitest.System) {
			c := twoConsumers(s)
			screen := tuitest.Open(t, c.Over(s.Options()), 140, 24).Press(page).Wait(20 * time.Second).Sees("lag 8")
			s.Kafka.Set(refused)
			screen.Wait(2 * time.Second)
			c.Change(func(groups []*tuitest.Group) { groups[0].Partitions[0].End = 5008 })
			looks, _ := c.Peeks()
			s.Kafka.Set(func(status *adapters.Status) { status.Connection, status.Err = adapters.Live, nil })
			if screen.Wait(1500 * time.Millisecond).Sees("lag 5,008").Misses(" old"); page == "1" {
				if now, _ := c.Peeks(); now != looks+1 {
					t.Fatalf("it was looked %d times", now-looks)
				}
			}
		})
	}
}

// TestAGroupThatIsGoneIsNotThereAnyMore: its page says so, and its row goes.
func TestAGroupThatIsGoneIsNotThereAnyMore(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, c *tuitest.Consumers, screen *tuitest.Screen) {
		screen.Filter("bills").Press("enter").Wait(3*time.Second).Sees("› billing", "bills/0", "3 partitions").Misses("not there")
		c.Change(func(groups []*tuitest.Group) { groups[0].Name = "renamed" })
		screen.Wait(20*time.Second).Sees("it is not there any more", "bills/0").Misses("3 partitions")
		screen.Press("esc").Filter("billing bills").Sees("No group has these words").Press("esc").Wait(time.Second).Sees("renamed", "6 consumers")
		c.Change(func(groups []*tuitest.Group) { groups[0].Name = "billing" })
		screen.Wait(20*time.Second).Sees("billing", "6 consumers").Misses("renamed")
	})
}

// TestTheCursorStaysOnItsPartition when others become worse, unless it is at the top.
func TestTheCursorStaysOnItsPartition(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, c *tuitest.Consumers, screen *tuitest.Screen) {
		screen.Filter("bills").Press("enter").Wait(3 * time.Second).Press("g").Selects("bills/1").Press("j").Selects("bills/0")
		c.Change(func(groups []*tuitest.Group) { groups[0].Partitions[2].End = 90_000 })
		screen.Wait(5 * time.Second).Selects("bills/0").Press("g").Selects("bills/2")
		c.Change(func(groups []*tuitest.Group) { groups[0].Partitions[0].End = 190_000 })
		screen.Wait(5 * time.Second).Selects("bills/0")
	})
}

// TestTheCursorAtTheTopOfTheLagStaysAtTheWorst, and below it on its consumer.
func TestTheCursorAtTheTopOfTheLagStaysAtTheWorst(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		c := tuitest.NewConsumers(s.Kafka, groups("bill", 4)...)
		screen := tuitest.Open(t, c.Over(s.Options()), 140, 24).Press("3").Wait(3 * time.Second).Selects("bill-000").Press("s").Sees("by lag")
		c.Change(func(groups []*tuitest.Group) { groups[3].Partitions[0].End = 900 })
		screen.Wait(5 * time.Second).Selects("bill-003").Press("j").Selects("bill-000")
		c.Change(func(groups []*tuitest.Group) { groups[2].Partitions[0].End = 9000 })
		screen.Wait(5*time.Second).Selects("bill-000").Press("k", "k").Selects("bill-002", "9,000")
		for _, order := range []string{"by time behind", "by name", "by kind", "by rate", "by drains in", "by members", "by source", "by trouble", "by lag"} {
			screen.Press("s").Sees("4 consumers " + order)
		}
		screen.Selects("bill-002").Filter("bill-001 ok").Misses("bill-002").Press("esc").Wait(time.Second).Sees("4 consumers")
	})
}

// TestManyPartitionsAreOneSum: the figures are those of all, and the rows of a
// consumer are there when somebody looks at them.
func TestManyPartitionsAreOneSum(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		var list []*tuitest.Group
		for i := range 3 {
			partitions := make([]tuitest.Partition, 18_000)
			for n := range partitions {
				partitions[n].End = 1
			}
			list = append(list, &tuitest.Group{Name: fmt.Sprint("group-", i), Topic: fmt.Sprint("topic-", i), Members: []consumer.Member{{ID: "c", Logs: 18_000}}, Partitions: partitions})
		}
		options := tuitest.NewConsumers(s.Kafka, list...).Over(s.Options())
		screen := tuitest.Open(t, options, 140, 24).Press("3").Wait(3*time.Second).Sees("3 consumers", "18,000", "lag 54,000", "partitions not watched")
		screen.Press("G").Selects("group-2").Press("enter").Wait(5*time.Second).Sees("18,000 partitions", "topic-2/0").Press("G").Selects("7,999").Press("esc").Wait(time.Second).Selects("group-2")
	})
}

// TestTheNextMessageIsLookedForOnce, waits for its broker, and says why it cannot be shown.
func TestTheNextMessageIsLookedForOnce(t *testing.T) {
	lags(t, func(t *testing.T, s *tuitest.System, c *tuitest.Consumers, screen *tuitest.Screen) {
		put(t, s, s.Order(1, time.Now(), 1)...)
		c.Change(func(groups []*tuitest.Group) { groups[1].Partitions[0].Committed, groups[1].Out = 0, 0 })
		release := s.Kafka.Hold()
		screen.Filter("shipping").Press("enter").Wait(3*time.Second).Press("enter").Wait(time.Second).Sees("reading what comes next in orders from Kafka", "next for", "classic group").Press("y", "w").Sees("the value is not there").Press("esc")
		release()
		screen.Wait(time.Second).Sees("OrderPlaced", "order_id", "next for").Misses("reading what comes next").Press("tab").Selects("next for").Press("esc").Wait(time.Second).Sees("› shipping")
		s.Kafka.Forget()
		screen.Press("enter").Wait(time.Second).Sees("The value cannot be shown", "next for")
		if line := screen.Line("next for"); !strings.Contains(line, "shipping") {
			t.Error(line)
		}
	})
}

// TestAConsumerIsExplainedByItsLargestPartition, where nothing is said of all of them.
func TestAConsumerIsExplainedByItsLargestPartition(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		c := tuitest.NewConsumers(s.Kafka, &tuitest.Group{Name: "billing", Topic: "bills", In: 1, Out: 9, Members: named(1, "a"),
			Partitions: []tuitest.Partition{{}, {End: 10_000}, {}, {End: 90_000, Committed: -1, Left: true}}})
		screen := tuitest.Open(t, c.Over(s.Options()), 180, 24).Press("3").Wait(6*time.Minute).Selects("✓ OK", "billing", "behind, and reading").Misses("nothing left to read", "nothing was ever")
		c.Change(func(groups []*tuitest.Group) { groups[0].Partitions[1].Committed = groups[0].Partitions[1].End })
		screen.Wait(6*time.Minute).Selects("✓ OK", "billing", "nothing left to read").Misses("nothing was ever")
	})
}

// TestTheFilterOfTheLagKnowsEveryTopicAndMember of a consumer, however many it has.
func TestTheFilterOfTheLagKnowsEveryTopicAndMember(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many := &tuitest.Group{Name: "mirror"}
		for i := range 120 {
			many.Topics = append(many.Topics, fmt.Sprintf("topic-%03d", i))
			many.Partitions = append(many.Partitions, tuitest.Partition{End: 1})
			many.Members = append(many.Members, consumer.Member{ID: fmt.Sprint("m-", i), Client: fmt.Sprintf("member-%03d", i), Host: "10.0.0.7", Logs: 1})
		}
		few := &tuitest.Group{Name: "few", Topic: "orders", Members: named(1, "b"), Partitions: []tuitest.Partition{{End: 1}}}
		screen := tuitest.Open(t, tuitest.NewConsumers(s.Kafka, many, few).Over(s.Options()), 140, 24).Press("3").Wait(3 * time.Second).Sees("2 consumers")
		for i := range 120 {
			if i == 0 || i > 45 && i < 55 || i == 119 {
				screen.Filter(many.Topics[i]).Sees("1 consumer ").Selects("mirror").Press("esc").Wait(time.Second)
				screen.Filter(strings.ToUpper(many.Members[i].Client)).Sees("1 consumer ").Selects("mirror").Press("esc").Wait(time.Second)
			}
		}
	})
}

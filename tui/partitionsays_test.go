package tui_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// oneConsumer shows the page of a consumer.
func oneConsumer(t *testing.T, s *tuitest.System, group tuitest.Group) (*tuitest.Consumers, *tuitest.Screen) {
	t.Helper()
	group.Name = "billing"
	if group.Topic == "" {
		group.Topic = "orders"
	}
	c := tuitest.NewConsumers(s.Kafka, &group)
	return c, tuitest.Open(t, c.Over(s.Options()), 180, 30).Press("3").Wait(3 * time.Second).Selects("billing").Press("enter").Wait(time.Second).Sees("› billing")
}

// named are members of these names, who read so many partitions each.
func named(logs int, names ...string) (list []consumer.Member) {
	for _, name := range names {
		list = append(list, consumer.Member{ID: name, Client: name, Host: "h", Logs: logs})
	}
	return list
}

// TestMembersThatHaveNoRoomAreCounted, of those that share a queue and of those that read nothing.
func TestMembersThatHaveNoRoomAreCounted(t *testing.T) {
	one := []tuitest.Partition{{Committed: 1, End: 9}}
	for name, c := range map[string]struct {
		group          tuitest.Group
		sees, misses   string // of its head
		detail, member string // of what it reads
	}{
		"two share a queue":   {tuitest.Group{Kind: consumer.QueueConsumers, Members: named(1, "a", "b"), Partitions: one}, "read by: a@h, b@h", "0 more", "read by 2 consumers", "2 consumers"},
		"three share a queue": {tuitest.Group{Kind: consumer.QueueConsumers, Members: named(1, "a", "b", "c"), Partitions: one}, "read by: a@h, b@h, c@h", "0 more", "read by 3 consumers", "3 consumers"},
		"five share a queue":  {tuitest.Group{Kind: consumer.QueueConsumers, Members: named(1, "a", "b", "c", "d", "e"), Partitions: one}, "read by: a@h, b@h, c@h, 2 more", "d@h", "read by 5 consumers", "5 consumers"},
		"one reads a queue":   {tuitest.Group{Kind: consumer.QueueConsumers, Members: named(1, "a"), Partitions: one}, "read by: a@h", "0 more", "read by a@h", "a@h"},
		"nobody reads it":     {tuitest.Group{Kind: consumer.QueueConsumers, Partitions: one}, ", 0 members", "partition has", "read by no consumer", "no consumer"},
		"three are idle":      {tuitest.Group{Members: append(named(1, "busy"), named(0, "a", "b", "c")...), Partitions: one}, "reads nothing: a@h, b@h, c@h", "0 more", "read by busy@h", "busy@h"},
		"five are idle":       {tuitest.Group{Members: append(named(1, "busy"), named(0, "a", "b", "c", "d", "e")...), Partitions: one}, "reads nothing: a@h, b@h, c@h, 2 more", "d@h", "read by busy@h", "busy@h"},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				_, screen := oneConsumer(t, s, c.group)
				screen.Press("g").Misses(c.misses)
				if !slices.ContainsFunc(strings.Split(screen.Text(), "\n"), func(line string) bool { return strings.HasSuffix(line, c.sees) }) {
					t.Fatalf("no line ends with %q:\n%s", c.sees, screen.Text())
				}
				screen.Sees(c.detail).Selects(c.member)
			})
		})
	}
}

// TestAnOffsetThatIsNotThereIsNotOneThatNobodyTells, and neither is 0.
func TestAnOffsetThatIsNotThereIsNotOneThatNobodyTells(t *testing.T) {
	for name, c := range map[string]struct {
		partition   tuitest.Partition
		row, misses []string
		detail      string
	}{
		"known":           {tuitest.Partition{Start: 1200, Committed: 2500, End: 4000}, []string{"orders/0", " 1,500 ", " 1,200 ", " 2,500 ", " 4,000 "}, []string{"none"}, "starts at 1,200"},
		"at the start":    {tuitest.Partition{End: 7}, []string{" 7 ", " 0 "}, []string{"none"}, "starts at 0"},
		"never committed": {tuitest.Partition{Committed: -1, End: 7}, []string{"NO_OFFSET", " none ", " 7 "}, nil, "starts at 0"},
		"nobody tells":    {tuitest.Partition{Unknown: "its leader is away"}, []string{"UNKNOWN", " ? ", "its leader is away"}, []string{"none", " 0 ", "-1"}, "its leader is away"},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				_, screen := oneConsumer(t, s, tuitest.Group{Members: named(1, "a"), Partitions: []tuitest.Partition{c.partition}})
				screen.Press("g").Selects(c.row...).Sees("State", "Partition", "Lag", "Behind", "Start", "Committed", "End", "Member", "Why", c.detail)
				for _, word := range c.misses {
					screen.SelectsNot(word)
				}
			})
		})
	}
}

// TestTheHeadOfAConsumerSaysWhatBecomesOfIt: growing, draining to zero, or standing still.
func TestTheHeadOfAConsumerSaysWhatBecomesOfIt(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		c, screen := oneConsumer(t, s, tuitest.Group{In: 10, Out: 4, Members: named(1, "a"), Partitions: []tuitest.Partition{{End: 5000}}})
		screen.Wait(2*time.Minute).Sees("↗ growing", " behind", "◔ WARN").Looks(theme.Warn, "↗ growing").Misses("to zero")
		if details := screen.Line("starts at 0"); !strings.Contains(details, "10/s in, 4.0/s out, read by a@h") {
			t.Fatalf("the details are %s", details)
		}
		c.Change(func(groups []*tuitest.Group) { groups[0].Out = 40 })
		screen.Wait(time.Minute).Sees(" to zero").Looks(theme.Good, " to zero").Misses("growing")
		c.Change(func(groups []*tuitest.Group) { groups[0].Out, groups[0].In = 0, 0 })
		screen.Wait(4*time.Minute).Sees("not draining", "◼ STALL").Misses("to zero", "growing")
		c.Change(func(groups []*tuitest.Group) { groups[0].Out = 5000 })
		screen.Wait(3*time.Minute).Sees("lag 0", "✓ OK", "0 s behind", "nothing left to read").Misses("not draining", "to zero")
	})
}

// TestAConsumerOfWhichNothingIsToldSaysWhy in the place of its partitions.
func TestAConsumerOfWhichNothingIsToldSaysWhy(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		c, screen := oneConsumer(t, s, tuitest.Group{Hidden: true, Err: &adapters.Problem{Doing: "describe group billing", Cause: "the user may not", Remedy: "grant DESCRIBE on it", Kind: adapters.ErrNotAuthorized}})
		screen.Sees("0 partitions", "grant DESCRIBE on it", "! NOT_ALLOWED").Misses("lag 0", "enter next message", "⏎ next message").Press("enter").Wait(time.Second).Misses("next for")
		c.Change(func(groups []*tuitest.Group) {
			groups[0].Hidden, groups[0].Err, groups[0].Partitions = false, nil, []tuitest.Partition{{Committed: 1, End: 9}}
		})
		screen.Wait(5*time.Second).Sees("1 partition ", "lag 8", "⏎ next message").Misses("grant DESCRIBE")
		c.Break(errors.New("connection reset"))
		screen.Wait(time.Minute).Sees("nothing was heard of it since").Misses("lag 8")
	})
}

// TestPartitionsOfManyTopicsAreNamed by topic and number, the worst first.
func TestPartitionsOfManyTopicsAreNamed(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		var partitions []tuitest.Partition
		var topics []string
		for i := range 60 {
			partitions = append(partitions, tuitest.Partition{End: int64(1000 - i)})
			topics = append(topics, fmt.Sprintf("topic-%02d", i))
		}
		_, screen := oneConsumer(t, s, tuitest.Group{Members: named(60, "a"), Partitions: partitions, Topics: topics})
		screen.Press("g").Selects("topic-00/0", " 1,000 ").Press("j").Selects("topic-01/0", " 999 ").Press("G").Selects("topic-59/0", " 941 ").Sees("60 partitions", "lag 58,230")
		screen.Press("ctrl+u").SelectsNot("topic-59").Press("home").Selects("topic-00/0")
	})
}

// TestMessagesThatLedNowhereAreSaid, one and many, lost and given back, now and before.
func TestMessagesThatLedNowhereAreSaid(t *testing.T) {
	rate := func(n float64) adapters.Rate { return adapters.Rate{PerSecond: n, Known: true} }
	for name, c := range map[string]struct {
		count        adapters.Unroutable
		sees, misses []string
	}{
		"none":         {adapters.Unroutable{}, nil, []string{"kafka: ", "since the broker started"}},
		"one":          {adapters.Unroutable{Dropped: 1}, []string{"! kafka: 1 unroutable message was dropped; counted since the broker started"}, []string{"returned", "/s)"}},
		"many, now":    {adapters.Unroutable{Dropped: 1200, DroppedRate: rate(0.5)}, []string{"! kafka: 1,200 unroutable messages were dropped (0.5/s); counted since"}, []string{"returned"}},
		"many, before": {adapters.Unroutable{Dropped: 1200, DroppedRate: rate(0)}, []string{"were dropped; counted since"}, []string{"/s)"}},
		"given back":   {adapters.Unroutable{Returned: 1}, []string{"· kafka: 1 was returned to publishers as unroutable; counted since"}, []string{"were dropped", "! kafka"}},
		"both":         {adapters.Unroutable{Dropped: 2, Returned: 3, ReturnedRate: rate(4)}, []string{"! kafka: 2 unroutable messages were dropped; 3 were returned to publishers as unroutable (4.0/s); counted since"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				group := &tuitest.Group{Name: "billing", Topic: "orders", Partitions: []tuitest.Partition{{End: 9}}}
				consumers := tuitest.NewConsumers(s.Kafka, group)
				consumers.Lose(c.count)
				screen := tuitest.Open(t, consumers.Over(s.Options()), 180, 30).Press("3").Wait(3 * time.Second).Selects("billing").Sees(c.sees...).Misses(c.misses...)
				screen.Filter("nobody").Sees("No group has these words").Sees(c.sees...)
				consumers.Lose(adapters.Unroutable{})
				screen.Wait(20*time.Second).Misses("kafka: ", "since the broker started")
			})
		})
	}
}

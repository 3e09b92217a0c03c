package lagpage_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
	"eventscope/tui/eventpage"
	"eventscope/tui/lagpage"
	"eventscope/tui/page"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// observed are the consumers of a source, and the page about them.
type observed struct {
	*tuitest.Alone
	*tuitest.Consumers
	model  *lagpage.Model
	status adapters.Status
	dead   map[lag.Key]bool
}

// observe tells a story of consumers in virtual time.
func observe(t *testing.T, tell func(o *observed), groups ...*tuitest.Group) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := &observed{Alone: tuitest.NewAlone(t, 150, 20), status: adapters.Status{Connection: adapters.Live}}
		o.Consumers = tuitest.NewConsumers(&tuitest.Source{}, groups...)
		o.model = lagpage.NewModel(&lagpage.Config{
			Screen: o.Alone, Events: &eventpage.Config{Screen: o.Alone}, Dead: func() map[lag.Key]bool { return o.dead },
			Sources: []page.Source{{Name: "kafka", Broker: "kafka", Lag: o.Consumers, Status: func() adapters.Status { return o.status }}},
		})
		tell(o)
	})
}

// listed shows the page of all consumers.
func (o *observed) listed() *observed {
	o.Show(lagpage.NewList(o.model))
	return o
}

// header is what the header says of all consumers, and the colour of the sum.
func (o *observed) header(brief bool) (says string, role theme.Role) {
	pieces := o.model.Total(o.Theme(), brief)
	for i, piece := range pieces {
		if says += piece.Text.String(); i == 0 {
			role = piece.Role
		}
	}
	return says, role
}

// says fails unless the header says that, with room and without.
func (o *observed) says(t *testing.T, full, brief string, role theme.Role) {
	t.Helper()
	if got, colour := o.header(false); got != full || colour != role {
		t.Errorf("the header says %q in role %d, want %q in %d", got, colour, full, role)
	}
	if got, _ := o.header(true); got != brief {
		t.Errorf("a narrow header says %q, want %q", got, brief)
	}
}

// of is a group of one partition.
func of(name string, committed, end, in, out int64) *tuitest.Group {
	return &tuitest.Group{Name: name, Topic: "topic-" + name, In: in, Out: out, Partitions: []tuitest.Partition{{Committed: committed, End: end}}, Members: []consumer.Member{{ID: "m", Client: "c", Host: "h", Logs: 1}}}
}

// TestTheHeaderSumsWhatIsKnown and says what is missing from it: nothing is a zero that nobody told.
func TestTheHeaderSumsWhatIsKnown(t *testing.T) {
	unknown := of("unknown", 0, 9, 0, 0)
	unknown.Partitions[0].Unknown = "its leader does not answer"
	partly := of("partly", 0, 9, 0, 0)
	partly.Partitions = append(partly.Partitions, tuitest.Partition{End: 5, Unknown: "its leader does not answer"})
	for name, c := range map[string]struct {
		groups      []*tuitest.Group
		full, brief string
		role        theme.Role
	}{
		"nobody reads":        {nil, "", "", 0},
		"all is done":         {[]*tuitest.Group{of("a", 5, 5, 0, 0)}, "lag 0", "lag 0", theme.Dim},
		"what waits":          {[]*tuitest.Group{of("a", 5, 9, 0, 0), of("b", 0, 3, 0, 0)}, "lag 7", "lag 7", theme.Plain},
		"it becomes more":     {[]*tuitest.Group{of("a", 0, 500, 20, 5)}, "lag 650 ↗", "lag 650 ↗", theme.Warn},
		"it becomes less":     {[]*tuitest.Group{of("a", 0, 500, 5, 20)}, "lag 350 ↘", "lag 350 ↘", theme.Good},
		"one is not known":    {[]*tuitest.Group{of("a", 5, 9, 0, 0), unknown}, "lag 4, 1 unknown", "lag 4 +?", theme.Plain},
		"one is partly known": {[]*tuitest.Group{of("a", 5, 9, 0, 0), partly}, "lag 13, 1 unknown", "lag 13 +?", theme.Plain},
		"none is known":       {[]*tuitest.Group{unknown}, "lag ?", "lag ?", theme.Warn},
	} {
		t.Run(name, func(t *testing.T) {
			observe(t, func(o *observed) {
				o.says(t, "", "", 0)
				o.listed()
				for range 5 {
					o.Pass(2 * time.Second)
				}
				o.says(t, c.full, c.brief, c.role)
			}, c.groups...)
		})
	}
}

// TestTheHeaderSaysHowOldWhatItSumsIs: as much as it may be while no page asks, how old when the source
// is away, and that nobody knows where nothing was ever told.
func TestTheHeaderSaysHowOldWhatItSumsIs(t *testing.T) {
	observe(t, func(o *observed) {
		o.listed().says(t, "lag 4", "lag 4", theme.Plain)
		<-time.After(10 * time.Second) // another page is shown
		if o.says(t, "lag 4 (every 15s)", "lag 4", theme.Plain); o.model.Ages() {
			t.Error("the header has an age that nobody asked for")
		}
		o.status.Connection = adapters.Lost
		if o.says(t, "lag 4, kafka 10s old", "lag 4 old", theme.Plain); !o.model.Ages() {
			t.Error("the age in the header stands still")
		}
		o.status.Connection = adapters.Live
		o.Break(&adapters.Problem{Doing: "list all groups", Cause: "the coordinator is away"})
		o.Pass(10*time.Second).Sees("kafka: cannot list all groups", "the coordinator is away")
		o.says(t, "lag 4, kafka 20s old", "lag 4 old", theme.Plain)
		o.Break(nil)
		o.Pass(20 * time.Second).Misses("coordinator")
		o.says(t, "lag 4", "lag 4", theme.Plain)
	}, of("a", 5, 9, 0, 0))
	observe(t, func(o *observed) {
		o.Break(&adapters.Problem{Doing: "list all groups", Cause: "the coordinator is away"})
		o.listed().says(t, "lag ?", "lag ?", theme.Warn)
	})
}

// TestDeadLettersAreNotCountedTwice: their queue has a row, and is no part of the sum.
func TestDeadLettersAreNotCountedTwice(t *testing.T) {
	observe(t, func(o *observed) {
		o.dead = map[lag.Key]bool{{Source: "kafka", Kind: consumer.ClassicGroup, Group: "dead"}: true}
		o.listed().Sees("2 consumers")
		o.says(t, "lag 4", "lag 4", theme.Plain)
	}, of("a", 5, 9, 0, 0), of("dead", 0, 100, 0, 0))
}

// TestWhoIsNotTold: a consumer that a whole look does not tell is gone; while its source is in trouble it
// stays for as long as what is known of it may be so, and then nobody knows.
func TestWhoIsNotTold(t *testing.T) {
	for _, c := range []struct {
		broken error
		stays  bool
	}{
		{nil, false}, {&adapters.Problem{Doing: "list all groups", Cause: "no rights", Kind: adapters.ErrNotAuthorized}, false},
		{&adapters.Problem{Doing: "list all groups", Cause: "it is away", Kind: adapters.ErrNotConnected}, true}, {&adapters.Problem{Doing: "list all groups", Cause: "half an answer"}, true},
	} {
		observe(t, func(o *observed) {
			o.listed().Sees("1 consumer ", "billing")
			o.Replace()
			o.Break(c.broken)
			if o.Pass(16 * time.Second); !c.stays {
				o.Sees("0 consumers").Misses("billing")
				return
			}
			o.Selects("billing", " 4 ").Pass(10*time.Second).Selects("billing", " 4 ")
			o.Pass(20*time.Second).Selects("billing", "?").Misses(" 4 ").Sees("1 consumer ")
		}, of("billing", 5, 9, 0, 0))
	}
}

// names are the groups in the order of their rows.
func (o *observed) names() string {
	var names []string
	for line := range strings.SplitSeq(o.Text(), "\n") {
		if fields := strings.Fields(strings.TrimPrefix(line, "▸")); len(fields) > 2 && strings.HasPrefix(fields[2], "g-") {
			names = append(names, strings.TrimPrefix(fields[2], "g-"))
		}
	}
	return strings.Join(names, " ")
}

// TestEachOrderBeginsAtItsFirstRow, and the rows come in it; what is equal comes worst first.
func TestEachOrderBeginsAtItsFirstRow(t *testing.T) {
	stopped := of("g-stopped", 0, 7, 5, 0)
	stopped.Members = nil
	observe(t, func(o *observed) {
		for o.listed(); o.Now().Sub(start) < 20*time.Second; {
			o.Pass(2 * time.Second)
		}
		for _, order := range []struct{ name, rows string }{{"by trouble", "stopped large small done"}, {"by lag", "large stopped small done"}, {"by time behind", ""}, {"by name", "done large small stopped"}, {"by kind", "stopped large small done"}, {"by rate", "stopped large small done"}, {"by drains in", ""}, {"by members", "large small done stopped"}, {"by source", "stopped large small done"}, {"by trouble", "stopped large small done"}} {
			o.Sees(order.name)
			if got := o.names(); order.rows != "" && got != order.rows {
				t.Errorf("%s they are %s, want %s", order.name, got, order.rows)
			}
			if first := strings.Fields(o.names())[0]; first != "" {
				o.Selects("g-" + first)
			}
			o.Press("j").Press("s")
		}
	}, of("g-done", 9, 9, 0, 0), of("g-small", 0, 3, 0, 0), of("g-large", 0, 5_000, 0, 0), stopped)
}

// start is when the virtual time of a story begins.
var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// TestTheFilterLeavesWhoHasAllWords, wherever they stand and however they are written, and the cursor
// stays on its consumer when the filter goes.
func TestTheFilterLeavesWhoHasAllWords(t *testing.T) {
	observe(t, func(o *observed) {
		o.listed().Press("/").Write(" TOPIC-g-b  stop").Sees("1 consumer ", "/TOPIC-g-b  stop").Selects("g-b")
		o.Press("/").Sees("words of a group").Write("g-b nowhere").Sees("No group has these words", "0 consumers").Misses("enter partitions").Press("enter")
		o.Press("/").Write("g-").Sees("3 consumers").Press("G")
		last := strings.Fields(o.names())[2]
		o.Selects("g-" + last).Press("esc").Sees("4 consumers").Misses("/g-").Selects("g-" + last)
		if o.Press("esc").Went != nil {
			t.Error("esc leads elsewhere")
		}
	}, of("g-a", 1, 9, 0, 0), &tuitest.Group{Name: "g-b", Topic: "topic-g-b", Partitions: []tuitest.Partition{{Committed: 1, End: 9}}}, of("g-c", 1, 2, 0, 0), of("other", 2, 2, 0, 0))
}

// TestTheSecondClickOpens the partitions of a consumer, and one on no row opens nothing.
func TestTheSecondClickOpens(t *testing.T) {
	observe(t, func(o *observed) {
		o.listed()
		row := slices.IndexFunc(strings.Split(o.Text(), "\n"), func(line string) bool { return strings.Contains(line, "g-b") })
		if o.Click(5, row) || !o.Click(5, row) {
			t.Error("a click opens too early, or never")
		}
		o.Selects("g-b")
		for _, beside := range []int{0, row + 3, 19} {
			if o.Click(5, beside) {
				t.Errorf("a click on row %d opens something", beside)
			}
		}
		o.Selects("g-b").Press("enter").Sees("1 partition", "topic-g-b/0").Press("esc").Selects("g-b")
	}, of("g-a", 1, 9, 0, 0), of("g-b", 1, 5, 0, 0))
}

// TestAPartitionSaysWhatIsKnownOfIt: a number, that there is none, or that nobody knows; and why there is
// no next message to open.
func TestAPartitionSaysWhatIsKnownOfIt(t *testing.T) {
	group := &tuitest.Group{Name: "billing", Topic: "orders", Members: []consumer.Member{{ID: "m", Client: "c", Host: "h", Logs: 4}}, Partitions: []tuitest.Partition{
		{Start: 3, Committed: 1_005, End: 1_009}, {Start: 2, Committed: -1, End: 6}, {Unknown: "its leader does not answer"}, {Committed: 7, End: 7}, {Committed: 2, End: 9, Open: 3}, {Committed: 1, End: 4, Left: true},
	}}
	observe(t, func(o *observed) {
		o.Resize(170, 24)
		o.listed().Press("enter").Sees("6 partitions", "Committed", "Behind")
		o.Press("g")
		seen := map[string]bool{}
		for range 6 {
			line := o.Selected()
			for _, c := range []struct {
				log    string
				row    []string
				detail string
				why    string
			}{
				{"orders/0", []string{" 4 ", " 3 ", " 1,005 ", " 1,009 "}, "orders/0, starts at 3, ", ""},
				{"orders/1", []string{" none ", " 6 ", " 2 "}, "starts at 2", "nothing was ever committed, so the consumer itself decides where it begins"},
				{"orders/2", []string{"UNKNOWN", " ? "}, "orders/2, ?/s in, ?/s out", "its position is not known"},
				{"orders/3", []string{" 0 ", " 7 "}, "orders/3, starts at 0, ", "nothing is left to read"},
				{"orders/4", []string{" 2 ", " 9 "}, "committed transactions end at 6", ""},
				{"orders/5", []string{"left behind"}, "read by left behind", ""},
			} {
				if !strings.Contains(line, c.log+" ") {
					continue
				}
				seen[c.log] = true
				if o.Selects(c.row...).Sees(c.detail); c.why != "" {
					o.Misses("enter next message").Press("enter").Sees(c.why)
				} else {
					o.Sees("enter next message")
				}
			}
			o.Press("j")
		}
		if len(seen) != 6 {
			t.Errorf("the rows are of %v", seen)
		}
	}, group)
}

package lag_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
)

// watched is a consumer of one partition, looked at every two seconds.
type watched struct {
	t      testing.TB
	series *lag.Series
	now    time.Time
	lag    consumer.Lag
	end    int64
	done   int64
	member bool
	open   *consumer.Transaction

	aborted bool // what is left
}

const everyLook = 2 * time.Second

func watch(t testing.TB) *watched {
	return &watched{t: t, series: lag.NewSeries(lag.Config{}), now: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), member: true}
}

// look takes one look.
func (w *watched) look() lag.Standing {
	l := consumer.LogLag{Log: adapters.Log{Destination: "orders"}, Committed: w.done, End: w.end, LastStable: w.end, Member: -1, Open: w.open}
	if w.member {
		l.Member = 0
	}
	if w.open != nil {
		l.LastStable = w.open.From
	}
	l.Classify()
	if w.aborted {
		l.State, l.Lag = consumer.LagOK, 0
	}
	w.lag = consumer.Lag{Kind: consumer.ClassicGroup, Group: "billing", At: w.now, MembersKnown: true, Logs: []consumer.LogLag{l}}
	if w.member {
		w.lag.Members = make([]consumer.Member, 1)
	}
	w.series.Add("kafka", &w.lag)
	return w.standing()
}

func (w *watched) standing() lag.Standing {
	_, logs := w.series.Stand("kafka", &w.lag, nil, w.now)
	return logs[0]
}

// run lets time pass, with so many messages that come and are done between two looks.
func (w *watched) run(d time.Duration, in, out int64) (last lag.Standing) {
	for range int(d / everyLook) {
		w.now = w.now.Add(everyLook)
		w.end += in
		w.done = min(w.done+out, w.end)
		last = w.look()
	}
	return last
}

// TestLagStates tells a story for each state, and sees the name within two windows.
func TestLagStates(t *testing.T) {
	const window = time.Minute
	for name, test := range map[string]struct {
		story func(*watched) lag.Standing
		want  consumer.LagState
		words string
	}{
		"keeps up":     {func(w *watched) lag.Standing { return w.run(2*window, 10, 10) }, consumer.LagOK, "nothing left"},
		"at first":     {func(w *watched) lag.Standing { w.end = 50; return w.look() }, consumer.LagBehind, "long enough"},
		"falls behind": {func(w *watched) lag.Standing { w.end = 50; w.look(); return w.run(2*window, 10, 8) }, consumer.LagWarn, "did not shrink"},
		"catches up":   {func(w *watched) lag.Standing { w.end = 5000; w.look(); return w.run(2*window, 10, 20) }, consumer.LagOK, "reading"},
		"consumer stops": {func(w *watched) lag.Standing {
			w.run(2*window, 10, 10)
			w.member = false
			return w.run(window+4*time.Second, 10, 0)
		}, consumer.LagStop, "nobody reads it"},
		"consumer stalls": {func(w *watched) lag.Standing {
			w.run(2*window, 10, 10)
			return w.run(window+4*time.Second, 10, 0)
		}, consumer.LagStall, "somebody reads it"},
		"producer stops": {func(w *watched) lag.Standing {
			w.end = 500
			w.run(window, 10, 10)
			return w.run(3*window, 0, 10)
		}, consumer.LagOK, "nothing left"},
		"both stop": {func(w *watched) lag.Standing {
			w.end = 500
			w.run(window, 10, 10)
			w.member = false
			return w.run(2*window, 0, 0)
		}, consumer.LagStop, "500 to read"},
		"commits backwards": {func(w *watched) lag.Standing {
			w.run(2*window, 10, 10)
			w.done -= 300
			return w.run(20*time.Second, 10, 10)
		}, consumer.LagRewind, "has not regained"},
		"regained": {func(w *watched) lag.Standing {
			w.run(2*window, 10, 10)
			w.done -= 300
			return w.run(2*window, 10, 30)
		}, consumer.LagOK, ""},
		"quiet topic": {func(w *watched) lag.Standing { w.run(window, 10, 10); return w.run(time.Hour, 0, 0) }, consumer.LagOK, "nothing left"},
		"quiet, then one message": {func(w *watched) lag.Standing {
			w.member = false
			w.run(window, 10, 10)
			w.run(time.Hour, 0, 0)
			w.end++
			return w.run(10*time.Second, 0, 0)
		}, consumer.LagOK, ""},
		"open transaction": {func(w *watched) lag.Standing {
			w.run(2*window, 10, 10)
			w.open = &consumer.Transaction{ID: "payments", From: w.end}
			return w.run(window+4*time.Second, 10, 0)
		}, consumer.LagStall, "transaction payments"},
		"mark of a transaction": {func(w *watched) lag.Standing {
			w.run(window, 10, 10)
			w.end++
			w.run(2*window, 0, 0)
			for _, p := range w.series.Wanted("kafka", &w.lag, w.now) {
				w.series.Told("kafka", consumer.ClassicGroup, "billing", p, time.Time{})
			}
			return w.standing()
		}, consumer.LagOK, "marks of transactions"},
		"a message behind the mark": {func(w *watched) lag.Standing {
			w.member = false
			w.run(window, 10, 10)
			w.end++
			w.run(2*window, 0, 0)
			for _, p := range w.series.Wanted("kafka", &w.lag, w.now) {
				w.series.Told("kafka", consumer.ClassicGroup, "billing", p, time.Time{})
			}
			w.end++
			return w.run(window, 0, 0)
		}, consumer.LagStop, "2 to read"},
		"commits seldom": {func(w *watched) lag.Standing {
			w.member = false
			for range 4 { // all there is, every 80 seconds
				w.run(80*time.Second-everyLook, 10, 0)
				w.run(everyLook, 10, math.MaxInt32)
			}
			return w.run(78*time.Second, 10, 0)
		}, consumer.LagOK, ""},
		"much is left": {func(w *watched) lag.Standing {
			w.end = 3944
			w.run(window, 10, 10)
			w.member = false
			return w.run(window+4*time.Second, 0, 0)
		}, consumer.LagStop, "nothing committed for 1m 04s with 3,944 to read"},
		"nobody in it at the first look": {func(w *watched) lag.Standing { w.member, w.end = false, 50; return w.look() }, consumer.LagStop, "nobody reads it, and 50 are left to read"},
		"the last member leaves": {func(w *watched) lag.Standing {
			w.run(2*window, 10, 10)
			w.member = false
			return w.run(everyLook, 10, 0)
		}, consumer.LagStop, "nobody reads it"},
		"reads without being a member": {func(w *watched) lag.Standing {
			w.member, w.end = false, 500
			return w.run(10*time.Second, 10, 10)
		}, consumer.LagBehind, "long enough"},
		"slower since a moment": {func(w *watched) lag.Standing {
			w.run(2*window, 10, 10)
			return w.run(20*time.Second, 10, 8)
		}, consumer.LagBehind, "behind for 18 s"},
		"slower since a while": {func(w *watched) lag.Standing {
			w.run(2*window, 10, 10)
			return w.run(2*window, 10, 8)
		}, consumer.LagWarn, ""},
		"up and down, and more on the whole": {func(w *watched) (got lag.Standing) {
			w.run(2*window, 10, 10)
			for i := range 60 {
				got = w.run(everyLook, 10, int64(2+12*(i/4%2)))
			}
			return got
		}, consumer.LagWarn, "the lag grows"},
		"up and down, and no more": {func(w *watched) (got lag.Standing) {
			w.end = 100
			w.look()
			for i := range 90 {
				got = w.run(everyLook, 10, int64(4+12*(i/4%2)))
			}
			return got
		}, consumer.LagOK, "reading"},
		"ahead":     {func(w *watched) lag.Standing { w.end, w.done = 3, 9; return w.look() }, consumer.LagAhead, "made again"},
		"no offset": {func(w *watched) lag.Standing { w.done = -1; return w.look() }, consumer.LagNoOffset, "nothing was ever"},
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t)
			if got := test.story(w); got.State != test.want || !strings.Contains(got.Why, test.words) {
				t.Errorf("%v, %q; want %v, %q", got.State, got.Why, test.want, test.words)
			}
		})
	}
}

// TestAGroupAsAWhole is what is said where its logs do not tell.
func TestAGroupAsAWhole(t *testing.T) {
	hidden := &adapters.Problem{Kind: adapters.ErrNotAuthorized}
	log := func(committed, end int64) consumer.LogLag {
		l := consumer.LogLag{Log: adapters.Log{Destination: "orders"}, Committed: committed, End: end, LastStable: end}
		l.Classify()
		return l
	}
	for name, c := range map[string]struct {
		lag    consumer.Lag
		err    error
		state  consumer.LagState
		unsure bool
		unread int64
		words  string
	}{
		"nothing at all":                   {consumer.Lag{}, nil, consumer.LagNoOffset, true, 0, "reads nothing"},
		"nothing that may be seen":         {consumer.Lag{Unseen: "some are not told"}, nil, consumer.LagUnknown, true, 0, "some are not told"},
		"may not be described":             {consumer.Lag{}, hidden, consumer.LagNotAllowed, true, 0, ""},
		"no answer":                        {consumer.Lag{}, adapters.ErrNotConnected, consumer.LagUnknown, true, 0, ""},
		"no consumers":                     {consumer.Lag{Protocol: "connect", Members: make([]consumer.Member, 1), MembersKnown: true}, nil, consumer.LagOK, false, 0, "type connect"},
		"rebalances before the first":      {consumer.Lag{Phase: "PreparingRebalance", Rebalancing: true}, nil, consumer.LagRebalance, true, 0, "PreparingRebalance"},
		"rebalances with nothing left":     {consumer.Lag{Phase: "Assigning", Rebalancing: true, Logs: []consumer.LogLag{log(3, 3)}}, nil, consumer.LagRebalance, false, 0, "Assigning"},
		"rebalances and is ahead":          {consumer.Lag{Phase: "Assigning", Rebalancing: true, Logs: []consumer.LogLag{log(4, 3)}}, nil, consumer.LagAhead, true, 0, "Assigning"},
		"was never told, with some":        {consumer.Lag{Logs: []consumer.LogLag{log(-1, 3)}}, nil, consumer.LagNoOffset, true, 0, "ever committed"},
		"was never told, with nothing":     {consumer.Lag{Logs: []consumer.LogLag{log(-1, 0)}}, nil, consumer.LagNoOffset, false, 0, "ever committed"},
		"a part that is known, and not":    {consumer.Lag{MembersKnown: true, Logs: []consumer.LogLag{log(1, 3), {Why: "no leader"}}}, nil, consumer.LagStop, true, 2, "nobody reads it"},
		"a part that was left, not known":  {consumer.Lag{Logs: []consumer.LogLag{log(3, 3), {Left: true}}}, nil, consumer.LagOK, false, 0, ""},
		"known, and more that is not told": {consumer.Lag{Logs: []consumer.LogLag{log(3, 3)}}, adapters.ErrNotConnected, consumer.LagOK, true, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.lag.Kind, c.lag.Group, c.lag.At = consumer.ClassicGroup, "billing", time.Now()
			series := lag.NewSeries(lag.Config{})
			series.Add("kafka", &c.lag)
			got, logs := series.Stand("kafka", &c.lag, c.err, time.Now())
			if got.State != c.state || got.Unsure != c.unsure || got.Unread != c.unread || !strings.Contains(got.Why, c.words) || len(logs) != len(c.lag.Logs) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestTheWorstFirst is the order of states that both the screen and the command have.
func TestTheWorstFirst(t *testing.T) {
	want := []consumer.LagState{
		consumer.LagStop, consumer.LagStall, consumer.LagRewind, consumer.LagTruncated, consumer.LagAhead, consumer.LagRebalance, consumer.LagRedeliver,
		consumer.LagWarn, consumer.LagBehind, consumer.LagNotAllowed, consumer.LagNoOffset, consumer.LagUnknown, consumer.LagOK,
	}
	got := slices.Clone(consumer.LagStates)
	slices.SortFunc(got, func(a, b consumer.LagState) int { return lag.Rank{State: a}.Compare(lag.Rank{State: b}) })
	if !slices.Equal(got, want) {
		t.Errorf("the worst first: %v\nwant %v", got, want)
	}
	if (lag.Rank{State: consumer.LagStop, Lag: 2}).Compare(lag.Rank{State: consumer.LagStop, Lag: 3}) <= 0 {
		t.Error("of two that have stopped the larger lag comes first")
	}
}

// TestLagRates is about directions and the time to zero.
func TestLagRates(t *testing.T) {
	w := watch(t)
	w.end = 10_000
	w.look()
	got := w.run(time.Minute, 20, 60)
	if math.Abs(got.In.PerSecond-10) > 0.01 || math.Abs(got.Out.PerSecond-30) > 0.01 || got.Direction != lag.Draining {
		t.Errorf("standing %+v", got)
	}
	if left := float64(w.lag.Logs[0].Lag) / 20; math.Abs(got.Left.Seconds()-left) > 0.1 {
		t.Errorf("time to zero %v, want %.1f s", got.Left, left)
	}
	if got = w.run(2*time.Minute, 60, 20); got.Direction != lag.Growing || got.Left != 0 {
		t.Errorf("standing %+v", got)
	}
	if got = w.run(2*time.Minute, 20, 20); got.Direction != lag.Steady {
		t.Errorf("standing %+v", got)
	}
	if samples := w.series.Recent("kafka", consumer.ClassicGroup, "billing"); len(samples) < 30 || samples[len(samples)-1].Lag != w.lag.Logs[0].Lag {
		t.Errorf("samples %v", samples)
	}
}

// TestPartitionsWithNothingInThem: where nothing could be committed nobody is missed, as long
// as the group is known to commit.
func TestPartitionsWithNothingInThem(t *testing.T) {
	log := func(partition int32, start, committed, end int64) consumer.LogLag {
		l := consumer.LogLag{Log: adapters.Log{Destination: "orders", Partition: partition}, Start: start, Committed: committed, End: end, LastStable: end}
		l.Classify()
		return l
	}
	for name, c := range map[string]struct {
		logs []consumer.LogLag
		want consumer.LagState
	}{
		"one is empty":       {[]consumer.LogLag{log(0, 0, 5, 5), log(1, 7, -1, 7)}, consumer.LagOK},
		"one was never read": {[]consumer.LogLag{log(0, 0, 5, 5), log(1, 0, -1, 7)}, consumer.LagNoOffset},
		"all are empty":      {[]consumer.LogLag{log(0, 0, -1, 0), log(1, 7, -1, 7)}, consumer.LagNoOffset},
	} {
		w := watch(t)
		reading := consumer.Lag{Kind: consumer.ClassicGroup, Group: "billing", At: w.now, Logs: c.logs}
		w.series.Add("kafka", &reading)
		if got, _ := w.series.Stand("kafka", &reading, nil, w.now); got.State != c.want {
			t.Errorf("%s: %v (%s), want %v", name, got.State, got.Why, c.want)
		}
	}
}

// TestLagRatesOfQueue has rates that the broker counts. What is handed out already is no
// part of the time to zero.
func TestLagRatesOfQueue(t *testing.T) {
	series, now := lag.NewSeries(lag.Config{}), time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	reading := consumer.Lag{
		Kind: consumer.QueueConsumers, Group: "billing", At: now, MembersKnown: true, Members: make([]consumer.Member, 1),
		Queue: &consumer.QueueDepth{Ready: 1000, Unacked: 500, Consumers: 1},
		Logs: []consumer.LogLag{{
			Log: adapters.Log{Destination: "billing", Partition: adapters.NoPartition}, Start: -1, Committed: -1, End: -1, LastStable: -1,
			State: consumer.LagBehind, Lag: 1500, In: adapters.Rate{PerSecond: 10, Known: true}, Out: adapters.Rate{PerSecond: 30, Known: true},
		}},
	}
	series.Add("rabbitmq", &reading)
	all, logs := series.Stand("rabbitmq", &reading, nil, now)
	for _, got := range append(logs, all) {
		if got.Direction != lag.Draining || got.Left != 50*time.Second || got.State != consumer.LagBehind {
			t.Errorf("standing %+v", got)
		}
	}
}

// TestLagOfWhoSeesNothing has a log that grows by what was aborted alone: nothing of it is left to
// read, and that does not become more.
func TestLagOfWhoSeesNothing(t *testing.T) {
	w := watch(t)
	w.run(2*time.Minute, 10, 10)
	w.aborted = true
	if got := w.run(2*time.Minute, 10, 0); got.State != consumer.LagOK || got.Unread != 0 || got.Direction != lag.Steady {
		t.Errorf("standing %+v", got)
	}
}

// TestLagSeconds holds a consumer a known time behind, within the window and outside.
func TestLagSeconds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Int64Range(1, 1000).Draw(t, "rate") * 2 // between looks
		held := time.Duration(rapid.Int64Range(4, 300).Draw(t, "held")) * time.Second
		w := watch(nil)
		began := w.now
		// Message n came at began + n/rate looks.
		came := func(offset int64) time.Time {
			return began.Add(time.Duration(float64(offset+1) / float64(rate) * float64(everyLook)))
		}
		for range 200 {
			w.now = w.now.Add(everyLook)
			w.end += rate
			w.done = max(0, int64(w.now.Sub(began).Seconds()-held.Seconds())*rate/2)
			w.look()
			for _, p := range w.series.Wanted("kafka", &w.lag, w.now) {
				w.series.Told("kafka", consumer.ClassicGroup, "billing", p, came(p.Offset))
			}
		}
		got, want := w.standing(), w.now.Sub(came(w.done)).Seconds()
		if !got.SecondsKnown || math.Abs(got.Seconds-want) > 0.1*want {
			t.Fatalf("%.2f s behind (known: %v), want %.2f", got.Seconds, got.SecondsKnown, want)
		}
	})
}

// TestLagIsBounded takes in more than fits, and forgets what has gone.
func TestLagIsBounded(t *testing.T) {
	series := lag.NewSeries(lag.Config{Logs: 10})
	now := time.Now()
	for _, group := range []string{"a", "b", "c"} {
		reading := consumer.Lag{Kind: consumer.ClassicGroup, Group: group, At: now}
		for p := range int32(5) {
			l := consumer.LogLag{Log: adapters.Log{Destination: "orders", Partition: p}, Committed: 1, End: 2, Member: -1}
			l.Classify()
			reading.Logs = append(reading.Logs, l)
		}
		series.Add("kafka", &reading)
		if got, _ := series.Stand("kafka", &reading, nil, now); got.State != consumer.LagBehind {
			t.Errorf("group %s stands %v", group, got)
		}
	}
	if series.Unwatched() != 5 {
		t.Errorf("%d logs are not watched", series.Unwatched())
	}
	series.Forget(now.Add(time.Hour))
	if got := series.Recent("kafka", consumer.ClassicGroup, "a"); got != nil || series.Unwatched() != 0 {
		t.Errorf("not forgotten: %v", got)
	}
}

// TestMessagesOfAnyAge: a time that a producer made up is before now or after it, however far; the seconds
// behind are never less than none, and fit into a [time.Duration].
func TestMessagesOfAnyAge(t *testing.T) {
	for _, year := range []int{-9000, 2, 1600, 1700, 1734, 1969, 2026, 2262, 2300, 9999} {
		at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		w := watch(t)
		w.end = 50
		w.look()
		w.run(2*time.Minute, 0, 0)
		for _, p := range w.series.Wanted("kafka", &w.lag, w.now) {
			w.series.Told("kafka", consumer.ClassicGroup, "billing", p, at)
		}
		told := w.standing()
		w.lag.Logs[0].Oldest = at
		for name, got := range map[string]lag.Standing{"told": told, "oldest": w.standing()} {
			d := time.Duration(got.Seconds * float64(time.Second))
			if !got.SecondsKnown || d < 0 || (d > 0) != at.Before(w.now) {
				t.Errorf("%s in the year %d: %v s behind (%v), known %v", name, year, got.Seconds, d, got.SecondsKnown)
			}
		}
	}
}

// TestLagAnything takes in any looks: no panic, and what is told holds together.
func TestLagAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := watch(nil)
		for range rapid.IntRange(1, 80).Draw(t, "looks") {
			w.now = w.now.Add(time.Duration(rapid.Int64Range(0, 100).Draw(t, "pause")) * time.Second)
			w.end = rapid.Int64Range(0, 50).Draw(t, "end")
			w.done = rapid.Int64Range(-1, 60).Draw(t, "done")
			w.member = rapid.Bool().Draw(t, "member")
			got := w.look()
			l := &w.lag.Logs[0]
			switch {
			case got.Why == "":
				t.Fatalf("%v is not explained", got.State)
			case got.SecondsKnown && (got.Seconds < 0 || !l.State.Counted()):
				t.Fatalf("%+v of %+v", got, l)
			case l.State.Counted() != got.State.Counted():
				t.Fatalf("%v became %v", l.State, got.State)
			case l.Lag == 0 && l.State == consumer.LagOK && got.State != consumer.LagOK:
				t.Fatalf("no lag, and %v", got.State)
			case got.Left != 0 && got.Direction != lag.Draining:
				t.Fatalf("%+v", got)
			}
			all, _ := w.series.Stand("kafka", &w.lag, nil, w.now)
			if all.State != got.State && got.State != consumer.LagUnknown {
				t.Fatalf("the group stands %v, its only log %v", all.State, got.State)
			}
		}
	})
}

package tracing_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/tracing"
)

// watched is a consumer of one partition, looked at every two seconds.
type watched struct {
	t      testing.TB
	series *tracing.LagSeries
	now    time.Time
	lag    adapters.Lag
	end    int64
	done   int64
	member bool
	open   *adapters.Transaction
}

const everyLook = 2 * time.Second

func watch(t testing.TB) *watched {
	return &watched{t: t, series: tracing.NewLagSeries(tracing.LagConfig{}), now: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), member: true}
}

// look takes one look.
func (w *watched) look() tracing.LagStanding {
	l := adapters.LogLag{Log: adapters.Log{Destination: "orders"}, Committed: w.done, End: w.end, LastStable: w.end, Member: -1, Open: w.open}
	if w.member {
		l.Member = 0
	}
	if w.open != nil {
		l.LastStable = w.open.From
	}
	l.Judge()
	w.lag = adapters.Lag{Kind: adapters.ClassicGroup, Group: "billing", At: w.now, MembersKnown: true, Logs: []adapters.LogLag{l}}
	w.series.Observe("kafka", &w.lag)
	return w.standing()
}

func (w *watched) standing() tracing.LagStanding {
	return w.series.Log("kafka", &w.lag, &w.lag.Logs[0], w.now)
}

// run lets time pass, with so many messages that come and are done between two looks.
func (w *watched) run(d time.Duration, in, out int64) (last tracing.LagStanding) {
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
		story func(*watched) tracing.LagStanding
		want  adapters.LagState
		words string
	}{
		"keeps up":     {func(w *watched) tracing.LagStanding { return w.run(2*window, 10, 10) }, adapters.LagOK, "nothing left"},
		"at first":     {func(w *watched) tracing.LagStanding { w.end = 50; return w.look() }, adapters.LagBehind, "too shortly"},
		"falls behind": {func(w *watched) tracing.LagStanding { w.end = 50; w.look(); return w.run(2*window, 10, 8) }, adapters.LagWarn, "did not shrink"},
		"catches up":   {func(w *watched) tracing.LagStanding { w.end = 5000; w.look(); return w.run(2*window, 10, 20) }, adapters.LagOK, "reading"},
		"consumer stops": {func(w *watched) tracing.LagStanding {
			w.run(2*window, 10, 10)
			w.member = false
			return w.run(window+4*time.Second, 10, 0)
		}, adapters.LagStop, "nobody reads it"},
		"consumer stalls": {func(w *watched) tracing.LagStanding {
			w.run(2*window, 10, 10)
			return w.run(window+4*time.Second, 10, 0)
		}, adapters.LagStall, "somebody reads it"},
		"producer stops": {func(w *watched) tracing.LagStanding {
			w.end = 500
			w.run(window, 10, 10)
			return w.run(3*window, 0, 10)
		}, adapters.LagOK, "nothing left"},
		"both stop": {func(w *watched) tracing.LagStanding {
			w.end = 500
			w.run(window, 10, 10)
			w.member = false
			return w.run(2*window, 0, 0)
		}, adapters.LagStop, "500 to read"},
		"commits backwards": {func(w *watched) tracing.LagStanding {
			w.run(2*window, 10, 10)
			w.done -= 300
			return w.run(20*time.Second, 10, 10)
		}, adapters.LagRewind, "has not regained"},
		"regained": {func(w *watched) tracing.LagStanding {
			w.run(2*window, 10, 10)
			w.done -= 300
			return w.run(2*window, 10, 30)
		}, adapters.LagOK, ""},
		"quiet topic": {func(w *watched) tracing.LagStanding { w.run(window, 10, 10); return w.run(time.Hour, 0, 0) }, adapters.LagOK, "nothing left"},
		"quiet, then one message": {func(w *watched) tracing.LagStanding {
			w.member = false
			w.run(window, 10, 10)
			w.run(time.Hour, 0, 0)
			w.end++
			return w.run(10*time.Second, 0, 0)
		}, adapters.LagOK, ""},
		"open transaction": {func(w *watched) tracing.LagStanding {
			w.run(2*window, 10, 10)
			w.open = &adapters.Transaction{ID: "payments", From: w.end}
			return w.run(window+4*time.Second, 10, 0)
		}, adapters.LagStall, "transaction payments"},
		"mark of a transaction": {func(w *watched) tracing.LagStanding {
			w.run(window, 10, 10)
			w.end++
			w.run(2*window, 0, 0)
			for _, p := range w.series.Wanted("kafka", &w.lag, w.now) {
				w.series.Told("kafka", adapters.ClassicGroup, "billing", p, time.Time{})
			}
			return w.standing()
		}, adapters.LagOK, "marks of transactions"},
		"a message behind the mark": {func(w *watched) tracing.LagStanding {
			w.member = false
			w.run(window, 10, 10)
			w.end++
			w.run(2*window, 0, 0)
			for _, p := range w.series.Wanted("kafka", &w.lag, w.now) {
				w.series.Told("kafka", adapters.ClassicGroup, "billing", p, time.Time{})
			}
			w.end++
			return w.run(window, 0, 0)
		}, adapters.LagStop, "2 to read"},
		"commits seldom": {func(w *watched) tracing.LagStanding {
			w.member = false
			for range 4 { // all there is, every 80 seconds
				w.run(80*time.Second-everyLook, 10, 0)
				w.run(everyLook, 10, math.MaxInt32)
			}
			return w.run(78*time.Second, 10, 0)
		}, adapters.LagOK, ""},
		"ahead":     {func(w *watched) tracing.LagStanding { w.end, w.done = 3, 9; return w.look() }, adapters.LagAhead, "made again"},
		"no offset": {func(w *watched) tracing.LagStanding { w.done = -1; return w.look() }, adapters.LagNoOffset, "nothing was ever"},
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t)
			if got := test.story(w); got.State != test.want || !strings.Contains(got.Why, test.words) {
				t.Errorf("%v, %q; want %v, %q", got.State, got.Why, test.want, test.words)
			}
		})
	}
}

// TestLagRates is about directions and the time to zero.
func TestLagRates(t *testing.T) {
	w := watch(t)
	w.end = 10_000
	w.look()
	got := w.run(time.Minute, 20, 60)
	if math.Abs(got.In.PerSecond-10) > 0.01 || math.Abs(got.Out.PerSecond-30) > 0.01 || got.Direction != tracing.Draining {
		t.Errorf("standing %+v", got)
	}
	if left := float64(w.lag.Logs[0].Lag) / 20; math.Abs(got.Left.Seconds()-left) > 0.1 {
		t.Errorf("time to zero %v, want %.1f s", got.Left, left)
	}
	if got = w.run(2*time.Minute, 60, 20); got.Direction != tracing.Growing || got.Left != 0 {
		t.Errorf("standing %+v", got)
	}
	if got = w.run(2*time.Minute, 20, 20); got.Direction != tracing.Steady {
		t.Errorf("standing %+v", got)
	}
	if samples := w.series.Recent("kafka", adapters.ClassicGroup, "billing"); len(samples) < 30 || samples[len(samples)-1].Lag != w.lag.Logs[0].Lag {
		t.Errorf("samples %v", samples)
	}
}

// TestPartitionsWithNothingInThem: where nothing could be committed nobody is missed, as long
// as the group is known to commit.
func TestPartitionsWithNothingInThem(t *testing.T) {
	log := func(partition int32, start, committed, end int64) adapters.LogLag {
		l := adapters.LogLag{Log: adapters.Log{Destination: "orders", Partition: partition}, Start: start, Committed: committed, End: end, LastStable: end}
		l.Judge()
		return l
	}
	for name, c := range map[string]struct {
		logs []adapters.LogLag
		want adapters.LagState
	}{
		"one is empty":       {[]adapters.LogLag{log(0, 0, 5, 5), log(1, 7, -1, 7)}, adapters.LagOK},
		"one was never read": {[]adapters.LogLag{log(0, 0, 5, 5), log(1, 0, -1, 7)}, adapters.LagNoOffset},
		"all are empty":      {[]adapters.LogLag{log(0, 0, -1, 0), log(1, 7, -1, 7)}, adapters.LagNoOffset},
	} {
		w := watch(t)
		lag := adapters.Lag{Kind: adapters.ClassicGroup, Group: "billing", At: w.now, Logs: c.logs}
		w.series.Observe("kafka", &lag)
		var standings []tracing.LagStanding
		for i := range lag.Logs {
			standings = append(standings, w.series.Log("kafka", &lag, &lag.Logs[i], w.now))
		}
		if got := w.series.Group(&lag, standings); got.State != c.want {
			t.Errorf("%s: %v (%s), want %v", name, got.State, got.Why, c.want)
		}
	}
}

// TestLagRatesOfQueue has rates that the broker counts. What is handed out already is no
// part of the time to zero.
func TestLagRatesOfQueue(t *testing.T) {
	series, now := tracing.NewLagSeries(tracing.LagConfig{}), time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	lag := adapters.Lag{
		Kind: adapters.QueueConsumers, Group: "billing", At: now, MembersKnown: true, Members: make([]adapters.Member, 1),
		Queue: &adapters.QueueDepth{Ready: 1000, Unacked: 500, Consumers: 1},
		Logs: []adapters.LogLag{{
			Log: adapters.Log{Destination: "billing", Partition: adapters.NoPartition}, Start: -1, Committed: -1, End: -1, LastStable: -1,
			State: adapters.LagBehind, Lag: 1500, In: adapters.Rate{PerSecond: 10, Known: true}, Out: adapters.Rate{PerSecond: 30, Known: true},
		}},
	}
	series.Observe("rabbitmq", &lag)
	standing := series.Log("rabbitmq", &lag, &lag.Logs[0], now)
	for _, got := range []tracing.LagStanding{standing, series.Group(&lag, []tracing.LagStanding{standing})} {
		if got.Direction != tracing.Draining || got.Left != 50*time.Second || got.State != adapters.LagBehind {
			t.Errorf("standing %+v", got)
		}
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
				w.series.Told("kafka", adapters.ClassicGroup, "billing", p, came(p.Offset))
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
	series := tracing.NewLagSeries(tracing.LagConfig{Logs: 10})
	now := time.Now()
	for _, group := range []string{"a", "b", "c"} {
		lag := adapters.Lag{Kind: adapters.ClassicGroup, Group: group, At: now}
		for p := range int32(5) {
			l := adapters.LogLag{Log: adapters.Log{Destination: "orders", Partition: p}, Committed: 1, End: 2, Member: -1}
			l.Judge()
			lag.Logs = append(lag.Logs, l)
		}
		series.Observe("kafka", &lag)
		if got := series.Log("kafka", &lag, &lag.Logs[0], now); got.State != adapters.LagBehind {
			t.Errorf("group %s stands %v", group, got)
		}
	}
	if series.Unwatched() != 5 {
		t.Errorf("%d logs are not watched", series.Unwatched())
	}
	series.Forget(now.Add(time.Hour))
	if got := series.Recent("kafka", adapters.ClassicGroup, "a"); got != nil || series.Unwatched() != 0 {
		t.Errorf("not forgotten: %v", got)
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
			case l.Lag == 0 && l.State == adapters.LagOK && got.State != adapters.LagOK:
				t.Fatalf("no lag, and %v", got.State)
			case got.Left != 0 && got.Direction != tracing.Draining:
				t.Fatalf("%+v", got)
			}
			all := w.series.Group(&w.lag, []tracing.LagStanding{got})
			if all.State != got.State && got.State != adapters.LagUnknown {
				t.Fatalf("the group stands %v, its only log %v", all.State, got.State)
			}
		}
	})
}

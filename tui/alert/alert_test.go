package alert_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters/consumer"
	"eventscope/tracing"
	"eventscope/tracing/lag"
	"eventscope/tui/alert"
)

func flow(key tracing.FlowKey, status tracing.Status) tracing.FlowSummary {
	return tracing.FlowSummary{Key: key, Entity: "ord-1", Status: status}
}

func told(w *alert.Watch, now time.Time) (all []string) {
	for _, n := range w.Due(now) {
		all = append(all, n.Sentence())
	}
	return all
}

func check(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("told are %q, want %q", got, want)
	}
}

// What one finds is no news; what comes after it is, once, and a flow that changes is again.
func TestWhatIsNews(t *testing.T) {
	var w alert.Watch
	now := time.Unix(1000, 0)
	w.Flows([]tracing.FlowSummary{flow(1, tracing.Failed)}, true)
	w.Letters(7)
	check(t, told(&w, now))
	w.Flows([]tracing.FlowSummary{flow(1, tracing.Failed), flow(2, tracing.Stuck), flow(3, tracing.Failed)}, false)
	w.Letters(7)
	check(t, told(&w, now), "1 flow is failed: ord-1", "1 flow is stuck: ord-1")
	now = now.Add(time.Minute)
	w.Letters(9)
	w.Flows([]tracing.FlowSummary{flow(2, tracing.Failed), flow(3, tracing.Failed)}, false)
	check(t, told(&w, now), "1 flow is failed: ord-1", "2 new dead letters")
	now = now.Add(time.Minute)
	w.Letters(3) // some were dealt with
	w.Letters(4)
	w.Reset()
	w.Flows([]tracing.FlowSummary{flow(7, tracing.Failed)}, false) // read again from elsewhere
	check(t, told(&w, now), "1 new dead letter")
}

// Consumers that were ill before are no news either.
func TestConsumersThatFallBehind(t *testing.T) {
	of := func(group string, state consumer.LagState) *lag.Consumer {
		return &lag.Consumer{Source: "kafka", Lag: consumer.Lag{Group: group}, Total: consumer.Total{Lag: 42}, Standing: lag.Standing{State: state}}
	}
	var w alert.Watch
	w.Consumers([]*lag.Consumer{of("a", consumer.LagStop), of("b", consumer.LagOK), of("c", consumer.LagOK)})
	w.Consumers(nil) // the broker was away
	w.Consumers([]*lag.Consumer{of("a", consumer.LagStop), of("b", consumer.LagStall), of("c", consumer.LagBehind)})
	check(t, told(&w, time.Unix(1000, 0)), "1 consumer fell behind: b is behind by 42")
}

// However much happens, one kind is told once in half a minute, and nothing is left out of the count.
func TestNewsAreRare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w alert.Watch
		w.Letters(0)
		now, open, heard := time.Unix(1000, 0), int64(0), int64(0)
		var last time.Time
		for range rapid.IntRange(1, 60).Draw(t, "looks") {
			open += rapid.Int64Range(0, 5).Draw(t, "more")
			w.Letters(open)
			for _, n := range w.Due(now) {
				if !last.IsZero() && now.Sub(last) < 30*time.Second {
					t.Fatalf("told again after %v", now.Sub(last))
				}
				last = now
				heard += n.Count
			}
			now = now.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "seconds")) * time.Second)
		}
		for _, n := range w.Due(now.Add(time.Minute)) {
			heard += n.Count
		}
		if heard != open {
			t.Fatalf("%d letters came and %d were told", open, heard)
		}
	})
}

// No name ends the sequence that it stands in, or begins another.
func TestNoNameLeavesTheSequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\a\x1b]0;owned\a", "\x1b\\", "\u009c", "a;b", "\x9c"})).Draw(t, "name")
		for way, begins := range map[string]string{"bell": "", "osc9": "\x1b]9;", "osc777": "\x1b]777;notify;eventscope;"} {
			s, err := alert.NewSender(way, name)
			if err != nil {
				t.Fatal(err)
			}
			got := s.Sequence(alert.News{Kind: alert.Stuck, Count: 1, Name: name})
			rest, begun := strings.CutPrefix(got, begins)
			inner, ends := strings.CutSuffix(rest, "\a")
			if !begun || !ends || strings.ContainsFunc(inner, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) || way == "osc777" && strings.Contains(inner, ";") {
				t.Fatalf("%s: %q", way, got)
			}
		}
	})
}

// A program gets facts as variables, which nothing interprets, and not the password.
func TestAProgramIsGivenFacts(t *testing.T) {
	folder := t.TempDir()
	program, out := filepath.Join(folder, "tell me"), filepath.Join(folder, "out")
	script := "#!/bin/sh\n" + `printf '%s|%s|%s|%s|%s|%s' "$EVENTSCOPE_KIND" "$EVENTSCOPE_NAME" "$EVENTSCOPE_COUNT" "$EVENTSCOPE_LAG" "$EVENTSCOPE_CONTEXT" "$EVENTSCOPE_PASSWORD" >'` + out + "'\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("EVENTSCOPE_PASSWORD", "hunter2")
	s, err := alert.NewSender(program, "prod")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context(), alert.News{Kind: alert.Lag, Count: 2, Name: "$(touch owned); `x`\x00\n", Lag: 5}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if want := "lag|$(touch owned); `x`\\x00\\n|2|5|prod|"; err != nil || string(got) != want {
		t.Errorf("got %q, want %q: %v", got, want, err)
	}
	if err := os.WriteFile(program, []byte("#!/bin/sh\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context(), alert.News{}); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("the failure is %v", err)
	}
	if _, err := alert.NewSender("bel", ""); err == nil || !strings.Contains(err.Error(), "one of bell, osc9, osc777") {
		t.Errorf("bel is %v", err)
	}
}

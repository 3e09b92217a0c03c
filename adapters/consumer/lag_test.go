package consumer_test

import (
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters/consumer"
)

// TestLagFormula holds the parts of a lag together, whatever the offsets.
func TestLagFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.Int64Range(0, 20).Draw(t, "start")
		end := start + rapid.Int64Range(0, 20).Draw(t, "messages")
		l := consumer.LogLag{Start: start, End: end, Committed: rapid.Int64Range(-1, 50).Draw(t, "committed"), Member: -1}
		l.Classify()
		switch {
		case l.Lag < 0 || l.Lost < 0 || l.Lag > end-start:
			t.Fatalf("%+v", l)
		case l.Committed < 0 != (l.State == consumer.LagNoOffset):
			t.Fatalf("%+v", l)
		case l.State.Counted() && l.State != consumer.LagAhead && l.Committed+l.Lost+l.Lag != end:
			t.Fatalf("committed, lost and lag do not add up to the end: %+v", l)
		case (l.State == consumer.LagAhead) != (l.Committed > end):
			t.Fatalf("%+v", l)
		}
		all := consumer.Lag{Logs: []consumer.LogLag{l, {State: consumer.LagNotAllowed}}}
		if total := all.Total(); total.Lag != l.Lag || total.Of != 2 || total.Known > 1 {
			t.Fatalf("total %+v of %+v", total, l)
		}
	})
	unknown := consumer.LogLag{Start: -1, End: 5, Committed: 3}
	if unknown.Classify(); unknown.State != consumer.LagUnknown {
		t.Errorf("%+v", unknown)
	}
}

func TestLagWords(t *testing.T) {
	for want, m := range map[string]consumer.Member{
		"billing-1@10.0.0.7": {ID: "x", Client: "billing", Instance: "billing-1", Host: "10.0.0.7"},
		"billing":            {ID: "x", Client: "billing"},
		"x@h":                {ID: "x", Host: "h"},
	} {
		if got := m.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	seen := make(map[string]bool)
	for _, state := range consumer.LagStates {
		if seen[state.String()] {
			t.Errorf("two states are called %v", state)
		}
		seen[state.String()] = true
	}
	if got := consumer.LagState(200).String(); got != "UNKNOWN" {
		t.Errorf("no state is called %q", got)
	}
}

package output

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
)

// someLags are consumers with everything a lag can have.
func someLags() []*Lag {
	rate := func(n float64) adapters.Rate { return adapters.Rate{PerSecond: n, Known: true} }
	log := func(partition int32, committed int64, member int) consumer.LogLag {
		l := consumer.LogLag{Log: adapters.Log{Destination: "orders", Partition: partition}, Start: 100, Committed: committed, End: 2000, LastStable: 2000, Member: member}
		l.Classify()
		return l
	}
	frozen := log(3, 1900, -1)
	frozen.LastStable, frozen.Open = 1900, &consumer.Transaction{ID: "payments-1", ProducerID: 7, From: 1900, Since: noon}
	hanging := log(4, 1950, -1)
	hanging.LastStable, hanging.Open = 1950, &consumer.Transaction{ID: "payments-2", ProducerID: 8, From: 1950, Hangs: true}
	consumers := []*lag.Consumer{
		{
			Source: "kafka",
			Lag: consumer.Lag{
				Kind: consumer.ConsumerGroup, Group: "billing", MembersKnown: true, Members: []consumer.Member{{ID: "m-1", Client: "billing", Host: "10.0.0.7"}},
				Logs: []consumer.LogLag{log(0, 796, 0), log(1, 40, 0), log(2, -1, 0), frozen, hanging},
			},
			Standing: lag.Standing{State: consumer.LagStop, Seconds: 95, SecondsKnown: true, In: rate(10), Out: rate(31.25), Direction: lag.Draining, Left: 4 * time.Minute},
			Logs: []lag.Standing{
				{State: consumer.LagStop, Why: "nothing committed for 1m 02s with 1,204 to read", Seconds: 95.0004, SecondsKnown: true, In: rate(10), Out: rate(1. / 3)},
				{State: consumer.LagTruncated, Why: "retention took 60 that were never read"},
				{State: consumer.LagNoOffset, Why: "nothing was ever committed"},
				{State: consumer.LagBehind, Why: "not observed long enough"},
				{State: consumer.LagBehind, Why: "not observed long enough"},
			},
		},
		{Source: "kafka", Lag: consumer.Lag{Kind: consumer.ClassicGroup, Group: "hidden"}, Standing: lag.Standing{State: consumer.LagNotAllowed}, Err: errors.New("cannot describe the group")},
		{Source: "kafka", Lag: consumer.Lag{Kind: consumer.ShareGroup, Group: "idle", MembersKnown: true}, Standing: lag.Standing{State: consumer.LagOK, Why: "it reads nothing"}},
	}
	lags := make([]*Lag, len(consumers))
	for i, c := range consumers {
		lags[i] = &Lag{Consumer: c, At: noon, Round: 3}
	}
	return lags
}

func TestLagLines(t *testing.T) {
	for name, options := range map[string]Options{"lag.jsonl": {Kind: "json"}, "lag.txt": {Kind: "text"}} {
		t.Run(name, func(t *testing.T) {
			time.Local = time.UTC
			f, lines := format(t, options), []byte(nil)
			for _, c := range someLags() {
				lines = f.AppendLag(lines, c)
			}
			golden(t, name, lines)
		})
	}
}

// TestAnyLagIsLines has names that nobody sane gives a group, a topic or a client.
func TestAnyLagIsLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := someLags()[0]
		c.Lag.Group = rapid.String().Draw(t, "group")
		c.Lag.Logs[0].Destination = rapid.String().Draw(t, "topic")
		c.Lag.Members[0].Client = rapid.String().Draw(t, "client")
		for _, kind := range Kinds {
			f, err := New(Options{Kind: kind, Terminal: true})
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(string(f.AppendLag(nil, c)), "\n"), "\n")
			want := len(c.Lag.Logs) + map[string]int{"json": 0, "text": 2}[kind] // a heading, and its totals
			if len(lines) != want {
				t.Fatalf("%d lines of %s: %q", len(lines), kind, lines)
			}
			for _, line := range lines {
				if kind == "json" && !json.Valid([]byte(line)) || strings.ContainsAny(line, "\x1b\u009b\u202e") {
					t.Fatalf("line %q", line)
				}
			}
		}
	})
}

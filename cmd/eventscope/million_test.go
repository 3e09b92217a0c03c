package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A constant that somebody takes for a correlation id is one flow of a million events. It
// is counted, cut, and said to be so, and costs no more memory than was allowed.
func TestAMillionEventsShareAnID(t *testing.T) {
	t.Parallel()
	address, topic := realKafka(t)
	const million = 1_000_000
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.DefaultProduceTopic(topic), kgo.MaxBufferedRecords(100_000))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	constant := []kgo.RecordHeader{{Key: "correlation_id", Value: []byte("constant")}}
	failed := func(_ *kgo.Record, err error) {
		if err != nil {
			t.Error(err)
		}
	}
	for range million {
		client.Produce(context.Background(), &kgo.Record{Value: []byte(`{"type":"Step"}`), Headers: constant}, failed)
	}
	long := []kgo.RecordHeader{{Key: "correlation_id", Value: []byte(strings.Repeat("long", 200_000))}}
	client.Produce(context.Background(), &kgo.Record{Value: []byte(`{"type":"Long","order_id":"` + strings.Repeat("1", 100_000) + `"}`), Headers: long}, failed)
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	const budget, allowed = "64MiB", 64 << 20 * 115 / 100
	program := built(t)
	for _, args := range [][]string{{"flows", "--exit"}, {"trace", "constant"}} {
		command := exec.CommandContext(t.Context(), program, append(args, "kafka://"+address+"/"+topic, "--stats", "--memory", budget)...)
		command.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir())
		var said strings.Builder
		command.Stderr = &said
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%v: %v: %s", args, err, said.String())
		}
		checkConstant(t, args[0], out, said.String(), million)
		if peak := peakMemory(t, said.String()); peak > allowed {
			t.Errorf("%v took %d MiB of %s", args, peak>>20, budget)
		} else {
			t.Logf("%v took %d MiB", args, peak>>20)
		}
	}
}

// TestTraceOfLargeMessages: the messages of a flow are read again while it is written, so that it takes
// no more memory than a flow of small ones, however large they are together.
func TestTraceOfLargeMessages(t *testing.T) {
	t.Parallel()
	address, topic := realKafka(t)
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.DefaultProduceTopic(topic), kgo.ProducerBatchMaxBytes(256<<10))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	const messages, size = 2000, 100_000
	value := []byte(`{"type":"Step","note":"` + strings.Repeat("x", size) + `"}`)
	for range messages {
		client.Produce(context.Background(), &kgo.Record{Value: value, Headers: []kgo.RecordHeader{{Key: "correlation_id", Value: []byte("constant")}}}, func(_ *kgo.Record, err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), built(t), "trace", "constant", "kafka://"+address+"/"+topic, "--stats", "--memory", "64MiB")
	command.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir())
	var said strings.Builder
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	var flow struct {
		Events []struct{ Value struct{ Note string } }
	}
	if err := json.Unmarshal(out, &flow); err != nil || len(flow.Events) != messages {
		t.Fatalf("%d events: %v", len(flow.Events), err)
	}
	for i := range flow.Events {
		if len(flow.Events[i].Value.Note) != size {
			t.Fatalf("event %d has a note of %d bytes", i, len(flow.Events[i].Value.Note))
		}
	}
	if peak := peakMemory(t, said.String()); peak > 64<<20*115/100 {
		t.Errorf("it took %d MiB", peak>>20)
	}
}

// checkConstant looks at what was printed of the one flow.
func checkConstant(t *testing.T, command string, out []byte, said string, events int) {
	t.Helper()
	var flow struct {
		Flow   string
		Events json.RawMessage
	}
	if err := json.Unmarshal(out, &flow); err != nil || flow.Flow != "constant" {
		t.Fatalf("%s: %v: %.300s", command, err, out)
	}
	switch command {
	case "flows":
		if string(flow.Events) != fmt.Sprint(events) {
			t.Errorf("the flow has %s events", flow.Events)
		}
	case "trace":
		var listed []json.RawMessage
		if err := json.Unmarshal(flow.Events, &listed); err != nil || len(listed) > 10_000 ||
			!strings.Contains(said, "the flow has 1,000,000 events, of which 10,000 are listed") {
			t.Errorf("%d events listed, %v: %s", len(listed), err, said)
		}
	}
}

// peakMemory reads the line of --stats.
func peakMemory(t *testing.T, said string) int64 {
	t.Helper()
	for line := range strings.Lines(said) {
		var figures struct {
			Peak int64 `json:"max_rss_bytes"`
		}
		if json.Unmarshal([]byte(line), &figures) == nil && figures.Peak > 0 {
			return figures.Peak
		}
	}
	t.Fatalf("no figures in %s", said)
	return 0
}

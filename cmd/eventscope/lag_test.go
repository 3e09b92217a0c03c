package main

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestLagSecondsReal has a consumer of a real Kafka that stands at a message of a known
// age.
func TestLagSecondsReal(t *testing.T) {
	t.Parallel()
	address, topic := realKafka(t)
	const held = 30 * time.Second
	var messages []scriptMessage
	began := time.Now()
	for i := range 20 { // one every 10 seconds, the last now
		messages = append(messages, scriptMessage{Topic: topic, Time: began.Add(time.Duration(i-19) * 10 * time.Second)})
	}
	if err := publishKafka(address, messages); err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	offsets := make(kadm.Offsets)
	offsets.AddOffset(topic, 0, 16, -1) // 30 seconds before the last
	if err := kadm.NewClient(client).CommitAllOffsets(t.Context(), topic, offsets); err != nil {
		t.Fatal(err)
	}
	out, err := process(t, "lag", "kafka://"+address+"/"+topic, "--group", topic, "-o", "json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var line struct {
		Lag         int64
		LagSeconds  float64 `json:"lag_seconds"`
		State       string
		Destination string
	}
	if err := json.Unmarshal(out, &line); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := time.Since(began) + held
	if line.Lag != 4 || line.Destination != topic || math.Abs(line.LagSeconds-want.Seconds()) > 0.1*want.Seconds() {
		t.Errorf("%s\nwant a lag of 4 and %.1f s", out, want.Seconds())
	}
}

package main

import (
	"bytes"
	"strconv"
	"testing"

	"eventscope/cmd/internal/exit"

	"github.com/twmb/franz-go/pkg/kgo"
)

// dlqProcess runs a dlq command to its end, with its journal in a folder.
func dlqProcess(t *testing.T, state string, args ...string) (out, errors string, code int) {
	t.Helper()
	command := process(t, append([]string{"dlq"}, args...)...)
	command.Env = append(command.Env, "XDG_STATE_HOME="+state)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	_ = command.Run() // its code is looked at
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}

// lettersOn puts so many letters for target into a topic.
func lettersOn(t *testing.T, address, dlq, target string, count int) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	records := make([]*kgo.Record, count)
	for i := range records {
		records[i] = &kgo.Record{Topic: dlq, Key: []byte(strconv.Itoa(i)), Value: []byte(strconv.Itoa(i)), Headers: []kgo.RecordHeader{
			{Key: "dlq-original-topic", Value: []byte(target)}, {Key: "dlq-reason", Value: []byte("test")},
		}}
	}
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// eachOnce checks that a topic has each of so many letters exactly once.
func eachOnce(t *testing.T, address, target string, count int) {
	t.Helper()
	seen := map[string]int{}
	for _, r := range committed(t, address, target) {
		seen[string(r.Value)]++
	}
	for i := range count {
		if seen[strconv.Itoa(i)] != 1 {
			t.Fatalf("letter %d is there %d times", i, seen[strconv.Itoa(i)])
		}
	}
}

// TestTwoOperatorsAtOnce: two people replay the same letters from two machines. One is
// told, and no letter is there twice.
func TestTwoOperatorsAtOnce(t *testing.T) {
	t.Parallel()
	address, target := realKafka(t)
	_, dlq := realKafka(t)
	const count = 2000
	lettersOn(t, address, dlq, target, count)
	type end struct {
		code   int
		errors string
	}
	ends := make(chan end, 2)
	for range cap(ends) {
		state := t.TempDir()
		go func() {
			_, errors, code := dlqProcess(t, state, "replay", "kafka://"+address+"/"+dlq, "--write", "--confirm", strconv.Itoa(count), "--rate", "4000/s", "--window", "50")
			ends <- end{code, errors}
		}()
	}
	first, second := <-ends, <-ends
	if first.code == exit.Done && second.code == exit.Done {
		t.Errorf("both think that they have done it all: %+v, %+v", first, second)
	}
	if first.code != exit.Done && second.code != exit.Done && first.code != exit.Partly && second.code != exit.Partly {
		t.Errorf("nobody has done it: %+v, %+v", first, second)
	}
	eachOnce(t, address, target, count)
}

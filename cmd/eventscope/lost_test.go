package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"eventscope/cmd/internal/embedded"
	"eventscope/cmd/internal/exit"
)

// mortalBroker is an embedded broker with one order, and what kills it for good.
func mortalBroker(t *testing.T) (url string, kill func()) {
	t.Helper()
	broker, err := embedded.Start(context.Background(), 1, "orders")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Stop)
	order, value := "ord-1", json.RawMessage(`{"type":"OrderPlaced"}`)
	if err := publishKafka(broker.Address(), []scriptMessage{{Topic: "orders", Key: &order, Value: &value}}); err != nil {
		t.Fatal(err)
	}
	return "kafka://" + broker.Address() + "/orders", broker.Stop
}

// A broker that is killed for good while it is read is no end of its events: what was read
// is a part, and the code says so.
func TestABrokerKilledForGoodIsNoWholeResult(t *testing.T) {
	t.Parallel()
	url, kill := mortalBroker(t)
	command := process(t, "tail", url, "--from", "beginning", "--for", "4s")
	line, _, said := firstLine(t, command)
	kill()
	_ = command.Wait() // its code is looked at
	if code := command.ProcessState.ExitCode(); code != exit.Partly || !strings.Contains(line, "OrderPlaced") || !strings.Contains(said.String(), "cannot connect to kafka") ||
		!strings.Contains(said.String(), "1 of 1 sources failed") {
		t.Errorf("exit code %d, want %d: %s", code, exit.Partly, said)
	}
}

// A source that was never read gives no result at all, whatever was asked of it.
func TestABrokerThatIsNeverReadIsAFailure(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"tail"}, {"tail", "--filter", "x"}, {"flows"}, {"topology", "--from", "end"}} {
		url, kill := mortalBroker(t)
		command := process(t, append(args, url, "--for", "3s", "--log", "/dev/stdout")...)
		_, rest, said := firstLine(t, command) // the log says that it is open
		go func() { _, _ = new(bytes.Buffer).ReadFrom(rest) }()
		kill()
		_ = command.Wait()
		if code := command.ProcessState.ExitCode(); code != exit.Failed || !strings.Contains(said.String(), "cannot connect to kafka") {
			t.Errorf("%v: exit code %d, want %d: %s", args, code, exit.Failed, said)
		}
	}
}

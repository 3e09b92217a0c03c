package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"eventscope/cmd/internal/exit"
	"eventscope/tui/tuitest"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// plainEnvironment is an environment without the user's config and colours.
func plainEnvironment(t *testing.T) []string {
	return []string{"XDG_CONFIG_HOME=" + t.TempDir(), "XDG_STATE_HOME=" + t.TempDir(), "NO_COLOR=", "LC_ALL=C.UTF-8"}
}

func TestBuiltProgramInATerminal(t *testing.T) {
	screen := tuitest.InTmux(t, 100, 30, plainEnvironment(t), built(t), brokerWith(t, "ord-1"), "--from", "beginning")
	screen.Sees("kafka ●", "OrderPlaced", "ord-1", "READ-ONLY", "? help")
	screen.Resize(60, 12).Sees("OrderPlaced", "ord-1").Resize(20, 5).Sees("needs", "40x8").Misses("OrderPlaced")
	screen.Resize(140, 40).Sees("OrderPlaced", "orders/0@0", "0 dropped").Press("Enter").Sees("1 event ·", "OrderPlaced")
	screen.Press("Enter").Sees("tree line 1 of").Press("2").Sees("by activity").Press("q")
	if code := screen.Ended(); code != exit.Done {
		t.Errorf("exit code %d", code)
	}
	screen.Misses("by activity", "ord-1")
}

// Ctrl-c ends it from within a page, a panel and a prompt.
func TestBuiltProgramEndsByControlC(t *testing.T) {
	path, url := built(t), brokerWith(t, "ord-1")
	for _, c := range []struct{ key, sees string }{{"Enter", "1 event ·"}, {"?", "Keys of Stream"}, {":", "find a flow"}} {
		screen := tuitest.InTmux(t, 80, 24, plainEnvironment(t), path, url, "--from", "beginning").Sees("OrderPlaced").Press(c.key).Sees(c.sees).Press("C-c")
		if code := screen.Ended(); code != exit.Done {
			t.Errorf("after %s: exit code %d", c.key, code)
		}
	}
}

func TestBuiltProgramWithoutATerminal(t *testing.T) {
	command := exec.CommandContext(t.Context(), built(t), brokerWith(t, "ord-1"))
	command.Env = append(os.Environ(), plainEnvironment(t)...)
	out, err := command.CombinedOutput()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != exit.Misused || !strings.Contains(string(out), "this is not a terminal; use eventscope tail") || strings.Contains(string(out), "\x1b") {
		t.Errorf("%v: %q", err, out)
	}
}

// A broker that is killed is said to be lost; what was seen stays; when it is back, so
// is the stream.
func TestBuiltProgramWhileTheBrokerIsKilled(t *testing.T) {
	t.Parallel()
	port := freePorts(t)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	broker := newMortal(t, "kafka", port)
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, "orders"); err != nil {
		t.Fatal(err)
	}
	place := func(order string) {
		t.Helper()
		value := json.RawMessage(fmt.Sprintf(`{"type":"OrderPlaced","payload":{"order_id":%q}}`, order))
		if err := publishKafka(address, []scriptMessage{{Topic: "orders", Key: &order, Value: &value}}); err != nil {
			t.Fatal(err)
		}
	}
	place("before-1")
	screen := tuitest.InTmux(t, 100, 24, plainEnvironment(t), built(t), "kafka://"+address+"/orders", "--from", "beginning").Sees("kafka ●", "before-1")
	broker.kill()
	screen.Sees("kafka ✗ lost", "cannot connect to kafka", "before-1")
	broker.back()
	screen.Sees("kafka ●").Misses("cannot connect")
	place("after-2")
	screen.Sees("kafka ●", "before-1", "after-2").Press("q")
	if code := screen.Ended(); code != exit.Done {
		t.Errorf("exit code %d", code)
	}
}

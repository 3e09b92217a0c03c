package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"eventscope/adapters/adaptertest"
	"eventscope/cmd/internal/exit"

	amqp "github.com/rabbitmq/amqp091-go"
)

// lagRun is how a lag command ended.
type lagRun struct {
	out, errors string
	code        int
}

func runLag(t *testing.T, args ...string) lagRun {
	t.Helper()
	command := process(t, append([]string{"lag"}, args...)...)
	var said strings.Builder
	command.Stderr = &said
	out, err := command.Output()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return lagRun{string(out), said.String(), command.ProcessState.ExitCode()}
}

// stuckQueue has 20 messages and a consumer that holds 3 of them.
func stuckQueue(t *testing.T, channel *amqp.Channel) (name string) {
	t.Helper()
	name = fmt.Sprintf("cmd-test-%x", time.Now().UnixNano())
	if _, err := channel.QueueDeclare(name, true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = channel.QueueDelete(name, false, false, false) })
	for range 20 {
		if err := channel.Publish("", name, false, false, amqp.Publishing{Body: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := channel.Qos(3, 0, false); err != nil {
		t.Fatal(err)
	}
	deliveries, err := channel.Consume(name, "billing", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		adaptertest.Received(t, "a message of "+name, deliveries)
	}
	return name
}

// TestLagRabbitMQ has a consumer that acknowledges nothing, on real brokers.
func TestLagRabbitMQ(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{rabbitMQ3Variable, rabbitMQ4Variable} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel() // it takes its time
			broker, channel := realRabbitMQ(t, variable)
			queue := stuckQueue(t, channel)

			alone := runLag(t, broker+"?queue="+queue, "-o", "json")
			want := `"kind":"queue","group":"` + queue + `","destination":"` + queue + `","partition":null,"start":null,"committed":null,"end":null,"lag":17,"lag_seconds":null,"state":"BEHIND","member":null,"in_rate":null,"out_rate":null,`
			if alone.code != exit.Partly || !strings.Contains(alone.out, want) || !strings.Contains(alone.errors, "add management=http://HOST:15672") {
				t.Errorf("without a management API: %+v\nwant %s", alone, want)
			}

			whole := broker + "?management=" + managementOf(t, broker)
			limit, look := time.After(3*time.Minute), time.NewTicker(time.Second)
			defer look.Stop()
			want = strings.NewReplacer(`"lag":17`, `"lag":20`, "BEHIND", "STALL", `"member":null,"in_rate":null,"out_rate":null`, `"member":"billing@127.0.0.1","in_rate":0,"out_rate":0`).Replace(want)
			for { // a stall is one when it has lasted for a minute
				told := runLag(t, whole, "--group", queue, "-o", "json")
				if told.code == exit.Done && told.errors == "" && strings.Contains(told.out, want) {
					break
				}
				select {
				case <-limit:
					t.Fatalf("%+v\nwant %s", told, want)
				case <-look.C:
				}
			}
			text := runLag(t, whole+"&queue="+queue, "-o", "text")
			if text.code != exit.Done || !strings.HasPrefix(text.out, "STALL ") || !strings.Contains(text.out, "1 member") ||
				!strings.Contains(text.out, "17 ready, 3 not acknowledged, and nothing was acknowledged in the last minute") || strings.Contains(text.out, "- of -") {
				t.Errorf("as text: %+v", text)
			}
			if above := runLag(t, whole, "--group", queue, "--fail-above", "19"); above.code != exit.Partly || !strings.Contains(above.errors, queue+" is 20 behind, which is above 19") {
				t.Errorf("above 19: %+v", above)
			}
			if gone := runLag(t, whole, "--group", queue+"-gone"); gone.code != exit.NotFound {
				t.Errorf("a queue that is not there: %+v", gone)
			}
		})
	}
}

package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"eventscope/cmd/internal/exit"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// killed ends a run at once.
func (u *underway) killed() {
	u.Helper()
	if err := u.command.Process.Kill(); err != nil {
		u.Fatal(err)
	}
	<-u.ended
}

// TestARunIsNotResumedOnATopicMadeAgain: its offsets are those of other letters.
func TestARunIsNotResumedOnATopicMadeAgain(t *testing.T) {
	t.Parallel()
	address, target := realKafka(t)
	_, dlq := realKafka(t)
	lettersOn(t, address, dlq, target, stoppedLetters)
	url, state := "kafka://"+address+"/"+dlq, t.TempDir()
	dlqUnderway(t, state, "replay", url).killed()
	madeAgain(t, address, dlq, func() {
		deleteTopic(t, address, dlq)
	})
	lettersOn(t, address, dlq, target, stoppedLetters)
	before := len(committed(t, address, target))
	_, said, code := dlqProcess(t, state, "resume", lastRun(t, state), url, "--write")
	if code != exit.Refused || !strings.Contains(said, "made again") {
		t.Errorf("exit code %d: %s", code, said)
	}
	if after := len(committed(t, address, target)); after != before {
		t.Errorf("%d letters were sent that nobody planned", after-before)
	}
	if open := positions(t, state, url); len(open) != stoppedLetters {
		t.Errorf("%d letters of the new topic are open", len(open))
	}
}

// madeAgain deletes a topic and makes it again, as soon as the broker has let go of it.
func madeAgain(t *testing.T, address, topic string, remove func()) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	before, err := admin.ListTopics(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	remove()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-again.C {
		made, err := admin.CreateTopics(t.Context(), 1, 1, nil, topic)
		if err == nil && made.Error() == nil {
			break
		}
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-again.C {
		now, err := admin.ListTopics(t.Context(), topic)
		if err == nil && now[topic].Err == nil && now[topic].ID != before[topic].ID {
			return
		}
	}
	t.Fatalf("topic %s was not made again", topic)
}

// TestARunTakesNothingElseFromAQueueMadeAgain: RabbitMQ does not tell a queue from an earlier
// one of its name. So what is taken is known by its contents, and letters that nobody planned
// stay in their order.
func TestARunTakesNothingElseFromAQueueMadeAgain(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{rabbitMQ3Variable, rabbitMQ4Variable} {
		for kind, arguments := range map[string]amqp.Table{"classic": nil, "quorum": {amqp.QueueTypeArg: "quorum", "x-delivery-limit": int32(100)}} {
			t.Run(variable+"/"+kind, func(t *testing.T) {
				t.Parallel()
				broker, channel := realRabbitMQ(t, variable)
				work, dlq, url := deadOnRabbitMQ(t, broker, channel, arguments, stoppedLetters)
				state := t.TempDir()
				dlqUnderway(t, state, "replay", url).killed()
				sent := len(drain(t, channel, work))
				if _, err := channel.QueueDelete(dlq, false, false, false); err != nil {
					t.Fatal(err)
				}
				if _, err := channel.QueueDeclare(dlq, true, false, false, false, arguments); err != nil {
					t.Fatal(err)
				}
				var others []string
				for i := range 30 {
					others = append(others, fmt.Sprint("other ", i))
					letter := amqp.Publishing{Body: []byte(others[i]), Headers: amqp.Table{"x-first-death-queue": work, "x-first-death-exchange": "", "x-first-death-reason": "rejected"}}
					if err := channel.PublishWithContext(t.Context(), "", dlq, false, false, letter); err != nil {
						t.Fatal(err)
					}
				}
				awaitDepth(t, channel, dlq, len(others))
				out, said, code := dlqProcess(t, state, "resume", lastRun(t, state), url, "--write")
				if code != exit.Partly && code != exit.Refused {
					t.Errorf("exit code %d: %s%.2000s", code, said, out)
				}
				if got := drain(t, channel, work); len(got) > 0 {
					t.Errorf("after %d were sent, %d more came that nobody planned, as %q", sent, len(got), got[0].Body)
				}
				awaitDepth(t, channel, dlq, len(others))
				for i, d := range drain(t, channel, dlq) {
					if string(d.Body) != others[i] {
						t.Errorf("letter %s is %q", strconv.Itoa(i), d.Body)
					}
				}
			})
		}
	}
}

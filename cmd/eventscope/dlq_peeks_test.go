package main

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"eventscope/cmd/internal/exit"

	amqp "github.com/rabbitmq/amqp091-go"
)

// TestManyLooksLeaveTheLetters: however often somebody looks at whatever queue, they see
// the same letters in the same order or are refused, and in the end a consumer gets all.
func TestManyLooksLeaveTheLetters(t *testing.T) {
	t.Parallel()
	const count, looks = 20, 25
	kinds := map[string]amqp.Table{
		"classic":                  nil,
		"quorum":                   {"x-queue-type": "quorum"},
		"quorum with a limit":      {"x-queue-type": "quorum", "x-delivery-limit": 100},
		"quorum with a tiny limit": {"x-queue-type": "quorum", "x-delivery-limit": 2},
	}
	for _, variable := range []string{rabbitMQ3Variable, rabbitMQ4Variable} {
		for kind, arguments := range kinds {
			if kind == "quorum" && variable == rabbitMQ4Variable {
				arguments = amqp.Table{"x-queue-type": "quorum", "x-delivery-limit": -1} // there, none is a limit of 20
			}
			t.Run(variable+"/"+kind, func(t *testing.T) {
				t.Parallel()
				broker, channel := realRabbitMQ(t, variable)
				_, dlq, url := deadOnRabbitMQ(t, broker, channel, arguments, count)
				state := t.TempDir()
				var first []string
				seen := 0
				for range looks {
					again, code := look(t, state, url)
					if code == exit.Refused {
						awaitDepth(t, channel, dlq, count)
						continue
					}
					if seen++; seen == 1 {
						first = again
					}
					if len(again) != count || !slices.Equal(again, first) {
						t.Fatalf("look %d saw %d letters: %q, and the first %q", seen, len(again), again, first)
					}
				}
				t.Logf("%d of %d looks were allowed", seen, looks)
				if kind == "classic" && seen != looks {
					t.Error("looks at a classic queue cost nothing")
				}
				checkConsumed(t, channel, dlq, count)
			})
		}
	}
}

// look lists letters, which may be refused.
func look(t *testing.T, state, url string) (all []string, code int) {
	t.Helper()
	out, said, code := dlqProcess(t, state, "list", url)
	if code == exit.Refused && out == "" {
		return nil, code
	}
	if code != exit.Done {
		t.Fatalf("exit code %d: %s", code, said)
	}
	return positionsIn(t, out), code
}

// checkConsumed takes all letters by a consumer, as a fixed program would.
func checkConsumed(t *testing.T, channel *amqp.Channel, queue string, count int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	deliveries, err := channel.ConsumeWithContext(ctx, queue, "", false, true, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range count {
		select {
		case d := <-deliveries:
			if d.MessageId != strconv.Itoa(i) {
				t.Fatalf("letter %d is %s", i, d.MessageId)
			}
			if err := d.Ack(false); err != nil {
				t.Fatal(err)
			}
		case <-ctx.Done():
			t.Fatalf("%d of %d letters came", i, count)
		}
	}
}

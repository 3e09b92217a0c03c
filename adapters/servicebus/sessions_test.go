package servicebus

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus/admin"
	"github.com/Azure/go-amqp"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
	"eventscope/adapters/servicebus/client"
)

// TestSessionsAreReadAndReplayed: what has sessions is tailed as all else is, its letters lie without one's
// order, and a copy goes back into its session. One without a session is refused, and stays.
func TestSessionsAreReadAndReplayed(t *testing.T) {
	p := bus(t)
	queue := p.queue(t, p.name(""), func(q *admin.QueueProperties) {
		q.RequiresSession, q.DeadLetteringOnMessageExpiration = ptr(true), ptr(true)
	})
	source := p.open(t, func(c *Config) { c.Names = []string{queue} })
	s := run(t, source, adapters.End)
	soon := &amqp.MessageHeader{TTL: 50 * time.Millisecond}
	for _, session := range []string{"s-1", "s-2"} {
		p.send(t, queue, &amqp.Message{Header: soon, Data: [][]byte{[]byte("of " + session)}, Properties: &amqp.MessageProperties{GroupID: &session}})
	}
	p.send(t, queue, &amqp.Message{Data: [][]byte{[]byte("stays")}, Properties: &amqp.MessageProperties{GroupID: ptr("s-1")}})
	s.await(t, func(all []adapters.Message) bool {
		return slices.ContainsFunc(all, func(m adapters.Message) bool { return string(m.Value) == "stays" && string(m.Key) == "s-1" })
	})
	letters := p.open(t, func(c *Config) { c.Names, c.Write, c.Purpose = []string{queue}, true, driver.ToInspect })
	defer letters.Close()
	dead := queue + string(client.Dead)
	lie := func(n int) (seen []deadletter.Delivery) { // which expire soon
		t.Helper()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for limit := time.Now().Add(time.Minute); len(seen) < n; <-tick.C {
			seen = nil
			if err := letters.DeadLetters.Peek(t.Context(), deadletter.Peek{DLQ: dead}, func(part []deadletter.Delivery) error {
				seen = append(seen, part...)
				return nil
			}); err != nil || time.Now().After(limit) {
				t.Fatalf("there lie %d letters: %v", len(seen), err)
			}
		}
		return seen
	}
	seen := lie(2)
	r, err := letters.DeadLetters.Redrive(t.Context(), deadletter.Order{DLQ: dead, Run: "r", Letters: []adapters.Position{seen[0].Position, seen[1].Position}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	held, err := r.Next(t.Context(), 2)
	if err != nil || len(held) != 2 {
		t.Fatalf("%d were taken: %v", len(held), err)
	}
	without := adapters.Message{Value: []byte("without a session")}
	outcomes, err := r.Send(t.Context(), []deadletter.Copy{{Of: &held[0], To: deadletter.Target(queue)}, {Message: &without, To: deadletter.Target(queue)}}, nil)(t.Context())
	if err != nil || outcomes[0] != nil || outcomes[1] == nil || !strings.Contains(outcomes[1].Error(), "SessionId") {
		t.Errorf("%v, %v", outcomes, err)
	}
	again := lie(3)[2] // its time is as short as before
	if string(again.Value) != string(held[0].Value) || string(again.Key) != string(held[0].Key) || again.Key == nil {
		t.Errorf("%q of %q has died again as %q of %q", held[0].Value, held[0].Key, again.Value, again.Key)
	}
}

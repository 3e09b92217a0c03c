package rabbitmq

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/deadletter"
)

// wear hands letters out and takes them back, all of a queue, so many times.
func (b *testBroker) wear(t testing.TB, queue string, letters, times int) {
	t.Helper()
	channel := b.channel(t)
	for range times {
		for range letters {
			if _, ok, err := channel.Get(queue, false); err != nil || !ok {
				t.Fatal(ok, err)
			}
		}
		if err := channel.Nack(0, true, true); err != nil {
			t.Fatal(err)
		}
		b.awaitReady(t, queue, letters)
	}
}

// TestLetterAtItsLimit: letters that would be lost when they are given back once more are
// still there after a redrive of others was refused over them.
func TestLetterAtItsLimit(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue := b.queue(t, "quorum", amqp.Table{"x-delivery-limit": int32(7)})
		b.publish(t, "", queue, bodies("letter", 4)...)
		b.wear(t, queue, 4, 7)
		a := open(t, b.lettersOf())
		r, err := a.Redrive(t.Context(), deadletter.Order{DLQ: queue, Letters: make([]adapters.Position, 2)})
		if b.isVersion(t, "4.3.") {
			if !errors.Is(err, deadletter.ErrUnsafePeek) {
				t.Error(err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(t.Context(), 10); !errors.Is(err, deadletter.ErrUnsafePeek) {
			t.Errorf("next: %v", err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		got := bodiesOf(b.contents(t, queue))
		if slices.Sort(got); !slices.Equal(got, numbered("letter", 0, 4)) {
			t.Errorf("left: %q", got)
		}
	})
}

// TestWornLettersAreRedrivenWhole: a redrive of all takes them as they are.
func TestWornLettersAreRedrivenWhole(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue, target := b.queue(t, "quorum", amqp.Table{"x-delivery-limit": int32(26)}), b.queue(t, "classic", nil)
		b.publish(t, "", queue, bodies("letter", 20)...)
		a := open(t, b.lettersOf())
		letters := peeksOf(t, a, queue)
		b.wear(t, queue, 20, 24)
		r := begin(t, a, queue, positionsOf(letters))
		all(t, r, 8, sendAll(t, r, target))
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		b.holds(t, target, numbered("letter", 0, 20))
		b.holds(t, queue, nil)
	})
}

// cut takes all letters of a queue and loses the connection, so many times.
func (b *testBroker) cut(t testing.TB, queue string, letters, times int) {
	t.Helper()
	for range times {
		client := mustDial(t, b)
		channel, err := client.Channel()
		if err != nil {
			t.Fatal(err)
		}
		for range letters {
			if _, ok, err := channel.Get(queue, false); err != nil || !ok {
				t.Fatal(ok, err)
			}
		}
		_ = client.Close()
		b.awaitReady(t, queue, letters)
	}
}

// TestACrashCostsNoMoreThanTheLetterInHand: of letters that the broker would drop if they came
// back once more, a redrive holds one at a time. When others come it takes more.
func TestACrashCostsNoMoreThanTheLetterInHand(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for cuts, held := range map[int]int{3: 1, 1: 5} {
			queue := b.queue(t, "quorum", amqp.Table{"x-delivery-limit": int32(3)})
			b.publish(t, "", queue, bodies("letter", 5)...)
			b.cut(t, queue, 5, cuts)
			line, c := newFaultyLine(t, b.address), b.lettersOf() // on which nothing fails
			c.Address = line.listener.Addr().String()
			t.Cleanup(line.close)
			a := open(t, c)
			r, err := a.Redrive(t.Context(), deadletter.Order{DLQ: queue, Letters: make([]adapters.Position, 5)})
			if b.isVersion(t, "4.3.") && errors.Is(err, deadletter.ErrUnsafePeek) {
				return // letters of other queues could bring more
			}
			if err != nil {
				t.Fatal(err)
			}
			letters, err := r.Next(t.Context(), 5)
			if err != nil || len(letters) == 0 || len(letters) > held {
				t.Fatalf("after %d cuts: %d letters, %v", cuts, len(letters), err)
			}
			ready := 5 - held
			if got := b.awaitReady(t, queue, ready); got != ready {
				t.Errorf("after %d cuts: %d letters lie in the queue, want %d", cuts, got, ready)
			}
			line.close()
			_ = r.Close() // its connection is gone
			left := 5
			if cuts == 3 {
				left-- // the one in hand, which is in the archive
			}
			if got := b.awaitReady(t, queue, left); got != left {
				t.Errorf("after %d cuts and a crash: %d letters are left, want %d", cuts, got, left)
			}
		}
	})
}

// TestCountOfAnotherQueue: from 4.3 on letters bring the count of the quorum queue in which
// they died, and are lost when they are given back above the limit. So nothing is read until
// the limit is lifted.
func TestCountOfAnotherQueue(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		dlq := b.queue(t, "quorum", nil)
		queue := b.queue(t, "quorum", amqp.Table{"x-delivery-limit": int32(20), "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dlq})
		b.publish(t, "", queue, bodies("letter", 2)...)
		b.killLetters(t, queue, dlq, 2)
		a := open(t, b.lettersOf())
		if b.isVersion(t, "4.3.") {
			if values, _, err := looked(t, a, deadletter.Peek{DLQ: dlq}); !errors.Is(err, deadletter.ErrUnsafePeek) || len(values) > 0 {
				t.Errorf("%q, %v", values, err)
			}
			if _, err := a.Redrive(t.Context(), deadletter.Order{DLQ: dlq, Letters: make([]adapters.Position, 2)}); !errors.Is(err, deadletter.ErrUnsafePeek) {
				t.Error(err)
			}
		}
		if !b.isVersion(t, "3.") { // where a policy cannot lift the limit
			b.liftLimit(t, dlq)
		}
		for range 25 {
			if letters := peeksOf(t, a, dlq); len(letters) != 2 {
				t.Fatalf("%d letters", len(letters))
			}
		}
	})
}

// killLetters hands letters out until they are dead.
func (b *testBroker) killLetters(t testing.TB, queue, dlq string, letters int) {
	t.Helper()
	deliveries, err := b.channel(t).Consume(queue, "", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the connection
		for d := range deliveries {
			_ = d.Reject(true)
		}
	}()
	if ready := b.awaitReady(t, dlq, letters); ready != letters {
		t.Fatalf("%d died", ready)
	}
}

// liftLimit sets a policy as refusals advise.
func (b *testBroker) liftLimit(t testing.TB, queue string) {
	t.Helper()
	policy := unique("policy")
	if _, err := b.client(t).PutPolicy("/", policy, rabbithole.Policy{Pattern: "^" + queue + "$", ApplyTo: "queues", Definition: map[string]any{"delivery-limit": -1}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = b.client(t).DeletePolicy("/", policy) })
	adaptertest.Await(t, "the policy", func() bool {
		q, err := b.client(t).GetQueue("/", queue)
		return err == nil && q.Policy == policy
	})
}

func mustDial(t testing.TB, b *testBroker) *amqp.Connection {
	t.Helper()
	connection, err := amqp.Dial(b.amqp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// awaitReady waits until a queue holds so many letters, and says how many it does.
func (b *testBroker) awaitReady(t testing.TB, queue string, letters int) (ready int) {
	t.Helper()
	channel := b.channel(t)
	adaptertest.Await(t, fmt.Sprintf("%d letters", letters), func() bool {
		state, err := channel.QueueDeclarePassive(queue, true, false, false, false, nil)
		ready = state.Messages
		return err == nil && ready == letters
	})
	return ready
}

// isVersion reports whether the broker's version begins so.
func (b *testBroker) isVersion(t testing.TB, begins string) bool {
	version, _ := mustDial(t, b).Properties["version"].(string)
	return strings.HasPrefix(version, begins)
}

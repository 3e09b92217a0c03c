package rabbitmq

import (
	"errors"
	"slices"
	"testing"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
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
		if _, err := awaitDepth(channel, queue, letters); err != nil {
			t.Fatal(err)
		}
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
		r, err := a.Redrive(t.Context(), adapters.Order{Grave: queue, Letters: make([]adapters.Position, 2)})
		if eraOf(versionOf(mustDial(t, b))) == era43 {
			if !errors.Is(err, adapters.ErrUnsafePeek) {
				t.Error(err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(t.Context(), 10); !errors.Is(err, adapters.ErrUnsafePeek) {
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
		letters := looksOf(t, a, queue)
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

// TestCountOfAnotherQueue: from 4.3 on letters bring the count of the quorum queue in which
// they died, and are lost when they are given back above the limit. So nothing is read until
// the limit is lifted.
func TestCountOfAnotherQueue(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		grave := b.queue(t, "quorum", nil)
		queue := b.queue(t, "quorum", amqp.Table{"x-delivery-limit": int32(20), "x-dead-letter-exchange": "", "x-dead-letter-routing-key": grave})
		b.publish(t, "", queue, bodies("letter", 2)...)
		b.killLetters(t, queue, grave, 2)
		version := versionOf(mustDial(t, b))
		a := open(t, b.lettersOf())
		if eraOf(version) == era43 {
			if values, _, err := looked(t, a, adapters.Look{Grave: grave}); !errors.Is(err, adapters.ErrUnsafePeek) || len(values) > 0 {
				t.Errorf("%q, %v", values, err)
			}
			if _, err := a.Redrive(t.Context(), adapters.Order{Grave: grave, Letters: make([]adapters.Position, 2)}); !errors.Is(err, adapters.ErrUnsafePeek) {
				t.Error(err)
			}
		}
		if eraOf(version) != era3 { // where a policy cannot lift the limit
			b.liftLimit(t, a, grave)
		}
		for range 25 {
			if letters := looksOf(t, a, grave); len(letters) != 2 {
				t.Fatalf("%d letters", len(letters))
			}
		}
	})
}

// killLetters hands letters out until they are dead.
func (b *testBroker) killLetters(t testing.TB, queue, grave string, letters int) {
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
	await(t, "the deaths", func() bool {
		ready, err := depthOn(b.channel(t), grave)
		return err == nil && ready == letters
	})
}

// liftLimit sets a policy as refusals advise.
func (b *testBroker) liftLimit(t testing.TB, a *Adapter, queue string) {
	t.Helper()
	policy := unique("policy")
	if _, err := b.client(t).PutPolicy("/", policy, rabbithole.Policy{Pattern: "^" + queue + "$", ApplyTo: "queues", Definition: map[string]any{"delivery-limit": -1}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = b.client(t).DeletePolicy("/", policy) })
	await(t, "the policy", func() bool {
		f, err := a.facts(t.Context(), &control{config: &a.config, connection: mustDial(t, b)}, queue)
		return err == nil && f.limit == belowZero
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

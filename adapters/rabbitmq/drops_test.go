package rabbitmq

import (
	"context"
	"fmt"
	"sync"
	"testing"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/rabbitmq/delivery"
)

// TestDropsAreCounted blocks the intake while far more passes than a tap keeps. What
// is delivered afterwards and what is counted as dropped must be everything.
func TestDropsAreCounted(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		const published, kept = 20_000, 1000
		exchange := b.exchange(t, "topic")
		c := b.config()
		c.Taps, c.TapMessages = []Tap{{Exchange: exchange}}, kept
		a := open(t, c)
		blocked, release := make(chan struct{}), make(chan struct{})
		var once sync.Once
		var put sync.Mutex
		var last string
		running(t, a, adapters.End, adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
			once.Do(func() { close(blocked) })
			select {
			case <-release:
			case <-ctx.Done():
				return ctx.Err()
			}
			put.Lock()
			last = string(batch.Messages[len(batch.Messages)-1].Value)
			put.Unlock()
			batch.Release()
			return nil
		}))
		b.publish(t, exchange, "k", bodies("message", published)...)
		adaptertest.Received(t, "the first batch", blocked)
		close(release)
		status := awaitStatus(t, a, func(s adapters.Status) bool { return s.Messages+s.Dropped >= published })
		if status.Messages+status.Dropped != published || status.DroppedUnknown {
			t.Errorf("%d delivered and %d dropped of %d; unknown: %v", status.Messages, status.Dropped, published, status.DroppedUnknown)
		}
		const batch = 500 // messages, at most; two are on their way
		if most := int64(kept + delivery.Prefetch + 2*batch); status.Messages > most {
			t.Errorf("%d were delivered, though only %d have room in queue and client", status.Messages, most)
		}
		gap := status.Gaps[len(status.Gaps)-1]
		if len(status.Gaps) != 1 || gap.Reason != "tap queue overflowed" || gap.Missed != status.Dropped || gap.To.Before(gap.From) {
			t.Errorf("gaps %+v", status.Gaps)
		}
		put.Lock()
		defer put.Unlock()
		if want := fmt.Sprint("message ", published-1); last != want {
			t.Errorf("the last one delivered is %q, want %q: the newest are kept", last, want)
		}
	})
}

// TestDropsThatCannotBeCounted: without the right to the default exchange, a full
// queue is still noticed.
func TestDropsThatCannotBeCounted(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		exchange := b.exchange(t, "topic")
		c := b.restricted(t, `^(amq\.gen.*|`+exchange+`)$`)
		c.Taps, c.TapMessages = []Tap{{Exchange: exchange, BindingKey: "#"}}, 100
		a := open(t, c)
		running(t, a, adapters.End, adapters.IntakeFunc(func(ctx context.Context, _ *adapters.Batch) error {
			<-ctx.Done()
			return ctx.Err()
		}))
		b.publish(t, exchange, "k", bodies("message", 5000)...)
		status := awaitStatus(t, a, func(s adapters.Status) bool { return s.DroppedUnknown })
		if gap := status.Gaps[0]; gap.Missed != -1 || gap.Reason != "tap queue overflowed" {
			t.Errorf("gap %+v", gap)
		}
	})
}

// TestPolicyCannotLeak: a policy with a dead-letter exchange for all queues must not
// send a tap's messages there.
func TestPolicyCannotLeak(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		b = b.alone(t) // for its policy bounds all taps
		exchange, deadLetters := b.exchange(t, "topic"), b.exchange(t, "fanout")
		dlq := b.queue(t, "classic", nil)
		b.bind(t, dlq, "", deadLetters, nil)
		policy := unique("policy")
		client := b.client(t)
		_, err := client.PutPolicy(b.host, policy, rabbithole.Policy{
			Pattern: `^amq\.gen.*`, ApplyTo: "queues",
			Definition: rabbithole.PolicyDefinition{"dead-letter-exchange": deadLetters, "max-length": 10},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = client.DeletePolicy(b.host, policy) })
		for name, c := range map[string]Config{"counted": b.config(), "uncounted": b.restricted(t, `^(amq\.gen.*|`+exchange+`)$`)} {
			t.Run(name, func(t *testing.T) {
				c.Taps = []Tap{{Exchange: exchange, BindingKey: "#"}}
				running(t, open(t, c), adapters.End, adapters.IntakeFunc(func(ctx context.Context, _ *adapters.Batch) error {
					<-ctx.Done()
					return ctx.Err()
				}))
				b.publish(t, exchange, "k", bodies("message", 5000)...)
				queue, err := b.channel(t).QueueDeclarePassive(dlq, true, false, false, false, nil)
				if err != nil || queue.Messages != 0 {
					t.Errorf("%d messages leaked into the real dead-letter queue (%v)", queue.Messages, err)
				}
			})
		}
	})
}

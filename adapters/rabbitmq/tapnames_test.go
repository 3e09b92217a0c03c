package rabbitmq

import (
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// TestATapThatCanReceiveNothingIsRefused, or follows what is bound.
func TestATapThatCanReceiveNothingIsRefused(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		direct, queue := b.exchange(t, amqp.ExchangeDirect), b.queue(t, amqp.QueueTypeClassic, nil)
		b.bind(t, queue, "alpha", direct, nil)
		c := b.managed()
		c.Taps = []Tap{{Exchange: direct, BindingKey: "#"}}
		tl := tailing(t, open(t, c), adapters.End)
		b.publish(t, direct, "alpha", bodies("seen", 3)...)
		tl.take(t, 3)
		for _, c := range []Config{b.config(), b.managed()} {
			for _, key := range []string{"alpha.*", "#"} {
				if c.Taps = []Tap{{Exchange: direct, BindingKey: key}}; key == "#" && c.Management != "" {
					continue
				}
				if err := failure(t, c); !strings.Contains(err.Error(), "it is a direct exchange, which ") {
					t.Error(err)
				}
			}
		}
	})
}

// TestAnExchangeWithColonsIsTapped under its whole name, with a management API and without.
func TestAnExchangeWithColonsIsTapped(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		first := b.exchange(t, amqp.ExchangeTopic)
		whole := first + ":OrderPlaced"
		if err := b.channel(t).ExchangeDeclare(whole, amqp.ExchangeFanout, true, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = b.channel(t).ExchangeDelete(whole, false, false) })
		for _, c := range []Config{b.config(), b.managed()} {
			c.Taps = []Tap{{Exchange: first, BindingKey: "OrderPlaced"}}
			tl := tailing(t, open(t, c), adapters.End)
			b.publish(t, whole, "", bodies("seen", 1)...)
			if m := tl.take(t, 1)[0]; m.Properties.Exchange != whole {
				t.Errorf("it came from %q", m.Properties.Exchange)
			}
			tl.stop()
			c.Taps = []Tap{{Exchange: first, BindingKey: "Other"}}
			tl = tailing(t, open(t, c), adapters.End)
			b.publish(t, first, "Other", bodies("keyed", 1)...)
			if m := tl.take(t, 1)[0]; m.Properties.Exchange != first {
				t.Errorf("it came from %q", m.Properties.Exchange)
			}
			tl.stop()
			c.Taps = []Tap{{Exchange: "no-such", BindingKey: "Thing"}}
			if err := failure(t, c); !strings.Contains(err.Error(), `the broker has no such exchange, nor "no-such:Thing"`) {
				t.Error(err)
			}
		}
	})
}

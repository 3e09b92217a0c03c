package rabbitmq

import (
	"errors"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

func TestTargetsOnABroker(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue, exchange := unique("urn:acme"), unique("Contracts:Placed")
		ch := b.channel(t)
		if _, err := ch.QueueDeclare(queue, false, true, false, false, nil); err != nil {
			t.Fatal(err)
		}
		if err := ch.ExchangeDeclare(exchange, "fanout", false, true, false, false, nil); err != nil {
			t.Fatal(err)
		}
		defer func() {
			_, _ = ch.QueueDelete(queue, false, false, false)
			_ = ch.ExchangeDelete(exchange, false, false)
		}()
		plain := b.config()
		plain.LettersOnly = true
		for with, a := range map[string]*Adapter{"managed": open(t, b.lettersOf()), "bare": open(t, plain)} {
			for text, want := range map[string]deadletter.Target{
				queue: deadletter.Routed("", queue), exchange: deadletter.Routed(exchange, ""), exchange + ":k": deadletter.Routed(exchange, "k"), "a:b:c": "a:b:c", "plain": "plain",
			} {
				if got, err := a.Target(t.Context(), text); err != nil || got != want {
					t.Errorf("%s, %s: %+v, %v", with, text, got, err)
				}
			}
			if _, err := a.Target(t.Context(), ""); !errors.Is(err, adapters.ErrUsage) {
				t.Errorf("%s, no name: %v", with, err)
			}
		}
	})
}

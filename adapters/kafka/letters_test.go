package kafka_test

import (
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka"
)

func TestConformanceOfDeadLetters(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		adaptertest.RunDeadLetters(t, adaptertest.DeadLetterBroker{Kind: adapters.Topic, Make: c.deadLetters})
	})
}

func (c *cluster) deadLetters(t testing.TB) adaptertest.DeadLetterPlace {
	name, target := c.topic(t, 1), c.topic(t, 1)
	return adaptertest.DeadLetterPlace{
		Name: name, Target: deadletter.Target(target), Nowhere: deadletter.Target(target + ".nowhere"), TargetOf: kafka.Driver.TargetOf,
		Bury: func(t testing.TB, letters ...adapters.Message) { c.publish(t, name, letters...) },
		Open: func(t testing.TB, write bool) deadletter.Queues {
			a := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{name}, LettersOnly: true, Write: write})
			t.Cleanup(func() { _ = a.Close() })
			return a
		},
		Received: func(t testing.TB) (copies []adapters.Message) {
			c.await(t, target)
			for _, r := range c.records(t, target) {
				m := adapters.Message{Key: r.Key, Value: r.Value}
				for _, h := range r.Headers {
					m.Headers = append(m.Headers, adapters.Header{Name: h.Key, Value: h.Value})
				}
				copies = append(copies, m)
			}
			return copies
		},
	}
}

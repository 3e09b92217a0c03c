package rabbitmq

import (
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/deadletter"
)

func TestConformanceOfDeadLetters(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		adaptertest.RunDeadLetters(t, adaptertest.DeadLetterBroker{Kind: adapters.Queue, Properties: true, Exchanges: true, Make: b.deadLetters})
	})
}

func (b *testBroker) deadLetters(t testing.TB) adaptertest.DeadLetterPlace {
	queue, target := b.queue(t, "classic", nil), b.queue(t, "classic", nil)
	return adaptertest.DeadLetterPlace{
		Name: queue, Target: deadletter.Routed("", target), Nowhere: deadletter.Routed("", unique("nowhere")), TargetOf: Driver.TargetOf,
		Bury: func(t testing.TB, letters ...adapters.Message) {
			t.Helper()
			list := publishings(letters)
			for i := range list {
				list[i].Timestamp = letters[i].Time // so that equal ones are equal
			}
			b.publish(t, "", queue, list...)
		},
		Open: func(t testing.TB, write bool) deadletter.Queues {
			c := b.lettersOf()
			c.Write, c.Queues = write, []string{queue}
			return open(t, c)
		},
		Received: func(t testing.TB) (copies []adapters.Message) {
			for _, d := range b.contents(t, target) {
				m := adapters.Message{Value: d.Body, Properties: &adapters.Properties{MessageID: d.MessageId}}
				for name, value := range d.Headers {
					text, _ := value.(string)
					m.Headers = append(m.Headers, adapters.Header{Name: name, Value: []byte(text)})
				}
				copies = append(copies, m)
			}
			return copies
		},
	}
}

package rabbitmq

import (
	"testing"
	"time"
	"unicode/utf8"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
)

func TestConformanceOfTaps(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		adaptertest.Run(t, conforming(b, func(t testing.TB, _ int) string { return b.exchange(t, "topic") },
			func(t testing.TB, names ...string) adapters.Adapter {
				c := b.managed()
				for _, name := range names {
					c.Taps = append(c.Taps, Tap{Exchange: name})
				}
				return openOnly(t, c)
			},
			func(b *testBroker, t testing.TB, name string, messages ...amqp.Publishing) {
				b.publish(t, name, "some.key", messages...)
			}))
	})
}

func TestConformanceOfStreams(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		adaptertest.Run(t, conforming(b, func(t testing.TB, _ int) string { return b.queue(t, "stream", nil) },
			func(t testing.TB, names ...string) adapters.Adapter {
				c := b.config()
				c.Streams = names
				return openOnly(t, c)
			},
			func(b *testBroker, t testing.TB, name string, messages ...amqp.Publishing) {
				b.publish(t, "", name, messages...)
			}))
	})
}

// openOnly opens without closing, which the suite does.
func openOnly(t testing.TB, c Config) adapters.Adapter {
	t.Helper()
	a, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func conforming(b *testBroker,
	create func(testing.TB, int) string,
	open func(testing.TB, ...string) adapters.Adapter,
	publish func(*testBroker, testing.TB, string, ...amqp.Publishing),
) adaptertest.Broker {
	return adaptertest.Broker{
		Kind: adapters.RabbitMQ, Make: create, MaxLogs: 1, Open: open, Properties: true,
		Publish: func(t testing.TB, destination string, messages ...adapters.Message) {
			publishings := make([]amqp.Publishing, len(messages))
			for i := range messages {
				publishings[i] = publishing(&messages[i])
			}
			publish(b, t, destination, publishings...)
		},
	}
}

// publishing writes a message as AMQP can. Like most publishers it sets a timestamp,
// which a stream's messages need for a time that is the same at each reading.
func publishing(m *adapters.Message) amqp.Publishing {
	p := amqp.Publishing{Body: m.Value, Timestamp: time.Now(), DeliveryMode: amqp.Persistent}
	if q := m.Properties; q != nil {
		p.ContentType, p.ContentEncoding, p.CorrelationId, p.ReplyTo = q.ContentType, q.ContentEncoding, q.CorrelationID, q.ReplyTo
		p.Expiration, p.MessageId, p.Type, p.AppId = q.Expiration, q.MessageID, q.Type, q.AppID
		p.Timestamp, p.DeliveryMode, p.Priority = q.Timestamp, q.DeliveryMode, q.Priority
	}
	if len(m.Headers) > 0 {
		p.Headers = amqp.Table{}
	}
	for _, h := range m.Headers {
		if p.Headers[h.Name] = string(h.Value); !utf8.Valid(h.Value) {
			p.Headers[h.Name] = h.Value
		}
	}
	return p
}

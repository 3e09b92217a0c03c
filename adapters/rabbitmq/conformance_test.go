package rabbitmq

import (
	"testing"
	"time"
	"unicode/utf8"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/driver"
)

func TestConformanceOfTaps(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) { adaptertest.Run(t, tapSuite(b)) })
}

func TestConformanceOfStreams(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) { adaptertest.Run(t, streamSuite(b)) })
}

// TestConformanceAlone runs what the suite leaves out beside other tests.
func TestConformanceAlone(t *testing.T) {
	onEachBrokerInTurn(t, func(t *testing.T, b *testBroker) {
		adaptertest.RunOne(t, tapSuite(b), "CloseEndsAll")
		adaptertest.RunOne(t, streamSuite(b), "CloseEndsAll")
	})
}

func tapSuite(b *testBroker) adaptertest.Broker {
	return adaptertest.Broker{
		Kind: "rabbitmq", MaxLogs: 1, Properties: true, Beside: true,
		Make: func(t testing.TB, _ int) string { return b.exchange(t, "topic") },
		Open: func(t testing.TB, names ...string) *driver.Source {
			c := b.managed()
			for _, name := range names {
				c.Taps = append(c.Taps, Tap{Exchange: name})
			}
			return openOnly(t, c)
		},
		Publish: func(t testing.TB, destination string, messages ...adapters.Message) {
			b.publish(t, destination, "some.key", publishings(messages)...)
		},
	}
}

func streamSuite(b *testBroker) adaptertest.Broker {
	return adaptertest.Broker{
		Kind: "rabbitmq", MaxLogs: 1, Properties: true, Beside: true,
		Make: func(t testing.TB, _ int) string { return b.queue(t, "stream", nil) },
		Open: func(t testing.TB, names ...string) *driver.Source { return openOnly(t, b.streamConfig(names...)) },
		Publish: func(t testing.TB, destination string, messages ...adapters.Message) {
			b.publish(t, "", destination, publishings(messages)...)
		},
	}
}

func publishings(messages []adapters.Message) []amqp.Publishing {
	list := make([]amqp.Publishing, len(messages))
	for i := range messages {
		list[i] = publishing(&messages[i])
	}
	return list
}

// openOnly opens without closing, which the suite does.
func openOnly(t testing.TB, c Config) *driver.Source {
	t.Helper()
	a, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return a.Source()
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

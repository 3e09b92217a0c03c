package rabbitmq

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/consumer"
	"eventscope/adapters/driver"
)

func TestConformanceOfLag(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		t.Run("queue", func(t *testing.T) {
			t.Parallel()
			adaptertest.RunLag(t, adaptertest.LagBroker{Kind: consumer.QueueConsumers, Make: func(t testing.TB) adaptertest.LagPlace {
				b := b.alone(t)
				place := b.lagPlace(t, func(c *Config, names []string) { c.Queues = names })
				place.Consumer, place.Untold = b.queueConsumers, b.streamReader
				place.Unread = func(t testing.TB) string {
					unread := b.queueConsumers(t)
					unread.Publish(t, adapters.Message{Value: []byte("waits")})
					return unread.Group
				}
				return place
			}})
		})
		t.Run("stream", func(t *testing.T) {
			t.Parallel()
			adaptertest.RunLag(t, adaptertest.LagBroker{Kind: consumer.StreamConsumer, Uncounted: true, Offsets: true, Make: func(t testing.TB) adaptertest.LagPlace {
				b := b.alone(t)
				place := b.lagPlace(t, func(c *Config, names []string) { c.Streams = names })
				place.Consumer, place.Untold = b.streamReader, b.streamReader
				place.Unread = func(t testing.TB) string {
					stream := b.queue(t, amqp.QueueTypeStream, nil)
					b.publish(t, "", stream, bodies("waits", 3)...)
					return stream
				}
				return place
			}})
		})
	})
}

// fronted is the broker with a management API that breaks.
func (b *testBroker) fronted(t testing.TB) (api string, breaks func(testing.TB)) {
	to, err := url.Parse(b.managementURL())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	front := httptest.NewServer(&httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	t.Cleanup(front.Close)
	return front.URL, func(testing.TB) { front.Close() }
}

func (b *testBroker) lagPlace(t testing.TB, name func(*Config, []string)) adaptertest.LagPlace {
	api, breaks := b.fronted(t)
	return adaptertest.LagPlace{Break: breaks, Open: func(t testing.TB, names ...string) *driver.Source {
		c := b.config()
		c.Management, c.LettersOnly = api, true
		name(&c, names)
		return openOnly(t, c)
	}}
}

// queueConsumers are those of a new queue. TestLagOfQueues has those of quorum queues, too.
func (b *testBroker) queueConsumers(t testing.TB) adaptertest.LagConsumer {
	queue := b.queue(t, amqp.QueueTypeClassic, nil)
	return adaptertest.LagConsumer{
		Group: queue, Log: adapters.Log{Destination: queue, Partition: adapters.NoPartition},
		Publish: func(t testing.TB, messages ...adapters.Message) { b.publishing(t, queue, publishings(messages)...) },
		Finish: func(t testing.TB, n int) {
			channel := b.channel(t)
			for range n {
				if d, ok, err := channel.Get(queue, false); err != nil || !ok || d.Ack(false) != nil {
					t.Fatal("no message to be consumed", err)
				}
			}
		},
		Holds: 3,
		Join: func(t testing.TB) func() {
			channel := b.channel(t)
			if err := channel.Qos(3, 0, false); err != nil {
				t.Fatal(err)
			}
			if _, err := channel.Consume(queue, "joined", false, false, false, false, nil); err != nil {
				t.Fatal(err)
			}
			return func() { _ = channel.Close() }
		},
		Remove: func(t testing.TB) {
			if _, err := b.channel(t).QueueDelete(queue, false, false, false); err != nil {
				t.Error(err)
			}
		},
	}
}

// streamReader reads a new stream by AMQP, by which the broker does not see how far it is.
func (b *testBroker) streamReader(t testing.TB) adaptertest.LagConsumer {
	stream := b.queue(t, amqp.QueueTypeStream, nil)
	connection, err := amqp.Dial(b.amqp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	channel, err := connection.Channel()
	if err == nil {
		err = channel.Qos(3, 0, false)
	}
	if err == nil {
		_, err = channel.Consume(stream, "reads", false, false, false, false, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return adaptertest.LagConsumer{
		Kind: consumer.StreamConsumer, Group: "reads@" + connection.LocalAddr().String(), Log: adapters.Log{Destination: stream, Partition: adapters.NoPartition},
		Publish: func(t testing.TB, messages ...adapters.Message) {
			for i := range messages {
				messages[i].Properties = &adapters.Properties{Timestamp: messages[i].Time}
			}
			b.publish(t, "", stream, publishings(messages)...)
		},
		Remove: func(testing.TB) { _ = connection.Close() },
	}
}

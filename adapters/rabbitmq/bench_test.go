package rabbitmq

import (
	"context"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// benchmarkBroker is the first broker that the environment names.
func benchmarkBroker(b *testing.B) *testBroker {
	for _, variable := range []string{"EVENTSCOPE_TEST_RABBITMQ4", "EVENTSCOPE_TEST_RABBITMQ3"} {
		if at := os.Getenv(variable); at != "" {
			broker, err := brokerAt(variable, at)
			if err != nil {
				b.Fatal(err)
			}
			return broker
		}
	}
	b.Skip("EVENTSCOPE_TEST_RABBITMQ3 and 4 name no broker")
	return nil
}

// kilobyte is a message of 1 KB with properties and two headers, as events have them.
func kilobyte() amqp.Publishing {
	body := make([]byte, 1024)
	copy(body, `{"type":"OrderPlaced","payload":{"order_id":"ord-1009"}}`)
	return amqp.Publishing{
		ContentType: "application/json", MessageId: "4f1c9a2b-0d3e-5f67-8a9b-0c1d2e3f4a5b", Type: "OrderPlaced", AppId: "order",
		Timestamp: time.Unix(1_700_000_000, 0), Headers: amqp.Table{"correlation_id": "ord-1009", "version": int32(2)}, Body: body,
	}
}

// BenchmarkTap reads 1 KB messages from a tap, and BenchmarkBareConsumer reads the same
// by the client alone, with the same prefetch and acknowledgements. The publisher runs
// beside them and never is more than a prefetch ahead, so that nothing is dropped and
// the reader is what is measured. Compare the two by ns/op or cpu-us/op.
func BenchmarkTap(b *testing.B) {
	broker := benchmarkBroker(b)
	exchange := broker.exchange(b, "topic")
	c := broker.config()
	c.Taps = []Tap{{Exchange: exchange}}
	a := open(b, c)
	var seen atomic.Int64
	running(b, a, adapters.End, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
		seen.Add(int64(len(batch.Messages)))
		batch.Release()
		return nil
	}))
	flood(b, broker, exchange, &seen)
	if s := a.Status(); s.Dropped > 0 {
		b.Errorf("%d messages were dropped", s.Dropped)
	}
}

func BenchmarkBareConsumer(b *testing.B) {
	broker := benchmarkBroker(b)
	exchange := broker.exchange(b, "topic")
	channel := broker.channel(b)
	queue, err := channel.QueueDeclare("", false, true, true, false, amqp.Table{amqp.QueueMaxLenArg: int64(defaultTapMessages)})
	if err == nil {
		err = channel.QueueBind(queue.Name, "#", exchange, false, nil)
	}
	if err == nil {
		err = channel.Qos(prefetch, 0, false)
	}
	if err != nil {
		b.Fatal(err)
	}
	deliveries, err := channel.Consume(queue.Name, "", false, true, false, false, nil)
	if err != nil {
		b.Fatal(err)
	}
	var seen atomic.Int64
	go func() {
		waiting := 0
		for d := range deliveries {
			seen.Add(1)
			if waiting++; waiting == ackEvery {
				_ = channel.Ack(d.DeliveryTag, true)
				waiting = 0
			}
		}
	}()
	flood(b, broker, exchange, &seen)
}

// flood publishes b.N messages, at most 5000 ahead of what was seen, and waits for all.
func flood(b *testing.B, broker *testBroker, exchange string, seen *atomic.Int64) {
	channel := broker.channel(b)
	message := kilobyte()
	b.SetBytes(int64(len(message.Body)))
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime()
	for i := range b.N {
		for int64(i)-seen.Load() > 5000 {
			time.Sleep(time.Millisecond) // the bound, not a wait for something to be true
		}
		if err := channel.PublishWithContext(context.Background(), exchange, "order.placed", false, false, message); err != nil {
			b.Fatal(err)
		}
	}
	// The last acknowledgement of the bare consumer may be outstanding, its messages are not.
	for seen.Load() < int64(b.N) {
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric(float64((processorTime()-before).Microseconds())/float64(b.N), "cpu-us/op")
}

// processorTime of this process, publisher and reader together.
func processorTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkConvert is what a message costs between the client and the intake.
func BenchmarkConvert(b *testing.B) {
	m := kilobyte()
	d := amqp.Delivery{Headers: m.Headers, Body: m.Body, ContentType: m.ContentType, MessageId: m.MessageId, Type: m.Type, AppId: m.AppId, Timestamp: m.Timestamp, Exchange: "orders", RoutingKey: "order.placed"}
	b.SetBytes(int64(len(m.Body)))
	b.ReportAllocs()
	s := newSlab()
	for range b.N {
		s.addTapped(&d, "")
		s.deliveries++
		if s.full() {
			s.free()
			s = newSlab()
		}
	}
	s.free()
}

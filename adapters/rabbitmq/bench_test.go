package rabbitmq

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/publish"
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

// round is how many messages each reader gets before it is the other's turn.
const round = 10_000

// BenchmarkTap reads 1 KB messages from a tap and, in turn with it, by the client alone
// with the same prefetch and acknowledgements, so that what else the machine does hits
// both alike. One operation is a round of each. The publisher runs beside the reader
// and is never far ahead, so that nothing is dropped. The ratio is that of the rates.
func BenchmarkTap(b *testing.B) {
	broker := benchmarkBroker(b)
	tap, tapped := benchmarkTap(b, broker)
	bare, consumed := benchmarkBare(b, broker)
	publisher := broker.channel(b)
	var tapTime, bareTime, tapProcessor, bareProcessor time.Duration
	b.ResetTimer()
	for range b.N {
		took, processor := flood(b, publisher, bare, consumed)
		bareTime, bareProcessor = bareTime+took, bareProcessor+processor
		took, processor = flood(b, publisher, tap, tapped)
		tapTime, tapProcessor = tapTime+took, tapProcessor+processor
	}
	b.StopTimer()
	n := float64(b.N * round)
	b.ReportMetric(n/tapTime.Seconds(), "tap-msg/s")
	b.ReportMetric(n/bareTime.Seconds(), "bare-msg/s")
	b.ReportMetric(bareTime.Seconds()/tapTime.Seconds(), "ratio")
	b.ReportMetric(float64(tapProcessor.Microseconds())/n, "tap-cpu-us/msg")
	b.ReportMetric(float64(bareProcessor.Microseconds())/n, "bare-cpu-us/msg")
}

func benchmarkTap(b *testing.B, broker *testBroker) (exchange string, seen *atomic.Int64) {
	exchange, seen = broker.exchange(b, "topic"), new(atomic.Int64)
	c := broker.config()
	c.Taps = []Tap{{Exchange: exchange}}
	a := open(b, c)
	running(b, a, adapters.End, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
		seen.Add(int64(len(batch.Messages)))
		batch.Release()
		return nil
	}))
	b.Cleanup(func() {
		if s := a.Status(); s.Dropped > 0 {
			b.Errorf("%d messages were dropped", s.Dropped)
		}
	})
	return exchange, seen
}

func benchmarkBare(b *testing.B, broker *testBroker) (exchange string, seen *atomic.Int64) {
	exchange, seen = broker.exchange(b, "topic"), new(atomic.Int64)
	channel := broker.channel(b)
	queue, err := channel.QueueDeclare("", false, true, true, false, amqp.Table{amqp.QueueMaxLenArg: int64(defaultTapMessages)})
	if err == nil {
		err = channel.QueueBind(queue.Name, "#", exchange, false, nil)
	}
	if err == nil {
		err = channel.Qos(delivery.Prefetch, 0, false)
	}
	if err != nil {
		b.Fatal(err)
	}
	deliveries, err := channel.Consume(queue.Name, "", false, true, false, false, nil)
	if err != nil {
		b.Fatal(err)
	}
	go func() { // ends with the connection
		waiting := 0
		for d := range deliveries {
			seen.Add(1)
			if waiting++; waiting == delivery.AckEvery {
				_ = channel.Ack(d.DeliveryTag, true)
				waiting = 0
			}
		}
	}()
	return exchange, seen
}

// flood publishes one round, at most 5000 ahead of what was seen, and waits for all of
// it. It returns the time that took, and the processor's for publisher and reader.
func flood(b *testing.B, channel *amqp.Channel, exchange string, seen *atomic.Int64) (took, processor time.Duration) {
	message, again := kilobyte(), time.NewTicker(time.Millisecond)
	defer again.Stop()
	began, before := time.Now(), processorTime()
	target, limit := seen.Load()+round, time.After(patience)
	await := func(many int64) {
		for seen.Load() < many {
			select {
			case <-again.C:
			case <-limit:
				b.Fatalf("%d of %d messages are seen after %v", seen.Load(), target, patience)
			}
		}
	}
	for i := target - round; i < target; i++ {
		await(i - 5000) // the bound of the publisher
		if err := channel.PublishWithContext(context.Background(), exchange, "order.placed", false, false, message); err != nil {
			b.Fatal(err)
		}
	}
	await(target)
	return time.Since(began), processorTime() - before
}

// processorTime of this process.
func processorTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkRedrive moves 1 KB letters from one queue to another, in windows as a replay
// does, and, in turn with it, publishes as many by the client alone with the same window of
// confirms, and moves as many by the client alone, without a stop between windows: the
// broker has more to do for that than for publishing. One operation is a round of each. The
// ratios are those of the rates.
func BenchmarkRedrive(b *testing.B) {
	for _, kind := range []string{"classic", "quorum"} {
		b.Run(kind, func(b *testing.B) { benchmarkRedrive(b, kind) })
	}
}

func benchmarkRedrive(b *testing.B, kind string) {
	broker := benchmarkBroker(b)
	arguments := amqp.Table{}
	if kind == "quorum" {
		arguments["x-delivery-limit"] = int32(100)
	}
	dlq := broker.queue(b, kind, arguments)
	target, bareTarget := broker.queue(b, kind, nil), broker.queue(b, kind, nil)
	a, message := open(b, broker.lettersOf()), kilobyte()
	message.DeliveryMode = amqp.Persistent
	messages := make([]amqp.Publishing, round)
	for i := range messages {
		messages[i] = message
	}
	var bare, moved, redrive time.Duration
	broker.publish(b, "", dlq, messages[0])
	letters := make([]adapters.Position, round) // all of them equal
	if _, held, err := looked(b, a, deadletter.Peek{DLQ: dlq}); err != nil || len(held) != 1 {
		b.Fatal(len(held), err)
	} else {
		for i := range letters {
			letters[i] = held[0].Position
		}
	}
	broker.contents(b, dlq)
	for range b.N {
		broker.publish(b, "", dlq, messages...)
		began := time.Now()
		r := begin(b, a, dlq, letters)
		all(b, r, 500, sendAll(b, r, target))
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
		redrive += time.Since(began)
		began = time.Now()
		publishBare(b, broker, bareTarget, messages)
		bare += time.Since(began)
		began = time.Now()
		moveBare(b, broker, bareTarget, target, round)
		moved += time.Since(began)
	}
	n := float64(b.N * round)
	b.ReportMetric(n/redrive.Seconds(), "redrive-msg/s")
	b.ReportMetric(n/bare.Seconds(), "bare-msg/s")
	b.ReportMetric(n/moved.Seconds(), "bare-moved-msg/s")
	b.ReportMetric(bare.Seconds()/redrive.Seconds(), "ratio")
	b.ReportMetric(moved.Seconds()/redrive.Seconds(), "ratio-moved")
}

// publishBare publishes with a window of confirms, by the client alone.
func publishBare(b *testing.B, broker *testBroker, queue string, messages []amqp.Publishing) {
	channel := broker.channel(b)
	if err := channel.Confirm(false); err != nil {
		b.Fatal(err)
	}
	const window = 1000 // as a redrive has it
	waiting := make([]*amqp.DeferredConfirmation, 0, len(messages))
	for i := range messages {
		if i >= window && !waiting[i-window].Wait() {
			b.Fatal("refused")
		}
		confirmation, err := channel.PublishWithDeferredConfirm("", queue, true, false, messages[i])
		if err != nil {
			b.Fatal(err)
		}
		waiting = append(waiting, confirmation)
	}
	for _, confirmation := range waiting[max(0, len(waiting)-window):] {
		if !confirmation.Wait() {
			b.Fatal("refused")
		}
	}
}

// moveBare moves messages from one queue to another, by the client alone.
func moveBare(b *testing.B, broker *testBroker, from, to string, messages int) {
	letterConsumer, sending := broker.channel(b), broker.channel(b)
	if err := errors.Join(letterConsumer.Qos(delivery.Prefetch, 0, false), sending.Confirm(false)); err != nil {
		b.Fatal(err)
	}
	deliveries, err := letterConsumer.Consume(from, "mover", false, true, false, false, nil)
	if err != nil {
		b.Fatal(err)
	}
	type moving struct {
		confirmation *amqp.DeferredConfirmation
		tag          uint64
	}
	var waiting []moving
	settle := func(most int) {
		for len(waiting) > most {
			if !waiting[0].confirmation.Wait() {
				b.Fatal("refused")
			}
			if tag := waiting[0].tag; tag%100 == 0 {
				_ = letterConsumer.Ack(tag, true)
			}
			waiting = waiting[1:]
		}
	}
	for range messages {
		d := <-deliveries
		confirmation, err := sending.PublishWithDeferredConfirm("", to, true, false, publish.Republish(&d))
		if err != nil {
			b.Fatal(err)
		}
		waiting = append(waiting, moving{confirmation, d.DeliveryTag})
		settle(500)
	}
	settle(0)
	if err := errors.Join(letterConsumer.Cancel("mover", false), letterConsumer.Close()); err != nil {
		b.Fatal(err)
	}
}

package rabbitmq

import (
	"context"
	"errors"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/consumer"
)

// lagsOf looks once.
func lagsOf(a *Adapter, names ...string) (lags []consumer.Lag, problems []error) {
	for lag, err := range a.Lag(context.Background(), consumer.LagQuery{Groups: names}) {
		if err != nil {
			problems = append(problems, err)
		}
		if lag.Group != "" {
			lags = append(lags, lag)
		}
	}
	return lags, problems
}

// awaitLag looks at one queue until it is as wanted: the broker's figures are late.
func awaitLag(t *testing.T, a *Adapter, name string, wanted func(consumer.Lag) bool) consumer.Lag {
	t.Helper()
	limit := time.After(3 * patience) // a stall is one when it has lasted for a minute
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		lags, problems := lagsOf(a, name)
		if len(problems) > 0 || len(lags) != 1 || lags[0].Group != name || len(lags[0].Logs) != 1 {
			t.Fatalf("%+v, %v", lags, problems)
		}
		if wanted(lags[0]) {
			return lags[0]
		}
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("the lag stays %+v with %+v", lags[0], lags[0].Queue)
		}
	}
}

func inState(state consumer.LagState) func(consumer.Lag) bool {
	return func(l consumer.Lag) bool { return l.Logs[0].State == state }
}

// held says that so many messages are ready and held.
func held(ready, unacked int64) func(consumer.Lag) bool {
	return func(l consumer.Lag) bool { return l.Queue.Ready == ready && l.Queue.Unacked == unacked }
}

// consume starts a consumer that leaves it to the caller to settle.
func (b *testBroker) consume(t *testing.T, queue, tag string, prefetch int, noAck bool) <-chan amqp.Delivery {
	t.Helper()
	channel := b.channel(t)
	if err := channel.Qos(prefetch, 0, false); err != nil {
		t.Fatal(err)
	}
	deliveries, err := channel.Consume(queue, tag, noAck, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return deliveries
}

// settling settles what comes until the connection is closed, at the end of the test.
func settling(deliveries <-chan amqp.Delivery, settle func(amqp.Delivery)) {
	go func() {
		for d := range deliveries {
			settle(d)
		}
	}()
}

// publishing publishes on a channel that stays: what one that goes at once has published
// may be missing in the broker's figures.
func (b *testBroker) publishing(t testing.TB, queue string, messages ...amqp.Publishing) {
	t.Helper()
	channel := b.channel(t)
	if err := channel.Confirm(false); err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		confirmation, err := channel.PublishWithDeferredConfirm("", queue, false, false, m)
		if err != nil || !confirmation.Wait() {
			t.Fatalf("not confirmed: %v", err)
		}
	}
}

// withType runs a test on both types of queues of each broker, beside others, for they wait
// for the broker's figures most of the time.
func withType(t *testing.T, test func(t *testing.T, b *testBroker, kind string)) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for _, kind := range []string{amqp.QueueTypeClassic, amqp.QueueTypeQuorum} {
			t.Run(kind, func(t *testing.T) { t.Parallel(); test(t, b, kind) })
		}
	})
}

func (b *testBroker) lagReader(t *testing.T) *Adapter {
	c := b.managed()
	c.LettersOnly = true
	return open(t, c)
}

// TestLagOfQueues prepares all queues first, since the broker's figures are what takes time.
func TestLagOfQueues(t *testing.T) {
	cases := map[string]func(*testing.T, *testBroker, string) func(*testing.T){
		"no consumer": noConsumer, "stuck": stuckConsumer, "redelivering": redeliveringConsumer, "empty": emptyQueue,
	}
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		checks := make(map[string]func(*testing.T))
		for _, kind := range []string{amqp.QueueTypeClassic, amqp.QueueTypeQuorum} {
			for name, prepare := range cases {
				checks[name+" "+kind] = prepare(t, b, kind)
			}
		}
		for name, check := range checks {
			t.Run(name, check)
		}
	})
}

func noConsumer(t *testing.T, b *testBroker, kind string) (check func(t *testing.T)) {
	queue, a := b.queue(t, kind, nil), b.lagReader(t)
	b.publishing(t, queue, bodies("waits", 7)...)
	return func(t *testing.T) {
		lag := awaitLag(t, a, queue, inState(consumer.LagStop))
		log := lag.Logs[0]
		if lag.Kind != consumer.QueueConsumers || log.Lag != 7 || log.Destination != queue || log.Partition != adapters.NoPartition ||
			log.Member != -1 || !lag.MembersKnown || len(lag.Members) != 0 || log.Committed != -1 || log.Why != "7 ready, and no consumer" {
			t.Errorf("%+v", lag)
		}
		if lag = awaitLag(t, a, queue, func(l consumer.Lag) bool { return l.Logs[0].In.Known }); lag.Logs[0].Out.Known || lag.Queue.Delivered.Known {
			t.Errorf("nothing was ever delivered, and the rate is told: %+v, %+v", lag, lag.Queue)
		}
	}
}

func stuckConsumer(t *testing.T, b *testBroker, kind string) (check func(t *testing.T)) {
	queue, a := b.queue(t, kind, nil), b.lagReader(t)
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	messages := bodies("stuck", 20)
	for i := range messages {
		messages[i].Timestamp = old
	}
	b.publishing(t, queue, messages...)
	b.consume(t, queue, "stuck-one", 3, false)
	head := func(oldest time.Time) bool {
		if kind == amqp.QueueTypeClassic {
			return oldest.Equal(old)
		}
		return oldest.IsZero() // a quorum queue does not tell
	}
	return func(t *testing.T) {
		lag := awaitLag(t, a, queue, func(l consumer.Lag) bool {
			log, members := l.Logs[0], l.Members // of which each comes with a figure of its own
			return held(17, 3)(l) && inState(consumer.LagStall)(l) && log.Lag == 20 && log.Member == 0 &&
				len(members) == 1 && members[0].ID == "stuck-one" && members[0].Host == "127.0.0.1" &&
				log.Out == (adapters.Rate{Known: true}) && l.Queue.Redelivered.Known && head(log.Oldest)
		})
		if lag.Queue.Consumers != 1 || lag.Queue.Capacity < 0 || lag.Queue.Capacity > 1 {
			t.Errorf("%+v, %+v", lag, lag.Queue)
		}
	}
}

func redeliveringConsumer(t *testing.T, b *testBroker, kind string) (check func(t *testing.T)) {
	arguments := amqp.Table{}
	if kind == amqp.QueueTypeQuorum {
		arguments["x-delivery-limit"] = int32(1_000_000)
	}
	queue, a := b.queue(t, kind, arguments), b.lagReader(t)
	b.publishing(t, queue, bodies("again", 3)...)
	settling(b.consume(t, queue, "picky", 1, false), func(d amqp.Delivery) { _ = d.Nack(false, true) })
	return func(t *testing.T) {
		awaitLag(t, a, queue, func(l consumer.Lag) bool {
			return inState(consumer.LagRedeliver)(l) && l.Logs[0].Lag == 3 && l.Queue.Redelivered.Known
		})
	}
}

// TestLagOfWorkingConsumers has one that acknowledges and one that need not.
func TestLagOfWorkingConsumers(t *testing.T) {
	withType(t, func(t *testing.T, b *testBroker, kind string) {
		for _, noAck := range []bool{false, true} {
			queue, a := b.queue(t, kind, nil), b.lagReader(t)
			settling(b.consume(t, queue, "works", 10, noAck), func(d amqp.Delivery) {
				if !noAck {
					_ = d.Ack(false)
				}
			})
			b.publishing(t, queue, bodies("done", 100)...)
			const most = 100. / 2 // all of them between two of the broker's looks, 5 s apart or nearly
			var in, out float64
			lag := awaitLag(t, a, queue, func(l consumer.Lag) bool {
				in, out = max(in, l.Logs[0].In.PerSecond), max(out, l.Logs[0].Out.PerSecond)
				return held(0, 0)(l) && in > 0 && out > 0
			})
			if lag.Logs[0].State != consumer.LagOK || lag.Logs[0].Lag != 0 || in > most || out > most {
				t.Errorf("%v/s in, %v/s out, %+v, %+v", in, out, lag, lag.Queue)
			}
		}
	})
}

// emptyQueue is one that the broker has not counted at first.
func emptyQueue(t *testing.T, b *testBroker, kind string) (check func(t *testing.T)) {
	a, queue := b.lagReader(t), b.queue(t, kind, nil)
	lag := awaitLag(t, a, queue, func(consumer.Lag) bool { return true })
	log, uncounted := lag.Logs[0], lag.Queue.Ready == -1 // most often, for the queue is a moment old
	if uncounted && (log.State != consumer.LagUnknown || lag.Queue.Unacked != -1 || log.Why == "" || lag.Total().Known != 0) {
		t.Errorf("not counted yet: %+v, %+v", lag, lag.Queue)
	}
	return func(t *testing.T) {
		awaitLag(t, a, queue, func(l consumer.Lag) bool {
			log := l.Logs[0]
			return inState(consumer.LagOK)(l) && log.Lag == 0 && !log.In.Known && !log.Out.Known && held(0, 0)(l) && l.Queue.Consumers == 0 && l.Total().Known == 1
		})
	}
}

// TestLagOfAll leaves out what taps have, and tells of each other queue once.
func TestLagOfAll(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		b = b.alone(t)
		queue, stream, gone := b.queue(t, amqp.QueueTypeClassic, nil), b.queue(t, amqp.QueueTypeStream, nil), unique("gone")
		own, err := b.channel(t).QueueDeclare("", false, true, true, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		a := b.lagReader(t)
		lags, problems := lagsOf(a)
		seen := make(map[string]int)
		for _, lag := range lags {
			seen[lag.Group]++
			if lag.Of < len(lags) {
				t.Errorf("%d of %d", len(lags), lag.Of)
			}
		}
		if len(problems) > 0 || seen[queue] != 1 || seen[own.Name] != 0 || seen[stream] != 0 {
			t.Errorf("%v, %v", seen, problems)
		}
		lags, problems = lagsOf(a, gone, queue, stream)
		if len(problems) != 1 || !errors.Is(problems[0], adapters.ErrUnknownDestination) || len(lags) != 3 || lags[2].Group != gone {
			t.Errorf("%+v, %v", lags, problems)
		}
		for range a.Lag(t.Context(), consumer.LagQuery{}) {
			break // and nothing panics
		}
	})
}

// TestLagOfStreamOverAMQP is not known to the broker.
func TestLagOfStreamOverAMQP(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		stream, a := b.queue(t, amqp.QueueTypeStream, nil), b.lagReader(t)
		b.publish(t, "", stream, bodies("streamed", 20)...)
		b.consume(t, stream, "reads", 3, false)
		limit := time.After(patience)
		for tick := time.NewTicker(200 * time.Millisecond); ; {
			lags, problems := lagsOf(a, stream)
			if len(lags) != 1 || len(problems) > 0 || lags[0].Kind != consumer.StreamConsumer || lags[0].Logs[0].State != consumer.LagUnknown {
				t.Fatalf("%+v, %v", lags, problems)
			}
			if len(lags[0].Members) == 1 {
				if log := lags[0].Logs[0]; lags[0].Members[0].ID != "reads" || log.Why != "a reader over AMQP keeps to itself how far it is" || log.Destination != stream {
					t.Errorf("%+v", lags)
				}
				// By its own name, too; the broker's figures come and go while they are new.
				if again, problems := lagsOf(a, lags[0].Group); len(again) == 1 && len(problems) == 0 && again[0].Group == lags[0].Group {
					tick.Stop()
					return
				}
			}
			select {
			case <-tick.C:
			case <-limit:
				t.Fatalf("no reader in %+v", lags)
			}
		}
	})
}

// TestLagWithoutManagement has AMQP alone, at once.
func TestLagWithoutManagement(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		full, empty, stream := b.queue(t, amqp.QueueTypeQuorum, nil), b.queue(t, amqp.QueueTypeClassic, nil), b.queue(t, amqp.QueueTypeStream, nil)
		read := b.queue(t, amqp.QueueTypeClassic, nil)
		b.publish(t, "", full, bodies("waits", 5)...)
		deliveries := b.consume(t, read, "one", 3, false)
		b.publish(t, "", read, bodies("held", 10)...)
		for range 3 {
			adaptertest.Received(t, "a letter", deliveries)
		}
		c := b.config()
		c.Queues, c.LettersOnly = []string{full, empty, stream, read}, true
		lags, problems := lagsOf(open(t, c))
		if len(problems) != 1 || !errors.Is(problems[0], errors.ErrUnsupported) || len(lags) != 4 {
			t.Fatalf("%+v, %v", lags, problems)
		}
		want := map[string]struct {
			state consumer.LagState
			lag   int64
		}{full: {consumer.LagStop, 5}, empty: {consumer.LagOK, 0}, stream: {consumer.LagUnknown, 0}, read: {consumer.LagBehind, 7}}
		for _, lag := range lags {
			log, w := lag.Logs[0], want[lag.Group]
			if log.State != w.state || log.Lag != w.lag || log.In.Known || log.Out.Known || lag.Queue != nil && lag.Queue.Unacked != -1 {
				t.Errorf("%+v, %+v, want %v", lag, lag.Queue, w)
			}
		}
		if lags, problems = lagsOf(b.unnamed(t)); len(lags) != 0 || len(problems) != 1 {
			t.Errorf("without names: %+v, %v", lags, problems)
		}
	})
}

// unnamed reads nothing that has a name, by AMQP alone.
func (b *testBroker) unnamed(t *testing.T) *Adapter {
	c := b.config()
	c.LettersOnly = true
	return open(t, c)
}

// TestLagNotAllowed has a user without a tag.
func TestLagNotAllowed(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue := b.queue(t, amqp.QueueTypeClassic, nil)
		b.publish(t, "", queue, bodies("waits", 5)...)
		c := b.restricted(t, ".*")
		c.Management, c.LettersOnly = b.managementURL(), true
		a := open(t, c)
		lags, problems := lagsOf(a, queue)
		if len(problems) != 1 || !errors.Is(problems[0], adapters.ErrNotAuthorized) || len(lags) != 1 || lags[0].Logs[0].Lag != 5 {
			t.Errorf("%+v, %v", lags, problems)
		}
		if _, err := a.Unroutable(t.Context()); !errors.Is(err, adapters.ErrNotAuthorized) {
			t.Errorf("unroutable: %v", err)
		}
	})
}

func TestLagEndsWithContext(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, a := range []*Adapter{b.lagReader(t), b.unnamed(t)} {
			var last error
			for _, err := range a.Lag(ctx, consumer.LagQuery{Groups: []string{"any"}}) {
				last = err
			}
			if !errors.Is(last, context.Canceled) {
				t.Errorf("it ends with %v", last)
			}
		}
	})
}

// TestUnroutable counts in a virtual host of its own.
func TestUnroutable(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		b = b.alone(t)
		c := b.managed()
		c.LettersOnly = true
		a := open(t, c)
		got, err := a.Unroutable(t.Context())
		if err != nil || got.Dropped != -1 || got.Returned != -1 {
			t.Errorf("before there was traffic: %+v, %v", got, err)
		}
		channel := b.channel(t)
		for i := range 5 {
			if err := channel.Publish("amq.topic", "nowhere", i < 2, false, amqp.Publishing{}); err != nil {
				t.Fatal(err)
			}
		}
		limit := time.After(patience)
		for again := time.NewTicker(200 * time.Millisecond); ; {
			if got, err = a.Unroutable(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got.Dropped == 3 && got.Returned == 2 {
				again.Stop()
				return
			}
			select {
			case <-again.C:
			case <-limit:
				t.Fatalf("it stays %+v, want 3 and 2", got)
			}
		}
	})
}

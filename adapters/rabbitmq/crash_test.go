package rabbitmq

import (
	"bufio"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
)

// conformanceWhenTheBrokerDies runs what the suite leaves out on brokers that are
// not to be killed.
func conformanceWhenTheBrokerDies(t *testing.T, b *ownBroker) {
	for name, suite := range map[string]adaptertest.Broker{"tap": tapSuite(b.testBroker), "stream": streamSuite(b.testBroker)} {
		t.Run(name, func(t *testing.T) {
			suite.Break = func(t testing.TB) func() {
				b.sync(t)
				b.kill(t)
				return func() { b.start(t) }
			}
			adaptertest.RunOne(t, suite, "BrokerDiesAndReturns")
		})
	}
}

// brokerHangs: a broker that keeps its connections and says nothing is lost too,
// and its return is noticed.
func brokerHangs(t *testing.T, b *ownBroker) {
	exchange, stream := b.exchange(t, "topic"), b.queue(t, "stream", nil)
	c := b.streamConfig(stream)
	c.Taps = []Tap{{Exchange: exchange}}
	tl := tailing(t, open(t, c), adapters.End)
	b.publish(t, "", stream, bodies("before", 10)...)
	tl.take(t, 10)
	hung := time.Now()
	resume := b.hang(t)
	defer resume()
	lost := awaitStatus(t, tl.adapter, func(s adapters.Status) bool { return s.Connection == adapters.Lost })
	t.Logf("noticed after %v: %v", lost.Since.Sub(hung).Round(10*time.Millisecond), lost.Err)
	if lost.Err == nil || !strings.Contains(lost.Err.Error(), "no sign of life") {
		t.Errorf("lost because of %v", lost.Err)
	}
	resume()
	status := awaitStatus(t, tl.adapter, func(s adapters.Status) bool { return s.Connection == adapters.Live })
	if len(status.Gaps) != 1 || status.Gaps[0].Missed != -1 || status.Gaps[0].Reason != "connection lost" || status.Gaps[0].From.After(lost.Since) {
		t.Errorf("gaps %+v", status.Gaps)
	}
	if err := b.awaitAnswer(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.publish(t, "", stream, bodies("after", 10)...)
	for i, m := range tl.take(t, 10) {
		if want := fmt.Sprint("after ", i); string(m.Value) != want {
			t.Fatalf("got %q, want %q", m.Value, want)
		}
	}
}

// brokerComesBackWithoutTheExchange: an exchange that is not durable is gone with
// the broker; the tap waits for it rather than gives up.
func brokerComesBackWithoutTheExchange(t *testing.T, b *ownBroker) {
	exchange := unique("fleeting")
	declare := func() {
		t.Helper()
		if err := b.channel(t).ExchangeDeclare(exchange, "topic", false, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
	}
	declare()
	c := b.config()
	c.Taps = []Tap{{Exchange: exchange}}
	tl := tailing(t, open(t, c), adapters.End)
	b.kill(t)
	b.start(t)
	awaitStatus(t, tl.adapter, func(s adapters.Status) bool {
		return s.Connection == adapters.Lost && strings.Contains(s.Err.Error(), "no exchange")
	})
	declare()
	status := awaitStatus(t, tl.adapter, func(s adapters.Status) bool { return s.Connection == adapters.Live })
	if len(status.Gaps) == 0 {
		t.Error("no gap")
	}
	b.publish(t, exchange, "k", bodies("again", 1)...)
	tl.take(t, 1)
}

// TestReaderKilled kills a process that taps by SIGKILL. Nothing of it may stay.
func TestReaderKilled(t *testing.T) {
	if at := os.Getenv("EVENTSCOPE_TEST_CHILD"); at != "" {
		tapUntilKilled(t, at, os.Getenv("EVENTSCOPE_TEST_CHILD_EXCHANGE"))
		return
	}
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		exchange := b.exchange(t, "topic")
		child := exec.Command(os.Args[0], "-test.run=^TestReaderKilled$")
		child.Env = append(os.Environ(), "EVENTSCOPE_TEST_CHILD="+b.amqp, "EVENTSCOPE_TEST_CHILD_EXCHANGE="+exchange)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		if word, err := bufio.NewReader(out).ReadString('\n'); word != "live\n" {
			t.Fatalf("the child says %q, %v", word, err)
		}
		var left []string // what must go: the tap's queue and the one that counts its drops
		adaptertest.Await(t, "the tap's queue", func() bool { left = tapQueues(t, b, exchange); return len(left) == 2 })
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		adaptertest.Await(t, "the end of both queues", func() bool {
			queues, err := b.client(t).ListQueuesWithParametersIn("/", url.Values{"columns": {"name"}})
			if err != nil {
				t.Fatal(err)
			}
			return !slices.ContainsFunc(queues, func(q rabbithole.QueueInfo) bool { return slices.Contains(left, q.Name) })
		})
		adaptertest.Await(t, "the end of their bindings", func() bool { return boundTo(t, b, exchange) == 0 })
	})
}

// tapQueues are the names of a tap's queue and of where it dead-letters to.
func tapQueues(t testing.TB, b *testBroker, exchange string) []string {
	t.Helper()
	bindings, err := b.client(t).ListExchangeBindingsWithSource("/", exchange)
	if err != nil || len(bindings) != 1 {
		t.Fatalf("%d bindings, %v", len(bindings), err)
	}
	queues, err := b.client(t).ListQueuesWithParametersIn("/", url.Values{"columns": {"name,arguments"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, queue := range queues {
		if counter, ok := queue.Arguments["x-dead-letter-routing-key"].(string); ok && queue.Name == bindings[0].Destination {
			return []string{queue.Name, counter}
		}
	}
	return nil
}

func tapUntilKilled(t *testing.T, at, exchange string) {
	b, err := brokerAt("child", at)
	if err != nil {
		t.Fatal(err)
	}
	c := b.config()
	c.Taps = []Tap{{Exchange: exchange}}
	tailing(t, open(t, c), adapters.End)
	fmt.Println("live")
	select {}
}

func firehoseOfAll(t *testing.T, b *ownBroker) {
	queue, exchange := b.queue(t, "classic", nil), b.exchange(t, "topic")
	c := b.managed()
	c.Firehose = true
	a := open(t, c)
	if problems := a.Status().Problems; len(problems) != 1 || !strings.Contains(problems[0], "message tracing is off") {
		t.Errorf("problems %q", problems)
	}
	b.ctl(t, "trace_on")
	defer b.ctl(t, "trace_off")
	tl := tailing(t, a, adapters.End)
	b.publish(t, "", queue, amqp.Publishing{Body: []byte("straight"), MessageId: "m-1", Timestamp: time.Unix(1_700_000_000, 0), Headers: amqp.Table{"n": int32(5)}})
	b.publish(t, exchange, "a.b", amqp.Publishing{Body: []byte("routed"), Type: "T"})
	channel := b.channel(t)
	if _, ok, err := channel.Get(queue, true); !ok || err != nil { // a delivery, which is no message of its own
		t.Fatal(ok, err)
	}
	b.publish(t, exchange, "last", bodies("last", 1)...)
	got := tl.take(t, 3)
	tl.nothingMore(t)
	straight, routed := got[0], got[1]
	if straight.Position.Destination != "(default)" || straight.Properties.RoutingKey != queue || straight.Properties.MessageID != "m-1" ||
		!straight.Properties.Timestamp.Equal(time.Unix(1_700_000_000, 0)) || len(straight.Headers) != 1 || string(straight.Headers[0].Value) != "5" {
		t.Errorf("straight to the queue: %+v, %+v", straight, straight.Properties)
	}
	if routed.Position.Destination != exchange || routed.Properties.RoutingKey != "a.b" || routed.Properties.Type != "T" {
		t.Errorf("by an exchange: %+v, %+v", routed, routed.Properties)
	}
}

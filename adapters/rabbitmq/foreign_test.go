package rabbitmq

import (
	"fmt"
	"os/exec"
	"testing"
	"time"

	"eventscope/adapters"
)

// pikaScript publishes by Python's client pika, whose way of writing tables differs
// from Go's: its integers are as small as they can be, and it knows decimals.
const pikaScript = `
import sys, decimal, datetime, pika
url, exchange = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.confirm_delivery()
channel.basic_publish(exchange, "order.placed", '{"order_id":"ord-1009","name":"päivää"}'.encode(), pika.BasicProperties(
    content_type="application/json", correlation_id="c-1", message_id="m-1", type="OrderPlaced", app_id="python", timestamp=1700000000,
    priority=3, delivery_mode=2, expiration="60000", headers={
        "small": 5, "negative": -7, "big": 2**40, "flag": True, "none": None, "price": decimal.Decimal("129.95"),
        "when": datetime.datetime(2023, 11, 14, 22, 13, 20), "list": [1, "two", {"three": 3}], "bytes": b"\x00\xff", "text": "päivää"}))
connection.close()
`

func TestForeignClient(t *testing.T) {
	if err := exec.Command("python3", "-c", "import pika").Run(); err != nil {
		t.Skip("python3 with the module pika is not installed here")
	}
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		exchange := b.exchange(t, "topic")
		c := b.config()
		c.Taps = []Tap{{Exchange: exchange}}
		tl := tailing(t, open(t, c), adapters.End)
		if out, err := exec.Command("python3", "-c", pikaScript, b.amqp, exchange).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		m := tl.take(t, 1)[0]
		p := *m.Properties
		if !p.Timestamp.Equal(time.Unix(1_700_000_000, 0)) {
			t.Errorf("timestamp %v", p.Timestamp)
		}
		p.Timestamp = time.Time{}
		want := adapters.Properties{
			Exchange: exchange, RoutingKey: "order.placed", ContentType: "application/json", CorrelationID: "c-1", MessageID: "m-1",
			Type: "OrderPlaced", AppID: "python", Priority: 3, DeliveryMode: 2, Expiration: "60000",
		}
		if p != want {
			t.Errorf("properties %+v, want %+v", p, want)
		}
		got := ""
		for _, h := range m.Headers {
			got += fmt.Sprintf("%s=%s\n", h.Name, h.Value)
		}
		wantHeaders := "big=1099511627776\nbytes=\x00\xff\nflag=true\nlist=[1,\"two\",{\"three\":3}]\nnegative=-7\nnone=\nprice=129.95\n" +
			"small=5\ntext=päivää\nwhen=2023-11-14T22:13:20Z\n"
		if got != wantHeaders {
			t.Errorf("headers\n%q, want\n%q", got, wantHeaders)
		}
		if string(m.Value) != `{"order_id":"ord-1009","name":"päivää"}` {
			t.Errorf("value %q", m.Value)
		}
	})
}

// pikaLetter puts a letter into a queue, by pika, whose way of writing integers is that of
// Python's users, or prints the type of each header of the one that is there.
const pikaLetter = `
import sys, decimal, datetime, pika
url, queue, act = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.confirm_delivery()
if act == "put":
    channel.basic_publish("", queue, b"body", pika.BasicProperties(content_type="text/plain", message_id="m-1", delivery_mode=2, priority=4, headers={
        "small": 5, "big": 2**40, "flag": True, "none": None, "price": decimal.Decimal("129.95"), "when": datetime.datetime(2023, 11, 14, 22, 13, 20),
        "list": [1, "two", {"three": 3}], "bytes": b"\x00\xff", "text": "päivää"}))
else:
    method, properties, body = channel.basic_get(queue, auto_ack=True)
    for name in sorted(properties.headers):
        print(name, type(properties.headers[name]).__name__, repr(properties.headers[name]))
    print(properties.content_type, properties.message_id, properties.delivery_mode, properties.priority, body)
connection.close()
`

// TestForeignLetter: a copy of a letter looks to pika like the letter.
func TestForeignLetter(t *testing.T) {
	if err := exec.Command("python3", "-c", "import pika").Run(); err != nil {
		t.Skip("python3 with the module pika is not installed here")
	}
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		pika := func(queue, act string) string {
			out, err := exec.Command("python3", "-c", pikaLetter, b.amqp, queue, act).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			return string(out)
		}
		compare, queue, target := b.queue(t, "classic", nil), b.queue(t, "classic", nil), b.queue(t, "classic", nil)
		pika(compare, "put")
		pika(queue, "put")
		r := begin(t, open(t, b.lettersOf()), queue, make([]adapters.Position, 1))
		all(t, r, 10, sendAll(t, r, target))
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if want, got := pika(compare, "get"), pika(target, "get"); got != want {
			t.Errorf("the copy is\n%s, the letter was\n%s", got, want)
		}
	})
}

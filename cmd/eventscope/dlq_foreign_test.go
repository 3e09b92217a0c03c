package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/cmd/internal/exit"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/twmb/franz-go/pkg/kgo"
)

// springHeaders are what Spring Kafka's recoverer writes: numbers are big-endian bytes.
// None of these has a zero byte, which kcat could not pass on.
var springHeaders = []string{
	"kafka_dlt-original-partition=\x01\x02\x03\x04", "kafka_dlt-original-offset=\x01\x02\x03\x04\x05\x06\x07\x08",
	"kafka_dlt-original-timestamp=\x01\x01\x01\x9a\xb3\x10\x11\x12", "kafka_dlt-original-timestamp-type=CreateTime", "kafka_dlt-original-consumer-group=billing",
	"kafka_dlt-exception-fqcn=shop.CardDeclined", "kafka_dlt-exception-message=no funds", "kafka_dlt-exception-stacktrace=at shop.Pay",
}

// TestSpringLettersByKcat: letters of another writer, written by another client, are
// understood, and what is sent again is theirs to the byte.
func TestSpringLettersByKcat(t *testing.T) {
	t.Parallel()
	kcat, err := exec.LookPath("kcat")
	if err != nil {
		t.Skip("no kcat, which is the foreign client for Kafka here")
	}
	address, target := realKafka(t)
	_, dlq := realKafka(t)
	own := []string{"trace-bin=\x01\xff\x80\xfe", "tenant=shop", "empty=", "tenant=twice"}
	args := []string{"-b", address, "-P", "-t", dlq, "-k", "ord-\xff-1"}
	for _, header := range slices.Concat(own[:2], springHeaders, []string{"kafka_dlt-original-topic=" + target}, own[2:]) {
		args = append(args, "-H", header)
	}
	const value = "\x00\x01 not text \xff\xfe"
	run(t, exec.CommandContext(t.Context(), kcat, args...), value)
	url, state := "kafka://"+address+"/"+dlq, t.TempDir()
	listed, _, _ := dlqProcess(t, state, "list", url)
	for _, part := range []string{
		`"origin":"` + target + `/16909060@72623859790382856"`, `"confidence":"claimed"`, `"group":"billing"`, `"exception":"shop.CardDeclined"`, `"message":"no funds"`, `"target":"` + target + `"`,
	} {
		if !strings.Contains(listed, part) {
			t.Errorf("it is listed without %s: %s", part, listed)
		}
	}
	if _, said, code := dlqProcess(t, state, "replay", url, "--write", "--confirm", "1"); code != exit.Done {
		t.Fatalf("exit code %d: %s", code, said)
	}
	copies := committed(t, address, target)
	if len(copies) != 1 || string(copies[0].Key) != "ord-\xff-1" || string(copies[0].Value) != value {
		t.Fatalf("%d copies", len(copies))
	}
	if kept := withoutOwn(copies[0].Headers); !slices.Equal(kept, own) {
		t.Errorf("its headers are %q, want %q", kept, own)
	}
}

// withoutOwn are headers in order, but for those of a replay.
func withoutOwn(headers []kgo.RecordHeader) (kept []string) {
	for _, h := range headers {
		if !strings.HasPrefix(h.Key, "x-replay-") {
			kept = append(kept, h.Key+"="+string(h.Value))
		}
	}
	return kept
}

// pikaDeath publishes one message of many types by Python's client pika, and rejects it in
// a consumer; pikaTell prints what is in a queue, with the types that pika reads.
const (
	pikaDeath = pikaCommon + `
when = datetime.datetime(2026, 1, 2, 3, 4, 5)
headers = {"int": 7, "negative": -8, "long": 1 << 40, "bytes": b"\x00\xff\x80", "yes": True, "money": decimal.Decimal("12.34"),
    "time": when, "none": None, "table": {"deep": {"int": 1, "list": [1, "two", b"\xff", None]}}, "list": [{"a": 1}, 2], "text": "gr\u00fc\u00df"}
channel.confirm_delivery()
channel.basic_publish("", queue, b"\x00body\xff", pika.BasicProperties(content_type="application/x-own", content_encoding="none", headers=headers,
    delivery_mode=2, priority=3, correlation_id="c-1", reply_to="answers", message_id="m-1", timestamp=1767323045, type="OrderPlaced", user_id="guest", app_id="python"))
for method, properties, body in channel.consume(queue, inactivity_timeout=10):
    channel.basic_reject(method.delivery_tag, requeue=False)
    break
channel.cancel()
connection.close()
`
	pikaTell = pikaCommon + `
method, properties, body = channel.basic_get(queue, auto_ack=True)
def told(value):
    if isinstance(value, dict):
        return {key: told(value[key]) for key in value}
    if isinstance(value, list):
        return [told(one) for one in value]
    if isinstance(value, datetime.datetime):
        return value.strftime("time %Y-%m-%d %H:%M:%S")
    if isinstance(value, int): # pika has a class of its own for long ones
        return type(value).__name__ + " " + str(int(value))
    return type(value).__name__ + " " + repr(value)
print(json.dumps({"body": repr(body), "headers": told(properties.headers), "properties": {name: repr(getattr(properties, name)) for name in (
    "content_type", "content_encoding", "delivery_mode", "priority", "correlation_id", "reply_to", "expiration", "message_id", "timestamp", "type", "user_id", "app_id")}}))
connection.close()
`
	pikaCommon = `
import sys, json, datetime, decimal, pika
url, queue = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
`
)

// toldByPika is a message as pika reads it.
type toldByPika struct {
	Body       string
	Headers    map[string]any
	Properties map[string]string
}

// TestLettersOfPika: a message that a Python consumer rejected is understood by what the
// broker wrote about that, and its copy has every byte and every AMQP type that it had.
func TestLettersOfPika(t *testing.T) {
	t.Parallel()
	if err := exec.Command("python3", "-c", "import pika").Run(); err != nil {
		t.Skip("no python3 with the module pika, which is the foreign client for RabbitMQ here")
	}
	onEachRabbitMQ(t, func(t *testing.T, broker string, channel *amqp.Channel) {
		work, dlq, url := deadOnRabbitMQ(t, broker, channel, nil, 0)
		python := func(script, queue string) string {
			return run(t, exec.CommandContext(t.Context(), "python3", "-c", script, broker+"%2F", queue), "")
		}
		python(pikaDeath, work)
		awaitDepth(t, channel, dlq, 1)
		state := t.TempDir()
		listed, _, _ := dlqProcess(t, state, "list", url)
		for _, part := range []string{`"origin":"` + work + `"`, `"confidence":"certain"`, `"reason":"rejected"`, `"type":"OrderPlaced"`, `"target":"` + work + `"`} {
			if !strings.Contains(listed, part) {
				t.Errorf("it is listed without %s: %s", part, listed)
			}
		}
		if _, said, code := dlqProcess(t, state, "replay", url, "--write", "--confirm", "1"); code != exit.Done {
			t.Fatalf("exit code %d: %s", code, said)
		}
		raw, ok, err := channel.Get(work, false)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if n, long, when := raw.Headers["int"], raw.Headers["long"], raw.Headers["time"]; n != int32(7) || long != int64(1)<<40 || !when.(time.Time).Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
			t.Errorf("%T %v, %T %v, %v", n, n, long, long, when)
		}
		if err := raw.Nack(false, true); err != nil {
			t.Fatal(err)
		}
		checkTold(t, python(pikaTell, work))
	})
}

func checkTold(t *testing.T, said string) {
	t.Helper()
	var told toldByPika
	if err := json.Unmarshal([]byte(said), &told); err != nil {
		t.Fatal(err, said)
	}
	for name := range told.Headers {
		if strings.HasPrefix(name, "x-replay-") {
			delete(told.Headers, name)
		}
	}
	headers, err := json.Marshal(told.Headers)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"bytes":"bytes b'\\x00\\xff\\x80'","int":"int 7","list":[{"a":"int 1"},"int 2"],"long":"long 1099511627776",` +
		`"money":"Decimal Decimal('12.34')","negative":"int -8","none":"NoneType None",` +
		`"table":{"deep":{"int":"int 1","list":["int 1","str 'two'","bytes b'\\xff'","NoneType None"]}},"text":"str 'grüß'",` +
		`"time":"time 2026-01-02 03:04:05","yes":"bool 1"}`
	if string(headers) != want {
		t.Errorf("its headers are\n%s, want\n%s", headers, want)
	}
	if told.Body != `b'\x00body\xff'` {
		t.Errorf("its body is %s", told.Body)
	}
	// The user id goes: the broker takes none but that of whoever publishes.
	for name, want := range map[string]string{
		"content_type": "'application/x-own'", "content_encoding": "'none'", "delivery_mode": "2", "priority": "3", "correlation_id": "'c-1'", "reply_to": "'answers'",
		"expiration": "None", "message_id": "'m-1'", "timestamp": "1767323045", "type": "'OrderPlaced'", "user_id": "None", "app_id": "'python'",
	} {
		if told.Properties[name] != want {
			t.Errorf("%s is %s, want %s", name, told.Properties[name], want)
		}
	}
}

package preserved

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	amqp "github.com/rabbitmq/amqp091-go"
	"pgregory.net/rapid"
)

// anyText is text of any bytes, mostly UTF-8.
func anyText(most int) *rapid.Generator[string] {
	return rapid.OneOf(rapid.StringN(0, most/4, most), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, most), func(b []byte) string { return string(b) }))
}

// anyField is a field value as the client reads it from the wire.
func anyField(depth int) *rapid.Generator[any] {
	whole := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int8().AsAny(), rapid.Uint8().AsAny(), rapid.Int16().AsAny(), rapid.Uint16().AsAny(),
		rapid.Int32().AsAny(), rapid.Uint32().AsAny(), rapid.Int64().AsAny(), anyText(20).AsAny(), rapid.SliceOf(rapid.Byte()).AsAny(),
		rapid.Map(rapid.Uint32(), func(bits uint32) any { return math.Float32frombits(bits) }),
		rapid.Map(rapid.Uint64(), func(bits uint64) any { return math.Float64frombits(bits) }),
		rapid.Custom(func(t *rapid.T) any {
			return amqp.Decimal{Scale: rapid.Uint8().Draw(t, "scale"), Value: rapid.Int32().Draw(t, "value")}
		}),
		rapid.Map(rapid.Int64(), func(seconds int64) any { return time.Unix(seconds, 0) }),
	}
	if depth > 0 {
		whole = append(whole, rapid.SliceOfN(anyField(depth-1), 0, 4).AsAny(), anyTable(depth-1).AsAny())
	}
	return rapid.OneOf(whole...)
}

func anyTable(depth int) *rapid.Generator[amqp.Table] {
	return rapid.Map(rapid.MapOfN(anyText(20), anyField(depth), 0, 5), func(m map[string]any) amqp.Table { return m })
}

func anyDelivery() *rapid.Generator[amqp.Delivery] {
	return rapid.Custom(func(t *rapid.T) amqp.Delivery {
		short := func(name string) string { return anyText(20).Draw(t, name) }
		d := amqp.Delivery{
			Headers: anyTable(3).Draw(t, "headers"), ContentType: short("content type"), ContentEncoding: short("content encoding"),
			DeliveryMode: rapid.Uint8().Draw(t, "mode"), Priority: rapid.Uint8().Draw(t, "priority"), CorrelationId: short("correlation"),
			ReplyTo: short("reply to"), Expiration: short("expiration"), MessageId: short("id"), Type: short("type"), UserId: short("user"),
			AppId: short("app"), Exchange: short("exchange"), RoutingKey: short("key"), Redelivered: rapid.Bool().Draw(t, "redelivered"),
			Body: rapid.SliceOf(rapid.Byte()).Draw(t, "body"),
		}
		if rapid.Bool().Draw(t, "timed") {
			d.Timestamp = time.Unix(rapid.Int64Range(0, math.MaxInt64).Draw(t, "seconds"), 0)
		}
		return d
	})
}

// same compares deliveries to the bit.
var same = cmp.Options{
	cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(amqp.Delivery{}),
	cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
	cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }),
	cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
}

func TestALineIsTheSameLetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, name := anyDelivery().Draw(t, "letter"), anyText(20).Draw(t, "queue")
		line, err := Append([]byte("before"), &d, name)
		if err != nil {
			t.Fatal(err)
		}
		if string(line[:6]) != "before" {
			t.Fatalf("not appended: %q", line)
		}
		line = line[6:]
		if !json.Valid(line) {
			t.Fatalf("no JSON: %s", line)
		}
		again, queue, err := Read(line)
		if err != nil || queue != name {
			t.Fatalf("%q, %v", queue, err)
		}
		if diff := cmp.Diff(d, *again, same); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestTheFormOfALine pins the form, which lies in archives.
func TestTheFormOfALine(t *testing.T) {
	d := amqp.Delivery{
		Exchange: "dlx", RoutingKey: "k\xff", MessageId: "m-1", Timestamp: time.Unix(1_700_000_000, 0), DeliveryMode: 2, Body: []byte("hi"),
		Headers: amqp.Table{"n": int32(5), "big": int64(1) << 60, "list": []any{true, nil}, "when": time.Unix(1_700_000_000, 0), "price": amqp.Decimal{Scale: 2, Value: 12995}},
	}
	line, err := Append(nil, &d, "orders.dlq")
	const want = `{"v":1,"queue":"orders.dlq","exchange":"dlx","routing_key":{"base64":"a/8="},` +
		`"properties":{"message_id":"m-1","timestamp":1700000000,"delivery_mode":2},"headers":[` +
		`{"name":"big","type":"int64","value":"1152921504606846976"},{"name":"list","type":"array","value":[{"type":"bool","value":true},{"type":"void"}]},` +
		`{"name":"n","type":"int32","value":5},{"name":"price","type":"decimal","value":"12995e-2"},{"name":"when","type":"timestamp","value":"1700000000"}],"body":"aGk="}`
	if err != nil || string(line) != want {
		t.Errorf("%v\n%s, want\n%s", err, line, want)
	}
}

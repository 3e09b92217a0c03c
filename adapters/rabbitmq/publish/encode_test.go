package publish

import (
	"errors"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/preserved"
)

// TestDecodedIsAMessage: a line from an archive is shown like any letter.
func TestDecodedIsAMessage(t *testing.T) {
	d := amqp.Delivery{
		Exchange: "dlx", RoutingKey: "k\xff", MessageId: "m-1", Timestamp: time.Unix(1_700_000_000, 0), DeliveryMode: 2, Body: []byte("hi"),
		Headers: amqp.Table{"n": int32(5), "big": int64(1) << 60, "list": []any{true, nil}, "when": time.Unix(1_700_000_000, 0), "price": amqp.Decimal{Scale: 2, Value: 12995}},
	}
	line, err := preserved.Append(nil, &d, "orders.dlq")
	if err != nil {
		t.Fatal(err)
	}
	m, err := (&Copier{}).Decode(line)
	if err != nil || m.Position.Destination != "orders.dlq" || string(m.Value) != "hi" || m.Properties.MessageID != "m-1" || len(m.Headers) != 5 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestDecodingWhatIsDamaged(t *testing.T) {
	for _, line := range []string{``, `{`, `{"v":2}`, `{"v":1,"headers":[{"type":"int8","value":5}]}`, `{"v":1,"headers":[{"name":"a","type":"int8","value":500}]}`,
		`{"v":1,"headers":[{"name":"a","type":"int128","value":5}]}`, `{"v":1,"headers":[{"name":"a","type":"decimal","value":"x"}]}`, `{"v":1,"body":"%"}`} {
		if m, err := (&Copier{}).Decode([]byte(line)); !errors.Is(err, adapters.ErrUsage) {
			t.Errorf("%s: %+v, %v", line, m, err)
		}
	}
}

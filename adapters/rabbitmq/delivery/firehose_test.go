package delivery

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// traced is a copy as the brokers 3.10 and 4.0 were seen to publish it.
func traced(exchange string) amqp.Delivery {
	return amqp.Delivery{
		Exchange: TraceExchange, RoutingKey: "publish." + exchange, Body: []byte("body"), DeliveryTag: 7, Redelivered: true,
		Headers: amqp.Table{
			"exchange_name": exchange, "routing_keys": []any{"order.placed", "cc"}, "routed_queues": []any{"q"},
			"node": "rabbit@a", "vhost": "/", "connection": "127.0.0.1:1 -> 127.0.0.1:2", "channel": int32(1), "user": "guest",
			"properties": amqp.Table{
				"content_type": "application/json", "content_encoding": "utf-8", "correlation_id": "c", "reply_to": "r", "expiration": "5000", "message_id": "m",
				"type": "OrderPlaced", "user_id": "guest", "app_id": "shop", "delivery_mode": int32(2), "priority": int32(4), "timestamp": int32(1700000000),
				"headers": amqp.Table{"n": int32(5), "s": "text"},
			},
		},
	}
}

func TestUnwrap(t *testing.T) {
	d := traced("orders")
	UnwrapTrace(&d)
	s := new(Buffer)
	s.AddTapped(&d, "")
	got := s.Messages[0]
	want := adapters.Message{
		Value:   []byte("body"),
		Headers: []adapters.Header{{Name: "n", Value: []byte("5"), Structured: int64(5)}, {Name: "s", Value: []byte("text")}},
		Properties: &adapters.Properties{
			Exchange: "orders", RoutingKey: "order.placed", ContentType: "application/json", ContentEncoding: "utf-8", CorrelationID: "c", ReplyTo: "r",
			Expiration: "5000", MessageID: "m", Type: "OrderPlaced", UserID: "guest", AppID: "shop",
			Timestamp: time.Unix(1700000000, 0), DeliveryMode: 2, Priority: 4,
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(adapters.Message{}, "Position", "Time")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, digest := got.Position.Digest(); !digest || got.Position.Destination != "orders" {
		t.Errorf("position %v", got.Position)
	}
}

// TestUnwrapIncomplete: a copy that lacks everything is still a message.
func TestUnwrapIncomplete(t *testing.T) {
	d := amqp.Delivery{Exchange: TraceExchange, RoutingKey: "publish.", Body: []byte("body")}
	UnwrapTrace(&d)
	s := new(Buffer)
	s.AddTapped(&d, "")
	if p := s.Messages[0].Position; p.Destination != DefaultExchange {
		t.Errorf("position %v, want one of the default exchange", p)
	}
	wrong := amqp.Delivery{Headers: amqp.Table{"exchange_name": int32(1), "routing_keys": "x", "properties": []any{}}, RoutingKey: "publish.a.b"}
	UnwrapTrace(&wrong)
	if wrong.Exchange != "a.b" || wrong.RoutingKey != "" {
		t.Errorf("got exchange %q, key %q", wrong.Exchange, wrong.RoutingKey)
	}
}

// TestTappedAndTracedAreOne: a message has the same position however it was seen.
func TestTappedAndTracedAreOne(t *testing.T) {
	trace := traced("orders")
	UnwrapTrace(&trace)
	direct := trace
	direct.DeliveryTag = 1
	s := new(Buffer)
	s.AddTapped(&trace, "")
	s.AddTapped(&direct, "")
	if s.Messages[0].Position != s.Messages[1].Position {
		t.Errorf("%v and %v", s.Messages[0].Position, s.Messages[1].Position)
	}
}

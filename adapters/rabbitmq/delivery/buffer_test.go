package delivery

import (
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// TestStoredTime: a broker's stamp is finer than the publisher's timestamp.
func TestStoredTime(t *testing.T) {
	publisher := time.Unix(1_700_000_000, 0)
	for _, test := range []struct {
		header any
		want   time.Time
	}{{nil, publisher}, {int64(1_700_000_000_123), time.UnixMilli(1_700_000_000_123)}, {"text", publisher}} {
		d := amqp.Delivery{Timestamp: publisher, Headers: amqp.Table{"timestamp_in_ms": test.header}}
		if got, _ := StoredTime(&d); !got.Equal(test.want) {
			t.Errorf("%v: got %v, want %v", test.header, got, test.want)
		}
	}
	inMilliseconds := amqp.Delivery{Timestamp: time.Unix(1_700_000_000_123, 0)}
	if got, raw := StoredTime(&inMilliseconds); !got.IsZero() || raw != 1_700_000_000_123 {
		t.Errorf("milliseconds for seconds: got %v and %d", got, raw)
	}
	wrong := amqp.Delivery{Headers: amqp.Table{"timestamp_in_ms": int64(1_700_000_000_123_000)}}
	if got, raw := StoredTime(&wrong); !got.IsZero() || raw != 1_700_000_000_123_000 {
		t.Errorf("microseconds for milliseconds: got %v and %d", got, raw)
	}
}

// BenchmarkConvert is what a message costs between the client and the intake.
func BenchmarkConvert(b *testing.B) {
	d := amqp.Delivery{
		Headers: amqp.Table{"correlation_id": "5c1b9e0a-8c5e-4f4e-9d3a-2f1f0d5a7b11", "attempt": int32(1)}, Body: make([]byte, 1024), ContentType: "application/json",
		MessageId: "9f0b6a52-1f7e-4c8a-8a55-6d1f9a7b3c21", Type: "OrderPlaced", AppId: "shop", Timestamp: time.Now(), Exchange: "orders", RoutingKey: "order.placed",
	}
	b.SetBytes(int64(len(d.Body)))
	b.ReportAllocs()
	s := NewBuffer()
	for range b.N {
		s.AddTapped(&d, "")
		s.deliveries++
		if s.full() {
			s.Free()
			s = NewBuffer()
		}
	}
	s.Free()
}

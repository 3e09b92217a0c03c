package envelope

import (
	"fmt"
	"strings"
	"testing"

	"eventscope/adapters"
)

const orderBody = `{"type":"OrderPlaced","payload":{"order_id":"ord-1009","customer_id":"c-1","items":[` +
	`{"sku":"sku-0001","name":"A very useful thing","quantity":2,"price":12.50,"currency":"EUR"},` +
	`{"sku":"sku-0002","name":"Another very useful thing","quantity":1,"price":99.00,"currency":"EUR"},` +
	`{"sku":"sku-0003","name":"A third very useful thing","quantity":4,"price":1.25,"currency":"EUR"},` +
	`{"sku":"sku-0004","name":"A fourth very useful thing","quantity":3,"price":7.75,"currency":"EUR"},` +
	`{"sku":"sku-0005","name":"A fifth very useful thing","quantity":9,"price":0.99,"currency":"EUR"}],` +
	`"total":129.90,"currency":"EUR","address":{"street":"1 Long Street With A Long Name","city":"Somewhere","zip":"12345","country":"Nowhere"},` +
	`"note":"please leave it with the neighbours on the second floor if nobody answers the door, they are nearly always in and know about it",` +
	`"timestamp":"2026-01-31T09:30:00.123Z","event_id":"7c9e6679-7425-40de-944b-e07fc1f90ae7"}}`

func h(pairs ...string) []adapters.Header {
	var headers []adapters.Header
	for i := 0; i < len(pairs); i += 2 {
		headers = append(headers, adapters.Header{Name: pairs[i], Value: []byte(pairs[i+1])})
	}
	return headers
}

// plainBody is a body of about that many bytes, most of them in one text.
func plainBody(size int, before, after string) []byte {
	const words = "please leave it with the neighbours on the second floor if nobody answers the door, "
	text := strings.Repeat(words, size/len(words)+1)
	return []byte(before + text[:max(size-len(before)-len(after), 0)] + after)
}

// orderOf is an order with that many items, and the ids behind them.
func orderOf(items int) []byte {
	b := []byte(`{"type":"OrderPlaced","payload":{"items":[`)
	for i := range items {
		b = fmt.Appendf(b, `{"sku":"sku-%04d","quantity":%d,"price":%d.50,"currency":"EUR"},`, i, i%4+1, i+12)
	}
	return append(b[:len(b)-1], `],"total":129.90,"currency":"EUR","customer_id":"c-1","order_id":"ord-1009","event_id":"`+eventID+`"}}`...)
}

const eventID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"

func BenchmarkRead(b *testing.B) {
	at := adapters.Position{Destination: "orders", Partition: 2, Offset: 881}
	key := []byte("ord-1009")
	body := []byte(orderBody)
	plain := plainBody(1000, `{"type":"OrderPlaced","payload":{"order_id":"ord-1009","event_id":"`+eventID+`","amount":129.90,"currency":"EUR","note":"`, `"}}`)
	traced := h("correlation_id", "flow-000001009", "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	cloudEvent := h("content-type", "application/cloudevents+json; charset=UTF-8")
	for _, c := range []struct {
		name string
		m    adapters.Message
	}{
		{"plain, two headers", adapters.Message{Position: at, Key: key, Value: plain, Headers: traced}},
		{"plain, no headers", adapters.Message{Position: at, Key: key, Value: plain}},
		{"order of 12, ids last", adapters.Message{Position: at, Key: key, Value: orderOf(12)}},
		{"5 KB, ids last", adapters.Message{Position: at, Key: key, Value: plainBody(5000, `{"note":"`, `","type":"OrderPlaced","order_id":"ord-1009","event_id":"`+eventID+`"}`)}},
		{"200 bytes", adapters.Message{Position: at, Key: key, Value: plainBody(200, `{"type":"OrderPlaced","payload":{"order_id":"ord-1009","event_id":"`+eventID+`","note":"`, `"}}`)}},
		{"headers enough", adapters.Message{Position: at, Key: key, Value: body, Headers: h("correlation_id", "ord-1009", "event_id", eventID, "event_type", "OrderPlaced")}},
		{"headers flow, body entity", adapters.Message{Position: at, Key: key, Value: body, Headers: h("correlation_id", "ord-1009", "event_id", eventID)}},
		{"flow only, rest in body", adapters.Message{Position: at, Key: key, Value: body, Headers: h("correlation_id", "ord-1009", "content-type", "application/json")}},
		{"all from body", adapters.Message{Position: at, Key: key, Value: body}},
		{"cloudevents binary", adapters.Message{Position: at, Key: key, Value: body, Headers: h("ce_specversion", "1.0", "ce_id", "e-1", "ce_source", "/shop/orders", "ce_type", "shop.order.placed", "ce_time", "2026-01-31T09:30:00Z", "ce_subject", "ord-1009", "ce_correlationid", "f-1", "content-type", "application/json")}},
		{"cloudevents structured", adapters.Message{Position: at, Value: []byte(`{"specversion":"1.0","id":"e-1","source":"/shop/orders","type":"shop.order.placed","time":"2026-01-31T09:30:00Z","subject":"ord-1009","correlationid":"f-1","datacontenttype":"application/json","data":` + orderBody + `}`), Headers: cloudEvent}},
		{"cloudevents, no flow", adapters.Message{Position: at, Value: []byte(`{"specversion":"1.0","id":"e-1","source":"/shop/orders","type":"shop.order.placed","time":"2026-01-31T09:30:00Z","subject":"ord-1009","datacontenttype":"application/json","data":` + orderBody + `}`), Headers: cloudEvent}},
		{"traceparent", adapters.Message{Position: at, Key: key, Value: body, Headers: h("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")}},
		{"amqp properties", adapters.Message{Position: at, Value: body, Headers: h("order_id", "ord-1009", "correlation_id", "f-1"), Properties: &adapters.Properties{Exchange: "orders", RoutingKey: "order.placed", MessageID: "m-1", Type: "OrderPlaced", AppID: "order"}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := NewReader(nil)
			var id Identity
			b.ReportAllocs()
			b.SetBytes(int64(len(c.m.Value)))
			for b.Loop() {
				r.Read(&c.m, &id)
			}
		})
	}
}

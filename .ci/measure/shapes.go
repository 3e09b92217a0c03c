package main

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	smallBody, usualBody, largeBody = 200, 1000, 5000

	longestNote = largeBody
)

// shape is how a producer writes its events.
type shape struct {
	uuids bool
	write func(*event) (value []byte, headers []kgo.RecordHeader)
}

var headerRich = shape{write: writeHeaderRich}

var shapes = map[string]shape{
	"header-rich": headerRich,
	"bench": {true, func(e *event) ([]byte, []kgo.RecordHeader) {
		return plainBody(e), headers("correlation_id", e.flow, "traceparent", e.trace)
	}},
	"no-headers":  {true, func(e *event) ([]byte, []kgo.RecordHeader) { return plainBody(e), nil }},
	"order":       {true, writeOrder},
	"cloudevents": {true, writeCloudEvent},
	"small": {true, func(e *event) ([]byte, []kgo.RecordHeader) {
		return body(smallBody, e, fmt.Sprintf(`{"type":"%s","payload":{"order_id":"%s","event_id":"%s","note":"`, e.kind, e.orderID, e.id), `"}}`), nil
	}},
	"large": {true, func(e *event) ([]byte, []kgo.RecordHeader) {
		return body(largeBody, e, `{"note":"`, fmt.Sprintf(`","type":"%s","order_id":"%s","event_id":"%s"}`, e.kind, e.orderID, e.id)), nil
	}},
}

// body is of that size: as much of the event's note as fits in between.
func body(size int, e *event, before, after string) []byte {
	value := append(make([]byte, 0, size), before...)
	value = append(value, e.note[:max(size-len(before)-len(after), 0)]...)
	return append(value, after...)
}

func headers(pairs ...string) []kgo.RecordHeader {
	var headers []kgo.RecordHeader
	for i := 0; i < len(pairs); i += 2 {
		headers = append(headers, kgo.RecordHeader{Key: pairs[i], Value: []byte(pairs[i+1])})
	}
	return headers
}

// writeHeaderRich puts together the body by hand, since the producer of a flood must be
// cheaper than what it loads.
func writeHeaderRich(e *event) ([]byte, []kgo.RecordHeader) {
	const note = 690
	value := make([]byte, 0, 1100)
	value = append(append(append(value, `{"type":"`...), e.kind...), `","payload":{"order_id":"`...)
	value = append(append(append(value, e.orderID...), `","event_id":"`...), e.number...)
	value = fmt.Appendf(value, `","customer_id":"cust-%05d","amount":129.90,"currency":"EUR",`, e.order%20000)
	value = append(value, `"items":[{"sku":"A-1","quantity":2},{"sku":"B-7","quantity":1}],"timestamp":"`...)
	value = e.time.AppendFormat(value, time.RFC3339Nano)
	value = append(append(append(value, `","note":"`...), e.note[:note]...), `"}}`...)
	return value, headers("correlation_id", fmt.Sprintf("%08x-0000-4000-8000-%012x", e.order, e.order),
		"event_type", e.kind, "event_id", e.number, "source", e.service)
}

func plainBody(e *event) []byte {
	return body(usualBody, e,
		fmt.Sprintf(`{"type":"%s","payload":{"order_id":"%s","customer_id":"cust-%05d","amount":129.90,"currency":"EUR",`+
			`"items":[{"sku":"A-1","quantity":2},{"sku":"B-7","quantity":1}],"timestamp":"%s","note":"`,
			e.kind, e.orderID, e.order%20000, e.time.Format(time.RFC3339Nano)),
		fmt.Sprintf(`","event_id":"%s"}}`, e.id))
}

// writeOrder writes many short members before the ids.
func writeOrder(e *event) ([]byte, []kgo.RecordHeader) {
	items := fmt.Appendf(nil, `{"type":"%s","payload":{"items":[`, e.kind)
	for i := range 12 {
		if i > 0 {
			items = append(items, ',')
		}
		items = fmt.Appendf(items, `{"sku":"sku-%04d","quantity":%d,"price":%d.50,"currency":"EUR"}`, (e.order*7+i*13)%10000, i%4+1, i+12)
	}
	return body(usualBody, e, string(items)+`],"total":129.90,"note":"`,
		fmt.Sprintf(`","customer_id":"cust-%05d","order_id":"%s","event_id":"%s"}}`, e.order%20000, e.orderID, e.id)), nil
}

func writeCloudEvent(e *event) ([]byte, []kgo.RecordHeader) {
	return body(usualBody, e,
			fmt.Sprintf(`{"specversion":"1.0","id":"%s","source":"/shop/%s","type":"shop.%s","time":"%s","subject":"%s","correlationid":"%s",`+
				`"datacontenttype":"application/json","data":{"order_id":"%s","customer_id":"cust-%05d","amount":129.90,"currency":"EUR","note":"`,
				e.id, e.service, e.kind, e.time.Format(time.RFC3339Nano), e.orderID, e.flow, e.orderID, e.order%20000), `"}}`),
		headers("content-type", "application/cloudevents+json; charset=UTF-8")
}

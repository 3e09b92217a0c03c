package envelope

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"eventscope/adapters"
)

var commonCases = []goldenCase{
	{"the order system", kafka("ord-1009", orderBody, "correlation_id", "f-1"),
		facts{"", "f-1", "", "7c9e6679-7425-40de-944b-e07fc1f90ae7", "OrderPlaced", "", "", "ord-1009", "", "2026-01-31T09:30:00.123Z", "header correlation_id", "body payload.event_id", "body type", "body payload.order_id", ""}},
	{"everything in headers", kafka("k", `{"type":"other","order_id":"other"}`, "X-Correlation-ID", "f-1", "causation.id", "e-0", "EventId", "e-1", "event-type", "T", "schema_version", "2", "Service", "order", "OrderId", "ord-1", "occurredAt", "1769851800"),
		facts{"", "f-1", "e-0", "e-1", "T", "2", "order", "ord-1", "", "2026-01-31T09:30:00Z", "header X-Correlation-ID", "header EventId", "header event-type", "header OrderId", ""}},
	{"headers and the key are enough", kafka(`"ord-1"`, `{"order_id":"other"}`, "correlation_id", "f-1", "event_id", "e-1", "event_type", "T"),
		facts{"", "f-1", "", "e-1", "T", "", "", "ord-1", "", "", "header correlation_id", "header event_id", "header event_type", "key", ""}},
	{"metadata in the body", kafka("", `{"meta":{"correlationId":"f-1","causationId":"e-0","eventId":"e-1","eventType":"T","version":3,"service":"pay"},"payload":{"orderId":1009}}`),
		facts{"", "f-1", "e-0", "e-1", "T", "3", "pay", "1009", "", "", "body meta.correlationId", "body meta.eventId", "body meta.eventType", "body payload.orderId", ""}},
	{"a better name wins", kafka("", `{"id":"row-1","uuid":"u","event_id":"e-1","requestId":"r","name":"Bob","event":"order.placed"}`),
		facts{"", "r", "", "e-1", "order.placed", "", "", "", "", "", "body requestId", "body event_id", "body event", "", ""}},
	{"a name is no type by itself", kafka("", `{"name":"Bob"}`), facts{"", "", "", "", "orders", "", "", "", "", "", "", "", "destination name", "", ""}},
	{"a name beside a payload", kafka("", `{"name":"OrderPlaced","payload":{}}`), facts{"", "", "", "", "OrderPlaced", "", "", "", "", "", "", "", "body name", "", ""}},
	{"a name is no type when it has spaces", kafka("", `{"name":"Bob the builder","kind":"user.registered"}`),
		facts{"", "", "", "", "user.registered", "", "", "", "", "", "", "", "body kind", "", ""}},
	{"body type before AMQP type", rabbit(adapters.Properties{Type: "event"}, `{"type":"OrderPlaced"}`),
		facts{"", "", "", "", "OrderPlaced", "", "", "", "", "", "", "", "body type", "", ""}},
	{"AMQP type before a header", rabbit(adapters.Properties{Type: "A"}, ``, "event-type", "B"),
		facts{"", "", "", "", "A", "", "", "", "", "", "", "", "property type", "", ""}},
	{"a header before __TypeId__", kafka("", ``, "__TypeId__", "B", "event-name", "A"),
		facts{"spring", "", "", "", "A", "", "", "", "", "", "", "", "header event-name", "", ""}},
	{"__TypeId__ before other names in the body", kafka("", `{"eventType":"C"}`, "__TypeId__", "B"),
		facts{"spring", "", "", "", "B", "", "", "", "", "", "", "", "header __TypeId__", "", ""}},
	{"an order as an object", kafka("k", `{"order":{"id":"ord-1","total":3}}`),
		facts{"", "", "", "", "orders", "", "", "ord-1", "", "", "", "", "destination name", "body order.id", ""}},
	{"escaped members and values", kafka("", `{"order\u005fid":"x","orderId":"\u006frd-1"}`),
		facts{"", "", "", "", "orders", "", "", "ord-1", "", "", "", "", "destination name", "body orderId", ""}},
	{"what stands for nothing", kafka("0", `{"correlation_id":"null","event_id":0,"order_id":"","causation_id":null}`, "correlation-id", "00000000-0000-0000-0000-000000000000", "message-id", "0"),
		facts{"", "", "", "", "orders", "", "", "", "", "", "", "", "destination name", "", ""}},
	{"an id of a megabyte", kafka("", `{"event_id":"e-1"}`, "correlation_id", strings.Repeat("x", 1<<20)),
		facts{"", "", "", "e-1", "orders", "", "", "", "", "", "", "body event_id", "destination name", "", ""}},
	{"a binary key", kafka("\x00\x00\x00\x00\x00\x00\x03\xf1", ``), facts{"", "", "", "", "orders", "", "", "", "", "", "", "", "destination name", "", ""}},
	{"a binary UUID as the key", kafka("\x00\x01\x02\x03\x04\x05\x06\x07\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff", ``),
		facts{"", "", "", "", "orders", "", "", "00010203-0405-0607-f8f9-fafbfcfdfeff", "", "", "", "", "destination name", "key", ""}},
	{"a key that is an object", kafka(`{"tenant":"t","order_id":"ord-1"}`, ``), facts{"", "", "", "", "orders", "", "", "ord-1", "", "", "", "", "destination name", "key", ""}},
	{"a key that Connect wrote", kafka(`{"schema":{"type":"struct"},"payload":{"id":1009}}`, ``), facts{"", "", "", "", "orders", "", "", "orders/1009", "", "", "", "", "destination name", "key", ""}},
	{"a key of two parts", kafka(`{"a":1,"b":2}`, ``), facts{"", "", "", "", "orders", "", "", `orders/{"a":1,"b":2}`, "", "", "", "", "destination name", "key", ""}},
	{"a key that breaks off", kafka(`{"id":7`, ``), facts{"", "", "", "", "orders", "", "", `{"id":7`, "", "", "", "", "destination name", "key", ""}},
	{"Confluent framing", kafka("", "\x00\x00\x00\x00\x07"+`{"order_id":"ord-1"}`),
		facts{"", "", "", "", "orders", "", "", "ord-1", "", "", "", "", "destination name", "body order_id", ""}},
	{"a cause that is itself", kafka("", "", "event-id", "e-1", "causation-id", "e-1"),
		facts{"", "", "", "e-1", "orders", "", "", "", "", "", "", "header event-id", "destination name", "", ""}},
	{"half JSON", kafka("ord-1", `{"type":"T","order_id":"ord-2","x":`), facts{"", "", "", "", "orders", "", "", "ord-1", "", "", "", "", "destination name", "key", "malformed "}},
	{"trailing bytes", kafka("", `{"type":"T"} }`), facts{"", "", "", "", "orders", "", "", "", "", "", "", "", "destination name", "", "malformed "}},
	{"invalid UTF-8", kafka("", "{\"type\":\"T\",\"x\":\"\xff\"}"), facts{"", "", "", "", "orders", "", "", "", "", "", "", "", "destination name", "", "malformed "}},
	{"twice the same member", kafka("", `{"order_id":"a","order_id":"b"}`), facts{"", "", "", "", "orders", "", "", "", "", "", "", "", "destination name", "", "malformed "}},
	{"50,000 deep", kafka("", strings.Repeat(`{"a":`, 50_000)+"1"+strings.Repeat(`}`, 50_000)), facts{"", "", "", "", "orders", "", "", "", "", "", "", "", "destination name", "", "malformed "}},
	{"not JSON at all", kafka("", "order placed"), facts{"", "", "", "", "orders", "", "", "", "", "", "", "", "destination name", "", ""}},
	{"a large body is read at its beginning", kafka("", `{"order_id":"ord-1","event_type":"T","blob":"`+strings.Repeat("é", 1<<20)+`","correlation_id":"f"}`),
		facts{"", "", "", "", "T", "", "", "ord-1", "", "", "", "", "body event_type", "body order_id", ""}},
	{"a replay", kafka("", "", "x-replay-id", "p-1"), facts{"", "", "", "", "orders", "", "", "", "", "", "", "", "destination name", "", "replayed "}},
	{"a dead letter", kafka("", "", "kafka_dlt-original-topic", "orders"), facts{"", "", "", "", "orders", "", "", "", "", "", "", "", "destination name", "", "dead "}},
}

func TestCommonNames(t *testing.T) {
	for _, c := range commonCases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, read(t, &c.m, nil)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestRetryStageIsNotDead(t *testing.T) {
	for destination, want := range map[string]bool{"orders-retry-1000": false, "orders-retry": false, "orders-dlt": true} {
		m := kafka("", "", "kafka_original-topic", "orders", "retry_topic-attempts", "\x00\x00\x00\x02")
		m.Position.Destination = destination
		var id Identity
		NewReader(nil).Read(&m, &id)
		if id.DeadLetter != want {
			t.Errorf("%s: dead letter %v, want %v", destination, id.DeadLetter, want)
		}
	}
}

func TestReadDoesNotAllocate(t *testing.T) {
	for _, c := range append(append([]goldenCase{}, dialectCases...), commonCases...) {
		r, id := NewReader(nil), Identity{}
		r.Read(&c.m, &id)
		if n := testing.AllocsPerRun(20, func() { r.Read(&c.m, &id) }); n != 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}

package envelope

import (
	"testing"
	"time"

	// Differences of structures as a person reads them.
	"github.com/google/go-cmp/cmp"

	"eventscope/adapters"
	"eventscope/adapters/envelope/dialect"
)

// facts is an identity as text; a field that is empty must be empty.
type facts struct {
	Dialect                             dialect.Name
	Flow, Cause, ID, Type               string
	Version, Service, Entity, Trace     string
	Time                                string
	FlowFrom, IDFrom, TypeFrom, EntFrom string
	Flags                               string
}

func read(t *testing.T, m *adapters.Message, rules *Rules) facts {
	t.Helper()
	r, id := NewReader(rules), Identity{}
	r.Read(m, &id)
	first := factsOf(&id)
	r.Read(m, &id) // remembered names must not change the answer
	if diff := cmp.Diff(first, factsOf(&id)); diff != "" {
		t.Errorf("second reading differs:\n%s", diff)
	}
	return first
}

func factsOf(id *Identity) facts {
	f := facts{
		Dialect: id.Dialect, Flow: string(id.Flow.Value), Cause: string(id.Cause.Value), ID: string(id.ID.Value), Type: string(id.Type.Value),
		Version: string(id.Version.Value), Service: string(id.Service.Value), Entity: string(id.Entity.Value), Trace: string(id.Trace.Value),
		FlowFrom: id.Flow.From.String(), IDFrom: id.ID.From.String(), TypeFrom: id.Type.From.String(), EntFrom: id.Entity.From.String(),
	}
	if !id.Time.IsZero() {
		f.Time = id.Time.Format(time.RFC3339Nano)
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{id.DeadLetter, "dead "}, {id.Replayed, "replayed "}, {id.Request, "request "}, {id.Malformed, "malformed "}} {
		if flag.set {
			f.Flags += flag.name
		}
	}
	return f
}

const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"

var orders = adapters.Position{Destination: "orders", Partition: 2, Offset: 881}

// kafka and rabbit make messages of the two brokers.
func kafka(key, value string, headers ...string) adapters.Message {
	m := adapters.Message{Position: orders, Value: []byte(value), Headers: h(headers...)}
	if key != "" {
		m.Key = []byte(key)
	}
	return m
}

func rabbit(p adapters.Properties, value string, headers ...string) adapters.Message {
	p.Exchange = "shop"
	return adapters.Message{Position: adapters.DigestPosition("shop", 1), Value: []byte(value), Headers: h(headers...), Properties: &p}
}

func TestDialects(t *testing.T) {
	for _, c := range dialectCases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, read(t, &c.m, nil)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

type goldenCase struct {
	name string
	m    adapters.Message
	want facts
}

var dialectCases = []goldenCase{
	{"CloudEvents binary on Kafka", kafka("k", `{"amount":3}`,
		"ce_specversion", "1.0", "ce_id", "e-1", "ce_source", "/shop/orders", "ce_type", "shop.order.placed", "ce_time", "2026-01-31T09:30:00.5+01:00",
		"ce_subject", "ord-1009", "ce_dataschema", "https://s/1", "ce_correlationid", "f-1", "ce_causationid", "e-0", "content-type", "application/json"),
		facts{"cloudevents", "f-1", "e-0", "e-1", "shop.order.placed", "https://s/1", "/shop/orders", "ord-1009", "", "2026-01-31T08:30:00.5Z",
			"header ce_correlationid", "header ce_id", "header ce_type", "header ce_subject", ""}},
	{"CloudEvents with the HTTP prefix", kafka("", "", "ce-id", "e-1", "ce-type", "t", "ce-source", "s", "ce-traceparent", "00-"+traceID+"-00f067aa0ba902b7-01"),
		facts{"cloudevents", traceID, "", "e-1", "t", "", "s", "", traceID, "", "trace id of ce-traceparent", "header ce-id", "header ce-type", "", ""}},
	{"CloudEvents on AMQP", rabbit(adapters.Properties{RoutingKey: "r"}, "", "cloudEvents_id", "e-1", "cloudEvents_type", "t", "cloudEvents_source", "s"),
		facts{"cloudevents", "", "", "e-1", "t", "", "s", "", "", "", "", "header cloudEvents_id", "header cloudEvents_type", "", ""}},
	{"CloudEvents on AMQP with colons", rabbit(adapters.Properties{}, "", "cloudEvents:id", "e-1", "cloudEvents:type", "t", "cloudEvents:subject", "ord-1"),
		facts{"cloudevents", "", "", "e-1", "t", "", "", "ord-1", "", "", "", "header cloudEvents:id", "header cloudEvents:type", "header cloudEvents:subject", ""}},
	{"CloudEvents structured", kafka("k", `{"specversion":"1.0","data":{"id":"not me","type":"nor me","order_id":"ord-9"},"id":"e-1","type":"t","source":"s","subject":"ord-1009","correlationid":"f-1","causationid":"e-0"}`, "Content-Type", "application/CloudEvents+json; charset=utf-8"),
		facts{"cloudevents", "f-1", "e-0", "e-1", "t", "", "s", "ord-1009", "", "", "body correlationid", "body id", "body type", "body subject", ""}},
	{"CloudEvents structured, unannounced", kafka("", `{"id":"e-1","type":"t","source":"s","specversion":"1.0"}`),
		facts{"cloudevents", "", "", "e-1", "t", "", "s", "", "", "", "", "body id", "body type", "", ""}},
	{"W3C trace context", kafka("ord-1", "", "traceparent", "00-"+traceID+"-00f067aa0ba902b7-01"),
		facts{"", traceID, "", "", "orders", "", "", "ord-1", traceID, "", "trace id of traceparent", "", "destination name", "key", ""}},
	{"X-Ray header of SQS", kafka("", "", "AWSTraceHeader", "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=53995c3f42cd8ad8;Sampled=1"),
		facts{"", traceID, "", "", "orders", "", "", "", traceID, "", "trace id of AWSTraceHeader", "", "destination name", "", ""}},
	{"X-Ray header with its parts in another order", kafka("", "", "X-Amzn-Trace-Id", "Self=1-67891234-12456789abcdef012345678; Root=1-4BF92F35-77B34DA6A3CE929D0E0E4736"),
		facts{"", traceID, "", "", "orders", "", "", "", traceID, "", "trace id of X-Amzn-Trace-Id", "", "destination name", "", ""}},
	{"X-Ray header that is none", kafka("", "", "AWSTraceHeader", "Root=1-4bf92f35-77b34da6a3ce929d0e0e473;Parent=x"),
		facts{"", "", "", "", "orders", "", "", "", "", "", "", "", "destination name", "", ""}},
	{"EventBridge", kafka("", `{"version":"0","id":"e-1","detail-type":"OrderPlaced","source":"shop.orders","account":"123456789012","time":"2026-01-31T09:30:00Z","region":"eu-central-1","resources":[],"detail":{"correlationId":"f-1","order_id":"ord-1"}}`),
		facts{"eventbridge", "f-1", "", "e-1", "OrderPlaced", "", "shop.orders", "ord-1", "", "2026-01-31T09:30:00Z", "body detail.correlationId", "body id", "body detail-type", "body detail.order_id", ""}},
	{"B3 single", kafka("", "", "b3", "463AC35C9F6413AD-0020000000000001-1"),
		facts{"", "0000000000000000463ac35c9f6413ad", "", "", "orders", "", "", "", "0000000000000000463ac35c9f6413ad", "", "trace id of b3", "", "destination name", "", ""}},
	{"B3 multi", kafka("", "", "X-B3-TraceId", traceID, "X-B3-SpanId", "0020000000000001"),
		facts{"", traceID, "", "", "orders", "", "", "", traceID, "", "trace id of X-B3-TraceId", "", "destination name", "", ""}},
	{"B3 decision alone", kafka("", "", "b3", "0"), facts{"", "", "", "", "orders", "", "", "", "", "", "", "", "destination name", "", ""}},
	{"AMQP properties", rabbit(adapters.Properties{CorrelationID: "f-1", MessageID: "m-1", Type: "OrderPlaced", AppID: "order", RoutingKey: "order.placed", Timestamp: time.Unix(1769851800, 0)}, "", "order_id", "ord-1"),
		facts{"", "f-1", "", "m-1", "OrderPlaced", "", "order", "ord-1", "", "2026-01-31T09:30:00Z", "property correlation-id", "property message-id", "property type", "header order_id", ""}},
	{"AMQP request", rabbit(adapters.Properties{CorrelationID: "rpc-1", ReplyTo: "amq.rabbitmq.reply-to", RoutingKey: "price"}, ""),
		facts{"", "", "", "", "price", "", "", "", "", "", "", "", "routing key", "", "request "}},
	{"AMQP correlation-id that is the message's own", rabbit(adapters.Properties{CorrelationID: "m-1", MessageID: "m-1", RoutingKey: "r"}, ""),
		facts{"", "", "", "m-1", "r", "", "", "", "", "", "", "property message-id", "routing key", "", ""}},
	{"NServiceBus", rabbit(adapters.Properties{CorrelationID: "other", MessageID: "m-1", RoutingKey: "r"}, "",
		"NServiceBus.MessageId", "m-1", "NServiceBus.ConversationId", "f-1", "NServiceBus.RelatedTo", "m-0", "NServiceBus.CorrelationId", "c-1",
		"NServiceBus.EnclosedMessageTypes", "Shop.OrderPlaced, Shop.Contracts, Version=1.2.0.0, Culture=neutral, PublicKeyToken=null;Shop.IEvent, Shop.Contracts, Version=9.0.0.0",
		"NServiceBus.OriginatingEndpoint", "Sales", "NServiceBus.TimeSent", "2026-01-31 09:30:00:123456 Z"),
		facts{"nservicebus", "f-1", "m-0", "m-1", "Shop.OrderPlaced", "1.2.0.0", "Sales", "", "", "2026-01-31T09:30:00.123456Z", "header NServiceBus.ConversationId", "header NServiceBus.MessageId", "header NServiceBus.EnclosedMessageTypes", "", ""}},
	{"MassTransit envelope", rabbit(adapters.Properties{ContentType: "application/vnd.masstransit+json", CorrelationID: "biz"},
		`{"messageId":"m-1","correlationId":"biz","conversationId":"f-1","initiatorId":"m-0","sourceAddress":"rabbitmq://h/vhost/sales?durable=true","messageType":["urn:message:Shop:OrderPlaced","urn:message:Shop:IEvent"],"message":{"orderId":"ord-1"},"sentTime":"2026-01-31T09:30:00Z","headers":{"correlationId":"no"}}`),
		facts{"masstransit", "f-1", "m-0", "m-1", "Shop:OrderPlaced", "", "sales", "ord-1", "", "", "body conversationId", "body messageId", "body messageType", "body message.orderId", ""}},
	{"MassTransit raw JSON", rabbit(adapters.Properties{}, "{}", "MessageId", "m-1", "CorrelationId", "saga-1", "ConversationId", "f-1", "MT-InitiatorId", "m-0", "MT-MessageType", "urn:message:Shop:OrderPlaced;urn:message:Shop:IEvent", "MT-Source-Address", "rabbitmq://h/sales"),
		facts{"masstransit", "f-1", "m-0", "m-1", "Shop:OrderPlaced", "", "sales", "saga-1", "", "", "header ConversationId", "header MessageId", "header MT-MessageType", "header CorrelationId", ""}},
	{"Wolverine", kafka("", "", "id", "m-1", "message-type", "OrderPlaced", "source", "sales", "correlation-id", "f-1", "conversation-id", "m-0", "parent-id", "span", "attempts", "1", "sent-at", "2026-01-31T09:30:00Z"),
		facts{"wolverine", "f-1", "m-0", "m-1", "OrderPlaced", "", "sales", "", "", "2026-01-31T09:30:00Z", "header correlation-id", "header id", "header message-type", "", ""}},
	{"Wolverine on RabbitMQ", rabbit(adapters.Properties{MessageID: "m-1", CorrelationID: "f-1", Type: "OrderPlaced"}, "", "message-type", "OrderPlaced", "attempts", "1", "conversation-id", "m-0"),
		facts{"wolverine", "f-1", "m-0", "m-1", "OrderPlaced", "", "", "", "", "", "property correlation-id", "property message-id", "header message-type", "", ""}},
	{"Rebus", rabbit(adapters.Properties{CorrelationID: "c"}, "", "rbs2-msg-id", "m-1", "rbs2-msg-type", "Shop.OrderPlaced, Shop", "rbs2-corr-id", "f-1", "rbs2-corr-seq", "2", "rbs2-in-reply-to", "m-0", "rbs2-sender-address", "sales", "rbs2-senttime", "2026-01-31T09:30:00.1234567+00:00"),
		facts{"rebus", "f-1", "m-0", "m-1", "Shop.OrderPlaced", "", "sales", "", "", "2026-01-31T09:30:00.1234567Z", "header rbs2-corr-id", "header rbs2-msg-id", "header rbs2-msg-type", "", ""}},
	{"CAP", kafka("", "", "cap-msg-id", "7", "cap-corr-id", "f-1", "cap-corr-seq", "1", "cap-msg-name", "order.placed", "cap-senttime", "2026-01-31T09:30:00Z"),
		facts{"cap", "f-1", "", "7", "order.placed", "", "", "", "", "2026-01-31T09:30:00Z", "header cap-corr-id", "header cap-msg-id", "header cap-msg-name", "", ""}},
	{"Celery", rabbit(adapters.Properties{CorrelationID: "t-1", ReplyTo: "r"}, "[[],{},{}]", "task", "shop.bill", "id", "t-1", "root_id", "t-0", "parent_id", "t-9", "origin", "gen1@host", "retries", "0"),
		facts{"celery", "t-0", "t-9", "t-1", "shop.bill", "", "gen1@host", "", "", "", "header root_id", "header id", "header task", "", "request "}},
	{"Axon 4", kafka("", "", "axon-message-id", "m-2", "axon-message-type", "shop.OrderPlaced", "axon-message-revision", "3", "axon-message-aggregate-id", "ord-1", "axon-message-timestamp", "1769851800123", "axon-metadata-traceId", "m-0", "axon-metadata-correlationId", "m-1"),
		facts{"axon", "m-0", "m-1", "m-2", "shop.OrderPlaced", "3", "", "ord-1", "", "2026-01-31T09:30:00.123Z", "header axon-metadata-traceId", "header axon-message-id", "header axon-message-type", "header axon-message-aggregate-id", ""}},
	{"Axon 5 metadata", kafka("", "", "axon-message-id", "m-2", "axon-message-type", "T", "axon-metadata-correlationId", "m-0", "axon-metadata-causationId", "m-1"),
		facts{"axon", "m-0", "m-1", "m-2", "T", "", "", "", "", "", "header axon-metadata-correlationId", "header axon-message-id", "header axon-message-type", "", ""}},
	{"Eventuate event", kafka("1", "{}", "ID", "m-1", "event-type", "OrderPlaced", "event-aggregate-type", "Order", "event-aggregate-id", "ord-1", "DATE", "2026-01-31T09:30:00Z"),
		facts{"eventuate", "", "", "m-1", "OrderPlaced", "", "", "ord-1", "", "2026-01-31T09:30:00Z", "", "header ID", "header event-type", "header event-aggregate-id", ""}},
	{"Eventuate reply", kafka("", "", "ID", "m-2", "reply_type", "Success", "reply_to_message_id", "m-1", "commandreply_saga_id", "saga-1"),
		facts{"eventuate", "saga-1", "m-1", "m-2", "Success", "", "", "", "", "", "header commandreply_saga_id", "header ID", "header reply_type", "", ""}},
	{"Watermill", kafka("", "", "_watermill_message_uuid", "m-1", "correlation_id", "f-1", "name", "OrderPlaced"),
		facts{"watermill", "f-1", "", "m-1", "OrderPlaced", "", "", "", "", "", "header correlation_id", "header _watermill_message_uuid", "header name", "", ""}},
	{"Dapr", kafka("", `{"specversion":"1.0","pubsubname":"p","topic":"orders","id":"e-1","source":"checkout","type":"com.dapr.event.sent","traceid":"00-`+traceID+`-00f067aa0ba902b7-01","data":{"orderId":"ord-1"}}`),
		facts{"dapr", traceID, "", "e-1", "com.dapr.event.sent", "", "checkout", "ord-1", traceID, "", "trace id of traceid", "body id", "body type", "body data.orderId", ""}},
	{"Debezium change", kafka(`{"id":1}`, `{"before":null,"after":{"id":1,"order_id":"ord-1","op":"x","type":"no"},"source":{"name":"shopdb","ts_ms":1769851800000,"table":"orders"},"op":"c","ts_ms":1769851800001,"transaction":{"id":"571:1234","total_order":1}}`),
		facts{"debezium", "571:1234", "", "", "orders.create", "", "shopdb", "ord-1", "", "2026-01-31T09:30:00Z", "body transaction.id", "", "body op", "body after.order_id", ""}},
	{"Debezium change with its schema", kafka("", `{"schema":{"type":"struct","name":"x"},"payload":{"before":{"order_id":"ord-1"},"after":null,"source":{"name":"shopdb"},"op":"d","transaction":null}}`),
		facts{"debezium", "", "", "", "delete", "", "shopdb", "ord-1", "", "", "", "", "body payload.op", "body before.order_id", ""}},
	{"Debezium change, keys and values with their schemas", kafka(`{"schema":{"type":"struct","fields":[{"field":"id"}],"name":"shop.public.orders.Key"},"payload":{"id":1004}}`,
		`{"schema":{"type":"struct","fields":[{"field":"op"},{"field":"source"}],"name":"shop.public.orders.Envelope","version":2},"payload":{"before":{"id":1004,"total":"10.00"},"after":{"id":1004,"total":"12.00"},"source":{"version":"3.3.0","connector":"postgresql","name":"shop","ts_ms":1769851800000,"snapshot":"false","db":"shop","schema":"public","table":"orders","txId":571,"lsn":1},"transaction":null,"op":"u","ts_ms":1769851800120}}`),
		facts{"debezium", "", "", "", "orders.update", "", "shop", "orders/1004", "", "2026-01-31T09:30:00Z", "", "", "body payload.op", "key", ""}},
	{"Debezium delete", kafka(`{"id":1004}`, `{"before":{"id":1004},"after":null,"source":{"name":"shop","ts_ms":1769851800000,"table":"orders"},"op":"d","ts_ms":1769851800120}`),
		facts{"debezium", "", "", "", "orders.delete", "", "shop", "orders/1004", "", "2026-01-31T09:30:00Z", "", "", "body op", "key", ""}},
	{"Debezium's tombstone after it", adapters.Message{Position: orders, Key: []byte(`{"id":1004}`)},
		facts{"", "", "", "", "orders", "", "", "orders/1004", "", "", "", "", "destination name", "key", ""}},
	{"Debezium of a MongoDB", kafka(`{"id":"{\"$oid\": \"5f\"}"}`, `{"before":null,"after":"{}","source":{"name":"docs","ts_ms":1769851800000,"collection":"notes"},"op":"r","ts_ms":1769851800120}`),
		facts{"debezium", "", "", "", "notes.read", "", "docs", "orders/notes/5f", "", "2026-01-31T09:30:00Z", "", "", "body op", "key", ""}},
	{"Debezium with a code that is none", kafka(`{"id":1}`, `{"before":null,"after":{"id":1},"source":{"name":"shop","table":"orders"},"op":"x"}`),
		facts{"debezium", "", "", "", "orders", "", "shop", "orders/1", "", "", "", "", "destination name", "key", ""}},
	{"Debezium outbox", kafka("ord-1", `{"total":3}`, "id", "7c9e6679-7425-40de-944b-e07fc1f90ae7", "eventType", "OrderPlaced"),
		facts{"", "", "", "7c9e6679-7425-40de-944b-e07fc1f90ae7", "OrderPlaced", "", "", "ord-1", "", "", "", "header id", "header eventType", "key", ""}},
	{"Spring Kafka", kafka("ord-1", "{}", "__TypeId__", "com.shop.OrderPlaced", "kafka_correlationId", "\x00\x01\x02\x03\x04\x05\x06\x07\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff"),
		facts{"spring", "", "", "", "com.shop.OrderPlaced", "", "", "ord-1", "", "", "", "", "header __TypeId__", "key", ""}},
	{"Spring Integration", rabbit(adapters.Properties{}, "", "correlationId", "\x00\x01\x02\x03\x04\x05\x06\x07\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff", "sequenceNumber", "1", "__TypeId__", "com.shop.T"),
		facts{"spring", "00010203-0405-0607-f8f9-fafbfcfdfeff", "", "", "com.shop.T", "", "", "", "", "", "header correlationId", "", "header __TypeId__", "", ""}},
	{"KurrentDB", kafka("", `{"type":"OrderPlaced","metadata":{"$correlationId":"f-1","$causationId":"e-0"},"data":{"order_id":"ord-1"}}`),
		facts{"kurrentdb", "f-1", "e-0", "", "OrderPlaced", "", "", "ord-1", "", "", "body metadata.$correlationId", "", "body type", "body data.order_id", ""}},
	{"Camel", kafka("", "", "breadcrumbId", "B-1"), facts{"camel", "B-1", "", "", "orders", "", "", "", "", "", "header breadcrumbId", "", "destination name", "", ""}},
	{"LRA", kafka("", "", "Long-Running-Action", "http://c/lra/0_1"), facts{"lra", "http://c/lra/0_1", "", "", "orders", "", "", "", "", "", "header Long-Running-Action", "", "destination name", "", ""}},
}

package envelope

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"eventscope/adapters"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/schemas"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

type deathCase struct {
	name string
	m    adapters.Message
	want deadheader.Info
}

var in = func(destination string, m adapters.Message) adapters.Message {
	m.Position = adapters.Position{Destination: destination}
	return m
}

// xdeath is a message that RabbitMQ has dead-lettered, with its table as an adapter
// hands it over.
func xdeath(tables []any, headers ...string) adapters.Message {
	m := rabbit(adapters.Properties{Queue: "inventory.dlq"}, "{}", headers...)
	m.Headers = append(m.Headers, adapters.Header{Name: "x-death", Value: []byte("[…]"), Structured: tables})
	return m
}

func table(queue, reason string, count int64, when string) map[string]any {
	return map[string]any{"queue": queue, "reason": reason, "count": count, "time": at(when), "exchange": "x", "routing-keys": []any{"k"}}
}

// masked are schemas that know nothing but what is masked.
type masked struct{ rules *mask.Rules }

func (masked) Find(string, schemas.Ref) (*schemas.Schema, error) { return nil, schemas.ErrPending }
func (masked) Registry() string                                  { return "" }
func (m masked) Mask(destination string) *mask.Mask              { return m.rules.Of(destination) }

// TestAMaskTellsNothingAndChangesNothing: a message whose x-death is masked is no more dead than
// before, and a masked property is no id.
func TestAMaskTellsNothingAndChangesNothing(t *testing.T) {
	rules, err := mask.Compile([]mask.Rule{{Destination: "*", Headers: []string{"x-death", "message-id", "correlation-id"}}})
	if err != nil {
		t.Fatal(err)
	}
	for key, dead := range map[string]bool{"k": false, "dead": true} {
		m := xdeath([]any{table("inventory", "rejected", 1, "2026-01-31T09:30:00Z")}, "x-first-death-queue", "inventory")
		m.Schemas, m.Properties.Exchange, m.Properties.RoutingKey = masked{rules}, "x", key
		m.Properties.MessageID, m.Properties.CorrelationID = "ord-1009", "flow-1009"
		var id Identity
		NewReader(nil).Read(&m, &id)
		if id.DeadLetter != dead || id.ID.Known() || id.Flow.Known() {
			t.Errorf("with key %q: dead %v, id %q, flow %q", key, id.DeadLetter, id.ID.Value, id.Flow.Value)
		}
	}
}

// TestWhatIsTriedAgainIsAlive: a message that comes back from a queue that held it back
// is published as it was when it died; one that is dead is published elsewhere.
func TestWhatIsTriedAgainIsAlive(t *testing.T) {
	for _, c := range []struct {
		exchange, key string
		dead          bool
	}{{"x", "k", false}, {"x", "dead", true}, {"x.dlx", "k", true}, {"", "k", true}} {
		m := xdeath([]any{table("inventory", "rejected", 1, "2026-01-31T09:30:00Z")}, "x-first-death-queue", "inventory")
		m.Properties.Exchange, m.Properties.RoutingKey = c.exchange, c.key
		var id Identity
		NewReader(nil).Read(&m, &id)
		if id.DeadLetter != c.dead {
			t.Errorf("with exchange %q and key %q it is dead: %v", c.exchange, c.key, id.DeadLetter)
		}
		if _, ok := deadheader.Read(&m); !ok {
			t.Errorf("with exchange %q and key %q it says nothing", c.exchange, c.key)
		}
	}
}

var origin2at881 = adapters.Position{Destination: "orders", Partition: 2, Offset: 881}

var deathCases = []deathCase{
	{"RabbitMQ", xdeath([]any{table("inventory", "rejected", 2, "2026-01-31T09:30:00Z")}, "x-first-death-queue", "inventory", "x-first-death-reason", "rejected", "x-first-death-exchange", "x"),
		deadheader.Info{Origin: "inventory", OriginFrom: "header x-first-death-queue", Confidence: deadheader.Certain, Exchange: "x", RoutingKey: "k", Reason: "rejected", Attempts: 2, FirstAt: at("2026-01-31T09:30:00Z"), LastAt: at("2026-01-31T09:30:00Z"), Writer: "rabbitmq"}},
	{"RabbitMQ, through a delay queue, most recent first", xdeath([]any{table("inventory", "rejected", 5, "2026-01-31T09:30:00Z"), table("delay", "expired", 4, "2026-01-31T09:31:00Z"), "rubbish", nil},
		"x-first-death-queue", "inventory", "x-first-death-reason", "rejected", "x-last-death-queue", "delay", "x-last-death-reason", "expired"),
		deadheader.Info{Origin: "inventory", OriginFrom: "header x-first-death-queue", Confidence: deadheader.Certain, Exchange: "x", RoutingKey: "k", Reason: "rejected", Attempts: 5, FirstAt: at("2026-01-31T09:30:00Z"), LastAt: at("2026-01-31T09:31:00Z"), Writer: "rabbitmq"}},
	{"RabbitMQ, one queue with two reasons", xdeath([]any{table("inventory", "expired", 1, "2026-01-31T09:32:00Z"), table("inventory", "delivery_limit", 1, "2026-01-31T09:30:00Z")}, "x-first-death-queue", "inventory", "x-first-death-reason", "delivery_limit", "x-last-death-queue", "inventory", "x-last-death-reason", "expired"),
		deadheader.Info{Origin: "inventory", OriginFrom: "header x-first-death-queue", Confidence: deadheader.Certain, Exchange: "x", RoutingKey: "k", Reason: "expired", Attempts: 1, FirstAt: at("2026-01-31T09:30:00Z"), LastAt: at("2026-01-31T09:32:00Z"), Writer: "rabbitmq"}},
	{"RabbitMQ, rejected, held back and parked by its consumer", xdeath([]any{table("delay", "expired", 2, "2026-01-31T09:31:00Z"), table("inventory", "rejected", 2, "2026-01-31T09:30:00Z")},
		"x-first-death-queue", "inventory", "x-first-death-reason", "rejected", "x-last-death-queue", "delay", "x-last-death-reason", "expired"),
		deadheader.Info{Origin: "inventory", OriginFrom: "header x-first-death-queue", Confidence: deadheader.Certain, Exchange: "x", RoutingKey: "k", Reason: "rejected", Attempts: 2, FirstAt: at("2026-01-31T09:30:00Z"), LastAt: at("2026-01-31T09:31:00Z"), Writer: "rabbitmq"}},
	{"RabbitMQ, with a count as text", xdeath([]any{map[string]any{"queue": "inventory", "reason": "rejected", "count": "3", "exchange": "x", "routing-keys": []any{"k"}}}),
		deadheader.Info{Origin: "inventory", OriginFrom: "header x-death", Confidence: deadheader.Certain, Exchange: "x", RoutingKey: "k", Reason: "rejected", Attempts: 3, Writer: "rabbitmq"}},
	{"RabbitMQ, with a count that is none", xdeath([]any{map[string]any{"queue": "inventory", "reason": "rejected", "count": "many", "exchange": "x", "routing-keys": []any{"k"}}}),
		deadheader.Info{Origin: "inventory", OriginFrom: "header x-death", Confidence: deadheader.Certain, Exchange: "x", RoutingKey: "k", Reason: "rejected", Writer: "rabbitmq"}},
	{"Spring Kafka, with its group", in("orders.dlq", kafka("", "", "kafka_dlt-original-topic", "orders", "kafka_dlt-original-consumer-group", "billing")),
		deadheader.Info{Origin: "orders", OriginFrom: "header kafka_dlt-original-topic", Confidence: deadheader.Certain, Group: "billing", Writer: "spring-kafka"}},
	{"Kafka Connect, with its connector", in("orders.dlq", kafka("", "", "__connect.errors.topic", "payments", "__connect.errors.connector.name", "sink")),
		deadheader.Info{Origin: "payments", OriginFrom: "header __connect.errors.topic", Confidence: deadheader.Claimed, Group: "connect-sink", Writer: "kafka-connect"}},
	{"RabbitMQ, x-death alone", xdeath([]any{table("b", "expired", 1, "2026-01-31T09:32:00Z"), table("a", "maxlen", 1, "2026-01-31T09:30:00Z")}),
		deadheader.Info{Origin: "a", OriginFrom: "header x-death", Confidence: deadheader.Claimed, Exchange: "x", RoutingKey: "k", Reason: "maxlen", FirstAt: at("2026-01-31T09:30:00Z"), LastAt: at("2026-01-31T09:30:00Z"), Writer: "rabbitmq"}},
	{"Spring Kafka, twice dead-lettered", kafka("", "", "kafka_dlt-original-topic", "orders", "kafka_dlt-original-partition", "\x00\x00\x00\x02", "kafka_dlt-original-offset", "\x00\x00\x00\x00\x00\x00\x03\x71",
		"kafka_dlt-original-topic", "orders-dlt", "kafka_dlt-original-partition", "\x00\x00\x00\x07", "kafka_dlt-original-offset", "\x00\x00\x00\x00\x00\x00\x00\x01",
		"kafka_dlt-exception-fqcn", "o.s.k.listener.ListenerExecutionFailedException", "kafka_dlt-exception-cause-fqcn", "java.lang.IllegalStateException", "kafka_dlt-exception-message", "Out of stock"),
		deadheader.Info{Origin: "orders/2@881", OriginAt: origin2at881, OriginFrom: "header kafka_dlt-original-topic", Confidence: deadheader.Claimed, Exception: "java.lang.IllegalStateException", Message: "Out of stock", Writer: "spring-kafka"}},
	{"Spring Kafka with text where bytes belong", kafka("", "", "kafka_dlt-original-topic", "orders", "kafka_dlt-original-partition", "2", "kafka_dlt-original-offset", "881"),
		deadheader.Info{Origin: "orders", OriginFrom: "header kafka_dlt-original-topic", Confidence: deadheader.Claimed, Writer: "spring-kafka"}},
	{"Spring retry topics", in("orders-dlt", kafka("", "", "kafka_original-topic", "orders", "kafka_original-partition", "\x00\x00\x00\x02", "kafka_original-offset", "\x00\x00\x00\x00\x00\x00\x03\x71", "kafka_exception-fqcn", "E", "kafka_exception-message", "m", "retry_topic-attempts", "\x00\x00\x00\x04")),
		deadheader.Info{Origin: "orders/2@881", OriginAt: origin2at881, OriginFrom: "header kafka_original-topic", Confidence: deadheader.Certain, Exception: "E", Message: "m", Attempts: 4, Writer: "spring-kafka"}},
	{"Spring Cloud Stream", kafka("", "", "x-original-topic", "orders", "x-original-partition", "\x00\x00\x00\x02", "x-original-offset", "\x00\x00\x00\x00\x00\x00\x03\x71", "x-exception-fqcn", "E", "x-exception-message", "m"),
		deadheader.Info{Origin: "orders/2@881", OriginAt: origin2at881, OriginFrom: "header x-original-topic", Confidence: deadheader.Claimed, Exception: "E", Message: "m", Writer: "spring-cloud-stream"}},
	{"Spring AMQP", rabbit(adapters.Properties{Queue: "q"}, "", "x-exception-stacktrace", "org.e.Failed: boom\n\tat x", "x-exception-message", "boom", "x-original-exchange", "", "x-original-routingKey", "inventory"),
		deadheader.Info{Origin: "inventory", OriginFrom: "header x-original-routingKey", Confidence: deadheader.Claimed, RoutingKey: "inventory", Exception: "org.e.Failed", Message: "boom", Writer: "spring-amqp"}},
	{"Kafka Connect", kafka("", "", "__connect.errors.topic", "orders", "__connect.errors.partition", "2", "__connect.errors.offset", "881", "__connect.errors.stage", "VALUE_CONVERTER", "__connect.errors.exception.class.name", "E", "__connect.errors.exception.message", "m"),
		deadheader.Info{Origin: "orders/2@881", OriginAt: origin2at881, OriginFrom: "header __connect.errors.topic", Confidence: deadheader.Claimed, Reason: "VALUE_CONVERTER", Exception: "E", Message: "m", Writer: "kafka-connect"}},
	{"Kafka Streams", kafka("", "", "__streams.errors.exception", "E", "__streams.errors.message", "m", "__streams.errors.topic", "orders", "__streams.errors.partition", "2", "__streams.errors.offset", "881"),
		deadheader.Info{Origin: "orders/2@881", OriginAt: origin2at881, OriginFrom: "header __streams.errors.topic", Confidence: deadheader.Claimed, Exception: "E", Message: "m", Writer: "kafka-streams"}},
	{"a share group, without key and value", adapters.Message{Position: orders, Headers: h("__dlq.errors.topic", "orders", "__dlq.errors.partition", "2", "__dlq.errors.offset", "881", "__dlq.errors.delivery.count", "5", "__dlq.errors.message", "Offset rejected by client.")},
		deadheader.Info{Origin: "orders/2@881", OriginAt: origin2at881, OriginFrom: "header __dlq.errors.topic", Confidence: deadheader.Claimed, Reason: "Offset rejected by client.", Attempts: 5, Writer: "kafka-share-group"}},
	{"SmallRye", kafka("", "", "dead-letter-topic", "orders", "dead-letter-partition", "2", "dead-letter-offset", "881", "dead-letter-reason", "boom", "dead-letter-exception-class-name", "E", "dead-letter-cause", "c"),
		deadheader.Info{Origin: "orders/2@881", OriginAt: origin2at881, OriginFrom: "header dead-letter-topic", Confidence: deadheader.Claimed, Reason: "boom", Exception: "E", Message: "c", Writer: "smallrye"}},
	{"SmallRye delayed retry", kafka("", "", "delayed-retry-topic", "orders", "delayed-retry-partition", "2", "delayed-retry-offset", "881", "delayed-retry-reason", "boom", "delayed-retry-count", "3", "delayed-retry-first-processing-timestamp", "1769851800000"),
		deadheader.Info{Origin: "orders/2@881", OriginAt: origin2at881, OriginFrom: "header delayed-retry-topic", Confidence: deadheader.Claimed, Reason: "boom", Attempts: 3, FirstAt: at("2026-01-31T09:30:00Z"), Writer: "smallrye"}},
	{"Karafka", kafka("", "", "source_topic", "orders", "source_partition", "2", "source_offset", "881", "source_consumer_group", "g", "source_attempts", "3"),
		deadheader.Info{Origin: "orders/2@881", OriginAt: origin2at881, OriginFrom: "header source_topic", Confidence: deadheader.Claimed, Attempts: 3, Group: "g", Writer: "karafka"}},
	{"Watermill", kafka("", "", "reason_poisoned", "boom", "topic_poisoned", "orders", "handler_poisoned", "h"),
		deadheader.Info{Origin: "orders", OriginFrom: "header topic_poisoned", Confidence: deadheader.Claimed, Reason: "boom", Writer: "watermill"}},
	{"Wolverine", rabbit(adapters.Properties{}, "", "exception-type", "E", "exception-message", "m", "original-destination", "rabbitmq://queue/inventory", "failed-at", "1769851800000", "attempts", "3"),
		deadheader.Info{Origin: "inventory", OriginFrom: "header original-destination", Confidence: deadheader.Claimed, Exception: "E", Message: "m", Attempts: 3, LastAt: at("2026-01-31T09:30:00Z"), Writer: "wolverine"}},
	{"MassTransit", rabbit(adapters.Properties{Queue: "inventory_error"}, "", "MT-Reason", "fault", "MT-Fault-ExceptionType", "E", "MT-Fault-Message", "m", "MT-Fault-InputAddress", "rabbitmq://h/vhost/inventory?durable=true", "MT-Fault-Timestamp", "2026-01-31T09:30:00Z", "MT-Fault-RetryCount", "2"),
		deadheader.Info{Origin: "inventory", OriginFrom: "header MT-Fault-InputAddress", Confidence: deadheader.Certain, Reason: "fault", Exception: "E", Message: "m", Attempts: 2, LastAt: at("2026-01-31T09:30:00Z"), Writer: "masstransit"}},
	{"MassTransit, skipped", rabbit(adapters.Properties{Queue: "inventory_skipped"}, "", "MT-Reason", "dead-letter"),
		deadheader.Info{Origin: "inventory", OriginFrom: "destination name inventory_skipped", Confidence: deadheader.NameOnly, Reason: "dead-letter", Writer: "masstransit"}},
	{"NServiceBus", rabbit(adapters.Properties{}, "", "NServiceBus.FailedQ", "inventory@machine", "NServiceBus.TimeOfFailure", "2026-01-31 09:30:00:000001 Z", "NServiceBus.ExceptionInfo.ExceptionType", "E", "NServiceBus.ExceptionInfo.Message", "m"),
		deadheader.Info{Origin: "inventory", OriginFrom: "header NServiceBus.FailedQ", Confidence: deadheader.Claimed, Exception: "E", Message: "m", LastAt: at("2026-01-31T09:30:00.000001Z"), Writer: "nservicebus"}},
	{"Azure Service Bus", rabbit(adapters.Properties{}, "", "DeadLetterSource", "events/audit", "DeadLetterReason", "MaxDeliveryCountExceeded", "DeadLetterErrorDescription", "m", "DeliveryCount", "10"),
		deadheader.Info{Origin: "events/audit", OriginFrom: "header DeadLetterSource", Confidence: deadheader.Claimed, Reason: "MaxDeliveryCountExceeded", Message: "m", Attempts: 10, Writer: "servicebus"}},
	{"Rebus", rabbit(adapters.Properties{}, "", "rbs2-source-queue", "inventory", "rbs2-delivery-count", "5", "rbs2-error-details", "System.Exception: boom\n   at X"),
		deadheader.Info{Origin: "inventory", OriginFrom: "header rbs2-source-queue", Confidence: deadheader.Claimed, Exception: "System.Exception", Message: "System.Exception: boom", Attempts: 5, Writer: "rebus"}},
	{"CAP", kafka("", "", "cap-exception", "System.Exception: boom"), deadheader.Info{Confidence: deadheader.Unknown, Exception: "System.Exception", Message: "System.Exception: boom", Writer: "cap"}},
	{"an application", kafka("", "", "dlq-original-topic", "orders", "dlq-reason", "invalid", "dlq-error-class", "E", "dlq-failed-at", "2026-01-31T09:30:00Z", "dlq-attempts", "4"),
		deadheader.Info{Origin: "orders", OriginFrom: "header dlq-original-topic", Confidence: deadheader.Claimed, Reason: "invalid", Exception: "E", Attempts: 4, LastAt: at("2026-01-31T09:30:00Z"), Writer: "application"}},
	{"two writers: the first has the origin, the last the reason", kafka("", "", "kafka_dlt-original-topic", "orders", "kafka_dlt-exception-fqcn", "First", "__connect.errors.topic", "orders-dlt", "__connect.errors.exception.class.name", "Second"),
		deadheader.Info{Origin: "orders", OriginFrom: "header kafka_dlt-original-topic", Confidence: deadheader.Claimed, Exception: "Second", Writer: "kafka-connect"}},
	{"by its name alone", in("orders.dlq", kafka("", "")), deadheader.Info{Origin: "orders", OriginFrom: "destination name orders.dlq", Confidence: deadheader.NameOnly}},
}

func TestCertify(t *testing.T) {
	for _, c := range deathCases {
		t.Run(c.name, func(t *testing.T) {
			got, ok := deadheader.Read(&c.m)
			if !ok {
				t.Fatal("not a dead letter")
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			var id Identity
			NewReader(nil).Read(&c.m, &id)
			if id.DeadLetter != (c.want.Writer != "") {
				t.Errorf("Read says dead letter: %v", id.DeadLetter)
			}
		})
	}
}

func TestLivingMessages(t *testing.T) {
	for _, m := range []adapters.Message{
		kafka("k", "{}", "correlation_id", "f"), rabbit(adapters.Properties{Queue: "inventory"}, "", "x-delivery-count", "3"),
	} {
		if d, ok := deadheader.Read(&m); ok {
			t.Errorf("%v is a dead letter: %+v", m, d)
		}
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// protobufScript publishes events of orders by Confluent's client for Python in Protobuf: a
// message within another, of a schema that imports one of its own and two that all know. The
// client registers descriptors in base64.
const protobufScript = `
import sys
from datetime import datetime, timezone
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2, wrappers_pb2
from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import SerializationContext, MessageField
registry, broker, topic, orders = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
F = descriptor_pb2.FieldDescriptorProto
def field(name, number, kind, of=None, label=F.LABEL_OPTIONAL):
    return F(name=name, number=number, type=kind, type_name=of, label=label)
def file(name, imports, *messages):
    pool.Add(descriptor_pb2.FileDescriptorProto(name=name, package="shop", syntax="proto3", dependency=imports, message_type=messages))
pool = descriptor_pool.Default()
M = descriptor_pb2.DescriptorProto
file(topic + "/common.proto", ["google/protobuf/timestamp.proto", "google/protobuf/wrappers.proto"],
     M(name="Metadata", field=[field("event_id", 1, F.TYPE_STRING), field("correlation_id", 2, F.TYPE_MESSAGE, ".google.protobuf.StringValue"),
                               field("event_type", 3, F.TYPE_STRING), field("occurred_at", 4, F.TYPE_MESSAGE, ".google.protobuf.Timestamp")]))
file(topic + "/orders.proto", [topic + "/common.proto"], M(name="Other"),
     M(name="Events", nested_type=[M(name="OrderEvent", field=[field("metadata", 1, F.TYPE_MESSAGE, ".shop.Metadata"), field("payload", 2, F.TYPE_MESSAGE, ".shop.Payload")])]),
     M(name="Payload", field=[field("order_id", 1, F.TYPE_STRING), field("big", 2, F.TYPE_INT64), field("skus", 3, F.TYPE_STRING, label=F.LABEL_REPEATED)]))
Event = message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Events.OrderEvent"))
values = ProtobufSerializer(Event, SchemaRegistryClient({"url": registry}))
producer = Producer({"bootstrap.servers": broker})
for i in range(orders):
    for kind in ["OrderPlaced", "OrderShipped"]:
        event = Event()
        event.metadata.event_id, event.metadata.event_type = "e-%d-%s" % (i, kind), kind
        event.metadata.correlation_id.value = "flow-%d" % (1000 + i)
        event.metadata.occurred_at.FromDatetime(datetime.now(timezone.utc))
        event.payload.order_id, event.payload.big = "ord-%d" % (1000 + i), 9007199254740993
        event.payload.skus.extend(["a", "b"])
        producer.produce(topic, key="ord-%d" % (1000 + i), value=values(event, SerializationContext(topic, MessageField.VALUE)))
producer.flush()
`

// TestProtobufOfAForeignClient: what Confluent's client wrote is found as if it were JSON.
func TestProtobufOfAForeignClient(t *testing.T) {
	t.Parallel()
	address, topic := realKafka(t)
	if err := exec.Command("python3", "-c", "import confluent_kafka.schema_registry.protobuf").Run(); err != nil {
		t.Skip("no python3 with the module confluent_kafka[protobuf], which is the foreign client for schemas here")
	}
	const orders = 20
	port := freePorts(t)
	realRegistry(t, port)
	at := fmt.Sprintf("http://127.0.0.1:%d/apis/ccompat/v7", port)
	run(t, exec.CommandContext(t.Context(), "python3", "-c", protobufScript, at, address, topic, fmt.Sprint(orders)), "")
	url := "kafka://" + address + "/" + topic + "?registry=" + at
	out := run(t, process(t, "tail", url, "--from", "beginning", "--exit"), "")
	if strings.Count(out, "\n") != 2*orders {
		t.Fatalf("%d events: %s", strings.Count(out, "\n"), out)
	}
	for line := range strings.Lines(out) {
		var e eventLine
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if e.Entity == "" || !strings.HasPrefix(e.FlowFrom, "body metadata.correlation_id (Protobuf, schema ") || e.Format != "protobuf" || !e.Decoded || e.Schema == 0 ||
			string(e.Value.Payload) != `{"order_id":"`+e.Entity+`","big":9007199254740993,"skus":["a","b"]}` {
			t.Fatalf("%+v of %s", e, line)
		}
	}
	var flow struct{ Flow, Entity string }
	out = run(t, process(t, "trace", "ord-1007", url), "")
	if err := json.Unmarshal([]byte(out), &flow); err != nil || flow.Flow != "flow-1007" || flow.Entity != "ord-1007" || strings.Count(out, "OrderShipped") == 0 {
		t.Errorf("%v: %s", err, out)
	}
}

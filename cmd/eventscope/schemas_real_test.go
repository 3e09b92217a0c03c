package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"eventscope/cmd/internal/exit"
)

// confluentScript publishes events of orders by Confluent's client for Python, keys and values
// in Avro, of subjects that are named after the records. Each order is told in two events, with
// decimals, times and a number beyond 2⁵³.
const confluentScript = `
import sys, uuid
from datetime import datetime, timezone
from decimal import Decimal
from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient, record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import SerializationContext, MessageField
registry, broker, topic, orders = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
value = """{"type":"record","name":"OrderEvent","namespace":"shop","fields":[
 {"name":"metadata","type":{"type":"record","name":"Metadata","fields":[{"name":"event_id","type":"string"},{"name":"correlation_id","type":["null","string"]},
  {"name":"event_type","type":"string"},{"name":"occurred_at","type":{"type":"long","logicalType":"timestamp-micros"}}]}},
 {"name":"payload","type":{"type":"record","name":"Payload","fields":[{"name":"order_id","type":"string"},{"name":"big","type":"long"},
  {"name":"total","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}}]}}]}"""
key = """{"type":"record","name":"OrderKey","namespace":"shop","fields":[{"name":"order_id","type":"string"}]}"""
client = SchemaRegistryClient({"url": registry})
config = {"subject.name.strategy": record_subject_name_strategy}
values, keys = AvroSerializer(client, value, conf=config), AvroSerializer(client, key, conf=config)
producer = Producer({"bootstrap.servers": broker})
for i in range(orders):
    for kind in ["OrderPlaced", "OrderShipped"]:
        order = "ord-%d" % (1000 + i)
        body = {"metadata": {"event_id": str(uuid.uuid4()), "correlation_id": "flow-%d" % (1000 + i), "event_type": kind, "occurred_at": datetime.now(timezone.utc)},
                "payload": {"order_id": order, "big": 9007199254740993, "total": Decimal("129.90")}}
        producer.produce(topic, key=keys({"order_id": order}, SerializationContext(topic, MessageField.KEY)), value=values(body, SerializationContext(topic, MessageField.VALUE)))
producer.flush()
`

// eventLine is what these tests look at in an event line.
type eventLine struct {
	Type, Flow, Entity, Format string
	FlowFrom                   string `json:"flow_from"`
	NotDecoded                 string `json:"not_decoded"`
	Schema                     int
	Decoded                    bool
	Key                        json.RawMessage
	Value                      struct{ Payload json.RawMessage }
}

// realRegistry starts a schema registry at a port.
func realRegistry(t *testing.T, port int) *mortal {
	t.Helper()
	if os.Getenv("EVENTSCOPE_TEST_REGISTRY") == "" {
		t.Skip("no schema registry: EVENTSCOPE_TEST_REGISTRY does not say that one can be started")
	}
	return newMortal(t, "registry", port)
}

// TestAvroOfAForeignClient: what Confluent's client wrote is found as if it were JSON; while the
// registry is down all of it comes as bytes, with the reason, and later it is read as before.
func TestAvroOfAForeignClient(t *testing.T) {
	t.Parallel()
	address, topic := realKafka(t)
	if err := exec.Command("python3", "-c", "import confluent_kafka.schema_registry.avro").Run(); err != nil {
		t.Skip("no python3 with the module confluent_kafka[avro], which is the foreign client for schemas here")
	}
	const orders = 50
	port := freePorts(t)
	registry := realRegistry(t, port)
	at := fmt.Sprintf("http://127.0.0.1:%d/apis/ccompat/v7", port)
	run(t, exec.CommandContext(t.Context(), "python3", "-c", confluentScript, at, address, topic, fmt.Sprint(orders)), "")
	url := "kafka://" + address + "/" + topic + "?registry=" + at
	tail := func(more ...string) (events []eventLine) {
		t.Helper()
		command := process(t, append([]string{"tail", url, "--from", "beginning", "--exit"}, more...)...)
		out, err := command.Output()
		if failed, ok := err.(*exec.ExitError); ok && failed.ExitCode() == exit.Partly {
			err = nil
		}
		if err != nil {
			t.Fatalf("%v: %v", command.Args, err)
		}
		for line := range strings.Lines(string(out)) {
			var event eventLine
			if err := json.Unmarshal([]byte(line), &event); err != nil && strings.Contains(line, `"decoded":true`) {
				t.Fatalf("%v: %s", err, line)
			}
			events = append(events, event)
		}
		return events
	}
	whole := func() {
		t.Helper()
		events := tail()
		if len(events) != 2*orders {
			t.Fatalf("%d events", len(events))
		}
		for _, e := range events {
			if e.Entity == "" || !strings.HasPrefix(e.FlowFrom, "body metadata.correlation_id (Avro, schema ") || e.Format != "avro" || !e.Decoded || e.Schema == 0 ||
				string(e.Key) != `{"order_id":"`+e.Entity+`"}` || string(e.Value.Payload) != `{"order_id":"`+e.Entity+`","big":9007199254740993,"total":129.90}` {
				t.Fatalf("%+v", e)
			}
		}
	}
	whole()
	if matched := tail("--filter", `format == "avro" && decoded && json("payload.big") == 9007199254740993 && json("payload.order_id") == "ord-1007" && key contains "ord-1007"`); len(matched) != 2 {
		t.Errorf("the filter found %d events", len(matched))
	}
	var flow struct{ Flow, Entity string }
	out := run(t, process(t, "trace", "ord-1007", url), "")
	if err := json.Unmarshal([]byte(out), &flow); err != nil || flow.Flow != "flow-1007" || flow.Entity != "ord-1007" || strings.Count(out, "OrderShipped") == 0 {
		t.Errorf("%v: %s", err, out)
	}
	registry.kill()
	for _, e := range tail() {
		if e.Decoded || e.Flow != "" || !strings.Contains(e.NotDecoded, "it cannot be reached") {
			t.Fatalf("while the registry is down: %+v", e)
		}
	}
	registry.back()
	whole()
}

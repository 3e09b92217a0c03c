package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// usersScript publishes, by Confluent's client for Python, what users of other tools complained of, to
// one topic each: events of two types whose subjects are named after the records; one that is UTF-8 to
// its last byte, with control characters; one whose schema refers to a subject with slashes; and those
// of schemas that the registry, or its client, brought into a normal form first.
const usersScript = `
import json, struct, sys, urllib.request
from confluent_kafka import Producer
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient, record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import SerializationContext, MessageField
registry, broker, topic = sys.argv[1:4]
client, producer = SchemaRegistryClient({"url": registry}), Producer({"bootstrap.servers": broker})
def avro(to, schema, body, **config):
    schema = schema if isinstance(schema, Schema) else json.dumps(schema)
    value = AvroSerializer(client, schema, conf={k.replace("_", "."): v for k, v in config.items()})(body, SerializationContext(to, MessageField.VALUE))
    producer.produce(to, key="k", value=value)
    return value
def record(name, *fields, **more):
    return dict({"type": "record", "name": name, "namespace": "shop", "fields": [{"name": n, "type": t} for n, t in fields]}, **more)

for name in ["OrderPlaced", "OrderShipped"]:
    avro(topic + ".named", record(name, ("order_id", "string")), {"order_id": "ord-" + name}, subject_name_strategy=record_subject_name_strategy)

text = avro(topic + ".text", record("Note", ("order_id", "string"), ("note", "string")), {"order_id": "ord-1009", "note": "is grün.\n"})[5:]
assert text.decode("utf-8").encode("utf-8") == text and len(text) == 20 and min(text) < 0x20, text

client.register_schema("google/protobuf/any/" + topic, Schema(json.dumps(record("Money", ("amount", "long"))), "AVRO"))
avro(topic + ".slash", Schema(json.dumps(record("Paid", ("order_id", "string"), ("total", "shop.Money"))), "AVRO",
     [SchemaReference("shop.Money", "google/protobuf/any/" + topic, 1)]), {"order_id": "ord-7", "total": {"amount": 12990}})

avro(topic + ".normal", record("Billed", ("order_id", {"type": "string", "avro.java.string": "String"}), ("total", {"scale": 2, "logicalType": "decimal", "type": "bytes", "precision": 9}), doc="b", aliases=["Bill"]),
     {"order_id": "ord-8", "total": __import__("decimal").Decimal("129.90")}, normalize_schemas=True)
# As Confluent's registry normalises: names in full, options and fields sorted, packages nested.
proto = '''syntax = "proto3";
package shop;

option java_multiple_files = true;
option java_package = "com.shop";

message Billed {
  string order_id = 1;
  .shop.Billed.Money total = 2;
  repeated .shop.Billed.Kind kinds = 3 [deprecated = false, packed = true];
  map<string, .shop.Billed.Money> parts = 4;

  message Money {
    int64 amount = 1 [jstype = JS_STRING];
  }
  enum Kind {
    KIND_NONE = 0;
    KIND_LATE = 1;
  }
}
'''
id = client.register_schema(topic + ".normal-proto", Schema(proto, "PROTOBUF"), normalize_schemas=True)
def delimited(number, body): return bytes([number << 3 | 2, len(body)]) + body
body = delimited(1, b"ord-9") + delimited(2, b"\x08\xbe\x65") + delimited(3, b"\x01\x00") + delimited(4, delimited(1, b"tax") + delimited(2, b"\x08\x07"))
producer.produce(topic + ".normal", key="k", value=b"\0" + struct.pack(">I", id) + b"\0" + body)
producer.flush(30)
`

// TestWhatUsersOfOtherToolsComplainOf, of what only a registry and its own client can show.
func TestWhatUsersOfOtherToolsComplainOf(t *testing.T) {
	t.Parallel()
	address, topic := realKafka(t)
	if err := exec.Command("python3", "-c", "import confluent_kafka.schema_registry.avro").Run(); err != nil {
		t.Skip("no python3 with the module confluent_kafka[avro], which is the foreign client for schemas here")
	}
	port := freePorts(t)
	realRegistry(t, port)
	at := fmt.Sprintf("http://127.0.0.1:%d/apis/ccompat/v7", port)
	run(t, exec.CommandContext(t.Context(), "python3", "-c", usersScript, at, address, topic), "")
	url := func(name string) string { return "kafka://" + address + "/" + topic + name + "?registry=" + at }
	values := func(t *testing.T, name string, more ...string) (all []string) {
		t.Helper()
		out := run(t, process(t, append([]string{"tail", url(name), "--from", "beginning", "--exit", "-o", "json"}, more...)...), "")
		for line := range strings.Lines(out) {
			var e struct {
				Format  string
				Decoded bool
				Value   json.RawMessage
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil || !e.Decoded {
				t.Fatalf("%v: %s", err, line)
			}
			all = append(all, e.Format+" "+string(e.Value))
		}
		return all
	}
	expect := func(t *testing.T, got []string, want ...string) {
		t.Helper()
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	t.Run("a subject that is named after the record", func(t *testing.T) {
		expect(t, values(t, ".named"), `avro {"order_id":"ord-OrderPlaced"}`, `avro {"order_id":"ord-OrderShipped"}`)
		out := run(t, process(t, "schemas", url(".named"), "--from", "beginning", "--exit", "-o", "json"), "")
		for _, subject := range []string{`"subject":"shop.OrderPlaced"`, `"subject":"shop.OrderShipped"`} {
			if !strings.Contains(out, subject) {
				t.Errorf("no %s in %s", subject, out)
			}
		}
	})
	t.Run("a value that is UTF-8 to its last byte", func(t *testing.T) {
		expect(t, values(t, ".text"), `avro {"order_id":"ord-1009","note":"is grün.\n"}`)
		expect(t, values(t, ".text", "--filter", `json("note") contains "grün"`), `avro {"order_id":"ord-1009","note":"is grün.\n"}`)
		out := run(t, process(t, "tail", "kafka://"+address+"/"+topic+".text", "--from", "beginning", "--exit", "-o", "text"), "")
		if strings.ContainsAny(strings.TrimSuffix(out, "\n"), "\x10\x12\x14") || strings.Contains(out, "ord-1009") {
			t.Errorf("without its schema it is shown as text: %q", out)
		}
	})
	t.Run("a subject with slashes", func(t *testing.T) {
		expect(t, values(t, ".slash"), `avro {"order_id":"ord-7","total":{"amount":12990}}`)
		subject := "google/protobuf/any/" + topic
		if out := run(t, process(t, "schemas", "diff", subject+"@1", topic+".slash-value@1", url(".slash"), "-o", "text"), ""); !strings.Contains(out, "Paid") {
			t.Errorf("%s: %s", subject, out)
		}
	})
	t.Run("a schema in a normal form", func(t *testing.T) {
		expect(t, values(t, ".normal"), `avro {"order_id":"ord-8","total":129.90}`,
			`protobuf {"order_id":"ord-9","total":{"amount":12990},"kinds":["KIND_LATE","KIND_NONE"],"parts":{"tax":{"amount":7}}}`)
	})
}

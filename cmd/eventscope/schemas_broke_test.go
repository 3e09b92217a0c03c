package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/cmd/internal/exit"
)

// versionsScript publishes three versions of one event by Confluent's client for Python, and reads
// them by two groups: billing, which was compiled against the second version and stays where it
// cannot read on, and fraud, which takes what comes. It says when both have come as far as they can.
const versionsScript = `
import sys, time
from confluent_kafka import Producer, Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer, AvroDeserializer
from confluent_kafka.serialization import SerializationContext, MessageField
registry, broker, topic = sys.argv[1:4]
record = '{"type":"record","name":"OrderPlaced","namespace":"shop","fields":[{"name":"type","type":"string"},{"name":"order_id","type":"string"},{"name":"source","type":"string"},%s]}'
schemas = [record % '{"name":"amount","type":"int"}', record % '{"name":"amount","type":"int"},{"name":"channel","type":"string","default":"web"}', record % '{"name":"amount","type":"string"},{"name":"channel","type":"string","default":"web"}']
client = SchemaRegistryClient({"url": registry})
client.set_compatibility(topic + "-value", "NONE")
producer = Producer({"bootstrap.servers": broker})
context = SerializationContext(topic, MessageField.VALUE)
for version, schema in enumerate(schemas):
    serialise = AvroSerializer(client, schema)
    for i in range(40):
        amount = str(i) if version == 2 else i
        body = {"type": "OrderPlaced", "order_id": "ord-%d" % i, "source": "order-service" if version < 2 else "order-v3", "amount": amount, "channel": "app"}
        producer.produce(topic, key="k", value=serialise(body, context))
    producer.flush()
def read(group, schema, most):
    consumer = Consumer({"bootstrap.servers": broker, "group.id": topic + "-" + group, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([topic])
    read = AvroDeserializer(client, schema)
    at = 0
    while at < most:
        message = consumer.poll(1.0)
        if message is None:
            continue
        try:
            read(message.value(), context)
        except Exception as wrong:
            print("# %s cannot read %d: %s" % (group, message.offset(), wrong), file=sys.stderr)
            break
        consumer.commit(message=message, asynchronous=False)
        at = message.offset() + 1
    return consumer
standing = [read("billing", schemas[1], 120), read("fraud", None, 120)]
print("ready", flush=True)
while True:
    for consumer in standing:
        consumer.pause(consumer.assignment())
        consumer.poll(0.1)
`

// versionLine is what this test looks at in a line of a version.
type versionLine struct {
	Type, Version, Subject, Destination, Before, State string

	Schema        int
	Events        int64
	Share         float64
	FirstPosition string `json:"first_position"`
	Services      map[string]int64
	Change        []struct {
		Change   string
		Breaking bool
	}
	Broke []struct{ Group, Position, State string }
}

// TestAVersionThatOneGroupCannotRead: it is told which version of which type it is, where it
// begins, who writes it, and which group stands there, of two that read.
func TestAVersionThatOneGroupCannotRead(t *testing.T) {
	t.Parallel()
	address, topic := realKafka(t)
	if err := exec.Command("python3", "-c", "import confluent_kafka.schema_registry.avro").Run(); err != nil {
		t.Skip("no python3 with the module confluent_kafka[avro], which is the foreign client for schemas here")
	}
	port := freePorts(t)
	realRegistry(t, port)
	at := fmt.Sprintf("http://127.0.0.1:%d/apis/ccompat/v7", port)
	groups := exec.CommandContext(t.Context(), "python3", "-c", versionsScript, at, address, topic)
	said, err := groups.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	groups.Stderr = &complaints
	if err := groups.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = groups.Wait() }() // it is killed
	defer func() { _ = groups.Process.Kill() }()
	if line, err := bufio.NewReader(said).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the groups are not ready: %v\n%s", err, complaints.String())
	}
	url := "kafka://" + address + "/" + topic + "?registry=" + at
	var found []versionLine
	for line := range strings.Lines(run(t, process(t, "schemas", url, "--from", "beginning", "--exit", "-o", "json"), "")) {
		var v versionLine
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		found = append(found, v)
	}
	first := adapters.Position{Destination: topic, Offset: 80}.String()
	if len(found) != 3 || found[0].Type != "OrderPlaced" || found[0].Version != "3" || found[0].Subject != topic+"-value" || found[0].Before != "2" || found[0].Events != 40 ||
		found[0].FirstPosition != first || found[0].Services["order-v3"] != 40 || len(found[0].Services) != 1 {
		t.Fatalf("%+v", found)
	}
	if broke := found[0].Broke; len(broke) != 1 || broke[0].Group != topic+"-billing" || broke[0].Position != first {
		t.Errorf("who stands at the third version: %+v\n%s", broke, complaints.String())
	}
	if c := found[0].Change; len(c) != 1 || c[0].Change != "amount: int → string" || !c[0].Breaking {
		t.Errorf("what changed: %+v", c)
	}
	if c := found[1].Change; len(c) != 1 || c[0].Change != `+ channel string = "web"` || c[0].Breaking || len(found[1].Broke)+len(found[2].Broke) != 0 {
		t.Errorf("the second version: %+v", found[1:])
	}
	failing := process(t, "schemas", url, "--from", "beginning", "--exit", "--fail-on", "broke", "-o", "text")
	var why strings.Builder
	failing.Stderr = &why
	out, _ := failing.Output()
	if code := failing.ProcessState.ExitCode(); code != exit.Partly || !strings.Contains(string(out), "broke "+topic+"-billing: ") || !strings.Contains(why.String(), "broke "+topic+"-billing: ") {
		t.Errorf("exit code %d: %s%s", code, out, why.String())
	}
	subject := topic + "-value@"
	diff := process(t, "schemas", "diff", subject+"1", subject+"3", url, "--fail-on", "breaking", "-o", "text")
	out, _ = diff.Output()
	if code := diff.ProcessState.ExitCode(); code != exit.Partly || !strings.Contains(string(out), "amount: int → string  BREAKING") || !strings.Contains(string(out), "+ channel") ||
		!strings.Contains(string(out), "registry says: level NONE, which this version keeps towards v1") {
		t.Errorf("exit code %d: %s", code, out)
	}
	shown := run(t, process(t, "schemas", "show", "OrderPlaced", url, "--from", "beginning", "--exit", "-o", "json"), "")
	if strings.Count(shown, `"registry_says":{"level":"NONE","keeps":true,"messages":[]}`) != 2 || strings.Count(shown, `"registry_says":{"level":"NONE","keeps":null,`) != 1 {
		t.Errorf("what the registry says: %s", shown)
	}
}

package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// pikaScript publishes lines of "type order" by Python's client pika. They have what pika
// users commonly set, and nothing of ours.
const pikaScript = `
import sys, json, uuid, pika
url, exchange = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.confirm_delivery()
for line in sys.stdin:
    kind, order = line.split()
    channel.basic_publish(exchange, "order." + kind, json.dumps({"type": kind, "payload": {"order_id": order}}), pika.BasicProperties(
        content_type="application/json", type=kind, app_id="python", message_id=str(uuid.uuid4())))
connection.close()
`

// foreignStream is a stream of its own on a RabbitMQ 4, and an exchange that leads to it.
func foreignStream(t *testing.T) (url, exchange, stream string) {
	t.Helper()
	url, exchange, _ = realExchange(t, rabbitMQ4Variable)
	stream = exchange + "-stream"
	connection, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	channel, err := connection.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := channel.QueueDeclare(stream, true, false, false, false, amqp.Table{"x-queue-type": "stream"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := channel.QueueDelete(stream, false, false, false); err != nil {
			t.Error(err)
		}
	})
	if err := channel.QueueBind(stream, "#", exchange, false, nil); err != nil {
		t.Fatal(err)
	}
	return url, exchange, stream
}

// run is the output of a command that must succeed.
func run(t *testing.T, command *exec.Cmd, input string) string {
	t.Helper()
	command.Stdin = strings.NewReader(input)
	var out, errors strings.Builder
	command.Stdout, command.Stderr = &out, &errors
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %v: %s", command.Args, err, errors.String())
	}
	return out.String()
}

// tellByForeigners writes the story of some orders: its beginning by kcat to Kafka, the
// rest by pika to RabbitMQ.
func tellByForeigners(t *testing.T, address, topic, url, exchange string, orders ...string) {
	t.Helper()
	kcat, err := exec.LookPath("kcat")
	if err != nil {
		t.Skip("no kcat, which is the foreign client for Kafka here")
	}
	if err := exec.Command("python3", "-c", "import pika").Run(); err != nil {
		t.Skip("no python3 with the module pika, which is the foreign client for RabbitMQ here")
	}
	var placed, shipped strings.Builder
	for _, order := range orders {
		for _, kind := range []string{"OrderPlaced", "PaymentProcessed"} {
			placed.WriteString(order + `|{"type":"` + kind + `","payload":{"order_id":"` + order + `"}}` + "\n")
		}
		shipped.WriteString("InventoryReserved " + order + "\nShipmentPrepared " + order + "\n")
	}
	run(t, exec.CommandContext(t.Context(), kcat, "-b", address, "-P", "-t", topic, "-K", "|"), placed.String())
	run(t, exec.CommandContext(t.Context(), "python3", "-c", pikaScript, url, exchange), shipped.String())
}

// The promise itself: one order that clients of others wrote over both brokers is found
// by its id, whole, by trace and by flows.
func TestForeignersFlowIsFound(t *testing.T) {
	t.Parallel()
	address, topic := realKafka(t)
	url, exchange, stream := foreignStream(t)
	tellByForeigners(t, address, topic, url, exchange, "ord-1008", "ord-1009", "ord-1010")
	sources := []string{"kafka://" + address + "/" + topic, url + "?stream=" + stream}
	kinds := []string{"OrderPlaced", "PaymentProcessed", "InventoryReserved", "ShipmentPrepared"}
	for _, args := range [][]string{{"trace", "ord-1009"}, {"flows", "--exit", "--filter", `entity == "ord-1009"`}} {
		lines := strings.Split(strings.TrimSpace(run(t, process(t, append(args, sources...)...), "")), "\n")
		var flow struct {
			Flow, Entity   string
			Brokers, Types []string
			Events         json.RawMessage
		}
		if err := json.Unmarshal([]byte(lines[0]), &flow); err != nil || len(lines) != 1 {
			t.Fatalf("%v: %d lines, %v: %s", args, len(lines), err, lines[0])
		}
		slices.Sort(flow.Brokers)
		if flow.Flow != "ord-1009" || flow.Entity != "ord-1009" || !slices.Equal(flow.Brokers, []string{"kafka", "rabbitmq"}) {
			t.Errorf("%v: %s", args, lines[0])
		}
		if slices.Sort(flow.Types); !slices.Equal(flow.Types, slices.Sorted(slices.Values(kinds))) {
			t.Errorf("%v: types %v", args, flow.Types)
		}
		var events []struct{ Entity string }
		if args[0] == "trace" && (json.Unmarshal(flow.Events, &events) != nil || len(events) != len(kinds)) {
			t.Errorf("%d events: %s", len(events), flow.Events)
		}
		for _, event := range events {
			if event.Entity != "ord-1009" {
				t.Errorf("an event of %q: %s", event.Entity, flow.Events)
			}
		}
	}
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// mapLine is a line of the map in JSON.
type mapLine struct {
	Node, Name, Edge string
	From, To         struct{ Node, Name string }
	Evidence         string
	Labels           []string
	Groups           []struct{ Group, By string }
}

// TestTopologyReal draws the demonstration system as it runs on a real Kafka and a real
// RabbitMQ, each line of the map by what was observed or what the brokers tell.
func TestTopologyReal(t *testing.T) {
	t.Parallel()
	address := os.Getenv(kafkaVariable)
	if address == "" {
		t.Skip("no Kafka: " + kafkaVariable + " is not set")
	}
	broker, channel := realRabbitMQ(t, rabbitMQ4Variable)
	prefix := fmt.Sprintf("map-%x.", time.Now().UnixNano())
	t.Cleanup(func() { deleteSystem(t, address, prefix) })
	for _, name := range []string{"inventory", "shipping", "inventory.dlq", "shipping.dlq"} {
		t.Cleanup(func() { _ = channel.ExchangeDelete(prefix+name, false, false) })
	}
	for _, name := range []string{"inventory-agent.inventory", "order.shipping", "payment.inventory", "shipping.inventory", "inventory.dlq", "shipping.dlq"} {
		t.Cleanup(func() { _, _ = channel.QueueDelete(prefix+name, false, false, false) })
	}
	system := start(t, process(t, "demo", "--headless", "--kafka", address, "--rabbitmq", broker, "--prefix", prefix))
	defer system.end()
	system.until(system.errors, "writes to rabbitmq")

	wanted := map[string]bool{
		"service order writes topic orders: observed OrderPlaced":                        true,
		"topic orders reads service payment: told":                                       true,
		"service payment writes topic payments: observed PaymentProcessed":               true,
		"service inventory writes exchange inventory: observed InventoryReserved":        true,
		"exchange inventory binding queue shipping.inventory: told inventory.reserved":   true,
		"queue shipping.inventory reads service shipping: told":                          true,
		"queue shipping.inventory dead letters exchange inventory.dlq: told":             true,
		"exchange inventory.dlq binding queue inventory.dlq: told":                       true,
		"service shipping writes exchange shipping: observed ShipmentPrepared":           true,
		"shipping has " + prefix + "shipping.inventory by name and by what it reacts to": true,
		"payment has " + prefix + "payment by name and by what it reacts to":             true,
	}
	urls := []string{"kafka://" + address + "/~" + strings.ReplaceAll(prefix, ".", "\\.") + ".*", broker + "?management=" + managementOf(t, broker) + "&tap=" + prefix + "inventory:%23&tap=" + prefix + "shipping:%23"}
	var out []byte
	var err error
	for range 6 { // the system takes its time to begin, and the broker to count
		out, err = process(t, append([]string{"topology", "-o", "json", "--from", "-1m", "--for", "6s"}, urls...)...).Output()
		if err == nil && len(missingFrom(t, out, prefix, wanted)) == 0 {
			return
		}
	}
	t.Errorf("%v, missing %q in\n%s", err, missingFrom(t, out, prefix, wanted), out)
}

// missingFrom are the lines wanted that a map does not have.
func missingFrom(t *testing.T, out []byte, prefix string, wanted map[string]bool) (missing []string) {
	t.Helper()
	seen := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var line mapLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		name := func(node, name string) string { return node + " " + strings.TrimPrefix(name, prefix) }
		if line.Edge != "" {
			edge := fmt.Sprintf("%s %s %s: %s", name(line.From.Node, line.From.Name), line.Edge, name(line.To.Node, line.To.Name), line.Evidence)
			seen[edge] = true
			for _, label := range line.Labels {
				seen[edge+" "+label] = true
			}
		}
		for _, group := range line.Groups {
			seen[line.Name+" has "+group.Group+" "+group.By] = true
		}
	}
	for want := range wanted {
		if !seen[want] {
			missing = append(missing, want)
		}
	}
	return missing
}

// deleteSystem deletes the topics and groups of a demonstration system.
func deleteSystem(t *testing.T, address, prefix string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Error(err)
		return
	}
	defer client.Close()
	ctx, admin := context.Background(), kadm.NewClient(client) // that of the test has ended
	topics, err := admin.ListTopics(ctx)
	if err != nil {
		t.Error(err)
		return
	}
	for _, topic := range topics.Names() {
		if strings.HasPrefix(topic, prefix) {
			_, _ = admin.DeleteTopic(ctx, topic)
		}
	}
	groups, err := admin.ListGroups(ctx)
	if err != nil {
		t.Error(err)
		return
	}
	for _, group := range groups.Groups() {
		if strings.HasPrefix(group, prefix) {
			_, _ = admin.DeleteGroup(ctx, group)
		}
	}
}

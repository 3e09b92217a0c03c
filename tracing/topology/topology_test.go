package topology

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing"
	"eventscope/tracing/lag"
)

func topic(name string) tracing.Spot {
	return tracing.Spot{Source: "kafka", Broker: "kafka", Destination: name}
}

func exchange(name string) tracing.Spot {
	return tracing.Spot{Source: "rabbit", Broker: "rabbitmq", Destination: name}
}

func group(name string, state consumer.LagState, topics ...string) *lag.Consumer {
	reading := consumer.Lag{Kind: consumer.ConsumerGroup, Group: name}
	for _, topic := range topics {
		for partition := range 2 {
			reading.Logs = append(reading.Logs, consumer.LogLag{Log: adapters.Log{Destination: topic, Partition: int32(partition)}})
		}
	}
	return &lag.Consumer{Source: "kafka", Broker: "kafka", Lag: reading, Standing: lag.Standing{State: state}}
}

func queue(name string, members int) *lag.Consumer {
	reading := consumer.Lag{Kind: consumer.QueueConsumers, Group: name, MembersKnown: true, Logs: []consumer.LogLag{{Log: adapters.Log{Destination: name, Partition: adapters.NoPartition}}}}
	reading.Members = make([]consumer.Member, members)
	return &lag.Consumer{Source: "rabbit", Broker: "rabbitmq", Lag: reading}
}

func end(kind adapters.DestinationKind, name string) adapters.Endpoint {
	return adapters.Endpoint{Name: name, Kind: kind}
}

// shop is a system of two brokers as it is known after a while.
func shop() *Known {
	return &Known{
		Traffic: tracing.Traffic{
			Events: 110,
			Written: []tracing.Written{
				{Spot: topic("orders"), Service: "order", Type: "OrderPlaced", Events: 50, Recent: 30},
				{Spot: topic("orders"), Service: "order", Type: "OrderCancelled", Events: 5, Recent: 30},
				{Spot: topic("payments"), Service: "payment-service", Type: "PaymentProcessed", Events: 40},
				{Spot: topic("payments"), Service: "payment-service", Type: "PaymentFailed", Failures: true, Events: 10},
				{Spot: topic("orders.dlq"), Type: "OrderPlaced", Dead: true, Events: 3},
				{Spot: exchange("stock"), Service: "inventory", Type: "InventoryReserved", Events: 2},
			},
			Reactions: []tracing.Reaction{
				{Spot: topic("orders"), Service: "payment-service", Edge: tracing.Known, Events: 50},
				{Spot: topic("payments"), Service: "inventory", Edge: tracing.Inferred, Events: 2},
				{Spot: exchange("stock"), Service: "shipping", Edge: tracing.Known, Events: 2},
			},
			Deaths: []tracing.Death{{From: topic("orders"), To: topic("orders.dlq"), Events: 3}},
		},
		Brokers: []Facts{
			{Source: "kafka", Broker: "kafka", Destinations: []adapters.Destination{
				{Name: "idle", Kind: adapters.Topic, Partitions: 1}, {Name: "orders", Kind: adapters.Topic, Partitions: 2}, {Name: "__consumer_offsets", Kind: adapters.Topic, Internal: true},
			}},
			{Source: "rabbit", Broker: "rabbitmq", Seen: adapters.Exchange, Destinations: []adapters.Destination{
				{Name: "amq.topic", Kind: adapters.Exchange}, {Name: "stock", Kind: adapters.Exchange}, {Name: "stock", Kind: adapters.Queue}, {Name: "shipping.stock", Kind: adapters.Queue},
			}, Bindings: []adapters.Binding{
				{From: end(adapters.Exchange, "stock"), To: end(adapters.Queue, "shipping.stock"), Way: adapters.Bound, Key: "stock.#"},
				{From: end(adapters.Exchange, "stock"), To: end(adapters.Queue, "stock"), Way: adapters.Bound},
				{From: end(adapters.Queue, "shipping.stock"), To: end(adapters.Exchange, "dead"), Way: adapters.Dead, Key: "gone"},
			}},
		},
		Consumers: []*lag.Consumer{
			group("PaymentConsumers", consumer.LagStall, "orders"), group("audit", consumer.LagOK, "orders", "payments"),
			queue("shipping.stock", 1), queue("stock", 0),
		},
	}
}

// drawn is a graph as lines that a person can check.
func drawn(g *Graph) (lines []string) {
	name := func(i int) string { return string(g.Nodes[i].Kind) + " " + g.Nodes[i].Name }
	for i := range g.Nodes {
		line := name(i)
		if flow := g.Nodes[i].Flow; flow != (Flow{}) {
			line += fmt.Sprintf(" %d/%d/%d %g/s", flow.Events, flow.Failures, flow.Dead, flow.PerSecond)
		}
		for _, r := range g.Nodes[i].Readers {
			line += fmt.Sprintf(" [%s %s %s]", r.Lag.Group, r.Standing.State, r.By)
		}
		lines = append(lines, line)
	}
	for _, e := range g.Edges {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s: %s %s", name(e.From), e.Relation, name(e.To), e.Evidence, strings.Join(e.Labels, ","))))
	}
	return lines
}

func TestTheMapOfAShop(t *testing.T) {
	got := strings.Join(drawn(Build(shop())), "\n")
	want := `service order 55/0/0 2/s
topic orders 55/0/0 2/s
service payment-service 50/10/0 0/s [PaymentConsumers STALL by name]
group audit [audit OK ]
topic orders.dlq 3/0/3 0/s
topic payments 50/10/0 0/s
service inventory 2/0/0 0/s
exchange stock 2/0/0 0/s
queue shipping.stock [shipping.stock UNKNOWN ]
queue stock [stock UNKNOWN ]
service shipping [shipping.stock UNKNOWN by name and by what it reacts to]
exchange dead
topic idle
service order writes topic orders: observed OrderPlaced,OrderCancelled
topic orders reads service payment-service: told
topic orders reads group audit: told
topic orders dead letters topic orders.dlq: observed
service payment-service writes topic payments: observed PaymentProcessed,PaymentFailed
topic payments reads group audit: told
topic payments reads service inventory: inferred
service inventory writes exchange stock: observed InventoryReserved
exchange stock binding queue shipping.stock: told stock.#
exchange stock binding queue stock: told
queue shipping.stock reads service shipping: told
queue shipping.stock dead letters exchange dead: told gone`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTheOperatorSaysWhoseAGroupIs(t *testing.T) {
	known := shop()
	known.Groups = map[string][]string{"bookkeeping": {"audit"}}
	g := Build(known)
	if readers := g.Nodes[g.Find(Service, "", "bookkeeping")].Readers; len(readers) != 1 || readers[0].Lag.Group != "audit" || readers[0].By != byConfig {
		t.Errorf("%+v", readers)
	}
	if g.Find(Group, "kafka", "audit") >= 0 {
		t.Error("the group is there beside its service")
	}
}

func TestOwnersAreNotGuessedAt(t *testing.T) {
	services := []string{"order", "payment", "payment-gateway", "PaymentAudit", "service"}
	reacts := map[string]bool{"payment": true, "order": true}
	for group, want := range map[string]string{
		"payment":                     "payment",
		"payment-service":             "payment",
		"com.shop.PaymentConsumer":    "payment", // it has it, and payment reacts
		"payment.orders":              "payment",
		"payment_gateway.v2":          "", // that does not react
		"payment-gateway-group":       "payment-gateway",
		"orders":                      "",
		"payment-audit":               "PaymentAudit",
		"order.payment":               "", // either
		"prod.payment.order-events":   "", // either
		"prod.payment.inventory":      "payment",
		"prod.payment.gateway.events": "",
		"service":                     "service",
		"console-consumer-48213":      "",
		"":                            "",
		"connect-sink":                "",
		"order payment order payment": "",
	} {
		got, by := newOwners(nil, services).of(group, func(service string) bool { return reacts[service] })
		if got != want || (by == "") != (want == "") {
			t.Errorf("%q is of %q (%s), want %q", group, got, by, want)
		}
	}
}

func TestMermaidOfAShop(t *testing.T) {
	got := Build(shop()).Mermaid()
	for _, line := range []string{
		"flowchart LR",
		`  subgraph source1["kafka"]`,
		`    n2[("orders")]`,
		`    n8{{"stock"}}`,
		`    n9[["shipping.stock"]]`,
		`  n1(["order"])`,
		`  n4>"group audit"]`,
		`  n1 -->|"OrderPlaced, OrderCancelled"| n2`,
		`  n2 -.->|"dead letters"| n5`,
		`  n6 -.-> n7`,
		`  n8 -->|"stock.#35;"| n9`,
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("%q is not in\n%s", line, got)
		}
	}
	if again := Build(shop()).Mermaid(); again != got {
		t.Error("the same system is drawn in another way")
	}
}

// TestAnythingOnTheMap: whatever names are, each node and each edge is one line of what can
// be seen, and no edge leads nowhere.
func TestAnythingOnTheMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{"a", "b\n", "\"]", "\x1b[31m", "c-service", "C", "\u202e", "|x|", "\xff", ""})
		known := &Known{Groups: map[string][]string{names.Draw(t, "said"): {names.Draw(t, "group")}}}
		spot := func() tracing.Spot {
			return tracing.Spot{Source: names.Draw(t, "source"), Broker: "rabbitmq", Destination: names.Draw(t, "destination")}
		}
		for range rapid.IntRange(0, 6).Draw(t, "rows") {
			known.Traffic.Written = append(known.Traffic.Written, tracing.Written{Spot: spot(), Service: names.Draw(t, "service"), Type: names.Draw(t, "type"), Events: 1, Dead: rapid.Bool().Draw(t, "dead")})
			known.Traffic.Reactions = append(known.Traffic.Reactions, tracing.Reaction{Spot: spot(), Service: names.Draw(t, "reacts")})
			known.Traffic.Deaths = append(known.Traffic.Deaths, tracing.Death{From: spot(), To: spot()})
			ends := rapid.SampledFrom([]adapters.Endpoint{end(adapters.Queue, "a"), end(adapters.Exchange, "a"), end(adapters.Queue, "\"]")})
			known.Brokers = append(known.Brokers, Facts{Source: "a", Broker: "rabbitmq", Bindings: []adapters.Binding{{From: ends.Draw(t, "from"), To: ends.Draw(t, "to"), Way: adapters.Bound, Key: names.Draw(t, "key")}}})
			known.Consumers = append(known.Consumers, group(names.Draw(t, "group"), consumer.LagOK, names.Draw(t, "topic")), queue(names.Draw(t, "queue"), 1))
		}
		g := Build(known)
		sources := map[string]bool{}
		for i := range g.Nodes {
			if g.Nodes[i].Kind.IsDestination() {
				sources[g.Nodes[i].Source] = true
			}
		}
		lines := 1 + len(g.Nodes) + len(g.Edges)
		if len(sources) > 1 {
			lines += 2 * len(sources)
		}
		drawing := g.Mermaid()
		if got := strings.Count(drawing, "\n"); got != lines {
			t.Fatalf("%d lines, want %d:\n%s", got, lines, drawing)
		}
		for _, r := range drawing {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("%q in the drawing", r)
			}
		}
		for _, e := range g.Edges {
			if e.From < 0 || e.To < 0 || e.From >= len(g.Nodes) || e.To >= len(g.Nodes) {
				t.Fatalf("%+v leads nowhere", e)
			}
		}
	})
}

// BenchmarkBuild draws a large system: 5,000 queues with four bindings each, 5,000 groups on
// as many topics, and 100 services.
func BenchmarkBuild(b *testing.B) {
	known := &Known{}
	rabbit := Facts{Source: "rabbit", Broker: "rabbitmq", Seen: adapters.Exchange}
	for i := range 5000 {
		name := fmt.Sprintf("service-%d.queue-%d", i%100, i)
		rabbit.Destinations = append(rabbit.Destinations, adapters.Destination{Name: name, Kind: adapters.Queue})
		for j := range 4 {
			rabbit.Bindings = append(rabbit.Bindings, adapters.Binding{From: end(adapters.Exchange, fmt.Sprint("exchange-", (i+j)%50)), To: end(adapters.Queue, name), Way: adapters.Bound})
		}
		topicName := fmt.Sprint("topic-", i)
		known.Consumers = append(known.Consumers, queue(name, 1), group(fmt.Sprintf("service-%d-group-%d", i%100, i), consumer.LagOK, topicName))
		known.Traffic.Written = append(known.Traffic.Written, tracing.Written{Spot: topic(topicName), Service: fmt.Sprint("service-", i%100), Type: "Happened", Events: 10})
		known.Traffic.Reactions = append(known.Traffic.Reactions, tracing.Reaction{Spot: topic(topicName), Service: fmt.Sprint("service-", (i+1)%100), Edge: tracing.Known, Events: 10})
		if i < 50 {
			known.Traffic.Reactions = append(known.Traffic.Reactions, tracing.Reaction{Spot: exchange(fmt.Sprint("exchange-", i)), Service: fmt.Sprint("service-", i), Edge: tracing.Known, Events: 10})
		}
	}
	known.Brokers = []Facts{rabbit}
	for b.Loop() {
		Build(known)
	}
}

package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tui"
	"eventscope/tui/tuitest"
)

// shopScreen is a screen that can be opened, and what is behind it.
type shopScreen struct {
	options tui.Options
	groups  *tuitest.Consumers
	rabbit  *tuitest.Told
	t       *testing.T
}

// open shows the map by destination, and tree shows it as a tree.
func (s *shopScreen) open(width, height int) *tuitest.Screen { return s.tree(width, height).Press("v") }

func (s *shopScreen) tree(width, height int) *tuitest.Screen {
	return tuitest.Open(s.t, s.options, width, height).Wait(5 * time.Second).Press("5").Wait(5 * time.Second)
}

// aShop has orders that go well on two brokers, the second of which tells where its
// exchange leads, and a group of each service that reads.
func aShop(t *testing.T, s *tuitest.System) *shopScreen {
	for i := range 12 {
		put(t, s, s.Order(i, time.Now(), 5)...)
	}
	group := func(name, topic string, committed int64) *tuitest.Group {
		return &tuitest.Group{Name: name, Topic: topic, Members: []consumer.Member{{ID: name, Logs: 1}}, Partitions: []tuitest.Partition{{Committed: committed, End: 5000}}}
	}
	c := tuitest.NewConsumers(s.Kafka, group("payment-service", "orders", 5000), group("fraud", "payments", 3800), group("auditors", "orders", 4999))
	rabbit := &tuitest.Told{
		There: []adapters.Destination{{Name: "inventory", Kind: adapters.Exchange}, {Name: "shipping.inventory", Kind: adapters.Queue}, {Name: "amq.fanout", Kind: adapters.Exchange}},
		Ways: []adapters.Binding{
			{From: adapters.Endpoint{Name: "inventory", Kind: adapters.Exchange}, To: adapters.Endpoint{Name: "shipping.inventory", Kind: adapters.Queue}, Way: adapters.Bound, Key: "inventory.*"},
			{From: adapters.Endpoint{Name: "shipping.inventory", Kind: adapters.Queue}, To: adapters.Endpoint{Name: "morgue", Kind: adapters.Exchange}, Way: adapters.Dead},
		},
	}
	options := c.Over(s.Options())
	options.Sources[0].Topology = &tuitest.Told{There: []adapters.Destination{{Name: "orders", Kind: adapters.Topic, Partitions: 3}, {Name: "returns", Kind: adapters.Topic, Partitions: 1}}}
	options.Sources[1].Topology = rabbit
	options.SaveFolder = t.TempDir()
	return &shopScreen{options, c, rabbit, t}
}

func TestTheMapTellsWhoWritesWhereAndWhoReads(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		shop := aShop(t, s)
		screen := shop.open(140, 40).Sees("5 services, 7 destinations, 1 other group", "Written by").Misses("amq.fanout")
		for row, wanted := range map[string][]string{
			"order    ":               {"orders", "topic", "payment", "OK", "OrderPlaced"},
			"payments  ":              {"payment ", "fraud", "BEHIND", "1,200", "PaymentProcessed"},
			"group auditors":          {"BEHIND", "1"},
			"exchange    0.4":         {"inventory", "shipping", "InventoryReserved"},
			"shipping.inventory     ": {"inventory.*"},
			"☠ morgue":                {"shipping.inventory", "queue"},
			"returns":                 {"topic", "-"},
		} {
			line := screen.Line(row)
			for _, word := range wanted {
				if !strings.Contains(line, word) {
					t.Errorf("%s without %s:\n%s", row, word, line)
				}
			}
		}
		screen.Press("g").Sees("orders: topic of kafka, 3 partitions, 12 events since", "order writes orders: OrderPlaced; 12 times; as observed",
			"payment reads orders; payment-service OK, 0 to read (by name); 12 times; as the broker says")
		screen.Press("v").Sees("Reads", "Writes to", "v tree")
		if line := screen.Line("fraud  "); !strings.Contains(line, "payments") || !strings.Contains(line, "BEHIND") {
			t.Errorf("fraud:\n%s", line)
		}
		shop.groups.Change(func(groups []*tuitest.Group) { groups[1].Members = nil })
		screen.Wait(2 * time.Minute)
		if line := screen.Line("fraud  "); !strings.Contains(line, "✗ STOP") {
			t.Errorf("fraud has stopped:\n%s", line)
		}
	})
}

func TestFromTheMapToTheStream(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		shop := aShop(t, s)
		screen := shop.open(120, 30).Press("/").Type("orders").Press("enter").Wait(time.Second).Press("g", "enter").Wait(time.Second)
		screen.Sees("5 Topology", "› Stream", "OrderPlaced", `/destination == "orders"`).Misses("PaymentProcessed")
		screen.Press("esc").Wait(time.Second).Sees("PaymentProcessed").Press("esc").Sees("Written by", "/orders")
		// The messages of a queue are seen at what feeds it; nothing is seen of a topic that is idle.
		screen.Press("esc", "/").Type("morgue").Press("enter").Wait(time.Second).Press("g", "enter").Wait(time.Second).Sees("InventoryReserved").Misses("OrderPlaced")
		screen.Press("esc", "esc", "esc", "/").Type("returns").Press("enter").Wait(time.Second).Press("g", "enter").Sees("returns: no event of it was seen").Misses("› Stream")
		screen.Press("esc", "esc", "v", "/").Type("fraud").Press("enter").Wait(time.Second).Press("G", "enter").Wait(time.Second).Sees("PaymentApproved").Misses("OrderPlaced")
	})
}

func TestTheMapGoesIntoADocument(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		shop := aShop(t, s)
		screen := shop.open(120, 30).Press("w").Wait(time.Second).Sees("saved the map as a Mermaid diagram to ")
		saved, err := os.ReadFile(filepath.Join(shop.options.SaveFolder, "topology.mmd"))
		if err != nil || !strings.HasPrefix(string(saved), "flowchart LR\n") || !strings.Contains(string(saved), `-->|"OrderPlaced"|`) {
			t.Fatalf("saved %q, %v", saved, err)
		}
		if screen.Press("y").Wait(time.Second).Sees("copied the map as a Mermaid diagram"); !screen.Copied(string(saved)) {
			t.Errorf("what is copied is not what is saved")
		}
	})
}

func TestAMapOfWhichTheBrokerDoesNotTell(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		shop := aShop(t, s)
		shop.rabbit.Break(&adapters.Problem{Doing: "list the queues", Cause: "the management API refused the user", Remedy: "give the user the tag monitoring", Kind: adapters.ErrNotAuthorized})
		screen := shop.open(120, 30).Sees("✗ rabbitmq: cannot list the queues: the management API refused the user", "inventory").Misses("shipping.inventory")
		shop.rabbit.Break(nil)
		screen.Wait(time.Minute).Sees("shipping.inventory").Misses("refused")
	})
}

func TestAnEmptyMapSaysWhatWouldBeThere(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 80, 24).Press("5").Wait(time.Second).Sees("Nothing is known yet", "0 services")
		screen.Press("enter", "y", "w", "j", "G").Misses("copied", "saved")
		before := screen.Wait(time.Minute).Frames()
		if drawn := screen.Wait(5*time.Minute).Frames() - before; drawn != 0 {
			t.Errorf("%d frames were drawn while nothing changed", drawn)
		}
	})
}

func TestServicesOfAFlowCarryTheStateOfTheirGroup(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		shop := aShop(t, s)
		screen := shop.open(120, 30)
		screen.Wait(2 * time.Minute) // so that flows have ended, and their path is usual
		shop.groups.Change(func(groups []*tuitest.Group) { groups[0].Partitions[0].Committed = 4000 })
		put(t, s, s.Order(50, time.Now(), 1)...)
		screen.Wait(time.Minute).Press("2").Wait(time.Second).Press("g", "enter").Wait(12 * time.Second).Sees("Flow ord-1050")
		if line := screen.Line("PaymentProcessed"); !strings.Contains(line, "payment is ") || !strings.Contains(line, "1,000 to read") {
			t.Errorf("who is to write it, and why that takes so long:\n%s", line)
		}
		put(t, s, s.Order(50, time.Now(), 2)[1:]...)
		screen.Wait(12 * time.Second)
		if line := screen.Line("PaymentProcessed"); !strings.Contains(line, "payment ↩") {
			t.Errorf("the state of payment:\n%s", line)
		}
		screen.Press("j").Sees("payment-service").Press("v").Wait(time.Second).Sees("payment ")
	})
}

func TestTopologyFrames(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		for _, page := range []struct{ name, keys string }{{"tree", ""}, {"topology", "v"}, {"services", "v v"}} {
			t.Run(name(page.name, size), func(t *testing.T) {
				story(t, func(t *testing.T, s *tuitest.System) {
					shop := aShop(t, s)
					screen := shop.tree(size[0], size[1]).Press(strings.Fields(page.keys)...).Wait(time.Second)
					golden(t, screen, name(page.name, size))
				})
			})
		}
	}
}

// TestTheMapSaysWhatIsNotToldOfConsumers: a map without readers must not look whole.
func TestTheMapSaysWhatIsNotToldOfConsumers(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, c *tuitest.Consumers, screen *tuitest.Screen) {
		screen.Press("5").Wait(3 * time.Second).Misses("not listed")
		c.Break(&adapters.Problem{Doing: "list all groups", Cause: "those that user ann may not describe are not listed", Remedy: "have Describe granted", Kind: adapters.ErrNotAuthorized})
		screen.Wait(20 * time.Second).Sees("kafka: cannot list all groups: those that user ann may not describe are not listed")
	})
}

// TestAStateOnTheMapIsThatOfTheReaderThere: a group that has stopped in one topic is well in
// the other.
func TestAStateOnTheMapIsThatOfTheReaderThere(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		c := tuitest.NewConsumers(s.Kafka, &tuitest.Group{
			Name: "audit", Topics: []string{"orders", "payments"}, Partitions: []tuitest.Partition{{Committed: 5, End: 5}, {Committed: 1, End: 9}},
		})
		screen := tuitest.Open(t, c.Over(s.Options()), 140, 30).Press("5", "v").Wait(5 * time.Second)
		for topic, wanted := range map[string]string{"orders": "✓ OK", "payments": "✗ STOP"} {
			if line := screen.Line(" " + topic + " "); !strings.Contains(line, wanted) {
				t.Errorf("%s is not %s:\n%s", topic, wanted, line)
			}
		}
	})
}

// TestTheCursorStaysOnItsPlaceOfTheMap also when all above it goes.
func TestTheCursorStaysOnItsPlaceOfTheMap(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := aShop(t, s).open(140, 40).Press("G").Wait(time.Second)
		screen.GoTo("k", "PaymentProcessed")
		at := screen.Selected()
		screen.Filter("PaymentProcessed").Selects("PaymentProcessed", "payments").Press("esc").Wait(time.Second)
		if now := screen.Selected(); now != at {
			t.Fatalf("the cursor was on\n%s\nand is on\n%s", at, now)
		}
		screen.Filter("nothing-has-this").Sees("Nothing on the map has these words").Press("enter", "y", "w").Misses("copied", "saved", "› Stream")
	})
}

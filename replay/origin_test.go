package replay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// scene is a dead-letter destination and what is known of it.
type scene struct {
	name    string
	dlq     string
	feeders []string       // by the broker's configuration
	stem    string         // what its name speaks for, if the broker has it
	said    map[string]int // by all of its letters
	claim   scened
	readers []string // whom the target reaches; nil if that is not known
	against string   // part of the verdict; empty for none
	only    bool
}

// scened is what letters say, and what the broker says of the target that they name.
type scened struct {
	statement
	of deadletter.Recipients
}

func topic(name string) scened {
	return scened{statement{deadletter.Target(name), name}, deadletter.Recipients{Kind: adapters.Topic, Name: name}}
}

func queue(name string) scened {
	return scened{statement{deadletter.Routed("", name), name}, deadletter.Recipients{Kind: adapters.Queue, Name: name}}
}

func published(exchange, key, origin string) scened {
	return scened{statement{deadletter.Routed(exchange, key), origin}, deadletter.Recipients{Kind: adapters.Exchange, Name: exchange, Key: key}}
}

// TestOrdinaryLettersGoWithoutCeremony: for what each framework writes where it writes it.
func TestOrdinaryLettersGoWithoutCeremony(t *testing.T) {
	many := map[string]int{"orders": 400, "payments": 30, "shipments": 21}
	for _, s := range []scene{
		{name: "Spring Kafka", dlq: "orders-dlt", stem: "orders", claim: topic("orders")},
		{name: "Spring Kafka before 3", dlq: "orders.DLT", stem: "orders", claim: topic("orders")},
		{name: "Spring retry topics", dlq: "orders-dlt", stem: "orders", claim: topic("orders-retry-1")},
		{name: "Spring Cloud Stream", dlq: "error.orders.billing", stem: "orders", claim: topic("orders")},
		{name: "Kafka Connect, whose topic is named after nothing", dlq: "dlq-warehouse", said: many, claim: topic("shipments"), only: true},
		{name: "Kafka Streams", dlq: "streams-failures", said: many, claim: topic("orders"), only: true},
		{name: "a share group", dlq: "billing.dlq", said: map[string]int{"orders": 1}, claim: topic("orders"), only: true},
		{name: "SmallRye, named after a channel", dlq: "dead-letter-topic-orders-in", claim: topic("orders"), only: true},
		{name: "Karafka, one topic for a whole service", dlq: "dead_messages", said: many, claim: topic("payments"), only: true},
		{name: "Watermill", dlq: "poison_queue", said: map[string]int{"orders": 3}, claim: topic("orders"), only: true},
		{name: "an application", dlq: "orders.dlq", stem: "orders", claim: topic("orders")},
		{name: "each letter from elsewhere", dlq: "failures", said: map[string]int{"a": 1, "b": 1, "c": 1}, claim: topic("b"), only: true},
		{name: "RabbitMQ, to the queue alone", dlq: "inventory.dlq", feeders: []string{"inventory"}, claim: queue("inventory"), readers: []string{"inventory"}},
		{name: "RabbitMQ, by exchange", dlq: "dead", feeders: []string{"a", "inventory"}, claim: published("x", "k", "inventory"), readers: []string{"audit", "inventory"}},
		{name: "RabbitMQ, over a queue that holds back", dlq: "inventory.dlq", feeders: []string{"inventory", "wait"}, claim: published("x", "k", "inventory"), readers: []string{"inventory"}},
		{name: "RabbitMQ, readers unknown", dlq: "inventory.dlq", stem: "inventory", claim: published("x", "k", "inventory")},
		{name: "RabbitMQ, parked by its consumer", dlq: "inventory.parking", claim: published("x", "k", "inventory"), readers: []string{"inventory"}, only: true},
		{name: "Spring AMQP", dlq: "inventory.dlq", feeders: []string{"inventory"}, claim: published("shop", "placed", "shop"), readers: []string{"inventory"}},
		{name: "Spring Cloud Stream on RabbitMQ", dlq: "shop.billing.dlq", stem: "shop.billing", claim: published("shop", "placed", "shop"), readers: []string{"shop.billing"}},
		{name: "MassTransit", dlq: "inventory_error", stem: "inventory", claim: queue("inventory"), readers: []string{"inventory"}},
		{name: "NServiceBus, one queue for all", dlq: "error", said: many, claim: queue("payments"), readers: []string{"payments"}, only: true},
		{name: "Rebus, one queue for all", dlq: "error", said: many, claim: queue("shipments"), readers: []string{"shipments"}, only: true},
		{name: "Wolverine", dlq: "wolverine-dead-letter-queue", said: many, claim: queue("orders"), readers: []string{"orders"}, only: true},
	} {
		s.judge(t)
	}
}

// TestAnOriginThatOnlyALetterClaimsIsNotBelieved where anything speaks against it.
func TestAnOriginThatOnlyALetterClaimsIsNotBelieved(t *testing.T) {
	work := []string{"work"}
	for _, s := range []scene{
		{name: "configured otherwise", dlq: "d", feeders: work, claim: queue("payments"), readers: []string{"payments"}, against: "leads letters here from work"},
		{name: "configured otherwise, however many say so", dlq: "d", feeders: work, said: map[string]int{"payments": 10_000, "work": 1}, claim: queue("payments"), readers: []string{"payments"}, against: "leads letters here from work"},
		{name: "configured otherwise, by exchange", dlq: "d", feeders: work, claim: published("transfer", "pay.now", "payments"), readers: []string{"payments"}, against: "leads letters here from work"},
		{name: "the right queue by a way that does not lead there", dlq: "d", feeders: work, claim: published("transfer", "pay.now", "work"), readers: []string{"payments"}, against: "does not come to work"},
		{name: "an exchange that feeds a source too", dlq: "d", feeders: work, claim: published("all", "k", "payments"), readers: []string{"payments", "work"}, against: "leads letters here from work"},
		{name: "Spring AMQP, to where no source is", dlq: "d", feeders: work, claim: published("transfer", "pay.now", "transfer"), readers: []string{"payments"}, against: "leads letters here from work"},
		{name: "named for another", dlq: "orders.dlq", stem: "orders", said: map[string]int{"payments": 9}, claim: topic("payments"), against: "the name orders.dlq speaks for orders"},
		{name: "named for another, in other letters", dlq: "orders.dlq", stem: "orders", claim: topic("Orders"), against: "speaks for orders"},
		{name: "a stage of retrying of another", dlq: "orders.dlq", stem: "orders", claim: topic("payments-retry-1"), against: "speaks for orders"},
		{name: "no stage of retrying", dlq: "orders.dlq", stem: "orders", claim: topic("orders-archive"), against: "speaks for orders"},
		{name: "another place for dead letters", dlq: "failures", claim: topic("other.dlq"), against: "dead-letter destination itself"},
		{name: "one among many", dlq: "failures", said: map[string]int{"work": 40, "payments": 2}, claim: topic("payments"), against: "40 letters here say work, and 2 this"},
		{name: "one that was not even counted", dlq: "failures", said: map[string]int{"work": 20}, claim: topic("payments"), against: "20 letters here say work, and 1 this"},
	} {
		s.judge(t)
	}
	scene{name: "fewer than that", dlq: "failures", said: map[string]int{"work": 39, "payments": 2}, claim: topic("payments"), only: true}.judge(t)
}

func (s scene) judge(t *testing.T) {
	t.Helper()
	e := evidence{
		dlq: &deadletter.Queue{Name: s.dlq, Feeders: s.feeders}, stem: s.stem, said: &tally{said: s.said},
		deadLetter: func(name string) bool { return name == "other.dlq" },
	}
	recipients := s.claim.of
	recipients.Exists, recipients.Readers = true, s.readers
	if s.readers == nil && recipients.Kind == adapters.Exchange {
		recipients.Unknown = "nobody tells"
	}
	why, only := e.against(&s.claim.statement, &recipients)
	if (why == "") != (s.against == "") || !strings.Contains(why, s.against) || why == "" && only != s.only {
		t.Errorf("%s: %q, only letters: %v", s.name, why, only)
	}
}

// TestALetterThatClaimsATargetWaitsForItsName: the others go; when somebody names the
// target, it goes too; and --to takes all.
func TestALetterThatClaimsATargetWaitsForItsName(t *testing.T) {
	both(t, func(s *story) {
		s.broker.BuryFrom("payments", "forged")
		forged := s.list()[30].Position
		plan := s.plan(Replay, PlanOptions{})
		staying := plan.Staying()
		if plan.Count() != 30 || len(staying) != 1 || staying[0].Reason != Claimed || !slices.Equal(staying[0].Positions, []adapters.Position{forged}) || !strings.Contains(staying[0].Remedy, "--confirm-target payments") {
			s.Fatalf("%d go, and %+v", plan.Count(), staying)
		}
		for _, to := range plan.Targets() {
			if to.Stays() != (to.Target == s.target("payments")) {
				s.Errorf("%+v", to)
			}
		}
		if plan := s.plan(Replay, PlanOptions{Confirmed: []string{"orders", "pay"}}); plan.Count() != 30 {
			s.Errorf("another name lets %d go", plan.Count())
		}
		// Who picks it alone has not named its target.
		if plan := s.plan(Replay, PlanOptions{Only: map[adapters.Position]bool{forged: true}}); plan.Count() != 0 {
			s.Errorf("alone, it goes")
		}
		if plan := s.plan(Replay, PlanOptions{To: s.target("orders")}); plan.Count() != 31 {
			s.Errorf("with --to, %d go", plan.Count())
		}
		confirmed := s.plan(Replay, PlanOptions{Confirmed: []string{"payments"}})
		if confirmed.ID == plan.ID || confirmed.Count() != 31 {
			s.Errorf("named, %d go", confirmed.Count())
		}
		if summary, err := s.begin(confirmed, Pace{}).Do(context.Background(), func(Outcome) {}); err != nil || summary.Settled != 31 || s.broker.Copies[30].Position.Destination != "payments" {
			s.Errorf("%+v, %v", summary, err)
		}
	}, slices.Repeat([]string{"a"}, 30)...)
}

// TestManyOriginsAreCountedToABound: whoever names thousands pays with being an exception.
func TestManyOriginsAreCountedToABound(t *testing.T) {
	var said tally
	for i := range mostOrigins + 500 {
		l := Letter{Confidence: "claimed"}
		l.DeadLetter.Origin = fmt.Sprint(i)
		said.add(&l)
	}
	if len(said.said) != mostOrigins || said.others != 500 {
		t.Errorf("%d are counted, %d are others", len(said.said), said.others)
	}
	var all tallies
	all.keep(dlqKey{"s", "d"}, &said, false)
	all.keep(dlqKey{"s", "d"}, &tally{said: map[string]int{"0": 7, "new": 1}}, true)
	if got := all.get(dlqKey{"s", "d"}); got.said["0"] != 8 || got.said["new"] != 1 || got.others != 501 || len(got.said) != mostOrigins {
		t.Errorf("with what came since, %d are counted, %d are others", len(got.said), got.others)
	}
}

// TestCountsInHeadersOfAReplay: nobody gets around the limit by spelling, and nobody else
// stays for it.
func TestCountsInHeadersOfAReplay(t *testing.T) {
	h := func(pairs ...string) (headers []adapters.Header) {
		for i := 0; i < len(pairs); i += 2 {
			headers = append(headers, adapters.Header{Name: pairs[i], Value: []byte(pairs[i+1])})
		}
		return headers
	}
	for _, c := range []struct {
		headers []adapters.Header
		want    int
	}{
		{h(), 0}, {h("x-replay-count", "2"), 2}, {h("x-replay-count", "0", "x-replay-count", "7"), 7}, {h("x-replay-count", "7", "x-replay-count", "0"), 7},
		{h("X-Replay-Count", "5"), 5}, {h("x-replay-count", "0000000004"), 4}, {h("x-replay-count", strings.Repeat("9", 400)), mostReplays},
		{h("x-replay-count", "99999999999"), mostReplays}, {h("x-replay-count", "-3"), 0}, {h("x-replay-count", "three"), 0}, {h("x-replay-count", ""), 0},
		{h("x-replay-count", " 6 "), 6}, {h("x-replay-counts", "6"), 0},
	} {
		if got := replaysOf(&adapters.Message{Headers: c.headers}); got != c.want {
			t.Errorf("%q: %d, want %d", c.headers, got, c.want)
		}
	}
	both(t, func(s *story) {
		s.broker.BuryFrom("orders", "forged", h("X-REPLAY-COUNT", "3")...)
		s.broker.BuryFrom("orders", "twice", h("x-replay-count", "0", "x-Replay-Count", "2")...)
		plan := s.plan(Replay, PlanOptions{})
		if plan.Count() != 2 || plan.Excluded() != 1 {
			s.Fatalf("%d go, %d stay", plan.Count(), plan.Excluded())
		}
		if _, err := s.begin(plan, Pace{}).Do(context.Background(), func(Outcome) {}); err != nil {
			s.Fatal(err)
		}
		for i, want := range []string{"1", "3"} {
			var counts []string
			for _, header := range s.broker.Copies[i].Headers {
				if strings.EqualFold(header.Name, headerCount) {
					counts = append(counts, string(header.Value))
				}
			}
			if !slices.Equal(counts, []string{want}) {
				s.Errorf("copy %d says %v, want %s", i, counts, want)
			}
		}
	}, "a")
}

// TestARetryStageSpeaksForItsDestination where the copy comes to it: over an exchange too, by its key.
func TestARetryStageSpeaksForItsDestination(t *testing.T) {
	for _, s := range []scene{
		{name: "by its key", dlq: "orders.dlq", stem: "orders", claim: published("", "orders-retry-1", "orders-retry-1"), readers: []string{"orders-retry-1"}},
		{name: "by exchange", dlq: "orders.dlq", stem: "orders", claim: published("retries", "orders-retry-1", "orders-retry-1"), readers: []string{"workers"}},
		{name: "by exchange and another key", dlq: "orders.dlq", stem: "orders", claim: published("orders-retry-1", "other", "orders-retry-1"), readers: []string{"workers"}, against: "speaks for orders"},
		{name: "of a queue of that key", dlq: "orders.dlq", stem: "orders", claim: scened{statement{"orders-retry-1", "orders-retry-1"}, deadletter.Recipients{Kind: adapters.Queue, Name: "other", Key: "orders-retry-1"}}, readers: []string{}, against: "speaks for orders"},
		{name: "four feed it", dlq: "d", feeders: []string{"a", "b", "c", "e"}, claim: topic("payments"), against: "leads letters here from a, b and 2 others"},
		{name: "three feed it", dlq: "d", feeders: []string{"a", "b", "c"}, claim: topic("payments"), against: "leads letters here from a, b, c"},
	} {
		s.judge(t)
	}
}

// TestWhatWasCountedGoesOn: what comes is counted with what was there, and of too many origins it is
// known how many letters name yet others.
func TestWhatWasCountedGoesOn(t *testing.T) {
	var counts tallies
	key := dlqKey{"s", "dlq"}
	counts.keep(key, &tally{said: map[string]int{"orders": 3}, others: 1}, false)
	counts.keep(key, &tally{}, true) // which named nothing
	if got := counts.get(key); got.said["orders"] != 3 || got.others != 1 {
		t.Errorf("%+v", got)
	}
	counts.keep(key, &tally{said: map[string]int{"orders": 1, "payments": 4}, others: 2}, true)
	if got := counts.get(key); got.said["orders"] != 4 || got.said["payments"] != 4 || got.others != 3 {
		t.Errorf("%+v", got)
	} else if name, n := got.most(); name != "orders" || n != 4 { // of equals the first by name, whoever counts
		t.Errorf("most say %s, %d", name, n)
	}
	many := &tally{said: map[string]int{}}
	for i := range mostOrigins {
		many.said[fmt.Sprint("origin ", i)] = 1
	}
	if many.join(counts.get(key)); len(many.said) != mostOrigins || many.others != 3+8 {
		t.Errorf("%d origins, and %d letters name others", len(many.said), many.others)
	}
	counts.keep(key, &tally{said: map[string]int{"shipments": 1}}, false) // read from its beginning
	if got := counts.get(key); len(got.said) != 1 || got.others != 0 {
		t.Errorf("%+v", got)
	}
}

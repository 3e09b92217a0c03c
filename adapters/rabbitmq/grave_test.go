package rabbitmq

import (
	"errors"
	"slices"
	"strings"
	"testing"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// graveOf finds one among graves.
func graveOf(graves []adapters.Grave, name string) *adapters.Grave {
	for i := range graves {
		if graves[i].Name == name {
			return &graves[i]
		}
	}
	return nil
}

func TestGraves(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		fanout, topic := b.exchange(t, "fanout"), b.exchange(t, "topic")
		// A source by arguments to a queue that is named like nothing.
		plain := b.queue(t, "classic", nil)
		keyed := b.queue(t, "quorum", amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": plain})
		// Two by policy and argument through a fanout to a stream.
		stream := b.queue(t, "stream", nil)
		b.bind(t, stream, "", fanout, nil)
		argued, ruled := b.queue(t, "classic", amqp.Table{"x-dead-letter-exchange": fanout}), b.queue(t, "classic", nil)
		policy := unique("policy")
		if _, err := b.client(t).PutPolicy("/", policy, rabbithole.Policy{Pattern: "^" + ruled + "$", ApplyTo: "queues", Definition: map[string]any{"dead-letter-exchange": fanout}}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = b.client(t).DeletePolicy("/", policy) })
		// One by a topic exchange that leaves the key, which the queue's binding tells.
		told, untoldGrave := b.queue(t, "classic", nil), b.queue(t, "classic", nil)
		b.bind(t, told, "orders.#", topic, nil)
		b.bind(t, untoldGrave, "*.never.this", topic, nil)
		topical := b.queue(t, "classic", amqp.Table{"x-dead-letter-exchange": topic})
		b.bind(t, topical, "orders.placed", "amq.topic", nil)
		wild := b.queue(t, "classic", amqp.Table{"x-dead-letter-exchange": topic})
		b.bind(t, wild, "orders.*", "amq.topic", nil)
		// A circle of tries, and one that is only named like a grave.
		work := unique("work")
		retry := b.queue(t, "classic", amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": work, "x-message-ttl": int32(600_000)})
		channel := b.channel(t)
		if _, err := channel.QueueDeclare(work, true, false, false, false, amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": retry}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = b.channel(t).QueueDelete(work, false, false, false) })
		like := unique("orders") + ".dlq"
		if _, err := channel.QueueDeclare(like, true, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = b.channel(t).QueueDelete(like, false, false, false) })
		b.publish(t, "", plain, bodies("letter", 3)...)

		named := b.queue(t, "quorum", nil)
		c := b.lettersOf()
		c.Queues = []string{named}
		a := open(t, c)
		var graves []adapters.Grave
		await(t, "the policy", func() bool {
			var err error
			if graves, err = a.Graves(t.Context()); err != nil {
				t.Fatal(err)
			}
			g := graveOf(graves, stream)
			return g != nil && len(g.Sources) == 2
		})
		if graves[0].Name != named || !strings.Contains(graves[0].Evidence, "named when") {
			t.Errorf("first: %+v", graves[0])
		}
		for _, want := range []struct {
			name     string
			sources  []string
			direct   []string
			evidence string
		}{
			{plain, []string{keyed}, []string{keyed}, "queue " + keyed + " dead-letters to it"},
			{stream, []string{argued, ruled}, []string{argued, ruled}, "dead-letter to it"},
			{told, []string{topical}, nil, "queue " + topical + " dead-letters to it"},
			{untoldGrave, nil, nil, "queue " + wild + " may dead-letter to it"},
			{like, nil, nil, "named like one"},
		} {
			g := graveOf(graves, want.name)
			if g == nil {
				t.Errorf("%s is not found: %s", want.name, want.evidence)
				continue
			}
			slices.Sort(want.sources)
			slices.Sort(want.direct)
			if !slices.Equal(g.Sources, want.sources) || !slices.Equal(g.Direct, want.direct) || !strings.Contains(g.Evidence, want.evidence) || g.Configured != (len(want.sources) > 0) {
				t.Errorf("%+v, want %+v", *g, want)
			}
		}
		if g := graveOf(graves, plain); g != nil && (g.Messages != 3 || g.Kind != adapters.Queue) {
			t.Errorf("%+v", g)
		}
		if g := graveOf(graves, stream); g != nil && g.Kind != adapters.Stream {
			t.Errorf("%+v", g)
		}
		for _, alive := range []string{work, retry, argued, keyed} {
			if g := graveOf(graves, alive); g != nil {
				t.Errorf("alive: %+v", g)
			}
		}
	})
}

func TestReach(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		first, second, third := b.exchange(t, "topic"), b.exchange(t, "fanout"), b.exchange(t, "headers")
		near, far, byHeader := b.queue(t, "classic", nil), b.queue(t, "quorum", nil), b.queue(t, "classic", nil)
		b.bind(t, near, "orders.*", first, nil)
		b.bind(t, far, "", second, nil)
		b.bind(t, byHeader, "", third, amqp.Table{"kind": "x"})
		for _, to := range []string{second, third} {
			if err := b.channel(t).ExchangeBind(to, "orders.#", first, false, nil); err != nil {
				t.Fatal(err)
			}
		}
		plain := b.config()
		plain.LettersOnly = true
		managed, bare := open(t, b.lettersOf()), open(t, plain)
		for _, c := range []struct {
			target  adapters.Target
			exists  bool
			readers []string
			unknown string
		}{
			{adapters.Target{RoutingKey: near}, true, []string{near}, ""},
			{adapters.Target{RoutingKey: unique("none")}, false, nil, ""},
			{adapters.Target{Exchange: unique("none"), RoutingKey: "k"}, false, nil, ""},
			{adapters.Target{Exchange: first, RoutingKey: "orders.placed"}, true, []string{near, far}, byHeader},
			{adapters.Target{Exchange: first, RoutingKey: "orders"}, true, []string{far}, byHeader},
			{adapters.Target{Exchange: first, RoutingKey: "payments"}, false, nil, ""},
			{adapters.Target{Exchange: third, RoutingKey: "k"}, true, nil, byHeader},
		} {
			reach, err := managed.Reach(t.Context(), c.target)
			slices.Sort(c.readers)
			if err != nil || reach.Exists != c.exists || !slices.Equal(reach.Readers, c.readers) || (c.unknown == "") != (reach.Unknown == "") || !strings.Contains(reach.Unknown, c.unknown) {
				t.Errorf("%v: %+v, %v, want %+v", c.target, reach, err, c)
			}
		}
		for target, want := range map[adapters.Target]bool{{RoutingKey: near}: true, {RoutingKey: "none"}: false, {Exchange: first, RoutingKey: "k"}: true, {Exchange: "none", RoutingKey: "k"}: false} {
			reach, err := bare.Reach(t.Context(), target)
			if err != nil || reach.Exists != want || (reach.Unknown != "") != (want && target.Exchange != "") {
				t.Errorf("by AMQP, %v: %+v, %v", target, reach, err)
			}
		}
		if _, err := managed.Reach(t.Context(), adapters.Target{Topic: "orders"}); !errors.Is(err, adapters.ErrUsage) {
			t.Error(err)
		}
	})
}

func TestTopicMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, key string
		want         bool
	}{
		{"#", "", true}, {"#", "a.b", true}, {"a", "a", true}, {"a", "b", false}, {"a.*", "a", false}, {"a.*", "a.b", true}, {"a.*", "a.b.c", false},
		{"a.#", "a", true}, {"a.#", "a.b.c", true}, {"#.c", "a.b.c", true}, {"#.c", "c", true}, {"a.#.c", "a.c", true}, {"a.#.c", "a.b.b.c", true},
		{"a.#.c", "a.b", false}, {"*", "", true}, {"*.*", "a", false}, {"#.#", "", true}, {"*.#", "a", true},
	} {
		if got := topicMatches(strings.Split(c.pattern, "."), strings.Split(c.key, ".")); got != c.want {
			t.Errorf("%q takes %q: %v", c.pattern, c.key, got)
		}
	}
}

package rabbitmq

import (
	"errors"
	"slices"
	"strings"
	"testing"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/routing"
)

// dlqOf finds one among dead-letter queues.
func dlqOf(dlqs []deadletter.Queue, name string) *deadletter.Queue {
	for i := range dlqs {
		if dlqs[i].Name == name {
			return &dlqs[i]
		}
	}
	return nil
}

func TestDLQs(t *testing.T) {
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
		told, untoldDLQ := b.queue(t, "classic", nil), b.queue(t, "classic", nil)
		b.bind(t, told, "orders.#", topic, nil)
		b.bind(t, untoldDLQ, "*.never.this", topic, nil)
		topical := b.queue(t, "classic", amqp.Table{"x-dead-letter-exchange": topic})
		b.bind(t, topical, "orders.placed", "amq.topic", nil)
		wild := b.queue(t, "classic", amqp.Table{"x-dead-letter-exchange": topic})
		b.bind(t, wild, "orders.*", "amq.topic", nil)
		// A circle of tries, and one that is only named like a dead-letter queue.
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
		var dlqs []deadletter.Queue
		adaptertest.Await(t, "the policy", func() bool {
			var err error
			if dlqs, err = a.DLQs(t.Context()); err != nil {
				t.Fatal(err)
			}
			g := dlqOf(dlqs, stream)
			return g != nil && len(g.Sources) == 2
		})
		if dlqs[0].Name != named || !strings.Contains(dlqs[0].Evidence, "named when") {
			t.Errorf("first: %+v", dlqs[0])
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
			{untoldDLQ, nil, nil, "queue " + wild + " may dead-letter to it"},
			{like, nil, nil, "named like one"},
		} {
			g := dlqOf(dlqs, want.name)
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
		if g := dlqOf(dlqs, plain); g != nil && (g.Messages != 3 || g.Kind != adapters.Queue) {
			t.Errorf("%+v", g)
		}
		if g := dlqOf(dlqs, stream); g != nil && g.Kind != adapters.Stream {
			t.Errorf("%+v", g)
		}
		for _, alive := range []string{work, retry, argued, keyed} {
			if g := dlqOf(dlqs, alive); g != nil {
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
			target  deadletter.Target
			exists  bool
			readers []string
			unknown string
		}{
			{deadletter.Routed("", near), true, []string{near}, ""},
			{deadletter.Routed("", unique("none")), false, nil, ""},
			{deadletter.Routed(unique("none"), "k"), false, nil, ""},
			{deadletter.Routed(first, "orders.placed"), true, []string{near, far}, byHeader},
			{deadletter.Routed(first, "orders"), true, []string{far}, byHeader},
			{deadletter.Routed(first, "payments"), false, nil, ""},
			{deadletter.Routed(third, "k"), true, nil, byHeader},
		} {
			reach, err := reachOf(t, managed, c.target)
			slices.Sort(c.readers)
			if err != nil || reach.Exists != c.exists || !slices.Equal(reach.Readers, c.readers) || (c.unknown == "") != (reach.Unknown == "") || !strings.Contains(reach.Unknown, c.unknown) {
				t.Errorf("%v: %+v, %v, want %+v", c.target, reach, err, c)
			}
		}
		for target, want := range map[deadletter.Target]bool{deadletter.Routed("", near): true, deadletter.Routed("", "none"): false, deadletter.Routed(first, "k"): true, deadletter.Routed("none", "k"): false} {
			reach, err := reachOf(t, bare, target)
			if err != nil || reach.Exists != want || (reach.Unknown != "") != (want && (target == deadletter.Routed(first, "k"))) {
				t.Errorf("by AMQP, %v: %+v, %v", target, reach, err)
			}
		}
		if _, err := reachOf(t, managed, ""); !errors.Is(err, adapters.ErrUsage) {
			t.Error(err)
		}
	})
}

// TestFeedersOverOtherQueues: letters also come over queues that hold them back.
func TestFeedersOverOtherQueues(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		leads := func(to string) amqp.Table {
			return amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": to}
		}
		final, other := b.queue(t, "classic", nil), b.queue(t, "classic", nil)
		wait := b.queue(t, "classic", leads(final))
		work := b.queue(t, "classic", leads(wait))
		c := b.lettersOf()
		c.Queues = []string{final, other}
		dlqs, err := open(t, c).DLQs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]string{final: {wait, work}, other: nil}
		for _, g := range dlqs {
			slices.Sort(want[g.Name])
			if fed, asked := want[g.Name]; asked && !slices.Equal(g.Feeders, fed) {
				t.Errorf("%s is fed by %v, want %v", g.Name, g.Feeders, fed)
			}
			delete(want, g.Name)
		}
		if len(want) > 0 {
			t.Errorf("not listed: %v", want)
		}
	})
}

// reachOf asks about one target.
func reachOf(t testing.TB, a *Adapter, target deadletter.Target) (deadletter.Recipients, error) {
	t.Helper()
	reaches, err := a.Recipients(t.Context(), []deadletter.Target{target})
	if err != nil {
		return deadletter.Recipients{}, err
	}
	return reaches[0], nil
}

// TestWhatTheBrokerAndTapsUseIsNoTarget, whoever asks for it: not in a plan, and not when a
// copy is to be sent.
func TestWhatTheBrokerAndTapsUseIsNoTarget(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		b = b.alone(t) // whose taps stay while they are tried
		tapped := b.config()
		tapped.Taps = []Tap{{Exchange: b.exchange(t, "fanout")}}
		tl := tailing(t, open(t, tapped), adapters.End)
		defer tl.stop()
		internal := unique("internal")
		if err := b.channel(t).ExchangeDeclare(internal, "fanout", false, true, true, false, nil); err != nil {
			t.Fatal(err)
		}
		plain := b.config()
		plain.LettersOnly, plain.Write = true, true
		managed, bare := open(t, b.lettersOf()), open(t, plain)
		known, err := routing.Read(t.Context(), managed.management, true)
		if err != nil {
			t.Fatal(err)
		}
		targets := []deadletter.Target{
			"amq.rabbitmq.reply-to.g1h2", "amq.rabbitmq.trace:publish.x", "amq.rabbitmq.event:user.created", deadletter.Routed(routing.TapMark.Exchange, routing.TapMark.Key),
		}
		for tap := range known.Taps {
			targets = append(targets, deadletter.Routed("", tap))
		}
		if len(targets) == 4 {
			t.Fatal("no tap is seen")
		}
		for _, target := range targets {
			for with, a := range map[string]*Adapter{"managed": managed, "bare": bare} {
				if reach, err := reachOf(t, a, target); err != nil || reach.Forbidden == "" || reach.Exists {
					t.Errorf("%s, %v: %+v, %v", with, target, reach, err)
				}
				p, err := a.Publisher(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				outcomes, err := p.Send(t.Context(), []deadletter.Copy{{Message: &adapters.Message{Value: []byte("letter")}, To: target}}, nil)(t.Context())
				if err != nil || !errors.Is(outcomes[0], adapters.ErrUsage) {
					t.Errorf("%s, published to %v: %v, %v", with, target, outcomes, err)
				}
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			}
		}
		if reach, err := reachOf(t, managed, deadletter.Routed(internal, "")); err != nil || reach.Forbidden == "" {
			t.Errorf("an internal exchange: %+v, %v", reach, err)
		}
	})
}

package rabbitmq

import (
	"errors"
	"strings"
	"testing"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
)

func TestTapOfEveryExchangeType(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for name, test := range map[string]struct {
			kind, key string
			managed   bool
			bound     string // key of a binding that is there already
			publish   []string
			want      int
		}{
			"topic":               {kind: "topic", publish: []string{"a", "a.b", ""}, want: 3},
			"topic by key":        {kind: "topic", key: "a.*", publish: []string{"a", "a.b", "b"}, want: 1},
			"fanout":              {kind: "fanout", publish: []string{"a", ""}, want: 2},
			"direct by key":       {kind: "direct", key: "a", publish: []string{"a", "b"}, want: 1},
			"direct by bindings":  {kind: "direct", managed: true, bound: "a", publish: []string{"a", "b"}, want: 1},
			"headers":             {kind: "headers", publish: []string{"a", ""}, want: 2},
			"headers, managed":    {kind: "headers", managed: true, publish: []string{"a", ""}, want: 2},
			"topic, managed":      {kind: "topic", managed: true, publish: []string{"a", ""}, want: 2},
			"direct key, managed": {kind: "direct", key: "b", managed: true, publish: []string{"a", "b"}, want: 1},
		} {
			t.Run(name, func(t *testing.T) {
				exchange := b.exchange(t, test.kind)
				if test.bound != "" {
					b.bind(t, b.queue(t, "classic", nil), test.bound, exchange, nil)
				}
				c := b.config()
				if test.managed {
					c = b.managed()
				}
				other := b.exchange(t, "fanout") // what is published last goes there
				c.Taps = []Tap{{Exchange: exchange, BindingKey: test.key}, {Exchange: other}}
				tl := tailing(t, open(t, c), adapters.End)
				for _, key := range test.publish {
					b.publish(t, exchange, key, amqp.Publishing{Body: []byte("a message"), Headers: amqp.Table{"h": "v"}})
				}
				b.publish(t, other, "", amqp.Publishing{Body: []byte("last")})
				for i, m := range tl.take(t, test.want+1) {
					want := exchange
					if i == test.want {
						want = other
					}
					if m.Position.Destination != want || m.Properties.Exchange != want {
						t.Errorf("message %d has position %v and exchange %q, want %q", i, m.Position, m.Properties.Exchange, want)
					}
				}
				tl.nothingMore(t)
				if problems := tl.adapter.Status().Problems; len(problems) > 0 {
					t.Errorf("problems %q", problems)
				}
			})
		}
	})
}

func TestTapRefused(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		direct, headers := b.exchange(t, "direct"), b.exchange(t, "headers")
		queue := b.queue(t, "classic", nil)
		withTap := func(tap Tap) Config { c := b.config(); c.Taps = []Tap{tap}; return c }
		wrong := b.config()
		wrong.Taps, wrong.Password = []Tap{{Exchange: direct}}, secret
		deadEnd := b.config()
		deadEnd.Taps, deadEnd.VirtualHost = []Tap{{Exchange: direct}}, "no such"
		mirror := b.config()
		mirror.Queues = []string{queue}
		mirrorless := b.managed()
		mirrorless.Queues = []string{"no-such-queue"}
		unbound := b.managed()
		unbound.Queues = []string{queue}
		stream := b.config()
		stream.Streams = []string{queue}
		noStream := b.config()
		noStream.Streams = []string{"no-such-stream"}
		unreachable := b.config()
		unreachable.Management = "http://127.0.0.1:1"
		unauthorised := b.managed()
		unauthorised.Management = strings.Replace(unauthorised.Management, "http://", "http://nobody:"+secret+"@", 1)
		amqpPort := b.config()
		amqpPort.Management = "http://" + b.address
		at := " rabbitmq " + b.address
		for name, test := range map[string]struct {
			config Config
			kind   error
			want   string
		}{
			"unknown exchange":        {withTap(Tap{Exchange: "no-such-exchange"}), adapters.ErrUnknownDestination, `cannot read rabbitmq exchange "no-such-exchange" at ` + b.address + `: the broker has no such exchange; check the spelling`},
			"direct without key":      {withTap(Tap{Exchange: direct}), adapters.ErrUsage, `cannot tap exchange "` + direct + `": it is a direct exchange, which has no key for everything; name a key, as in tap=exchange:key, or add management= so that the keys in use are found`},
			"headers with key":        {withTap(Tap{Exchange: headers, BindingKey: "k"}), adapters.ErrUsage, `cannot tap exchange "` + headers + `": it is a headers exchange, which does not look at keys; leave the key away to see everything`},
			"wrong password":          {wrong, adapters.ErrNotAuthenticated, "cannot connect to" + at + `: it refused user "guest" with this password; check user and password`},
			"unknown virtual host":    {deadEnd, adapters.ErrUnknownDestination, "cannot connect to" + at + `: it has no virtual host "no such"; check the path of the URL; / itself is written %2F`},
			"nothing named":           {b.config(), adapters.ErrUsage, "cannot read" + at + ": there is nothing to read in the URL; add tap=exchange, tap=exchange:key, stream=name or firehose=true, or management=http://HOST:15672 to tap every exchange"},
			"queue unmanaged":         {mirror, adapters.ErrUsage, "cannot read queue \"" + queue + "\" of" + at + ": a real queue is never consumed but tapped where it is bound, and only the management API tells its bindings; add management=http://HOST:15672, or name what feeds it with tap=exchange:key; a stream is named with stream="},
			"unknown queue":           {mirrorless, adapters.ErrUnknownDestination, `cannot read rabbitmq queue "no-such-queue" at ` + b.address + `: the broker has no such queue; check the spelling`},
			"queue bound to nothing":  {unbound, nil, `cannot see all of queue "` + queue + `": it is bound to nothing but the default exchange, which cannot be tapped; use firehose=true after rabbitmqctl trace_on to see that too`},
			"a queue is no stream":    {stream, adapters.ErrUsage, `cannot read stream "` + queue + `" of` + at + ": it is a queue that is no stream, and reading would take its messages; name it with queue=, which taps what it receives"},
			"unknown stream":          {noStream, adapters.ErrUnknownDestination, `cannot read rabbitmq stream "no-such-stream" at ` + b.address + `: the broker has no such stream; check the spelling`},
			"management unreachable":  {unreachable, adapters.ErrNotConnected, "cannot list the exchanges from the management API http://127.0.0.1:1: connection refused; check the URL and that the plugin rabbitmq_management runs"},
			"management unauthorised": {unauthorised, adapters.ErrNotAuthenticated, "cannot list the exchanges from the management API " + b.managementURL() + `: it refused user "nobody" with this password; check user and password`},
			"management is AMQP":      {amqpPort, adapters.ErrNotConnected, "cannot list the exchanges from the management API http://" + b.address + ": what answers there is not a management API; check the URL, usually http://broker:15672"},
		} {
			t.Run(name, func(t *testing.T) {
				err := failure(t, test.config)
				if err.Error() != test.want || test.kind != nil && !errors.Is(err, test.kind) {
					t.Errorf("got  %v\nwant %v (%v)", err, test.want, test.kind)
				}
			})
		}
	})
}

// TestTapSeesAMessageOnce: a message that two bound exchanges route is one message.
func TestTapSeesAMessageOnce(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		outer, inner := b.exchange(t, "topic"), b.exchange(t, "fanout")
		if err := b.channel(t).ExchangeBind(inner, "#", outer, false, nil); err != nil {
			t.Fatal(err)
		}
		c := b.config()
		c.Taps = []Tap{{Exchange: outer}, {Exchange: inner}, {Exchange: outer, BindingKey: "a.*"}}
		tl := tailing(t, open(t, c), adapters.End)
		b.publish(t, outer, "a.b", bodies("outer", 1)...)
		b.publish(t, inner, "x", bodies("inner", 1)...)
		got := tl.take(t, 2)
		tl.nothingMore(t)
		if string(got[0].Value) != "outer 0" || string(got[1].Value) != "inner 0" {
			t.Errorf("got %q and %q", got[0].Value, got[1].Value)
		}
	})
}

func TestTapOfEverything(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		b = b.alone(t)
		topic, direct := b.exchange(t, "topic"), b.exchange(t, "direct")
		b.bind(t, b.queue(t, "quorum", nil), "k", direct, nil)
		tl := tailing(t, open(t, b.managed()), adapters.End)
		b.publish(t, direct, "k", bodies("direct", 1)...)
		b.publish(t, topic, "any.key", bodies("topic", 1)...)
		seen := map[string]bool{}
		for !seen["direct 0"] || !seen["topic 0"] { // others use the broker too
			seen[string(tl.take(t, 1)[0].Value)] = true
		}
		// An exchange that comes later is found.
		late := b.exchange(t, "fanout")
		before := tl.adapter.Status().Destinations
		awaitStatus(t, tl.adapter, func(s adapters.Status) bool { return s.Destinations > before })
		b.publish(t, late, "", bodies("late", 1)...)
		for !seen["late 0"] {
			seen[string(tl.take(t, 1)[0].Value)] = true
		}
	})
}

// TestMirrorTakesNothing reads queues of both types by their bindings, and looks at
// the queues afterwards.
func TestMirrorTakesNothing(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for _, kind := range []string{"classic", "quorum"} {
			t.Run(kind, func(t *testing.T) {
				queue, topic, headers := b.queue(t, kind, nil), b.exchange(t, "topic"), b.exchange(t, "headers")
				b.bind(t, queue, "a.#", topic, nil)
				b.bind(t, queue, "", headers, amqp.Table{"x-match": "all", "n": int32(5)})
				c := b.managed()
				c.Queues = []string{queue}
				tl := tailing(t, open(t, c), adapters.End)
				b.publish(t, topic, "a.b", bodies("by topic", 3)...)
				b.publish(t, topic, "b", bodies("elsewhere", 1)...)
				b.publish(t, headers, "", amqp.Publishing{Headers: amqp.Table{"n": int32(5)}, Body: []byte("by headers")},
					amqp.Publishing{Headers: amqp.Table{"n": int32(6)}, Body: []byte("elsewhere")})
				b.publish(t, topic, "a", bodies("last", 1)...)
				for _, m := range tl.take(t, 5) {
					if m.Position.Destination != queue {
						t.Errorf("%q has position %v, want one of %q", m.Value, m.Position, queue)
					}
					if strings.HasPrefix(string(m.Value), "elsewhere") {
						t.Errorf("%q came, which the queue does not receive", m.Value)
					}
				}
				tl.nothingMore(t)
				if problems := tl.adapter.Status().Problems; len(problems) != 1 || !strings.Contains(problems[0], "default exchange") {
					t.Errorf("problems %q", problems)
				}
				tl.stop()
				untouched(t, b, queue, 5)
			})
		}
	})
}

// untouched requires that a queue holds n messages which nobody has seen.
func untouched(t *testing.T, b *testBroker, queue string, n int) {
	t.Helper()
	channel := b.channel(t)
	for i := range n {
		d, ok, err := channel.Get(queue, false)
		if err != nil || !ok {
			t.Fatalf("message %d of %d is gone: %v", i, n, err)
		}
		if d.Redelivered || d.Headers["x-delivery-count"] != nil && d.Headers["x-delivery-count"] != int64(0) {
			t.Errorf("message %d was delivered before: %v", i, d.Headers)
		}
	}
	if d, ok, _ := channel.Get(queue, false); ok {
		t.Errorf("there is one more: %q", d.Body)
	}
}

// TestOpenLeavesNothing: all queues of a tap go with it.
func TestOpenLeavesNothing(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		exchange := b.exchange(t, "topic")
		c := b.config()
		c.Taps = []Tap{{Exchange: exchange}}
		a := open(t, c)
		if n := boundTo(t, b, exchange); n != 0 {
			t.Errorf("%d bindings after Open, want none", n)
		}
		tl := tailing(t, a, adapters.End)
		if n := boundTo(t, b, exchange); n != 1 {
			t.Errorf("%d bindings while it runs, want 1", n)
		}
		tl.stop()
		// RabbitMQ 4.3 lists what it has removed a moment longer.
		adaptertest.Await(t, "no binding after Run", func() bool { return boundTo(t, b, exchange) == 0 })
	})
}

func (b *testBroker) client(t testing.TB) *rabbithole.Client {
	t.Helper()
	password, _ := b.user.Password()
	client, err := rabbithole.NewClient(b.managementURL(), b.user.Username(), password)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// boundTo is how many queues are bound to an exchange.
func boundTo(t testing.TB, b *testBroker, exchange string) int {
	t.Helper()
	bindings, err := b.client(t).ListExchangeBindingsWithSource("/", exchange)
	if err != nil {
		t.Fatal(err)
	}
	return len(bindings)
}

func TestOneForbiddenExchangeOfThree(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		first, forbidden, third := b.exchange(t, "topic"), b.exchange(t, "topic"), b.exchange(t, "topic")
		c := b.restricted(t, `^(amq\.gen.*|`+first+`|`+third+`)$`)
		for _, exchange := range []string{first, forbidden, third} {
			c.Taps = append(c.Taps, Tap{Exchange: exchange, BindingKey: "#"})
		}
		tl := tailing(t, open(t, c), adapters.End)
		for _, exchange := range []string{forbidden, first, third} {
			b.publish(t, exchange, "k", bodies(exchange, 1)...)
		}
		for _, m := range tl.take(t, 2) {
			if m.Properties.Exchange == forbidden {
				t.Errorf("%q came, which is forbidden", m.Value)
			}
		}
		status := tl.adapter.Status()
		said := map[string]bool{}
		for _, problem := range status.Problems {
			for _, exchange := range []string{first, forbidden, third} {
				said[exchange] = said[exchange] || strings.Contains(problem, exchange) && strings.Contains(problem, "refused for user")
			}
		}
		if !said[forbidden] || said[first] || said[third] {
			t.Errorf("problems %q", status.Problems)
		}
		if status.Destinations != 2 || status.Connection != adapters.Live {
			t.Errorf("status %+v", status)
		}
		c.Taps = []Tap{{Exchange: forbidden, BindingKey: "#"}}
		if err := failure(t, c); !errors.Is(err, adapters.ErrNotAuthorized) || strings.Contains(err.Error(), secret) {
			t.Errorf("only the forbidden one: %v", err)
		}
	})
}

// TestExchangeComesBack: one that is deleted and declared again is tapped again, and
// the time between is a gap.
func TestExchangeComesBack(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		exchange := b.exchange(t, "topic")
		c := b.config()
		c.Taps = []Tap{{Exchange: exchange}}
		tl := tailing(t, open(t, c), adapters.End)
		if err := b.channel(t).ExchangeDelete(exchange, false, false); err != nil {
			t.Fatal(err)
		}
		awaitStatus(t, tl.adapter, func(s adapters.Status) bool { return len(s.Problems) == 1 && s.Connection == adapters.Live })
		if err := b.channel(t).ExchangeDeclare(exchange, "topic", false, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
		status := awaitStatus(t, tl.adapter, func(s adapters.Status) bool { return len(s.Problems) == 0 })
		if len(status.Gaps) != 1 || !strings.Contains(status.Gaps[0].Reason, "deleted and declared again") {
			t.Errorf("gaps %+v", status.Gaps)
		}
		b.publish(t, exchange, "k", bodies("again", 1)...)
		tl.take(t, 1)
	})
}

package rabbitmq

import (
	"errors"
	"strings"
	"testing"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/routing"
)

// sent is the outcome of a copy to a target, over a publisher of its own.
func sent(t *testing.T, a *Adapter, to deadletter.Target, headers ...adapters.Header) error {
	t.Helper()
	p, err := a.Publisher(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	outcomes, err := p.Send(t.Context(), []deadletter.Copy{{Message: &adapters.Message{Value: []byte("letter")}, To: to, Add: headers}}, nil)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return outcomes[0]
}

// TestATapIsNoPlaceForALetter: what nothing but a tap takes is not delivered, though the
// broker says so, and a tap does not stand in the way of what a queue takes.
func TestATapIsNoPlaceForALetter(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		b = b.alone(t)
		topic, headers := b.exchange(t, "topic"), b.exchange(t, "headers")
		queue, byHeader := b.queue(t, "classic", nil), b.queue(t, "classic", nil)
		b.bind(t, queue, "orders.*", topic, nil)
		b.bind(t, byHeader, "", headers, amqp.Table{"x-match": "all", "kind": "retail", "x-ignored": "yes"})
		c := b.lettersOf()
		managed := open(t, c)
		c.Management = ""
		bare := open(t, c)
		tapped := b.config()
		tapped.Taps = []Tap{{Exchange: topic}, {Exchange: headers}}

		check := func(with string, a *Adapter, to deadletter.Target, want string, headers ...adapters.Header) {
			t.Helper()
			err := sent(t, a, to, headers...)
			if (err != nil) != (want != "") || err != nil && (!strings.Contains(err.Error(), want) || !errors.Is(err, deadletter.ErrUnroutable)) {
				t.Errorf("%s, to %v: %v, want %q", with, to, err, want)
			}
		}
		retail, wholesale := adapters.Header{Name: "kind", Value: []byte("retail")}, adapters.Header{Name: "kind", Value: []byte("wholesale")}
		right, wrong := deadletter.Routed(topic, "orders.placed"), deadletter.Routed(topic, "nowhere")
		both := func(with, right1, wrong1, right2, wrong2 string) {
			t.Helper()
			check(with+", managed", managed, right, right1)
			check(with+", managed", managed, wrong, wrong1)
			check(with+", managed, by header", managed, deadletter.Routed(headers, "k"), right1, retail)
			check(with+", managed, by another header", managed, deadletter.Routed(headers, "k"), wrong1, wholesale)
			check(with+", bare", bare, right, right2)
			check(with+", bare", bare, wrong, wrong2)
			check(with+", bare, to a queue", bare, deadletter.Routed("", queue), "")
		}
		both("no tap", "", "no queue takes it", "", "no queue takes it")
		tl := tailing(t, open(t, tapped), adapters.End)
		both("tap", "", "only a tap", "eventscope taps this virtual host", "eventscope taps this virtual host")
		for range 2 { // what was sent to queues, by exchange, is seen, and no question for taps
			if m := tl.take(t, 1)[0]; string(m.Value) != "letter" {
				t.Errorf("the tap saw %q", m.Value)
			}
		}
		tl.nothingMore(t)
		reach, err := reachOf(t, managed, wrong)
		if err != nil || reach.Exists {
			t.Errorf("%+v, %v", reach, err)
		}
		reach, err = reachOf(t, managed, right)
		if err != nil || len(reach.Readers) != 1 || reach.Readers[0] != queue {
			t.Errorf("%+v, %v", reach, err)
		}
		dlqs, err := managed.DLQs(t.Context())
		if err != nil || len(dlqs) > 0 {
			t.Errorf("%+v, %v", dlqs, err)
		}
		tl.stop()
		both("tap gone", "", "no queue takes it", "", "no queue takes it")
		if n := len(b.contents(t, queue)); n != 8 {
			t.Errorf("%d letters in the queue, want 8: 5 by exchange, 3 to the queue alone", n)
		}
	})
}

// TestUnmarkedTap: a user who may not mark a tap for AMQP alone marks it for the
// management API.
func TestUnmarkedTap(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		exchange := b.exchange(t, "topic")
		c := b.restricted(t, `^(`+exchange+`|amq\.gen.*)$`)
		c.Taps = []Tap{{Exchange: exchange}}
		tailing(t, open(t, c), adapters.End)
		if err := sent(t, open(t, b.lettersOf()), deadletter.Routed(exchange, "k")); err == nil || !strings.Contains(err.Error(), "only a tap") {
			t.Errorf("%v", err)
		}
	})
}

// TestNotAllowedToAskForTaps: without an answer nothing is sent to an exchange.
func TestNotAllowedToAskForTaps(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		exchange, queue := b.exchange(t, "fanout"), b.queue(t, "classic", nil)
		b.bind(t, queue, "", exchange, nil)
		c := b.allowed(t, rabbithole.Permissions{Write: exchange, Read: exchange})
		c.LettersOnly, c.Write = true, true
		if err := sent(t, open(t, c), deadletter.Routed(exchange, "k")); err == nil || !strings.Contains(err.Error(), "may not publish to amq.direct") {
			t.Errorf("%v", err)
		}
		if n := len(b.contents(t, queue)); n > 0 {
			t.Errorf("%d were sent", n)
		}
	})
}

// TestHeadersMatchAsOnTheBroker asks the broker itself which bindings take a message.
func TestHeadersMatchAsOnTheBroker(t *testing.T) {
	bindings := []amqp.Table{
		{}, {"x-match": "any"}, {"a": "1"}, {"a": "1", "b": true}, {"x-match": "any", "a": "1", "b": true}, {"a": nil}, {"n": int32(5)}, {"n": int64(5), "x-match": "all"},
		{"n": 0.5}, {"x-y": "z"}, {"x-match": "all-with-x", "x-y": "z"}, {"x-match": "any-with-x", "x-y": "z", "a": "2"}, {"b": false}, {"n": "5"},
	}
	messages := []amqp.Table{{}, {"a": "1"}, {"a": "2", "b": true}, {"a": "1", "b": true}, {"n": int8(5)}, {"n": int64(5), "x-y": "z"}, {"n": 0.5}, {"n": "5"}, {"a": []byte("1")}, {"b": false}, {"a": nil}, {"n": 5.0}}
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		exchange, known := b.exchange(t, "headers"), map[string]int{}
		for i, arguments := range bindings {
			queue := b.queue(t, "classic", nil)
			b.bind(t, queue, "", exchange, arguments)
			known[queue] = i
		}
		catalog, err := routing.Read(t.Context(), open(t, b.lettersOf()).management, true)
		if err != nil {
			t.Fatal(err)
		}
		channel := b.channel(t)
		for i, headers := range messages {
			b.publish(t, exchange, "", amqp.Publishing{Headers: headers})
			r := catalog.Route(exchange, routing.Message{Headers: headers})
			for queue, binding := range known {
				_, got, err := channel.Get(queue, true)
				if err != nil {
					t.Fatal(err)
				}
				if r.Queues[queue] && !got || got && !r.Queues[queue] && !r.May[queue] {
					t.Errorf("binding %v takes message %d, %v: %v; surely: %v, perhaps: %v", bindings[binding], i, headers, got, r.Queues[queue], r.May[queue])
				}
			}
		}
	})
}

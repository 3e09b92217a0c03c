package rabbitmq

import (
	"slices"
	"strings"
	"testing"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/routing"
)

// TestTapLeavesTheAlternateExchangeItsShare: what no queue takes still goes the other way,
// whether an argument or a policy says so, and the tap sees the rest.
func TestTapLeavesTheAlternateExchangeItsShare(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		b = b.alone(t)
		client := b.client(t)
		for _, test := range []struct {
			kind, key string
			arguments amqp.Table // of the binding
			byPolicy  bool
			tapped    int // of a message that a queue takes
		}{
			{kind: "topic", key: "a.*", tapped: 1},
			{kind: "topic", key: "a.*", byPolicy: true, tapped: 1},
			{kind: "direct", key: "a.b", tapped: 1},
			{kind: "headers", arguments: amqp.Table{"taken": true}, tapped: 1},
			{kind: "fanout", tapped: 2},
			{kind: "topic", byPolicy: true}, // no queue
			{kind: "fanout"},
		} {
			bound := test.tapped > 0
			other, queue, rest := b.exchange(t, "fanout"), b.queue(t, "classic", nil), b.queue(t, "classic", nil)
			b.bind(t, rest, "", other, nil)
			exchange, arguments := unique("diverting"), amqp.Table{management.AlternateExchange: other}
			if test.byPolicy {
				arguments = nil
				policy := rabbithole.Policy{Pattern: exchange, ApplyTo: "exchanges", Definition: rabbithole.PolicyDefinition{management.AlternateExchange: other}}
				if _, err := client.PutPolicy(b.host, unique("policy"), policy); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.channel(t).ExchangeDeclare(exchange, test.kind, true, false, false, false, arguments); err != nil {
				t.Fatal(err)
			}
			if bound {
				b.bind(t, queue, test.key, exchange, test.arguments)
			}
			c := b.managed()
			marker := b.exchange(t, "fanout") // what is published last goes there
			c.Taps = []Tap{{Exchange: exchange}, {Exchange: marker}}
			tl := tailing(t, open(t, c), adapters.End)
			b.publish(t, exchange, "a.b", amqp.Publishing{Body: []byte("taken"), Headers: amqp.Table{"taken": true}})
			b.publish(t, exchange, "c", amqp.Publishing{Body: []byte("left")})
			b.publish(t, marker, "", amqp.Publishing{Body: []byte("last")})
			seen := tl.take(t, test.tapped+1)
			tl.nothingMore(t)
			tl.stop()
			left := bodiesOf(b.contents(t, rest))
			want := map[int][]string{0: {"taken", "left"}, 1: {"left"}, 2: nil}[test.tapped]
			if !slices.Equal(left, want) || bound && string(seen[0].Value) != "taken" {
				t.Errorf("%+v: the alternate exchange got %q, want %q; the tap got %q", test, left, want, seen[0].Value)
			}
			if problems := tl.adapter.Status().Problems; bound != (len(problems) == 0) {
				t.Errorf("%+v: problems %q", test, problems)
			}
		}
	})
}

// TestTapOfADivertingExchangeWithoutManagement is refused, whatever else the exchange is.
func TestTapOfADivertingExchangeWithoutManagement(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		channel := b.channel(t)
		for _, test := range []struct {
			kind                          string
			durable, autoDelete, internal bool
		}{{"topic", true, false, false}, {"fanout", false, true, false}, {"headers", true, false, true}, {"direct", false, false, true}} {
			for _, diverts := range []bool{false, true} {
				name, arguments := unique(test.kind), amqp.Table(nil)
				if diverts {
					arguments = amqp.Table{management.AlternateExchange: "amq.fanout"}
				}
				if err := channel.ExchangeDeclare(name, test.kind, test.durable, test.autoDelete, test.internal, false, arguments); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = channel.ExchangeDelete(name, false, false) })
				a := open(t, b.lettersOf())
				l, err := a.broker.Dial(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				got, err := l.Control(t.Context()).ExchangeType(name)
				l.HangUp()
				if want := (routing.ExchangeType{Kind: test.kind, Diverts: diverts}); err != nil || got != want {
					t.Errorf("%+v: got %+v, %v, want %+v", test, got, err, want)
				}
				c := b.config()
				c.Taps = []Tap{{Exchange: name, BindingKey: map[string]string{"direct": "k", "topic": "k"}[test.kind]}}
				if !diverts {
					continue
				}
				if _, err := Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "it has an alternate exchange") {
					t.Errorf("%+v: %v", test, err)
				}
			}
		}
	})
}

package rabbitmq

import (
	"errors"
	"slices"
	"strings"
	"testing"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/dlq"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/routing"
)

// TestALetterThatTheBrokerCannotHandOutIsNamed: RabbitMQ 4.0 breaks the connection over some
// letters that were sent by AMQP 1.0. What lies behind one cannot be seen, and is said not to be.
func TestALetterThatTheBrokerCannotHandOutIsNamed(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue := b.queue(t, "quorum", amqp.Table{"x-delivery-limit": int32(100)})
		b.publish(t, "", queue, bodies("letter", 5)...)
		config := b.lettersOf()
		line := newFaultyLine(t, config.Address)
		t.Cleanup(line.close)
		const third = 2
		line.fault, line.at = failed, third
		line.only = func(frame []byte) bool { return isMethod(frame, 60, 71) } // basic.get-ok
		config.Address = line.listener.Addr().String()
		a := open(t, config)
		got, _, err := looked(t, a, deadletter.Peek{DLQ: queue})
		if !errors.Is(err, adapters.ErrIncomplete) || !strings.Contains(err.Error(), "hand out letter 3, and what lies behind that cannot be seen") {
			t.Errorf("it says %v", err)
		}
		if !slices.Equal(got, numbered("letter", 0, third)) {
			t.Errorf("it gave %q", got)
		}
		if left := b.bench(t).remove(queue, 5); len(left) != 5 {
			t.Errorf("it left %q", left)
		}
	})
}

// TestAMissingConfigureRightIsNamed: without a management API, the type of a queue is only told
// to who may configure it. That a queue may not be read is said first.
func TestAMissingConfigureRightIsNamed(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue := b.queue(t, "classic", nil)
		b.publish(t, "", queue, bodies("letter", 3)...)
		const nothing = "^$"
		for name, c := range map[string]struct {
			permissions rabbithole.Permissions
			kind        error
			says        string
		}{
			"reads only":           {rabbithole.Permissions{Configure: nothing, Write: nothing, Read: ".*"}, deadletter.ErrUnsafePeek, "or let the user configure this queue"},
			"reads and configures": {rabbithole.Permissions{Configure: "^" + queue + "$", Write: nothing, Read: ".*"}, nil, ""},
			"may do nothing":       {rabbithole.Permissions{Configure: nothing, Write: nothing, Read: nothing}, adapters.ErrNotAuthorized, "grant the user the read permission"},
		} {
			t.Run(name, func(t *testing.T) {
				config := b.allowed(t, c.permissions)
				config.LettersOnly, config.Queues = true, []string{queue}
				a, err := Open(t.Context(), config)
				if err == nil {
					defer a.Close()
					_, _, err = looked(t, a, deadletter.Peek{DLQ: queue})
				}
				if !errors.Is(err, c.kind) || c.kind != nil && !strings.Contains(err.Error(), c.says) {
					t.Errorf("it says %v", err)
				}
			})
		}
	})
}

// TestLettersThatSomebodyHoldsAreCountedOnce, though the management API is late to know who has
// given them back.
func TestLettersThatSomebodyHoldsAreCountedOnce(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		const ready = 5
		queue := b.queue(t, "classic", nil)
		b.publish(t, "", queue, bodies("letter", ready)...)
		a := open(t, b.lettersOf())
		l, err := a.broker.Shared(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct{ told, unacknowledged, want int64 }{
			"all were held and are back":    {ready, ready, ready},
			"some were held and are back":   {ready, 3, ready},
			"four are still held":           {ready + 4, 4, ready + 4},
			"four were taken, nobody holds": {ready + 4, 0, ready},
			"some have come since":          {2, 0, ready},
			"some have come beside a look":  {2, 2, ready},
		} {
			y := dlq.NewGraph(&routing.Catalog{Queues: map[string]string{}, Taps: map[string]bool{}}, []management.Queue{{Name: queue, Type: "classic", Messages: &c.told, Unacknowledged: c.unacknowledged}})
			dlq := deadletter.Queue{Name: queue, Kind: adapters.Queue}
			a.Count(l.Control(t.Context()), y, &dlq)
			if dlq.Messages != c.want {
				t.Errorf("%s: %d letters, want %d", name, dlq.Messages, c.want)
			}
		}
	})
}

// TestAClusterIsKnownByWhateverAddress, and a virtual host of it is another one.
func TestAClusterIsKnownByWhateverAddress(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		clusterOf := func(config Config) string {
			config.LettersOnly = true
			name, err := open(t, config).Cluster(t.Context())
			if err != nil || !strings.HasPrefix(name, "rabbitmq:") {
				t.Fatalf("%q, %v", name, err)
			}
			return name
		}
		first, other := clusterOf(b.config()), b.config()
		other.Address = strings.Replace(other.Address, "127.0.0.1", "localhost", 1)
		if again := clusterOf(other); again != first {
			t.Errorf("%q by one name, %q by another", first, again)
		}
		if inside := clusterOf(b.alone(t).config()); inside == first {
			t.Errorf("another virtual host is %q, too", inside)
		}
	})
}

package dlq

import (
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/routing"
)

// TestInheritedCountIsThatOfTheSources: their limit and one, and that of all
// queues where no source is known.
func TestInheritedCountIsThatOfTheSources(t *testing.T) {
	to := func(queue, kind string, limit any) management.Queue {
		return management.Queue{Name: queue, Type: kind, DeliveryLimit: limit, Arguments: map[string]any{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dlq"}}
	}
	g := NewGraph(&routing.Catalog{Queues: map[string]string{}, Taps: map[string]bool{}}, []management.Queue{
		to("few", amqp.QueueTypeQuorum, 3.0), to("many", amqp.QueueTypeQuorum, 7.0), to("classic", amqp.QueueTypeClassic, nil),
		{Name: "dlq", Type: amqp.QueueTypeQuorum}, {Name: "alone", Type: amqp.QueueTypeQuorum},
	})
	for name, want := range map[string]int{"dlq": 8, "alone": 21} {
		if got := g.inherited(name, "4.3.6"); got != want {
			t.Errorf("%s: a count of %d can come, want %d", name, got, want)
		}
	}
}

package fieldtable

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"
)

// TestArgumentsFromJSON: a binding that is copied must match what the original does.
func TestArgumentsFromJSON(t *testing.T) {
	got := FromJSON(map[string]any{"n": 5.0, "half": 0.5, "text": "t", "yes": true, "table": map[string]any{"n": 1e3}})
	want := amqp.Table{"n": int64(5), "half": 0.5, "text": "t", "yes": true, "table": amqp.Table{"n": int64(1000)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

package kafka

import (
	"strings"
	"testing"

	"eventscope/adapters/kafka/cluster"
)

// TestNothingVisibleIsNotNothingThere: a user who may describe no topic that matches is told
// that this is one of two reasons.
func TestNothingVisibleIsNotNothingThere(t *testing.T) {
	c := &Config{Brokers: []string{"k:9092"}, Topics: []string{"~ship.*"}, SASL: &cluster.SASL{User: "ua"}}
	s, err := newSelection(c)
	if err != nil {
		t.Fatal(err)
	}
	_, problems := s.chosen(c, &cluster.Catalog{})
	if len(problems) != 1 || !strings.Contains(problems[0], `none matches ~ship.*, or user "ua" may describe none that does`) {
		t.Errorf("problems %q", problems)
	}
}

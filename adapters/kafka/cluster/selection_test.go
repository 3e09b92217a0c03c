package cluster

import (
	"strings"
	"testing"
)

// TestNothingVisibleIsNotNothingThere: a user who may describe no topic that matches is told
// that this is one of two reasons.
func TestNothingVisibleIsNotNothingThere(t *testing.T) {
	s, err := NewSelection([]string{"~ship.*"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, problems := s.Chosen(&Access{Brokers: []string{"k:9092"}, SASL: &SASL{User: "ua"}}, &Catalog{})
	if len(problems) != 1 || !strings.Contains(problems[0], `none matches ~ship.*, or user "ua" may describe none that does`) {
		t.Errorf("problems %q", problems)
	}
}

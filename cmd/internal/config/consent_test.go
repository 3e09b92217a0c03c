package config

import "testing"

// TestWhoNamesNoHostMayMeanAny: a write to a broker that is named by its settings alone is held
// against what is marked as production all the same.
func TestWhoNamesNoHostMayMeanAny(t *testing.T) {
	for _, c := range []struct {
		a, b []string
		want bool
	}{
		{[]string{"eu-central-1"}, nil, true}, {nil, []string{"eu-central-1"}, true}, {nil, nil, true},
		{[]string{"eu-central-1"}, []string{"EU-Central-1"}, true}, {[]string{"eu-central-1"}, []string{"us-east-1"}, false},
	} {
		if got := mayBeOne(c.a, c.b); got != c.want {
			t.Errorf("%v and %v: %v", c.a, c.b, got)
		}
	}
}

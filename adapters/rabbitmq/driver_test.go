package rabbitmq

import (
	"testing"

	"eventscope/adapters/driver"
)

// TestWhatAURLNamesIsATarget: one queue, or one exchange and key, may be named for copies to
// be sent to. What is only sent to is not read.
func TestWhatAURLNamesIsATarget(t *testing.T) {
	for _, c := range []struct {
		queues, taps []string
		want         string
	}{
		{[]string{"work"}, nil, "work"}, {nil, []string{"orders:placed"}, "orders:placed"}, {nil, []string{"Acme:Order:placed"}, `Acme\:Order:placed`},
		{nil, nil, ""}, {[]string{"a", "b"}, nil, ""}, {[]string{"a"}, []string{"b"}, ""},
	} {
		config := driver.Config{Hosts: []string{"h:5672"}, Values: map[string][]string{"queue": c.queues, "tap": c.taps}}
		target, err := soleTarget(&config)
		if (err != nil) != (c.want == "") || string(target) != c.want {
			t.Errorf("%v: %q, %v", c, target, err)
		}
		config.Purpose = driver.ToSend
		if own := configOf(&config); len(own.Taps)+len(own.Queues)+len(own.Streams) > 0 || own.Firehose {
			t.Errorf("%v: it would read %v", c, own)
		}
	}
}

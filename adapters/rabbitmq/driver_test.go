package rabbitmq

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"eventscope/adapters/driver"

	"github.com/google/go-cmp/cmp"
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

// TestWhatThereIsIsToldByKind: of what a URL names, so that a queue is not taken for an exchange of
// its name; and nothing without the management API.
func TestWhatThereIsIsToldByKind(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/api/queues"):
			fmt.Fprint(w, `[{"name":"work","type":"classic"},{"name":"audit","type":"stream"}]`)
		default:
			fmt.Fprint(w, `[{"name":"orders","type":"topic"}]`)
		}
	}))
	defer server.Close()
	c := driver.Config{Hosts: []string{"127.0.0.1:1"}, Path: "%2F", Values: map[string][]string{"queue": {"wrok"}, "stream": {"audti"}, "tap": {"ordres:order.#"}}}
	if found, err := existing(t.Context(), c); err != nil || len(found) > 0 {
		t.Errorf("without the API there are %v, %v", found, err)
	}
	c.APIs = map[string]driver.HTTPEndpoint{"management": {URL: server.URL}}
	found, err := existing(t.Context(), c)
	want := []driver.Existing{{Named: []string{"wrok"}, All: []string{"work", "audit"}}, {Named: []string{"audti"}, All: []string{"audit"}}, {Named: []string{"ordres"}, All: []string{"orders"}}}
	if diff := cmp.Diff(want, found); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

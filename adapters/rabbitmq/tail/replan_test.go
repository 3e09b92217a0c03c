package tail

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/routing"
	"eventscope/adapters/rabbitmq/stream"
)

// watched counts what a pretended management API is asked in two minutes of peeks.
func watched(t *testing.T, exchange string, taps []routing.Tap) (asked map[string]int) {
	asked = map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind := strings.Split(r.URL.Path, "/")[2]
		asked[kind]++
		if kind == "exchanges" {
			_, _ = io.WriteString(w, "["+exchange+"]")
			return
		}
		_, _ = io.WriteString(w, `[{"source":"x","destination":"q`+strings.Repeat("+", asked["changes"])+`","destination_type":"queue","routing_key":"k`+strings.Repeat("+", asked["changes"])+`"}]`)
	}))
	t.Cleanup(server.Close)
	m, err := management.New(management.Config{URL: server.URL, Address: "127.0.0.1:1", User: "guest", Password: management.DefaultPassword, VirtualHost: "/", AnswerBytes: management.MostAnswer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	broker := connection.New(connection.Config{Address: "127.0.0.1:1", VirtualHost: "/"})
	a := &Tailer{Broker: broker, Management: m, History: stream.NewHistory(broker), Taps: taps}
	s := &session{run: a.newRun(adapters.End, nil)}
	for peek := range 24 {
		if peek == 12 {
			asked["changes"]++
		}
		if _, err := s.replan(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.planned = s.planned.Add(-pollPause)
	}
	return asked
}

// TestAQuietBrokerIsAskedSeldom: less and less while nothing changes.
func TestAQuietBrokerIsAskedSeldom(t *testing.T) {
	for name, c := range map[string]struct {
		exchange            string
		tap                 routing.Tap
		exchanges, bindings int // requests within two minutes, with a change in the middle
	}{
		"a topic exchange":           {`{"name":"x","type":"topic"}`, routing.Tap{Exchange: "x", BindingKey: "a.#"}, 8, 0},
		"a key of a direct exchange": {`{"name":"x","type":"direct"}`, routing.Tap{Exchange: "x", BindingKey: "k"}, 8, 0},
		"a direct exchange":          {`{"name":"x","type":"direct"}`, routing.Tap{Exchange: "x", BindingKey: ""}, 9, 9},
		"beside an alternate one":    {`{"name":"x","type":"topic","arguments":{"alternate-exchange":"y"}}`, routing.Tap{Exchange: "x", BindingKey: ""}, 24, 24},
	} {
		t.Run(name, func(t *testing.T) {
			asked := watched(t, c.exchange, []routing.Tap{c.tap})
			if asked["exchanges"] != c.exchanges || asked["bindings"] != c.bindings {
				t.Errorf("it was asked %v", asked)
			}
		})
	}
}

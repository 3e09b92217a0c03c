package rabbitmq

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"eventscope/adapters"
)

// watched counts what a pretended management API is asked in two minutes of peeks.
func watched(t *testing.T, exchange string, taps []Tap) (asked map[string]int) {
	asked = map[string]int{}
	a := pretended(t, Config{Taps: taps}, func(w http.ResponseWriter, r *http.Request) {
		kind := strings.Split(r.URL.Path, "/")[2]
		asked[kind]++
		if kind == "exchanges" {
			_, _ = io.WriteString(w, "["+exchange+"]")
			return
		}
		_, _ = io.WriteString(w, `[{"source":"x","destination":"q`+strings.Repeat("+", asked["changes"])+`","destination_type":"queue","routing_key":"k`+strings.Repeat("+", asked["changes"])+`"}]`)
	})
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
		tap                 Tap
		exchanges, bindings int // requests within two minutes, with a change in the middle
	}{
		"a topic exchange":           {`{"name":"x","type":"topic"}`, Tap{Exchange: "x", BindingKey: "a.#"}, 8, 0},
		"a key of a direct exchange": {`{"name":"x","type":"direct"}`, Tap{Exchange: "x", BindingKey: "k"}, 8, 0},
		"a direct exchange":          {`{"name":"x","type":"direct"}`, Tap{Exchange: "x", BindingKey: ""}, 9, 9},
		"beside an alternate one":    {`{"name":"x","type":"topic","arguments":{"alternate-exchange":"y"}}`, Tap{Exchange: "x", BindingKey: ""}, 24, 24},
	} {
		t.Run(name, func(t *testing.T) {
			asked := watched(t, c.exchange, []Tap{c.tap})
			if asked["exchanges"] != c.exchanges || asked["bindings"] != c.bindings {
				t.Errorf("it was asked %v", asked)
			}
		})
	}
}

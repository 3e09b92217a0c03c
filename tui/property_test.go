package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"

	"pgregory.net/rapid"
)

// TestNothingThatComesMovesTheCursorOfFlows: below the first row, only keys do.
func TestNothingThatComesMovesTheCursorOfFlows(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many(t, s, 0, 30)
		screen := tuitest.Open(t, s.Options(), 120, 20).Press("2").Wait(time.Second)
		flow := func() string {
			_, id, _ := strings.Cut(screen.Selected(), " ord-")
			id, _, _ = strings.Cut(id, " ")
			return id
		}
		come := 100
		rapid.Check(withoutDeadline{t}, func(t *rapid.T) {
			for range rapid.IntRange(1, 8).Draw(t, "moves") {
				switch key := rapid.SampledFrom([]string{"j", "j", "k", "ctrl+d", "g", "G", "s", "come", "grow", "flood"}).Draw(t, "key"); key {
				case "come", "grow", "flood":
					screen.Press("j").Wait(time.Second) // it is held from here
					at := flow()
					n := map[string]int{"come": 1, "grow": 0, "flood": 40}[key]
					for range n {
						come++
						arrive(t, s, screen, s.Order(come, time.Now(), 1)...)
					}
					if key == "grow" {
						arrive(t, s, screen, s.Order(rapid.IntRange(0, 29).Draw(t, "which"), time.Now(), 3)[2:]...)
					}
					if screen.Wait(3 * time.Second); flow() != at {
						t.Fatalf("after %s the cursor was on %s and is on %s:\n%s", key, at, flow(), screen.Text())
					}
				default:
					screen.Press(key).Wait(100 * time.Millisecond)
				}
			}
		})
	})
}

// arrive puts events within a property.
func arrive(t *rapid.T, s *tuitest.System, screen *tuitest.Screen, events ...tuitest.Event) {
	if err := s.Put(screen.Context(), events...); err != nil {
		t.Fatal(err)
	}
}

// TestTheHeaderSaysWhatTheSourcesSay: for any of their states, at a width that has room.
func TestTheHeaderSaysWhatTheSourcesSay(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 200, 24)
		rapid.Check(withoutDeadline{t}, func(t *rapid.T) {
			var wanted []string
			total, unsure := int64(0), false
			for _, source := range []*tuitest.Source{s.Kafka, s.RabbitMQ} {
				connection := rapid.SampledFrom([]adapters.Connection{adapters.Connecting, adapters.CatchingUp, adapters.Live, adapters.Lost, adapters.Failed}).Draw(t, "connection")
				behind, dropped := rapid.Int64Range(-1, 900).Draw(t, "behind"), rapid.Int64Range(0, 900).Draw(t, "dropped")
				more := rapid.Bool().Draw(t, "more were dropped")
				destinations := rapid.IntRange(0, 3).Draw(t, "destinations")
				source.Set(func(st *adapters.Status) {
					st.Connection, st.BehindBy, st.Dropped, st.DroppedUnknown, st.Destinations, st.Since = connection, behind, dropped, more, destinations, time.Now().Add(-70*time.Second)
				})
				wanted = append(wanted, sourceInWords(source, connection, behind, dropped, more, destinations))
				total, unsure = total+dropped, unsure || more
			}
			screen.Wait(1200 * time.Millisecond)
			header := screen.Line("READ-ONLY")
			for _, w := range wanted {
				if !strings.Contains(header, w) {
					t.Fatalf("%q is not in the header:\n%s", w, header)
				}
			}
			sum := fmt.Sprint(total)
			if total >= 1000 {
				sum = fmt.Sprintf("%d,%03d", total/1000, total%1000)
			}
			if unsure {
				sum += "+"
			}
			if footer := screen.Line("? help"); !strings.HasSuffix(footer, "  "+sum+" dropped") {
				t.Fatalf("%s dropped is not in the footer:\n%s", sum, footer)
			}
		})
	})
}

// sourceInWords is what the header has to say of a source.
func sourceInWords(source *tuitest.Source, connection adapters.Connection, behind, dropped int64, more bool, destinations int) string {
	noun := map[adapters.Broker]string{"kafka": "topic", "rabbitmq": "tap"}[source.Broker]
	if destinations != 1 {
		noun += "s"
	}
	said := source.Name
	switch connection {
	case adapters.Connecting:
		said += " ○ connecting"
	case adapters.Failed:
		said += " ✗ failed"
	case adapters.Lost:
		said += " ✗ lost 1m"
	default:
		sign := map[adapters.Connection]string{adapters.Live: "●", adapters.CatchingUp: "◐"}[connection]
		said += fmt.Sprintf(" %s %d %s 0/s", sign, destinations, noun)
		if behind > 0 {
			said += fmt.Sprintf(" behind %d", behind)
		}
	}
	switch {
	case more && dropped == 0:
		said += " some dropped"
	case more:
		said += fmt.Sprintf(" %d+ dropped", dropped)
	case dropped > 0:
		said += fmt.Sprintf(" %d dropped", dropped)
	}
	return said
}

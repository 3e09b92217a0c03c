package rabbitmq

import (
	"errors"
	"slices"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// graveKinds are the kinds of queues that a look is tried on.
var graveKinds = map[string]struct {
	kind      string
	arguments amqp.Table
}{
	"classic":            {"classic", nil},
	"quorum":             {"quorum", nil},
	"quorum limit 5":     {"quorum", amqp.Table{"x-delivery-limit": int32(5)}},
	"quorum limit 3":     {"quorum", amqp.Table{"x-delivery-limit": int32(3)}},
	"quorum limit 100":   {"quorum", amqp.Table{"x-delivery-limit": int32(100)}},
	"quorum limit -1":    {"quorum", amqp.Table{"x-delivery-limit": int32(-1)}},
	"stream":             {"stream", nil},
	"quorum, retry late": {"quorum", amqp.Table{"x-delayed-retry-type": "all", "x-delayed-retry-min": int32(2000)}},
}

// TestLook25Times: whatever the queue, a look finds the same letters in the same order
// each time, or is refused; and afterwards they are all there.
func TestLook25Times(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for name, k := range graveKinds {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				queue := b.queue(t, k.kind, k.arguments)
				b.publish(t, "", queue, bodies("letter", 100)...)
				a := open(t, b.lettersOf())
				var first []adapters.Held
				looks := 0
				for i := range 25 {
					values, letters, err := looked(t, a, adapters.Look{Grave: queue, Most: []int{0, 3, 0, 7, 50}[i%5]})
					if errors.Is(err, adapters.ErrUnsafePeek) && len(values) == 0 {
						t.Logf("refused after %d looks: %v", looks, err)
						break
					}
					if err != nil {
						t.Fatalf("look %d, %d letters: %v", i, len(letters), err)
					}
					if want := numbered("letter", 0, len(values)); !slices.Equal(values, want) {
						t.Fatalf("look %d found %s", i, short(values))
					}
					if looks++; i == 0 {
						first = letters
					}
					if !slices.Equal(positionsOf(letters), positionsOf(first)[:len(letters)]) {
						t.Fatalf("look %d: other positions", i)
					}
				}
				if k.kind != "stream" {
					b.holds(t, queue, numbered("letter", 0, 100))
				}
				if looks == 0 && (k.kind != "quorum") {
					t.Error("refused")
				}
			})
		}
	})
}

// TestLookFromAnotherProcess: another adapter knows nothing of earlier looks, and stops at
// the first letter that was handed out too often. Nothing is lost by that either.
func TestLookFromAnotherProcess(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue := b.queue(t, "quorum", amqp.Table{"x-delivery-limit": int32(8)})
		b.publish(t, "", queue, bodies("letter", 10)...)
		refusals := 0
		for range 8 {
			a := open(t, b.lettersOf())
			values, _, err := looked(t, a, adapters.Look{Grave: queue})
			switch {
			case errors.Is(err, adapters.ErrUnsafePeek):
				if refusals++; len(values) > 1 { // none from 4.3 on
					t.Errorf("%d letters were handed over by a look that was refused", len(values))
				}
			case err != nil:
				t.Fatal(err)
			case len(values) != 10:
				t.Errorf("%d letters", len(values))
			}
			if refusals == 3 {
				break
			}
		}
		got := bodiesOf(b.contents(t, queue))
		if slices.Sort(got); !slices.Equal(got, numbered("letter", 0, 10)) {
			t.Errorf("left: %s", short(got))
		}
	})
}

// TestLookWithoutManagement: AMQP tells the type of a queue, and no more.
func TestLookWithoutManagement(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		dead := amqp.Table{"x-dead-letter-exchange": "nowhere", "x-message-ttl": int32(600_000), "x-max-length": int32(100), "x-queue-mode": "lazy"}
		for name, c := range map[string]struct {
			kind      string
			arguments amqp.Table
			refused   bool
		}{
			"classic": {"classic", nil, false}, "classic with much said": {"classic", dead, false},
			"quorum": {"quorum", nil, true}, "stream": {"stream", nil, false},
			"quorum with much said": {"quorum", amqp.Table{"x-dead-letter-exchange": "nowhere", "x-delivery-limit": int32(7), "x-max-length": int32(100)}, true},
		} {
			t.Run(name, func(t *testing.T) {
				queue := b.queue(t, c.kind, c.arguments)
				b.publish(t, "", queue, bodies("letter", 5)...)
				config := b.config()
				config.LettersOnly, config.Queues = true, []string{queue}
				a := open(t, config)
				graves, err := a.Graves(t.Context())
				if err != nil || len(graves) != 1 || graves[0].Name != queue || errors.Is(graves[0].Unsafe, adapters.ErrUnsafePeek) != c.refused {
					t.Errorf("%+v, %v", graves, err)
				}
				values, _, err := looked(t, a, adapters.Look{Grave: queue})
				if errors.Is(err, adapters.ErrUnsafePeek) != c.refused {
					t.Fatal(err)
				}
				t.Log(err)
				if !c.refused && !slices.Equal(values, numbered("letter", 0, 5)) {
					t.Errorf("%q", values)
				}
			})
		}
		fleeting := unique("fleeting")
		channel := b.channel(t)
		if _, err := channel.QueueDeclare(fleeting, false, true, false, false, nil); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = b.channel(t).QueueDelete(fleeting, false, false, false) })
		b.publish(t, "", fleeting, bodies("letter", 2)...)
		config := b.config()
		config.LettersOnly = true
		if values, _, err := looked(t, open(t, config), adapters.Look{Grave: fleeting}); err != nil || len(values) != 2 {
			t.Errorf("%q, %v", values, err)
		}
		missing := unique("missing")
		if _, _, err := looked(t, open(t, config), adapters.Look{Grave: missing}); !errors.Is(err, adapters.ErrUnknownDestination) {
			t.Error(err)
		}
		if _, err := b.channel(t).QueueDeclarePassive(missing, true, false, false, false, nil); err == nil {
			t.Error("looking has made a queue")
		}
	})
}

// TestLookKeepsBeforeItGivesBack: while letters are handed over they are held, and can be
// preserved; when keep fails they come back.
func TestLookKeepsBeforeItGivesBack(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue := b.queue(t, "classic", nil)
		b.publish(t, "", queue, bodies("letter", 300)...)
		a := open(t, b.lettersOf())
		full, calls := errors.New("the disk is full"), 0
		var kept *adapters.Held
		err := a.Look(t.Context(), adapters.Look{Grave: queue}, func(part []adapters.Held) error {
			state, err := b.channel(t).QueueDeclarePassive(queue, true, false, false, false, nil)
			if err != nil || state.Messages > 300-lookPart {
				t.Errorf("%d wait while a part is handed over, %v", state.Messages, err)
			}
			line, err := a.Preserve(nil, &part[7])
			if err != nil {
				t.Fatal(err)
			}
			if m, err := a.Preserved(line); err != nil || string(m.Value) != "letter 7" || m.Position != part[7].Position {
				t.Errorf("%+v, %v", m, err)
			}
			calls++
			kept = &part[7]
			return full
		})
		if !errors.Is(err, full) || calls != 1 {
			t.Errorf("%v after %d calls", err, calls)
		}
		if _, err := a.Preserve(nil, kept); !errors.Is(err, adapters.ErrGone) {
			t.Errorf("preserved after it was given back: %v", err)
		}
		b.holds(t, queue, numbered("letter", 0, 300))
	})
}

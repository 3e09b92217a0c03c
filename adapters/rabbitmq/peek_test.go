package rabbitmq

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/deadletter"
)

// dlqKinds are the kinds of queues that a peek is tried on.
var dlqKinds = map[string]struct {
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

// TestLook25Times: whatever the queue, a peek finds the same letters in the same order
// each time, or is refused; and afterwards they are all there.
func TestLook25Times(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for name, k := range dlqKinds {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				queue := b.queue(t, k.kind, k.arguments)
				b.publish(t, "", queue, bodies("letter", 100)...)
				a := open(t, b.lettersOf())
				var first []deadletter.Delivery
				peeks := 0
				for i := range 25 {
					values, letters, err := looked(t, a, deadletter.Peek{DLQ: queue, Most: []int{0, 3, 0, 7, 50}[i%5]})
					if errors.Is(err, deadletter.ErrUnsafePeek) && len(values) == 0 {
						t.Logf("refused after %d looks: %v", peeks, err)
						break
					}
					if err != nil {
						t.Fatalf("look %d, %d letters: %v", i, len(letters), err)
					}
					if want := numbered("letter", 0, len(values)); !slices.Equal(values, want) {
						t.Fatalf("look %d found %s", i, short(values))
					}
					if peeks++; i == 0 {
						first = letters
					}
					if !slices.Equal(positionsOf(letters), positionsOf(first)[:len(letters)]) {
						t.Fatalf("look %d: other positions", i)
					}
				}
				if k.kind != "stream" {
					b.holds(t, queue, numbered("letter", 0, 100))
				}
				if peeks == 0 && (k.kind != "quorum") {
					t.Error("refused")
				}
			})
		}
	})
}

// TestPeekFromAnotherProcess: another adapter knows nothing of earlier peeks, and stops at
// the first letter that was handed out too often. Nothing is lost by that either.
func TestPeekFromAnotherProcess(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue := b.queue(t, "quorum", amqp.Table{"x-delivery-limit": int32(8)})
		b.publish(t, "", queue, bodies("letter", 10)...)
		refusals := 0
		for range 8 {
			a := open(t, b.lettersOf())
			values, _, err := looked(t, a, deadletter.Peek{DLQ: queue})
			switch {
			case errors.Is(err, deadletter.ErrUnsafePeek):
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

// TestPeekWithoutManagement: AMQP tells the type of a queue, and no more.
func TestPeekWithoutManagement(t *testing.T) {
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
				dlqs, err := a.DLQs(t.Context())
				if err != nil || len(dlqs) != 1 || dlqs[0].Name != queue || errors.Is(dlqs[0].Unsafe, deadletter.ErrUnsafePeek) != c.refused {
					t.Errorf("%+v, %v", dlqs, err)
				}
				values, _, err := looked(t, a, deadletter.Peek{DLQ: queue})
				if errors.Is(err, deadletter.ErrUnsafePeek) != c.refused {
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
		if values, _, err := looked(t, open(t, config), deadletter.Peek{DLQ: fleeting}); err != nil || len(values) != 2 {
			t.Errorf("%q, %v", values, err)
		}
		missing := unique("missing")
		if _, _, err := looked(t, open(t, config), deadletter.Peek{DLQ: missing}); !errors.Is(err, adapters.ErrUnknownDestination) {
			t.Error(err)
		}
		if _, err := b.channel(t).QueueDeclarePassive(missing, true, false, false, false, nil); err == nil {
			t.Error("looking has made a queue")
		}
	})
}

// TestPeekKeepsBeforeItGivesBack: while letters are handed over they are held, and can be
// preserved; when keep fails they come back.
func TestPeekKeepsBeforeItGivesBack(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue := b.queue(t, "classic", nil)
		b.publish(t, "", queue, bodies("letter", 300)...)
		a := open(t, b.lettersOf())
		full, calls := errors.New("the disk is full"), 0
		var kept *deadletter.Delivery
		err := a.Peek(t.Context(), deadletter.Peek{DLQ: queue}, func(part []deadletter.Delivery) error {
			state, err := b.channel(t).QueueDeclarePassive(queue, true, false, false, false, nil)
			if err != nil || state.Messages > 300-mostOfAPart {
				t.Errorf("%d wait while a part is handed over, %v", state.Messages, err)
			}
			line, err := a.Encode(nil, &part[7])
			if err != nil {
				t.Fatal(err)
			}
			if m, err := a.Decode(line); err != nil || string(m.Value) != "letter 7" || m.Position != part[7].Position {
				t.Errorf("%+v, %v", m, err)
			}
			calls++
			kept = &part[7]
			return full
		})
		if !errors.Is(err, full) || calls != 1 {
			t.Errorf("%v after %d calls", err, calls)
		}
		if _, err := a.Encode(nil, kept); !errors.Is(err, adapters.ErrGone) {
			t.Errorf("preserved after it was given back: %v", err)
		}
		b.holds(t, queue, numbered("letter", 0, 300))
	})
}

// TestTwoPeeksAtOnce: each sees all letters, or is told that it did not; and the letters lie
// as before, whether or not the user may declare what keeps the other away.
func TestTwoPeeksAtOnce(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for name, k := range map[string]struct {
			kind      string
			arguments amqp.Table
		}{"classic": {"classic", nil}, "quorum": {"quorum", amqp.Table{"x-delivery-limit": int32(100)}}} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				const count = 400
				queue := b.queue(t, k.kind, k.arguments)
				b.publish(t, "", queue, bodies("letter", count)...)
				ended := make(chan error, 2)
				for range 2 {
					a := open(t, b.lettersOf())
					go func() {
						values, _, err := looked(t, a, deadletter.Peek{DLQ: queue})
						if err == nil && !slices.Equal(values, numbered("letter", 0, count)) {
							err = fmt.Errorf("saw %s, and was told nothing", short(values))
						}
						ended <- err
					}()
				}
				whole := 0
				for range 2 {
					switch err := adaptertest.Received(t, "the end of a look", ended); {
					case err == nil:
						whole++
					case errors.Is(err, adapters.ErrBusy), errors.Is(err, adapters.ErrIncomplete):
						t.Log(err)
					default:
						t.Error(err)
					}
				}
				if whole == 0 {
					t.Error("neither saw all")
				}
				b.holds(t, queue, numbered("letter", 0, count))
			})
		}
	})
}

// TestAPeekBesideAConsumer tells, with numbers, that it did not see what the consumer has; at a quorum
// queue, whose order it would change, it is refused and takes nothing.
func TestAPeekBesideAConsumer(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for name, k := range map[string]struct {
			kind      string
			arguments amqp.Table
			wanted    error
			says      string
		}{
			"classic": {"classic", nil, adapters.ErrIncomplete, "6 letters were seen, and its 1 consumers may hold more"},
			"quorum":  {"quorum", amqp.Table{"x-delivery-limit": int32(100)}, adapters.ErrBusy, "hold letters of it"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				queue := b.queue(t, k.kind, k.arguments)
				b.publish(t, "", queue, bodies("letter", 10)...)
				consumer := b.channel(t)
				if err := consumer.Qos(4, 0, false); err != nil {
					t.Fatal(err)
				}
				deliveries, err := consumer.Consume(queue, "", false, false, false, false, nil)
				if err != nil {
					t.Fatal(err)
				}
				for range 4 {
					adaptertest.Received(t, "a letter", deliveries)
				}
				config := b.lettersOf()
				if k.kind == "classic" {
					config.Management, config.Queues = "", []string{queue} // whose figures are late
				}
				values, _, err := looked(t, open(t, config), deadletter.Peek{DLQ: queue})
				if !errors.Is(err, k.wanted) || !strings.Contains(err.Error(), k.says) {
					t.Errorf("%d letters, %v", len(values), err)
				}
				if err := consumer.Close(); err != nil {
					t.Fatal(err)
				}
				b.holds(t, queue, numbered("letter", 0, 10))
			})
		}
	})
}

// TestAKilledPeekIsRemembered: the next is refused before it takes anything, if the killed
// one has brought letters too near to their limit.
func TestAKilledPeekIsRemembered(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue := b.queue(t, "quorum", amqp.Table{"x-delivery-limit": int32(5)})
		b.publish(t, "", queue, bodies("letter", 3)...)
		config := b.lettersOf()
		config.PeeksFile = filepath.Join(t.TempDir(), "looks.json")
		killed := errors.New("killed")
		err := open(t, config).Peek(t.Context(), deadletter.Peek{DLQ: queue}, func([]deadletter.Delivery) error {
			var counts map[string]int64
			data, err := os.ReadFile(config.PeeksFile)
			if err == nil {
				err = json.Unmarshal(data, &counts)
			}
			if err != nil || len(counts) != 1 {
				t.Errorf("while letters are held, %v is remembered: %v", counts, err)
			}
			return killed
		})
		if !errors.Is(err, killed) && !errors.Is(err, deadletter.ErrUnsafePeek) { // 4.3 does not count, and refuses for another reason
			t.Fatal(err)
		}
		b.holds(t, queue, numbered("letter", 0, 3))
	})
}

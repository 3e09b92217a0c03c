package demo

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
)

// ask makes a fault happen while the demonstration runs.
func ask(t *testing.T, system *System, service string, kind Kind) func() {
	return func() {
		after(5 * time.Second)
		if err := system.Fault(service, string(kind)); err != nil {
			t.Error(err)
		}
	}
}

func TestDeadLettersSayWhy(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		system := New(s.config)
		s.play(system, 40*time.Second, ask(t, system, "payment", Timeout), ask(t, system, "fraud-agent", Poison), ask(t, system, "order", BrokenSchema))
		letters := s.history(orders+deadSuffix, payments+deadSuffix)
		if len(letters) != 2+burst {
			t.Fatalf("%d dead letters", len(letters))
		}
		if stats := system.Stats(); stats.DeadLetters[orders] != 1+burst || stats.DeadLetters[payments] != 1 || stats.Retries != (attempts-1)*(2+burst) {
			t.Errorf("stats %+v", stats)
		}
		originals := map[string]told{}
		for _, m := range s.history(orders, payments) {
			originals[m.id] = m
		}
		for _, letter := range letters {
			original := originals[letter.id]
			if letter.key != original.key || !bytes.Equal(letter.body, original.body) || letter.flow != original.flow {
				t.Errorf("%s was changed on its way to %s", letter.id, letter.topic)
			}
			if letter.topic == payments+deadSuffix {
				h := letter.headers
				if h["dlq-original-topic"] != payments || h["dlq-attempts"] != "3" || h["dlq-reason"] == "" || h["dlq-consumer-group"] != "inventory" ||
					(h["dlq-error-class"] != "MalformedJSON" && h["dlq-error-class"] != "SchemaViolation") {
					t.Errorf("plain headers %v", h)
				}
				continue
			}
			class := letter.headers["kafka_dlt-exception-fqcn"]
			if class != "shop.payment.ProviderTimeout" && class != "shop.payment.SchemaViolation" {
				t.Errorf("class %q", class)
			}
			if letter.headers["kafka_dlt-original-topic"] != orders || len(letter.headers["kafka_dlt-original-partition"]) != 4 || len(letter.headers["kafka_dlt-original-offset"]) != 8 {
				t.Errorf("Spring headers %v", letter.headers)
			}
			if find(flows(s.history(payments), time.Now())[letter.key], "PaymentProcessed") != nil {
				t.Errorf("%s went on though it died", letter.key)
			}
		}
	})
}

// replay sends every letter of a dead-letter topic back where it came from, with the
// mark of a replay.
func (s *stage) replay(topic string) {
	for _, letter := range s.history(topic + deadSuffix) {
		record := &kgo.Record{Topic: topic, Key: []byte(letter.key), Value: letter.body}
		for name, value := range letter.headers {
			if !strings.HasPrefix(name, "kafka_dlt-") && !strings.HasPrefix(name, "dlq-") {
				record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
			}
		}
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: headerReplay, Value: []byte("r-1")})
		if err := s.client.ProduceSync(s.t.Context(), record).FirstErr(); err != nil {
			s.t.Error(err)
		}
	}
}

func TestReplayedLettersAreAcceptedByMendedServices(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		system := New(s.config)
		s.play(system, time.Minute, ask(t, system, "payment", Timeout), ask(t, system, "order", BrokenSchema), func() {
			after(10 * time.Second)
			s.replay(orders)
		})
		letters := s.history(orders + deadSuffix)
		if len(letters) != 1+burst {
			t.Fatalf("%d dead letters: those replayed must not die again", len(letters))
		}
		all := flows(s.history(orders, payments, inventory, shipping), settled())
		for _, letter := range letters {
			if find(all[letter.key], "ShipmentPrepared") == nil {
				t.Errorf("%s did not go on after the replay: %v", letter.key, types(all[letter.key]))
			}
		}
	})
}

func TestDamagedLetterDiesAgainWhenReplayed(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		system := New(s.config)
		s.play(system, 40*time.Second, ask(t, system, "order", Poison), func() {
			after(5 * time.Second)
			s.replay(orders)
		})
		if letters := s.history(orders + deadSuffix); len(letters) != 2 || letters[1].headers[headerReplay] == "" {
			t.Errorf("%d letters", len(letters))
		}
	})
}

func TestDuplicatesAreHandledOnce(t *testing.T) {
	for _, kind := range []Kind{Duplicate, ReusedID} {
		t.Run(string(kind), func(t *testing.T) {
			onStage(t, func(t *testing.T, s *stage) {
				s.config.Faults[kind] = 1
				system := New(s.config)
				s.play(system, 30*time.Second)
				for key, flow := range flows(s.history(orders, payments, inventory, shipping), settled()) {
					copies := map[string][]string{}
					for _, m := range flow {
						copies[m.id] = append(copies[m.id], timeless(m.body))
					}
					for id, bodies := range copies {
						if len(bodies) != 2 || (bodies[0] == bodies[1]) != (kind == Duplicate) {
							t.Errorf("%s %s: %q", key, id, bodies)
						}
					}
					if len(copies) < len(happy) {
						t.Errorf("%s: %d events", key, len(copies))
					}
				}
				if system.Stats().Duplicates == 0 {
					t.Error("no duplicate was recognised")
				}
			})
		})
	}
}

func TestCrashBetweenTwoStepsLosesNothing(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		s.config.Faults[Crash], s.config.Rate = 0.03, 2
		system := New(s.config)
		s.play(system, 4*time.Minute)
		all := flows(s.history(orders, payments, inventory, shipping), time.Now().Add(-time.Minute))
		repeated := 0
		for key, flow := range all {
			seen := map[string]string{}
			for _, m := range flow {
				before, again := seen[m.id]
				if again && before != string(m.body) {
					t.Errorf("%s %s came again with another body", key, m.id)
				}
				if again {
					repeated++
				}
				seen[m.id] = string(m.body)
			}
			for _, step := range happy {
				if find(flow, step) == nil {
					t.Errorf("%s has no %s: %v", key, step, types(flow))
				}
			}
		}
		stats := system.Stats()
		if len(all) < 300 || stats.Restarts < 20 || stats.Faults[Crash] < stats.Restarts || repeated == 0 {
			t.Errorf("%d flows, %d messages repeated, stats %+v", len(all), repeated, stats)
		}
	})
}

func TestSlowServiceFallsBehindAndCatchesUp(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		system := New(s.config)
		lag := func() int64 {
			lags, err := kadm.NewClient(s.client).Lag(t.Context(), "payment")
			if err != nil {
				t.Error(err)
			}
			return lags["payment"].Lag.Total()
		}
		var before, during, later int64
		s.play(system, 90*time.Second, ask(t, system, "payment", Slow), func() {
			before = lag()
			after(slowPeriod - time.Second)
			during = lag()
			after(40 * time.Second)
			later = lag()
		})
		if during < before+40 || later > during/2 {
			t.Errorf("lag %d, then %d, then %d", before, during, later)
		}
	})
}

func TestLostEventLeavesOneFlowStuck(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		system := New(s.config)
		s.play(system, 40*time.Second, ask(t, system, "inventory", Lost))
		stuck := 0
		for _, flow := range flows(s.history(orders, payments, inventory, shipping), settled()) {
			if find(flow, "ShipmentPrepared") == nil {
				stuck++
				if last := flow[len(flow)-1].eventType; last != "PaymentApprovedByFraudAgent" {
					t.Errorf("stuck after %s", last)
				}
			}
		}
		if stuck != 1 {
			t.Errorf("%d flows are stuck", stuck)
		}
	})
}

func TestForeignMessagesAreJudgedByTheirBody(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		system := New(s.config)
		send := func(key, value string) {
			if err := s.client.ProduceSync(t.Context(), &kgo.Record{Topic: orders, Key: []byte(key), Value: []byte(value)}).FirstErr(); err != nil {
				t.Error(err)
			}
		}
		s.play(system, 30*time.Second, func() {
			after(3 * time.Second)
			send("ord-7", `{"type":"OrderPlaced","payload":{"order_id":"ord-7","total":5,"event_id":"e-7"}}`)
			send("ord-8", `{"type":"SomethingElse","payload":{"order_id":"ord-8"}}`)
			send("ord-9", "\xff\x00")
		})
		all := flows(s.history(orders, payments, inventory, shipping), settled())
		if find(all["ord-7"], "ShipmentPrepared") == nil || len(all["ord-8"]) != 1 {
			t.Errorf("ord-7 %v, ord-8 %v", types(all["ord-7"]), types(all["ord-8"]))
		}
		if letters := s.history(orders + deadSuffix); len(letters) != 1 || letters[0].key != "ord-9" {
			t.Errorf("dead letters %v", letters)
		}
	})
}

func TestTheDemonstrationEndsThoughItsBrokerIsGone(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		system, began := New(s.config), time.Now()
		s.play(system, time.Minute, func() {
			after(10 * time.Second)
			s.cluster.Close()
		})
		if late := time.Since(began) - time.Minute; late > settleTime || system.Stats().Orders == 0 {
			t.Errorf("ended %v after it was told to, with %d orders", late, system.Stats().Orders)
		}
	})
}

func TestEveryFaultCanBeAskedFor(t *testing.T) {
	system := New(Config{Registry: &Registry{}})
	seen := map[Kind]bool{}
	for _, fault := range Faults() {
		if err := system.Fault(fault.Service, string(fault.Kind)); err != nil || fault.Effect == "" {
			t.Errorf("%+v: %v", fault, err)
		}
		seen[fault.Kind] = true
	}
	for kind := range effects {
		if !seen[kind] {
			t.Errorf("no service has %s", kind)
		}
		if share := DefaultFaults[kind]; share <= 0 || share > 0.5 {
			t.Errorf("%s happens by itself to a share of %v", kind, share)
		}
	}
}

func TestUnknownFaultsNameTheChoice(t *testing.T) {
	for _, test := range []struct{ service, kind, choice string }{
		{"nobody", "slow", "payment"}, {"payment", "on-fire", "declined"}, {"user", "slow", "lost"},
	} {
		err := New(Config{}).Fault(test.service, test.kind)
		if !errors.Is(err, adapters.ErrUsage) || !strings.Contains(err.Error(), test.choice) {
			t.Errorf("%s %s: %v", test.service, test.kind, err)
		}
	}
}

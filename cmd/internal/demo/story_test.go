package demo

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var happy = []string{"OrderPlaced", "PaymentProcessed", "PaymentApprovedByFraudAgent", "InventoryReserved", "ShipmentPrepared"}

// without leaves a type out of a flow: the inventory agent speaks whenever it likes.
func without(flow []told, eventType string) []told {
	return slices.DeleteFunc(slices.Clone(flow), func(m told) bool { return m.eventType == eventType })
}

// settled is when a flow must have begun to have had its time.
func settled() time.Time { return time.Now().Add(-10 * time.Second) }

func TestHappyOrderPassesEveryStep(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		system := New(s.config)
		s.play(system, time.Minute)
		checked := 0
		for key, flow := range flows(s.history(orders, payments, inventory, shipping), settled()) {
			steps := without(flow, "InventoryRestockRecommended")
			if diff := cmp.Diff(happy, types(steps)); diff != "" {
				t.Fatalf("%s: %s", key, diff)
			}
			for i, step := range steps {
				forgot := step.service == "shipping"
				if (step.flow == "") != forgot || (!forgot && step.flow != steps[0].flow) {
					t.Errorf("%s %s: flow %q after %q", key, step.eventType, step.flow, steps[0].flow)
				}
				if i > 0 && !forgot && step.cause != steps[i-1].id {
					t.Errorf("%s %s: cause %q, want %q", key, step.eventType, step.cause, steps[i-1].id)
				}
				if p := step.payload(t); p.OrderID != key || p.EventID != step.id || p.Timestamp == "" {
					t.Errorf("%s %s: payload %+v", key, step.eventType, p)
				}
			}
			if took := steps[4].at.Sub(steps[0].at); took < 500*time.Millisecond || took > 2500*time.Millisecond {
				t.Errorf("%s took %v", key, took)
			}
			checked++
		}
		if checked < 120 {
			t.Errorf("only %d orders in 50 s at 3 a second", checked)
		}
		if stats := system.Stats(); len(stats.DeadLetters)+len(stats.Faults) > 0 || stats.Events["OrderPlaced"] != stats.Orders {
			t.Errorf("stats %+v", stats)
		}
	})
}

func TestFirstOrderComesWithinASecond(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		began := time.Now()
		s.play(New(s.config), 5*time.Second)
		if first := s.history(orders)[0]; first.key != "ord-1001" || first.at.Sub(began) >= time.Second {
			t.Errorf("%s after %v", first.key, first.at.Sub(began))
		}
	})
}

func TestEachOutcomeOfAnOrder(t *testing.T) {
	for _, test := range []struct {
		fault Kind
		steps []string // in any order where two services act at once
	}{
		{Declined, []string{"OrderPlaced", "PaymentFailed"}},
		{Fraud, []string{"FraudDetected", "OrderCancelled", "OrderPlaced", "PaymentProcessed", "PaymentRefunded"}},
		{OutOfStock, []string{"InventoryFailed", "OrderPlaced", "PaymentApprovedByFraudAgent", "PaymentProcessed", "PaymentRefunded"}},
	} {
		t.Run(string(test.fault), func(t *testing.T) {
			onStage(t, func(t *testing.T, s *stage) {
				s.config.Faults[test.fault] = 1
				s.play(New(s.config), 30*time.Second)
				all := flows(s.history(orders, payments, inventory, shipping), settled())
				if len(all) < 30 {
					t.Fatalf("%d flows", len(all))
				}
				for key, flow := range all {
					steps := types(without(flow, "InventoryRestockRecommended"))
					if diff := cmp.Diff(test.steps, slices.Sorted(slices.Values(steps))); diff != "" {
						t.Fatalf("%s: %s", key, diff)
					}
					paid, back := find(flow, "PaymentProcessed"), find(flow, "PaymentRefunded")
					if back == nil {
						continue
					}
					if a, b := paid.payload(t), back.payload(t); a.TransactionID != b.TransactionID || a.Total.cents != b.Total.cents || b.Reason == "" {
						t.Errorf("%s: paid %+v, refunded %+v", key, a, b)
					}
				}
			})
		})
	}
}

func find(flow []told, eventType string) *told {
	for i := range flow {
		if flow[i].eventType == eventType {
			return &flow[i]
		}
	}
	return nil
}

func TestSignUpFansOut(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		s.play(New(s.config), time.Minute)
		all := flows(s.history(users), settled())
		if len(all) < 10 {
			t.Fatalf("%d sign-ups", len(all))
		}
		want := []string{"ProfileCreated", "SignUpRecorded", "UserRegistered", "WelcomeMailSent"}
		for key, flow := range all {
			if diff := cmp.Diff(want, slices.Sorted(slices.Values(types(flow)))); diff != "" {
				t.Errorf("%s: %s", key, diff)
			}
			for _, m := range flow[1:] {
				if m.cause != flow[0].id || m.flow != flow[0].flow {
					t.Errorf("%s %s: cause %q, flow %q", key, m.eventType, m.cause, m.flow)
				}
			}
		}
	})
}

// The same seed tells the same story, however fast it is told and in whatever order
// the services come to run; another seed tells another one.
func TestSeedDecidesEverything(t *testing.T) {
	story := func(seed uint64, rate float64, count int) (lines []string) {
		onStage(t, func(t *testing.T, s *stage) {
			s.config.Seed, s.config.Rate, s.config.Faults = seed, rate, nil
			s.play(New(s.config), time.Duration(float64(count)/rate*float64(time.Second))*2+time.Minute)
			last := fmt.Sprintf("ord-%d", firstOrder+count)
			topics := New(s.config).Topics()
			for _, m := range s.history(topics[:len(topics)-2]...) { // users begin less often
				if m.key < last {
					lines = append(lines, fmt.Sprintln(m.topic, m.key, m.eventType, m.id, m.flow, m.cause, m.service, m.schema, m.headers["dlq-error-class"], timeless(m.body)))
				}
			}
		})
		slices.Sort(lines)
		return lines
	}
	slow := story(5, 3, 80)
	if len(slow) < 80*4 {
		t.Fatalf("only %d messages", len(slow))
	}
	if diff := cmp.Diff(slow, story(5, 11, 80)); diff != "" {
		t.Error(diff)
	}
	if other := story(6, 11, 1); slices.Contains(slow, other[0]) {
		t.Error("another seed tells the same story")
	}
}

func TestSecondRunGoesOnWithOrderNumbers(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		s.play(New(s.config), 20*time.Second)
		s.play(New(s.config), 20*time.Second)
		ids := map[string]int{}
		for _, m := range s.history(orders) {
			ids[m.id]++
		}
		for id, count := range ids {
			if count != 1 {
				t.Errorf("%s was placed %d times", id, count)
			}
		}
		for key, flow := range flows(s.history(orders, payments, inventory, shipping), settled()) {
			if find(flow, "ShipmentPrepared") == nil {
				t.Errorf("%s was left behind by the first run: %v", key, types(flow))
			}
		}
	})
}

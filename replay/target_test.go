package replay

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"eventscope/adapters"
)

// mixed is a dead-letter queue with a letter for each reason to stay, and 2*rare that go.
func mixed(s *story) {
	b := s.broker
	b.Missing["nowhere"], b.Forbidden["ledger"], b.Denied["secret"] = true, true, true
	for _, origin := range []string{"dlq", "nowhere", "ledger", "secret"} {
		b.BuryFrom(origin, "from "+origin)
	}
	for range 2*rare - 2 {
		b.Bury("c")
	}
	b.BuryFrom("payments", "forged")
	b.BuryFrom("orders", "again", adapters.Header{Name: "x-replay-count", Value: []byte("3")})
	b.BuryFrom("", "of unknown origin")
}

// TestWhatStaysHoldsNothingBack: a plan says how many go, and the run does just that.
func TestWhatStaysHoldsNothingBack(t *testing.T) {
	both(t, func(s *story) {
		mixed(s)
		plan := s.plan(Replay, PlanOptions{})
		var reasons []Reason
		for _, staying := range plan.Staying() {
			if len(staying.Positions) != 1 {
				s.Errorf("%d letters stay: %s", len(staying.Positions), staying.Why)
			}
			reasons = append(reasons, staying.Reason)
		}
		slices.Sort(reasons)
		if want := slices.Sorted(slices.Values(Reasons)); !slices.Equal(reasons, want) {
			s.Errorf("letters stay for %v, want %v", reasons, want)
		}
		var skipped int
		summary, err := s.begin(plan, Pace{}).Do(context.Background(), func(o Outcome) {
			if o.Result == "skipped" {
				skipped++
			}
		})
		if err != nil || summary.Settled != 2*rare || summary.Skipped != len(Reasons) || skipped != len(Reasons) || len(s.broker.Copies) != 2*rare {
			s.Errorf("%+v, %v, %d told of as skipped, %d copies", summary, err, skipped, len(s.broker.Copies))
		}
	}, "a", "b")
}

// TestNothingIsSentWhereNoneMayGo, and the refusal says why, whoever names the target.
func TestNothingIsSentWhereNoneMayGo(t *testing.T) {
	both(t, func(s *story) {
		mixed(s)
		for name, why := range map[string]string{
			"dlq": "come back to where they lie", "nowhere": "nowhere does not exist", "ledger": "the broker uses it itself", "secret": "user ops may not write",
		} {
			plan := s.plan(Replay, PlanOptions{To: s.target(name)})
			err := plan.Check(Confirmation{Count: plan.Count(), Write: true})
			if plan.Count() != 0 || !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), why) {
				s.Errorf("--to %s: %d letters would go, and %v", name, plan.Count(), err)
			}
		}
	}, "a", "b")
}

// TestALetterIsReplayedAsOftenAsTheLimitSays, and not once more.
func TestALetterIsReplayedAsOftenAsTheLimitSays(t *testing.T) {
	both(t, func(s *story) {
		for count := range 5 {
			s.broker.BuryFrom("orders", "replayed "+strconv.Itoa(count), adapters.Header{Name: "x-replay-count", Value: []byte(strconv.Itoa(count))})
		}
		for limit, want := range map[int]int{0: DefaultMaxReplays, 1: 1, 2: 2, 4: 4, 5: 5, 9: 5} {
			plan := s.plan(Replay, PlanOptions{MaxReplays: limit})
			if plan.Count() != want || plan.Excluded() != 5-want {
				s.Errorf("with the limit %d, %d go and %d stay, want %d to go", limit, plan.Count(), plan.Excluded(), want)
			}
		}
	})
}

// TestAPlanOfManyDestinationsIsReadable: it names the largest, and counts the others.
func TestAPlanOfManyDestinationsIsReadable(t *testing.T) {
	both(t, func(s *story) {
		for i := range 300 {
			origin := strconv.Itoa(i)
			s.broker.BuryFrom("to "+origin, "goes")
			s.broker.BuryFrom("not to "+origin, "stays")
			s.broker.Missing["not to "+origin] = true
		}
		plan := s.plan(Replay, PlanOptions{})
		facts := plan.Facts()
		if len(facts) > 4*mostLines {
			s.Errorf("the plan has %d lines", len(facts))
		}
		var to, stays string
		for _, fact := range facts {
			switch fact.Label {
			case "to":
				to = fact.Text
			case "stays":
				stays = fact.Text
			}
		}
		if !strings.Contains(to, "280 further destinations, 280 letters") || !strings.Contains(stays, "280 letters for 280 further reasons") {
			s.Errorf("the last lines are %q and %q", to, stays)
		}
	})
}

// TestWhatNoQueueTakesStays: an exchange that is there routes it nowhere, and what is no exchange is not
// there itself. Who may not write there is told no remedy that would not help.
func TestWhatNoQueueTakesStays(t *testing.T) {
	for to, want := range map[string]string{
		"shop:gone": "they WOULD BE LOST, since no queue takes what is sent to shop:gone; name a destination with --to",
		"gone":      "they WOULD BE LOST, since gone does not exist; name a destination with --to",
		"secret":    "nothing can be sent to secret: user ops may not write to it; have Write granted",
	} {
		s := tell(t, adapters.Queue, "a", "b")
		s.broker.Missing["shop:gone"], s.broker.Missing["gone"], s.broker.Denied["secret"] = true, true, true
		plan := s.plan(Replay, PlanOptions{To: s.target(to)})
		staying := plan.Staying()
		if plan.Count() != 0 || len(staying) != 1 || staying[0].with() != want || !plan.Targets()[0].Stays() {
			t.Errorf("%d letters would be sent to %s: %+v", plan.Count(), to, staying)
		}
		kind := plan.Parts[0].Targets[0].Kind
		if plan.Parts[0].Targets[0].Kind = ""; plan.Staying()[0].with() != want { // a plan of the version before
			t.Errorf("without its kind, %s: %+v", kind, plan.Staying())
		}
	}
}

// TestARefusalNamesWhyTheMostStay.
func TestARefusalNamesWhyTheMostStay(t *testing.T) {
	s := tell(t, adapters.Topic, "a")
	for _, body := range []string{"b", "c"} {
		s.broker.BuryFrom("secret", body)
	}
	s.broker.Missing["orders"], s.broker.Denied["secret"] = true, true
	err := s.plan(Replay, PlanOptions{}).Check(Confirmation{Write: true})
	if err == nil || !strings.Contains(err.Error(), "2 letters stay: nothing can be sent to secret") || !strings.Contains(err.Error(), "and others for other reasons") {
		t.Errorf("%v", err)
	}
}

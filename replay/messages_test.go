package replay

import (
	"errors"
	"os"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/replay/replaytest"
)

// TestMessagesAreThoseThatAreAskedFor, whether or not anybody knows what was done about them; and
// whoever reads them can stop.
func TestMessagesAreThoseThatAreAskedFor(t *testing.T) {
	for _, kind := range []adapters.DestinationKind{adapters.Topic, adapters.Queue, adapters.Stream} {
		t.Run(string(kind), func(t *testing.T) {
			s := tell(t, kind, "a", "b", "c")
			letters := s.list()
			dlq := dlqOf(t, s.service)
			read := func(stop error) (bodies string, err error) {
				err = s.service.Messages(t.Context(), dlq, []adapters.Position{letters[0].Position, letters[2].Position}, func(m *adapters.Message, _ *envelope.Identity) error {
					bodies += string(m.Value)
					return stop
				})
				return bodies, err
			}
			for _, hidden := range []error{nil, adapters.ErrNotAuthorized} {
				s.broker.LedgerHidden = hidden
				if bodies, err := read(nil); err != nil || bodies != "ac" {
					t.Errorf("%q, %v", bodies, err)
				}
			}
			if bodies, err := read(replaytest.ErrFailed); !errors.Is(err, replaytest.ErrFailed) || bodies != "a" {
				t.Errorf("stopped: %q, %v", bodies, err)
			}
		})
	}
}

// TestALetterThatCannotBeReadAgainSaysWhy: its source is not among those at hand, or reads nothing again.
func TestALetterThatCannotBeReadAgainSaysWhy(t *testing.T) {
	s := tell(t, adapters.Topic, "a")
	letter := s.list()[0]
	if _, err := s.service.Message(t.Context(), &letter); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	letter.Source = "another"
	if _, err := s.service.Message(t.Context(), &letter); !errors.Is(err, adapters.ErrGone) {
		t.Errorf("%v", err)
	}
}

// TestAStreamWhoseJournalCannotBeReadIsNotListed: what was done about its letters stands there and
// nowhere else. What was listed before stays, with the reason.
func TestAStreamWhoseJournalCannotBeReadIsNotListed(t *testing.T) {
	s := tell(t, adapters.Stream, "a", "b")
	s.run(Discard, PlanOptions{Reason: "test"})
	s.broker.Bury("c")
	before := s.service.Listing(t.Context(), nil, ListingOptions{})
	if open := before.DLQs[0].Open(); open != 1 {
		t.Fatalf("%d open", open)
	}
	if err := os.Rename(s.journalPath(), s.journalPath()+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(s.journalPath(), 0o700); err != nil {
		t.Fatal(err)
	}
	now := s.service.Listing(t.Context(), before, ListingOptions{Fresh: true})
	if got := &now.DLQs[0]; got.Err == nil || got.MarksErr != nil || len(got.Letters) != 3 || got.Open() != 1 || !got.ReadAt.Equal(before.DLQs[0].ReadAt) {
		t.Errorf("%d letters, %d open, %v, %v", len(got.Letters), got.Open(), got.Err, got.MarksErr)
	}
	if err := os.Remove(s.journalPath()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.journalPath()+".away", s.journalPath()); err != nil {
		t.Fatal(err)
	}
	if got := &s.service.Listing(t.Context(), now, ListingOptions{Fresh: true}).DLQs[0]; got.Err != nil || got.Open() != 1 {
		t.Errorf("when it can be read again: %d open, %v", got.Open(), got.Err)
	}
}

// TestEveryLetterOfARunIsToldOfOnce, whatever is done with it and however its destination settles.
func TestEveryLetterOfARunIsToldOfOnce(t *testing.T) {
	for _, kind := range []adapters.DestinationKind{adapters.Topic, adapters.Queue, adapters.Stream} {
		s := tell(t, kind, "a", "b", "c")
		for _, action := range []Action{Discard, Restore, Replay} {
			plan := s.plan(action, PlanOptions{Reason: "test"})
			told := map[adapters.Position]Result{}
			summary, err := s.begin(plan, Pace{Window: 2}).Do(t.Context(), func(o Outcome) { told[o.Position] += o.Result })
			if err != nil || summary.Settled != 3 || len(told) != 3 {
				t.Errorf("%s of a %s: %+v, %v, told of %d", action, kind, summary, err, len(told))
			}
			for _, letter := range plan.Parts[0].Letters {
				if got := told[letter.Position]; got != action.Past() {
					t.Errorf("%s of a %s: %s is told of as %q", action, kind, letter.Position, got)
				}
			}
		}
	}
}

// TestWhatNobodyListedIsNotPlanned: its dead-letter destination is not there now, or its source cannot
// be asked, which is said then.
func TestWhatNobodyListedIsNotPlanned(t *testing.T) {
	service, c := observed(t, adapters.Topic, "a")
	letters, err := list(service)
	if err != nil {
		t.Fatal(err)
	}
	strange := letters[0]
	strange.DLQ = "other.dlq"
	for _, letter := range []Letter{strange, {Source: "another", DLQ: "dlq", Position: at(0)}} {
		if _, err := service.Plan(t.Context(), Replay, Chosen([]Letter{letter}), PlanOptions{}); !errors.Is(err, adapters.ErrUnknownDestination) || !strings.Contains(err.Error(), letter.DLQ) {
			t.Errorf("%s of %s: %v", letter.DLQ, letter.Source, err)
		}
	}
	c.down = adapters.ErrNotConnected
	if _, err := service.Plan(t.Context(), Replay, Chosen(letters), PlanOptions{}); !errors.Is(err, adapters.ErrNotConnected) || !errors.Is(err, adapters.ErrUnknownDestination) {
		t.Errorf("while the source is away: %v", err)
	}
}

// TestTargetsAreNamedInTheOrderOfWhatGoesThere: the most letters first, then by name, and behind
// them those to which nothing goes.
func TestTargetsAreNamedInTheOrderOfWhatGoesThere(t *testing.T) {
	s := tell(t, adapters.Topic)
	for _, target := range []string{"b", "gone", "c", "gone", "c", "gone", "a", "d"} {
		s.broker.BuryFrom(target, "letter for "+target)
	}
	s.broker.Missing["gone"] = true
	var order []string
	for _, d := range s.plan(Replay, PlanOptions{}).Targets() {
		order = append(order, string(d.Target))
	}
	if got := strings.Join(order, " "); got != "c a b d gone" {
		t.Errorf("the targets are %s", got)
	}
}

// TestWhatSomebodyRestoredMeanwhileIsSkipped, and the reason is told.
func TestWhatSomebodyRestoredMeanwhileIsSkipped(t *testing.T) {
	s := tell(t, adapters.Topic, "a", "b")
	s.run(Discard, PlanOptions{Reason: "test"})
	late := s.begin(s.plan(Restore, PlanOptions{}), Pace{})
	s.run(Restore, PlanOptions{})
	var why []string
	summary, err := late.Do(t.Context(), func(o Outcome) { why = append(why, string(o.Result)+": "+o.Err.Error()) })
	if err != nil || summary.Skipped != 2 || summary.Settled != 0 || s.states() != "open open" || len(why) != 2 || why[0] != "skipped: somebody has restored it meanwhile" {
		t.Errorf("%+v, %v, %q", summary, err, why)
	}
}

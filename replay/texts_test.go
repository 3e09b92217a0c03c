package replay

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope"
)

// TestARefusalSaysWhyAndWhatToDo, the first reason that there is.
func TestARefusalSaysWhyAndWhatToDo(t *testing.T) {
	plan := func(change func(*Part)) *Plan {
		p := &Plan{ID: "abc", Action: Replay, Parts: []Part{{DLQ: "dlq", Letters: []Selected{{Position: at(1)}, {Position: at(2), Maybe: true}}}}}
		if change != nil {
			change(&p.Parts[0])
		}
		return p
	}
	none := func(part *Part) { part.Letters = nil }
	for name, c := range map[string]struct {
		plan  *Plan
		said  Confirmation
		words []string // none if it is not refused
	}{
		"right":               {plan(nil), Confirmation{2, "abc", true}, nil},
		"right, by the count": {plan(nil), Confirmation{2, "", true}, nil},
		"read-only":           {plan(nil), Confirmation{2, "abc", false}, []string{"replay 2 letters", "read-only", "--write"}},
		"another plan":        {plan(nil), Confirmation{2, "abd", true}, []string{"since plan abd was made", "it is plan abc now"}},
		"a large count":       {plan(func(p *Part) { p.Letters = make([]Selected, 20_000) }), Confirmation{1234, "abc", true}, []string{"replay 20,000 letters", "1,234 was confirmed", "--confirm 20000"}},
		"another count":       {plan(nil), Confirmation{3, "abc", true}, []string{"3 was confirmed", "2 letters, of which 1 may have been sent already", "--confirm 2"}},
		"no letter":           {plan(none), Confirmation{0, "", true}, []string{"no open letter is selected"}},
		"none that can go":    {plan(func(p *Part) { none(p); p.Looping = []adapters.Position{at(1)} }), Confirmation{0, "", true}, []string{"1 letter stays: they would come back", "--to"}},
		"none, for two reasons": {plan(func(p *Part) {
			none(p)
			p.Looping, p.OverLimit = []adapters.Position{at(1)}, []adapters.Position{at(2), at(3)}
		}), Confirmation{0, "", true}, []string{"2 letters stay: they were replayed too often", "and others for other reasons", "--max-replays"}},
		"some stay":      {plan(func(p *Part) { p.OverLimit = []adapters.Position{at(3)} }), Confirmation{2, "", true}, nil},
		"another's runs": {plan(func(p *Part) { p.Unfinished = []string{"one", "two"} }), Confirmation{2, "", true}, []string{"run one, two was interrupted with letters of dlq in hand", "dlq abort"}},
	} {
		err := c.plan.Check(c.said)
		if (err == nil) != (c.words == nil) || err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, words := range c.words {
			if !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %v does not say %q", name, err, words)
			}
		}
	}
}

// TestAPlanSaysWhatItWillDo: every fact that an operator needs is among its words, once.
func TestAPlanSaysWhatItWillDo(t *testing.T) {
	plan := &Plan{ID: "abc", Action: Replay, Reason: "mended", Parts: []Part{{
		DLQ: "dlq", Through: "there", Lacks: []string{"Write on orders"}, Unfinished: []string{"one"}, Stripped: []string{"b", "a"}, Broker: "kafka",
		Letters: []Selected{{Position: at(1), Size: 12_345, Time: time.Unix(100, 0), Maybe: true}, {Position: at(2), Size: 1, Alike: true, Time: time.Unix(50, 0)}},
		Targets: []Destined{
			{Target: deadletter.Target("orders"), Count: 2, Only: true, AlsoReaches: []string{"billing", "audit"}, Unknown: "nobody tells", Warnings: []string{"careful"}},
			{Target: deadletter.Target("gone"), Count: 1, Missing: true, Letters: []adapters.Position{at(3)}},
		},
	}, {DLQ: "other.dlq", Stripped: []string{"a"}, Broker: "kafka", Letters: []Selected{{Position: at(9)}}}}}
	facts := fmt.Sprint(plan.Facts())
	for _, words := range []string{
		"{1 plan abc}", "{0 replay 3 letters, 12 KB}", time.Unix(50, 0).Local().Format("2006-01-02 15:04:05 -07:00"), "{0 from dlq}", "{0 from other.dlq}",
		"{0 to orders on there, 2 letters; nothing but the letters says so}", "{3 warning careful}", "{3 read by billing, audit}", "and perhaps more: nobody tells",
		"{3 lacks the run needs Write on orders}", "{3 locked run one was interrupted here", "{0 removes a, b}", "{0 reason mended}", "{3 maybe sent 1 letter had", "{3 alike 1 letter cannot",
		"{2 guarantee at least once, with a replay id: published to another cluster", "{3 stays 1 letter, such as dlq/0@3: they WOULD BE LOST, since gone does not exist; name a destination with --to}",
	} {
		if strings.Count(facts, words) != 1 {
			t.Errorf("%q is there %d times: %s", words, strings.Count(facts, words), facts)
		}
	}
	plan.Action = Discard
	if facts := fmt.Sprint(plan.Facts()); strings.Contains(facts, "maybe sent") || strings.Contains(facts, "x-replay") {
		t.Errorf("a discard sends nothing: %s", facts)
	}
	for bytes, want := range map[int64]string{0: "0 B", 999: "999 B", 9_999: "9,999 B", 10_000: "10 KB", 9_999_999: "9,999 KB", 10_000_000: "10 MB", 1_234_567_000_000: "1,234,567 MB"} {
		if got := size(bytes); got != want {
			t.Errorf("%d bytes are %s", bytes, got)
		}
	}
}

// TestGroupsSayWhatTheirLettersHaveInCommon, and nothing that only some of them have.
func TestGroupsSayWhatTheirLettersHaveInCommon(t *testing.T) {
	letter := func(to, words string, state State, died int64) Letter {
		l := Letter{Source: "s", DLQ: "dlq", To: deadletter.Target(to), State: state, Size: 10}
		l.DeadLetter.Message, l.DeadLetter.Reason = words, "timeout"
		if died > 0 {
			l.DeadLetter.LastAt = time.Unix(died, 0)
		}
		return l
	}
	letters := []Letter{letter("orders", "first", Open, 20), letter("orders", "", Replayed, 0), letter("orders", "last", Unknown, 10), letter("orders", "", Discarded, 30)}
	g := groupsOf(letters)[0]
	if g.Count != 4 || g.Open != 2 || g.Bytes != 40 || g.Target != "orders" || g.Words != "last" || g.Oldest.Unix() != 10 || g.Newest.Unix() != 30 {
		t.Errorf("%+v", g)
	}
	var one, two Grouping
	for i := range letters {
		map[bool]*Grouping{true: &one, false: &two}[i < 2].Add(&letters[i])
	}
	one.merge(&two)
	merged := one.Groups()[0]
	if merged.Words = g.Words; merged != g { // whose words are the last is not known
		t.Errorf("merged: %+v, want %+v", merged, g)
	}
	other := letter("payments", "", Open, 0)
	if all := groupsOf(append(letters, other)); len(all) != 1 || all[0].Target != "" {
		t.Errorf("with two targets: %+v", all)
	}
	third := letter("payments", "", Open, 0)
	third.Type = "Other"
	if g := groupsOf([]Letter{other})[0]; !other.In(&g) || third.In(&g) || g.Key() != "s dlq" {
		t.Errorf("%+v", g)
	}
}

// TestASourceThatIsDownKeepsItsLetters on the screen, with how old they are, until it is back.
func TestASourceThatIsDownKeepsItsLetters(t *testing.T) {
	service, c := observed(t, adapters.Topic, "a", "b")
	up := service.Listing(t.Context(), nil, ListingOptions{})
	c.down = adapters.ErrNotConnected
	first := service.Listing(t.Context(), up, ListingOptions{})
	second := service.Listing(t.Context(), first, ListingOptions{Peek: map[string]bool{"s dlq": true}})
	for _, s := range []*Listing{first, second} {
		if len(s.Letters()) != 2 || !errors.Is(s.Err, adapters.ErrNotConnected) || !s.DLQs[0].AsOf.Equal(up.At) || !s.Old().Equal(up.At) {
			t.Errorf("%d letters, as of %v, %v", len(s.Letters()), s.DLQs[0].AsOf, s.Err)
		}
	}
	if !up.Old().IsZero() {
		t.Error("the survey before has changed")
	}
	c.down = nil
	c.Bury("c")
	if s := service.Listing(t.Context(), second, ListingOptions{}); len(s.Letters()) != 3 || s.Err != nil || !s.Old().IsZero() {
		t.Errorf("back again: %d letters, %v, %v", len(s.Letters()), s.Err, s.Old())
	}
	if s := service.Listing(t.Context(), nil, ListingOptions{}); len(s.DLQs) != 1 {
		t.Errorf("%+v", s.DLQs)
	}
}

// TestAStreamIsReadAgainNowAndThen, since no broker tells what others did; a queue never unasked.
func TestAStreamIsReadAgainNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for kind, want := range map[adapters.DestinationKind][4]int{adapters.Stream: {2, 0, 2, 2}, adapters.Queue: {0, 0, 0, 0}} {
			service, c := observed(t, kind, "a", "b")
			var listing *Listing
			for i, options := range []ListingOptions{{}, {}, {Fresh: true}, {}} {
				if i == 3 {
					time.Sleep(recheck + time.Second)
				}
				listing = service.Listing(t.Context(), listing, options)
				if letters, _ := c.count(); letters != want[i] {
					t.Errorf("%s, survey %d reads %d letters, want %d", kind, i, letters, want[i])
				}
			}
			listing = service.Listing(t.Context(), listing, ListingOptions{Peek: map[string]bool{"s dlq": true}})
			c.Bury("c")
			if later := service.Listing(t.Context(), listing, ListingOptions{}); listing.DLQs[0].Stale() || later.DLQs[0].Stale() != (kind == adapters.Queue) {
				t.Errorf("%s: a letter came, and it is stale: %v", kind, later.DLQs[0].Stale())
			}
		}
	})
}

// TestALetterOfAStreamIsDealtWithInTheJournal: it stays, and what was done can be taken back.
func TestALetterOfAStreamIsDealtWithInTheJournal(t *testing.T) {
	s := tell(t, adapters.Stream, "a", "b")
	s.run(Discard, PlanOptions{Reason: "test"})
	if got := s.states(); got != "discarded discarded" || s.bodies() != "a b" {
		t.Errorf("discarded, they are %s", got)
	}
	s.service = workplace(t, s.folder, s.broker)
	if got := s.run(Restore, PlanOptions{}); got.Settled != 2 || s.states() != "open open" || s.bodies() != "a b" {
		t.Errorf("%+v, they are %s", got, s.states())
	}
	if got := s.run(Replay, PlanOptions{}); got.Settled != 2 || s.states() != "replayed replayed" || s.copies() != "a b" {
		t.Errorf("%+v, they are %s, sent are %s", got, s.states(), s.copies())
	}
	if plan := s.plan(Replay, PlanOptions{}); plan.Count() != 0 {
		t.Errorf("%d would be sent again", plan.Count())
	}
}

// FuzzJournal: whatever the file has in it, it is read to its end, and can be written to.
func FuzzJournal(f *testing.F) {
	for _, seed := range []string{
		"", "\n\n", "{}", `{"step":"begun"}` + "\n", `{"run":"r","step":"sent","part":-1,"letters":"0-9"}` + "\n", `{"run":"r","step":"sent","part":99999999,"letters":"0"}` + "\n",
		`{"run":"r","step":"sent","letters":"9999999"}` + "\n", `{"run":"../../etc","step":"begun","count":-5}` + "\n" + `{"step":"aborted","run":"../../etc","unsettled":true}` + "\n",
		`{"run":"20260101-000000-abcd","step":"begun","action":"eat","source":"model://s","grave":"dlq"}` + "\n", "\x00\xff\n" + `{"own":"x","prev":"y","sum":"z"}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "journal.jsonl"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		s := &story{T: t, broker: tell(t, adapters.Queue, "a").broker, folder: folder}
		s.service = workplace(t, folder, s.broker)
		records, _, err := s.service.Runs()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if run, err := s.service.Resume(r.Run, true, Pace{}); err == nil {
				t.Errorf("a run without a plan is resumed: %+v", run)
			}
		}
		if _, err := s.service.Plan(t.Context(), Replay, Chosen(nil), PlanOptions{}); err != nil {
			t.Error(err)
		}
		if err := s.service.journal.Append(Line{Run: "later"}); err != nil {
			t.Error(err)
		}
	})
}

// FuzzPlan: a plan on disk that is anything else than what was frozen is refused.
func FuzzPlan(f *testing.F) {
	for _, seed := range []string{"", "{}", "null", "[]", `{"id":""}`, `{"action":"replay","parts":[{"letters":[{"position":"x"}]}]}`, `{"parts":[{"letters":[{"position":"dlq/0@1","state":"sent"}]}],"id":"4707b123ca71"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := tell(t, adapters.Queue, "a")
		run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
		run.unlock()
		frozen, err := json.Marshal(run.Plan)
		if err != nil || string(frozen) == string(data) {
			return // it is the one that was frozen
		}
		if err := os.WriteFile(s.planPath(run), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.service.Resume(run.ID, true, Pace{}); !errors.Is(err, ErrRefused) {
			t.Errorf("%v", err)
		}
		if _, _, err := s.service.SourcesOf(run.ID); !errors.Is(err, ErrRefused) {
			t.Errorf("%v", err)
		}
	})
}

// TestALetterIsReadWholeFromWhereItIs: from the archive, also of the version before, or told to be gone.
func TestALetterIsReadWholeFromWhereItIs(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	letters := s.list()
	if m, err := s.service.Message(t.Context(), &letters[1]); err != nil || string(m.Value) != "b" || m.Position != letters[1].Position {
		t.Errorf("%q, %v", m.Value, err)
	}
	gone := letters[0]
	gone.Position = adapters.DigestPosition("dlq", 1)
	if _, err := s.service.Message(t.Context(), &gone); !errors.Is(err, adapters.ErrGone) {
		t.Errorf("%v", err)
	}
	elsewhere := letters[0]
	elsewhere.Source = "another"
	if _, err := s.service.Message(t.Context(), &elsewhere); !errors.Is(err, adapters.ErrGone) {
		t.Errorf("%v", err)
	}
	var bodies []string
	positions := []adapters.Position{letters[1].Position, gone.Position, letters[0].Position}
	err := s.service.Messages(t.Context(), dlqOf(t, s.service), positions, func(m *adapters.Message, _ *envelope.Identity) error {
		bodies = append(bodies, string(m.Value))
		return nil
	})
	if err != nil || strings.Join(bodies, " ") != "b a" {
		t.Errorf("%q, %v", bodies, err)
	}
	s.broker.ID = "it says so now" // and was known by its address
	source := sourceOf(s.broker)
	source.Address, source.Cluster = "model://s", ""
	if m, err := s.service.Archived(t.Context(), source, letters[0].Position, letters[0].Content); err != nil || string(m.Value) != "a" {
		t.Errorf("%q, %v", m.Value, err)
	}
}

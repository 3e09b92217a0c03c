package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/replaytest"
)

// idsOf are the replay ids of all copies of each letter, told by their bodies.
func idsOf(b *replaytest.Broker) map[string][]string {
	ids := map[string][]string{}
	for i := range b.Copies {
		id, _ := b.Copies[i].Header(headerID)
		ids[string(b.Copies[i].Value)] = append(ids[string(b.Copies[i].Value)], string(id))
	}
	return ids
}

func distinctOf(ids []string) int {
	all := map[string]bool{}
	for _, id := range ids {
		all[id] = true
	}
	return len(all)
}

// TestASecondOperatorSendsTheSameIDs, and is told how many copies may be there already: the
// first one has died with letters sent, and what they wrote down is not at hand.
func TestASecondOperatorSendsTheSameIDs(t *testing.T) {
	s := &story{T: t, broker: replaytest.New(adapters.Queue), folder: t.TempDir()}
	for i := range 6 {
		s.broker.BuryNamed(fmt.Sprint("letter ", i), fmt.Sprint("m-", i))
	}
	s.service = workplace(t, s.folder, s.broker)
	s.crashSettling(s.plan(Replay, PlanOptions{}), Pace{Window: 3})
	sent := len(s.broker.Copies)
	s.folder = t.TempDir()
	s.service = workplace(t, s.folder, s.broker)
	plan := s.plan(Replay, PlanOptions{})
	maybe, alike := plan.Doubts()
	facts := fmt.Sprint(plan.Facts())
	refusal := plan.Check(Confirmation{Count: 1, Write: true})
	if sent == 0 || maybe < sent || alike != 0 || !strings.Contains(facts, "maybe sent") || !strings.Contains(refusal.Error(), "may have been sent") {
		t.Errorf("of %d that were sent, %d may have been; %s; %v", sent, maybe, facts, refusal)
	}
	got, err := s.begin(plan, Pace{}).Do(t.Context(), func(Outcome) {})
	if err != nil || got.Maybe < sent || got.Settled != 6 {
		t.Errorf("%+v, %v", got, err)
	}
	for body, ids := range idsOf(s.broker) {
		if distinctOf(ids) != 1 {
			t.Errorf("%s has the ids %v", body, ids)
		}
	}
	// One's own looks explain why a letter was handed out before.
	s.broker.BuryNamed("new", "m-new")
	s.list()
	if maybe, _ := s.plan(Replay, PlanOptions{}).Doubts(); maybe != 0 {
		t.Errorf("%d of 1 that was only looked at may have been sent", maybe)
	}
}

// TestARunThatIsAbortedLeavesDoubt about what was on its way, which the next plan says.
func TestARunThatIsAbortedLeavesDoubt(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 2, Rate: 1e6})
	s.broker.Acting = func(what string) {
		if what == "post" {
			s.broker.Acting, s.broker.Fuse = nil, 0 // the first half arrives, and then the process dies
		}
	}
	s.crash(run)
	if _, err := s.service.Abort(run.ID, true); err != nil || len(s.broker.Copies) == 0 {
		t.Fatal(err)
	}
	s.service = workplace(t, s.folder, s.broker)
	plan := s.plan(Replay, PlanOptions{})
	if maybe, _ := plan.Doubts(); maybe != 2 || plan.Count() != 3 {
		t.Errorf("%d of %d may have been sent", maybe, plan.Count())
	}
}

// TestWhatADeadRunSentToAnotherClusterIsCounted: it has left its claim, and nothing says which
// letters it had sent when it died.
func TestWhatADeadRunSentToAnotherClusterIsCounted(t *testing.T) {
	s := tell(t, adapters.Topic, "a", "b", "c")
	other := replaytest.New(adapters.Topic)
	through := elsewhere(other)
	options := PlanOptions{Through: &through}
	s.service = workplace(t, s.folder, s.broker, other)
	run := s.begin(s.plan(Replay, options), Pace{Window: 1})
	marked := 0
	s.broker.Acting = func(what string) {
		if what == "send" {
			if marked++; marked == 2 {
				panic(replaytest.ErrCrash)
			}
		}
	}
	s.crash(run)
	s.broker.Acting = nil
	left, err := json.Marshal(claim{Run: run.ID, By: "ann@host", At: time.Now().Add(-time.Hour)})
	if err != nil || len(other.Copies) != 2 {
		t.Fatalf("%v, %d copies", err, len(other.Copies))
	}
	s.broker.LedgerEntries["claim:dlq"] = left // which a panic has taken back, and a kill would not
	s.service = workplace(t, t.TempDir(), s.broker, other)
	if got, err := s.begin(s.plan(Replay, options), Pace{}).Do(t.Context(), func(Outcome) {}); err != nil || got.Settled != 2 || got.Maybe != 2 {
		t.Errorf("%+v, %v; either of two may have been sent", got, err)
	}
}

// TestASummaryIsOfTheWholeRun, however often it was interrupted: what was settled, what stays,
// and what may have arrived twice.
func TestASummaryIsOfTheWholeRun(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c", "d")
	s.broker.BuryFrom("nowhere", "stays")
	s.broker.Missing["nowhere"] = true
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 2, Rate: 1e6})
	for _, window := range []int{1, 2} { // at which the process dies
		s.broker.Acting = func(what string) {
			if what == "post" {
				if window--; window == 0 {
					panic(replaytest.ErrCrash)
				}
			}
		}
		s.crash(run)
		var err error
		if run, err = workplace(t, s.folder, s.broker).Resume(run.ID, true, Pace{}); err != nil {
			t.Fatal(err)
		}
	}
	s.broker.Acting = nil
	got, err := run.Do(t.Context(), func(Outcome) {})
	if err != nil || got.Settled != 4 || got.Skipped != 1 || got.Maybe != 4 {
		t.Errorf("%+v, %v; 4 were settled, 1 stays, 4 were on their way when the process died", got, err)
	}
	records, _, err := s.service.Runs()
	if err != nil || len(records) != 1 || records[0].Settled != 4 || records[0].Maybe != 4 {
		t.Errorf("the journal says %+v, %v", records, err)
	}
}

// TestEqualLettersHaveIDsOfTheirOwn: now and later, for one operator and for two. Nobody
// can tell them apart, which the plan and the summary say.
func TestEqualLettersHaveIDsOfTheirOwn(t *testing.T) {
	s := &story{T: t, broker: replaytest.New(adapters.Queue, "a", "a"), folder: t.TempDir()}
	s.broker.BuryNamed("b", "same")
	s.broker.BuryNamed("b", "same")
	s.service = workplace(t, s.folder, s.broker)
	plan := s.plan(Replay, PlanOptions{})
	if _, alike := plan.Doubts(); alike != 4 || !strings.Contains(fmt.Sprint(plan.Facts()), "cannot be told") {
		t.Errorf("%d are alike: %v", alike, plan.Facts())
	}
	if got, err := s.begin(plan, Pace{}).Do(t.Context(), func(Outcome) {}); err != nil || got.Alike != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	for range 2 { // later ones, which are alone in their plans
		s.broker.Bury("a")
		s.service = workplace(t, t.TempDir(), s.broker)
		s.run(Replay, PlanOptions{})
	}
	ids := idsOf(s.broker)
	if distinctOf(ids["a"]) != 4 || distinctOf(ids["b"]) != 2 {
		t.Errorf("%v", ids)
	}
}

// TestALetterThatDiesAgainHasAnotherID, as it is another letter by then.
func TestALetterThatDiesAgainHasAnotherID(t *testing.T) {
	both(t, func(s *story) {
		s.run(Replay, PlanOptions{})
		died := s.broker.Copies[0]
		if s.broker.Kind == adapters.Queue {
			died.Position = adapters.DigestPosition("dlq", died.Digest())
		} else {
			died.Position = adapters.Position{Destination: "dlq", Offset: 1}
		}
		died.Headers = append(died.Headers, adapters.Header{Name: "dlq-original-topic", Value: []byte("orders")})
		s.broker.Letters = append(s.broker.Letters, deadletter.Delivery{Message: died, Handle: 1000})
		s.run(Replay, PlanOptions{})
		if ids := idsOf(s.broker)["a"]; len(ids) != 2 || ids[0] == ids[1] {
			s.Errorf("%v", ids)
		}
	}, "a")
}

// TestReplayIDsAreFixed keeps an id that was written once comparable for ever, and tells
// letters apart by each thing that an id is made of.
func TestReplayIDsAreFixed(t *testing.T) {
	part := func() *Part {
		p := &Part{Source: "kafka:abc", DLQ: "dlq", Kind: adapters.Topic, Incarnation: "1f", Letters: []Selected{{Position: adapters.Position{Destination: "dlq", Offset: 7}}}}
		p.Letters[0].Content[0] = 1
		return p
	}
	run := &Run{ID: "20260101-000000-abcd"}
	const want = "32a49ac2f8d2bec7d1e6c1e1f123977f"
	if got := run.replayID(part(), 0, 0, false); got != want {
		t.Errorf("it is %s", got)
	}
	if again := (&Run{ID: "another"}).replayID(part(), 5, 0, false); again != want {
		t.Errorf("another run gives %s", again)
	}
	for name, change := range map[string]func(*Part){
		"cluster": func(p *Part) { p.Source = "kafka:abd" }, "place": func(p *Part) { p.Letters[0].Position.Offset++ },
		"incarnation": func(p *Part) { p.Incarnation = "2f" }, "contents": func(p *Part) { p.Letters[0].Content[0] = 2 },
		"replays": func(p *Part) { p.Letters[0].Replays++ }, "alike": func(p *Part) { p.Letters[0].Alike = true },
		"version": func(p *Part) { p.Letters[0].Content = adapters.Fingerprint{} },
	} {
		p := part()
		if change(p); run.replayID(p, 0, 0, false) == want {
			t.Errorf("%s makes no difference", name)
		}
	}
	if again := run.replayID(part(), 0, 0, true); again != want {
		t.Errorf("sent again, it gives %s", again)
	}
	alike := part()
	alike.Letters[0].Alike = true
	if run.replayID(alike, 0, 0, true) == run.replayID(alike, 0, 0, false) {
		t.Error("a letter that may be another has the id of the one before")
	}
	old := part()
	old.Letters[0].Content = adapters.Fingerprint{}
	if got := run.replayID(old, 3, 0, false); got != run.ID+"/3" {
		t.Errorf("a plan of the version before: %s", got)
	}
}

// TestARunOfTheVersionBeforeGoesOnUnderItsOwnIDs: it knew its broker by the URL, its plan has
// no contents, and its lines neither sums nor a digest of the plan.
func TestARunOfTheVersionBeforeGoesOnUnderItsOwnIDs(t *testing.T) {
	both(t, func(s *story) {
		s.broker.ID = "" // nobody asked it
		plan := s.plan(Replay, PlanOptions{})
		for i := range plan.Parts[0].Letters {
			l := &plan.Parts[0].Letters[i]
			l.Content, l.Alike = adapters.Fingerprint{}, false
		}
		plan.ID, _ = plan.digest()
		run := s.crashAt(7, plan, Pace{Window: 1})
		s.rewrite(s.journalPath(), func(data []byte) []byte { return asBefore(s, data) })
		s.broker.ID = "now-it-has-one"
		s.service, _ = NewService(Config{Folder: s.folder, By: "bob@host", Sources: []Source{
			{Name: "s", Address: "model://s", Broker: s.broker.Name(), DeadLetters: s.broker, TargetOf: replaytest.TargetOf},
		}})
		plan = s.plan(Replay, PlanOptions{})
		if err := plan.Check(Confirmation{Count: plan.Count(), Write: true}); s.broker.Kind == adapters.Queue && !errors.Is(err, ErrRefused) {
			s.Errorf("it is not in the way: %v", err)
		}
		resumed, err := s.service.Resume(run.ID, true, Pace{})
		if err != nil {
			s.Fatal(err)
		}
		if got, err := resumed.Do(context.Background(), func(Outcome) {}); err != nil || got.Settled != 4 {
			s.Errorf("%+v, %v", got, err)
		}
		for body, ids := range idsOf(s.broker) {
			if distinctOf(ids) != 1 || !strings.HasPrefix(ids[0], run.ID+"/") {
				s.Errorf("%s has the ids %v", body, ids)
			}
		}
	}, "a", "b", "c", "d")
}

// TestAClusterIsKnownByWhateverAddress: an interrupted run is in the way, and resumed, under
// another URL; and at the same URL another cluster is not it.
func TestAClusterIsKnownByWhateverAddress(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	s.broker.ID = "rabbit@one/shop"
	s.service = workplace(t, s.folder, s.broker)
	run := s.crashSettling(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
	at := func(address string, b *replaytest.Broker) *Service {
		service, err := NewService(Config{Folder: s.folder, By: "ann@host", Sources: []Source{{Name: "s", Address: address, Broker: b.Name(), DeadLetters: b, TargetOf: replaytest.TargetOf}}})
		if err != nil {
			t.Fatal(err)
		}
		return service
	}
	s.service = at("model://by-another-name", s.broker)
	plan := s.plan(Replay, PlanOptions{})
	if err := plan.Check(Confirmation{Count: plan.Count(), Write: true}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), run.ID) {
		t.Errorf("it is not in the way under another name: %v", err)
	}
	other := replaytest.New(adapters.Queue, "a", "b")
	other.ID = "rabbit@two/shop"
	resumed, err := at("model://s", other).Resume(run.ID, true, Pace{})
	if err == nil {
		_, err = resumed.Do(t.Context(), func(Outcome) {})
	}
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "rabbit@two/shop") || len(other.Copies) > 0 {
		t.Errorf("on another cluster: %v", err)
	}
	if resumed, err = s.service.Resume(run.ID, true, Pace{}); err == nil {
		_, err = resumed.Do(t.Context(), func(Outcome) {})
	}
	if err != nil || len(s.broker.Letters) > 0 {
		t.Errorf("under another name: %v", err)
	}
}

// TestTwoStateFoldersInTurn: two operators who know nothing of each other act in turn on one
// broker, and both die at any step. Each letter arrives. What arrives twice has the same id,
// unless nothing tells it from equal ones; and no two letters share one.
func TestTwoStateFoldersInTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]adapters.DestinationKind{adapters.Topic, adapters.Queue}).Draw(t, "kind")
		b := replaytest.New(kind)
		b.ID = "cluster"
		letters, named := map[string]int{}, 0
		arrive := func() {
			for range rapid.IntRange(0, 4).Draw(t, "new letters") {
				body := rapid.SampledFrom([]string{"x", "y", "named"}).Draw(t, "body")
				if body == "named" {
					named++
					body = fmt.Sprint("named ", named)
					b.BuryNamed(body, body)
				} else {
					b.Bury(body)
				}
				letters[body]++
			}
		}
		operators := []*operator{{folder: tempFolder(t)}, {folder: tempFolder(t)}}
		for range rapid.IntRange(1, 10).Draw(t, "turns") {
			arrive()
			operators[rapid.IntRange(0, 1).Draw(t, "operator")].act(t, b, rapid.IntRange(-1, 12).Draw(t, "calls until the crash"))
		}
		for range 3 { // which may find each other's runs in hand
			for _, o := range operators {
				o.act(t, b, -1)
			}
		}
		ids := idsOf(b)
		owners := map[string]string{}
		for body, count := range letters {
			switch got := distinctOf(ids[body]); {
			case len(ids[body]) < count, got < count:
				t.Fatalf("%d letters %q, and %d copies with %d ids", count, body, len(ids[body]), got)
			case (kind == adapters.Topic || strings.HasPrefix(body, "named")) && got != count:
				t.Fatalf("%d letters %q have %d ids: %v", count, body, got, ids[body])
			case kind == adapters.Topic && len(ids[body]) != count:
				t.Fatalf("%d letters %q were sent %d times", count, body, len(ids[body]))
			}
			for _, id := range ids[body] {
				if owner := owners[id]; owner != "" && owner != body {
					t.Fatalf("%q and %q share the id %s", owner, body, id)
				}
				owners[id] = body
			}
		}
	})
}

// operator is one who keeps to a state folder.
type operator struct {
	folder string
	run    string // that was interrupted
}

// act resumes what was interrupted, or replays all there is, and may die over it.
func (o *operator) act(t *rapid.T, b *replaytest.Broker, fuse int) {
	service := workplace(t, o.folder, b)
	var run *Run
	var err error
	if o.run != "" {
		run, err = service.Resume(o.run, true, Pace{})
	} else {
		letters, listed := list(service)
		if listed != nil {
			t.Fatal(listed)
		}
		var plan *Plan
		if plan, err = service.Plan(context.Background(), Replay, Chosen(letters), PlanOptions{}); err == nil && plan.Count() > 0 {
			run, err = service.Begin(plan, Confirmation{Count: plan.Count(), Write: true}, Pace{Window: 2})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if run == nil {
		return
	}
	o.run = run.ID
	b.Fuse = fuse
	summary, crashed := Summary{}, false
	err, crashed = attempt(b, func() (err error) {
		summary, err = run.Do(context.Background(), func(Outcome) {})
		return err
	})
	b.Fuse = -1
	switch {
	case crashed:
		run.unlock()
	case errors.Is(err, adapters.ErrBusy): // the claim of the other one, who has died, holds for a while
		b.LedgerEntries = forgetClaims(b.LedgerEntries)
	case err != nil || summary.State != "done":
		t.Fatalf("%s: %v", summary.State, err)
	default:
		o.run = ""
	}
}

func forgetClaims(entries map[string][]byte) map[string][]byte {
	for key := range entries {
		if strings.HasPrefix(key, "claim:") {
			delete(entries, key)
		}
	}
	return entries
}

package replay

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/schemas"
	"eventscope/replay/files"
	"eventscope/replay/replaytest"
)

// TestALetterMovesByNoOtherStep than those that the picture of the states shows, for each action.
func TestALetterMovesByNoOtherStep(t *testing.T) {
	type move struct {
		from State
		step Step
		to   State
	}
	common := []move{
		{Sent, StepSend, Sent}, {Sent, StepConfirm, Confirmed}, {Sent, StepRefuse, Planned},
		{Planned, StepAbandon, Open}, {Planned, StepSkip, Open}, {Sent, StepAbandon, Open}, {Sent, StepSkip, Open},
	}
	for action, own := range map[Action][]move{
		Replay:  {{Planned, StepSend, Sent}, {Confirmed, StepSend, Sent}, {Confirmed, StepSettle, Replayed}},
		Discard: {{Planned, StepConfirm, Confirmed}, {Confirmed, StepSettle, Discarded}},
		Restore: {{Planned, StepSend, Sent}, {Confirmed, StepSettle, Open}},
	} {
		moves := append(slices.Clone(common), own...)
		for from := Open; from <= Unknown+1; from++ {
			for _, step := range []Step{StepSend, StepConfirm, StepRefuse, StepSettle, StepSkip, StepAbandon, StepBegin, StepDone, StepAbort, "another"} {
				to, ok := from.after(step, action)
				at := slices.IndexFunc(moves, func(m move) bool { return m.from == from && m.step == step })
				if ok != (at >= 0) || ok && to != moves[at].to || !ok && to != from {
					t.Errorf("%s: %s is %s when it is %s: %v", action, from, to, step, ok)
				}
			}
		}
	}
	for s := Open; s <= Unknown; s++ {
		var again State
		if text, _ := s.MarshalText(); again.UnmarshalText(text) != nil || again != s {
			t.Errorf("%s reads as %s", text, again)
		}
		if s.Settled() != (s == Replayed || s == Discarded) || s.inHand() != (s == Sent || s == Confirmed) {
			t.Errorf("%s is settled %v, in hand %v", s, s.Settled(), s.inHand())
		}
	}
	if err := new(State).UnmarshalText([]byte("eaten")); err == nil || State(99).String() != "unknown" {
		t.Error("a state that is none is read")
	}
}

// TestWhichHeadersACopyLeavesOut: those of failures and of earlier replays, however spelled, and
// what the config says; what it keeps stays, but for our own.
func TestWhichHeadersACopyLeavesOut(t *testing.T) {
	configured := Headers{Strip: []string{"x-secret", "trace-*", "*-internal"}, Keep: []string{"x-retry-count", "x-replay-id", "trace-id", "x-exception-*"}}
	for name, want := range map[string][2]bool{ // by default, and as configured
		"tenant": {false, false}, "": {false, false}, "content-type": {false, false},
		"x-replay-id": {true, true}, "X-Replay-Anything": {true, true}, "x-replays": {false, false},
		"x-delivery-count": {true, true}, "X-Retry-Count": {true, false}, "retry-count": {true, true}, "x-retry-counts": {false, false},
		"x-exception-stacktrace": {true, false}, "x-exception": {false, false}, "kafka_dlt-original-topic": {true, true}, "KAFKA_EXCEPTION-fqcn": {true, true},
		"deadletterreason": {true, true}, "order_poisoned": {true, true}, "dlq-reason": {true, true}, "original-offset": {true, true},
		"x-secret": {false, true}, "X-Secret": {false, true}, "trace-parent": {false, true}, "trace-id": {false, false}, "not-internal": {false, true}, "internal": {false, false},
	} {
		for i, headers := range []*Headers{{}, &configured} {
			if got := headers.strips(name); got != want[i] {
				t.Errorf("%q is left out: %v, configured: %v", name, got, i == 1)
			}
		}
	}
	m := adapters.Message{Headers: []adapters.Header{{Name: "dlq-b"}, {Name: "tenant"}, {Name: "dlq-a"}, {Name: "dlq-b"}, {Name: "DLQ-b"}}}
	if got := fmt.Sprint((&Headers{}).stripped(&m)); got != "[dlq-b dlq-a DLQ-b]" {
		t.Errorf("left out are %s", got)
	}
}

// masking are schemas of which nothing is known but what must not be shown.
type masking struct{ rules *mask.Rules }

func (masking) Registry() string { return "registry" }

func (masking) Find(string, schemas.Ref) (*schemas.Schema, error) { return nil, errors.New("unknown") }

func (m masking) Mask(destination string) *mask.Mask { return m.rules.Of(destination) }

// TestNoTextIsSentForAnEncodedBody, though parts of it are masked, so that its ids are read from what
// is shown of it.
func TestNoTextIsSentForAnEncodedBody(t *testing.T) {
	rules, err := mask.Compile([]mask.Rule{{Destination: "*", Paths: []string{"/card"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, finder := range []schemas.Finder{nil, masking{}, masking{rules}} {
		s := &story{T: t, broker: replaytest.New(adapters.Topic), folder: t.TempDir()}
		for _, body := range []string{"\x81\xa4card\xa3123", `{"card":"123"}`} {
			s.broker.BuryMessage(adapters.Message{Value: []byte(body), Schemas: finder, Headers: []adapters.Header{{Name: "dlq-original-topic", Value: []byte("orders")}, {Name: "content-type", Value: []byte("application/msgpack")}}})
		}
		s.service = workplace(t, s.folder, s.broker)
		for i, letter := range s.list() {
			_, err := s.service.Plan(t.Context(), Replay, Chosen(s.list()), PlanOptions{Edits: map[adapters.Position]*Edit{letter.Position: {Value: []byte("{}")}}})
			if letter.Encoded != (i == 0) || errors.Is(err, ErrRefused) != (i == 0) {
				t.Errorf("%v, letter %d: %v, %v", finder, i, letter.Encoded, err)
			}
		}
	}
}

// TestAMaskedIDTellsLettersApartToo: what must not be shown of a letter is in its bytes all the same.
func TestAMaskedIDTellsLettersApartToo(t *testing.T) {
	rules, err := mask.Compile([]mask.Rule{{Destination: "*", Paths: []string{"/event_id"}, Headers: []string{"event-id"}}})
	if err != nil {
		t.Fatal(err)
	}
	header := []adapters.Header{{Name: "event-id", Value: []byte("e-17")}}
	for name, test := range map[string]struct {
		letter adapters.Message
		alike  bool
	}{
		"in a header": {adapters.Message{Value: []byte("x"), Headers: header}, false},
		"in the body": {adapters.Message{Value: []byte(`{"event_id":"e-17"}`)}, false},
		"nowhere":     {adapters.Message{Value: []byte(`{"note":"e-17"}`)}, true},
		"of nothing":  {adapters.Message{Value: []byte(`{"event_id":"null"}`)}, true},
	} {
		for _, finder := range []schemas.Finder{nil, masking{}, masking{rules}} {
			s := &story{T: t, broker: replaytest.New(adapters.Queue), folder: t.TempDir()}
			letter := test.letter
			letter.Schemas = finder
			s.broker.BuryMessage(letter)
			s.service = workplace(t, s.folder, s.broker)
			if got := s.list()[0]; got.Alike != test.alike || finder == (masking{rules}) && got.ID != "" {
				t.Errorf("an id %s, under %v: like others %v, shown %q", name, finder, got.Alike, got.ID)
			}
		}
	}
}

// TestAnEditIsInTheCopyAlone: with its id where ids are, what it was made of, and the rest as it was.
func TestAnEditIsInTheCopyAlone(t *testing.T) {
	for name, edit := range map[string]*Edit{
		"a header": {Value: []byte("edited"), ID: "new", Header: "tenant"}, "the message id": {Value: []byte("edited"), ID: "new"}, "the body": {Value: []byte("edited")},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(t, adapters.Queue, "a", "b")
			letters := s.list()
			plan := s.plan(Replay, PlanOptions{Edits: map[adapters.Position]*Edit{letters[0].Position: edit}})
			if plain := s.plan(Replay, PlanOptions{}); plain.ID == plan.ID {
				t.Error("an edit is no part of the plan's id")
			}
			if _, err := s.begin(plan, Pace{}).Do(t.Context(), func(Outcome) {}); err != nil {
				t.Fatal(err)
			}
			edited, other := &s.broker.Copies[0], &s.broker.Copies[1]
			marked, _ := edited.Header(headerEdited)
			of, _ := edited.Header(headerOf)
			if string(edited.Value) != "edited" || string(marked) != "1" || string(of) != "id of a" {
				t.Errorf("the copy is %s with %q", edited.Value, edited.Headers)
			}
			tenant := map[bool]string{true: "new", false: "a"}[name == "a header"]
			if got, _ := edited.Header("tenant"); string(got) != tenant || len(edited.Headers) != len(other.Headers)+2 {
				t.Errorf("tenant %q, headers %q", got, edited.Headers)
			}
			if _, there := other.Header(headerEdited); there || string(other.Value) != "b" {
				t.Errorf("the other letter's copy is %s with %q", other.Value, other.Headers)
			}
		})
	}
}

// TestWhereALetterGoes by what it says, what the broker is configured to, and what its
// destination is called, in that order.
func TestWhereALetterGoes(t *testing.T) {
	for name, c := range map[string]struct {
		dlq        deadletter.Queue
		death      deadheader.Info
		to         deadletter.Target
		confidence deadheader.Confidence
	}{
		"Kafka, by its header":                       {deadletter.Queue{Kind: adapters.Topic}, deadheader.Info{Origin: "orders", Confidence: deadheader.Claimed}, deadletter.Target("orders"), deadheader.Claimed},
		"Kafka, by its place":                        {deadletter.Queue{Kind: adapters.Topic}, deadheader.Info{Origin: "x", OriginAt: adapters.Position{Destination: "orders"}, Confidence: deadheader.Certain}, deadletter.Target("orders"), deadheader.Certain},
		"a place in a topic, of a letter in a queue": {deadletter.Queue{Kind: adapters.Queue, Direct: []string{"orders"}}, deadheader.Info{Origin: "orders/2@881", OriginAt: adapters.Position{Destination: "orders", Partition: 2, Offset: 881}, Confidence: deadheader.Claimed}, deadletter.Routed("", "orders/2@881"), deadheader.Claimed},
		"to the exchange as before":                  {deadletter.Queue{}, deadheader.Info{Origin: "q", Exchange: "shop", RoutingKey: "k", Confidence: deadheader.Certain}, deadletter.Routed("shop", "k"), deadheader.Certain},
		"to the queue alone":                         {deadletter.Queue{Direct: []string{"q"}}, deadheader.Info{Origin: "q", Exchange: "shop", RoutingKey: "k", Confidence: deadheader.Certain}, deadletter.Routed("", "q"), deadheader.Certain},
		"a queue without exchange":                   {deadletter.Queue{}, deadheader.Info{Origin: "q", Confidence: deadheader.Claimed}, deadletter.Routed("", "q"), deadheader.Claimed},
		"a claim that is configured":                 {deadletter.Queue{Feeders: []string{"q"}}, deadheader.Info{Origin: "q", Confidence: deadheader.Claimed}, deadletter.Routed("", "q"), deadheader.Certain},
		"by configuration":                           {deadletter.Queue{Sources: []string{"q"}, Evidence: "q dead-letters to it"}, deadheader.Info{Origin: "guess", Confidence: deadheader.NameOnly}, deadletter.Routed("", "q"), deadheader.Likely},
		"by configuration of two":                    {deadletter.Queue{Sources: []string{"q", "r"}}, deadheader.Info{Confidence: deadheader.Unknown}, "", deadheader.Unknown},
		"by its name":                                {deadletter.Queue{Kind: adapters.Topic}, deadheader.Info{Origin: "guess", Confidence: deadheader.NameOnly}, deadletter.Target("guess"), deadheader.NameOnly},
		"by nothing":                                 {deadletter.Queue{Kind: adapters.Topic}, deadheader.Info{}, "", deadheader.Unknown},
		"certain of no origin":                       {deadletter.Queue{Kind: adapters.Topic}, deadheader.Info{Confidence: deadheader.Certain}, "", deadheader.Unknown},
	} {
		if to, _, confidence := resolve(replaytest.TargetOf, &c.dlq, &c.death); to != c.to || confidence != c.confidence {
			t.Errorf("%s: to %+v, %s; want %+v, %s", name, to, confidence, c.to, c.confidence)
		}
	}
}

// TestWhatAPlanDoesIsInItsID, and what may change meanwhile, or does not matter, is not.
func TestWhatAPlanDoesIsInItsID(t *testing.T) {
	plan := func() *Plan {
		return &Plan{Action: Replay, By: "ann", Parts: []Part{{
			Source: "s", Broker: "kafka", DLQ: "dlq", Kind: adapters.Topic, Incarnation: "1", Letters: []Selected{{Position: at(1), To: deadletter.Target("orders")}},
		}}}
	}
	before, _ := plan().digest()
	for name, change := range map[string]func(p *Plan, part *Part, l *Selected){
		"action": func(p *Plan, _ *Part, _ *Selected) { p.Action = Discard }, "headers": func(p *Plan, _ *Part, _ *Selected) { p.Headers.Keep = []string{"a"} },
		"source": func(_ *Plan, part *Part, _ *Selected) { part.Source = "t" }, "dlq": func(_ *Plan, part *Part, _ *Selected) { part.DLQ = "e" },
		"kind": func(_ *Plan, part *Part, _ *Selected) { part.Kind = adapters.Queue }, "incarnation": func(_ *Plan, part *Part, _ *Selected) { part.Incarnation = "2" },
		"through": func(_ *Plan, part *Part, _ *Selected) { part.Through = "u" }, "unresolved": func(_ *Plan, part *Part, _ *Selected) { part.Unresolved = []adapters.Position{at(2)} },
		"distinct":   func(_ *Plan, part *Part, _ *Selected) { part.Distinct = true },
		"unfinished": func(_ *Plan, part *Part, _ *Selected) { part.Unfinished = []string{"r"} },
		"letter":     func(_ *Plan, _ *Part, l *Selected) { l.Position = at(2) }, "target": func(_ *Plan, _ *Part, l *Selected) { l.To = "x" },
		"contents": func(_ *Plan, _ *Part, l *Selected) { l.Content[0] = 1 }, "alike": func(_ *Plan, _ *Part, l *Selected) { l.Alike = true },
		"maybe": func(_ *Plan, _ *Part, l *Selected) { l.Maybe = true }, "edit": func(_ *Plan, _ *Part, l *Selected) { l.Edit = &Edit{} },
		"one more letter": func(_ *Plan, part *Part, l *Selected) { part.Letters = append(part.Letters, *l) },
	} {
		p := plan()
		change(p, &p.Parts[0], &p.Parts[0].Letters[0])
		if id, _ := p.digest(); id == before {
			t.Errorf("%s makes no difference", name)
		}
	}
	for name, change := range map[string]func(p *Plan, part *Part){
		"who": func(p *Plan, _ *Part) { p.By = "bob" }, "when": func(p *Plan, _ *Part) { p.At = time.Now() }, "why": func(p *Plan, _ *Part) { p.Reason = "x" },
		"URL": func(_ *Plan, part *Part) { part.URL = "kafka://x" }, "its URL": func(_ *Plan, part *Part) { part.ThroughURL = "kafka://x" },
		"rights": func(_ *Plan, part *Part) { part.Lacks = []string{"Write"} }, "readers": func(_ *Plan, part *Part) { part.Targets = []Destined{{Count: 1}} },
	} {
		p := plan()
		if change(p, &p.Parts[0]); true {
			if id, _ := p.digest(); id != before {
				t.Errorf("%s makes a difference", name)
			}
		}
	}
}

// TestAnAbortThatIsSaidTwiceIsDone: the process that ends the run acknowledges what it owes, though
// another one is told to end it, too.
func TestAnAbortThatIsSaidTwiceIsDone(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	run := s.crashSettling(s.plan(Replay, PlanOptions{}), Pace{Canary: 2})
	ending, err := s.service.Abort(run.ID, true)
	if err != nil || ending == nil {
		t.Fatal(ending, err)
	}
	if again, err := workplace(t, s.folder, s.broker).Abort(run.ID, true); err != nil || again != nil {
		t.Errorf("of one that is being ended: %v, %v", again, err)
	}
	if summary, err := ending.Do(t.Context(), func(Outcome) {}); err != nil || summary.State != RunAborted || summary.Settled != 2 || s.bodies() != "c" {
		t.Errorf("%+v, %v, left %q", summary, err, s.bodies())
	}
}

// TestAnAbortSendsNothing, also where a letter that was never sent lies before one whose copy has
// arrived and has only to be taken out; and nobody is told that it is gone.
func TestAnAbortSendsNothing(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	run := s.crashSettling(s.plan(Replay, PlanOptions{}), Pace{Canary: 2})
	l := s.broker.Letters
	l[0], l[1], l[2] = l[2], l[0], l[1]
	ending, err := s.service.Abort(run.ID, true)
	if err != nil || ending == nil {
		t.Fatal(ending, err)
	}
	var told []string
	summary, err := ending.Do(t.Context(), func(o Outcome) { told = append(told, string(o.Result)) })
	if err != nil || summary.State != "aborted" || summary.Skipped != 0 || s.copies() != "a b" || s.bodies() != "c" || strings.Join(told, " ") != "replayed replayed" {
		t.Errorf("%+v, %v: sent %q, left %q, told %q", summary, err, s.copies(), s.bodies(), told)
	}
	var abandoned files.Numbers
	if _, err := s.service.Steps(run.ID, func(l *Line) error {
		if l.Step == StepAbandon {
			abandoned = append(abandoned, l.Letters...)
		}
		return nil
	}); err != nil || abandoned.String() != "2" {
		t.Errorf("abandoned are %s, %v", abandoned, err)
	}
}

// TestACanaryThatWasSettledIsNotSentAgain: when its run is resumed, the rest goes in whole windows.
func TestACanaryThatWasSettledIsNotSentAgain(t *testing.T) {
	both(t, func(s *story) {
		run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Canary: 1})
		s.broker.Acting = func(what string) {
			if (what == "post" || what == "send") && len(s.broker.Copies) == 1 {
				panic(replaytest.ErrCrash)
			}
		}
		s.crash(run)
		var sent []int
		s.broker.Acting = func(what string) {
			if what == "post" || what == "send" {
				sent = append(sent, len(s.broker.Copies))
			}
		}
		if summary, err := s.resume(run).Do(s.Context(), func(Outcome) {}); err != nil || summary.Settled != 4 || s.copies() != "a b c d" {
			s.Errorf("%+v, %v, sent %q", summary, err, s.copies())
		}
		if len(sent) == 0 || slices.ContainsFunc(sent, func(n int) bool { return n != 1 && n != 4 }) {
			s.Errorf("when copies were sent, %v were there", sent)
		}
	}, "a", "b", "c", "d")
}

// TestAnAbortDuringAFailureIsAFailure: what was on its way was not taken, and the run can be resumed.
func TestAnAbortDuringAFailureIsAFailure(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c", "d")
	s.broker.Poison["c"] = true
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 2})
	s.broker.Acknowledging = func([]deadletter.Delivery) { run.Abort() }
	if summary, err := run.Do(t.Context(), func(Outcome) {}); !errors.Is(err, adapters.ErrTooLarge) || summary.State != "failed" || summary.Failed != 1 {
		t.Errorf("%+v, %v", summary, err)
	}
	s.broker.Poison, s.broker.Acknowledging = nil, nil
	if summary, err := s.resume(run).Do(t.Context(), func(Outcome) {}); err != nil || summary.Settled != 4 {
		t.Errorf("%+v, %v", summary, err)
	}
}

// TestAnotherLetterAtThePositionIsNotTaken for one that was never archived; nor is the line of
// another letter, whatever an index says.
func TestAnotherLetterAtThePositionIsNotTaken(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	letters := s.list()
	other := letters[0].Content
	other[0]++
	if _, err := s.service.Archived(t.Context(), sourceOf(s.broker), letters[0].Position, other); !errors.Is(err, adapters.ErrGone) {
		t.Errorf("a letter that was never archived: %v", err)
	}
	s.rewrite(s.service.archive("model://s", "dlq").Path+".index", func(data []byte) []byte { return misled(data, 1) })
	for i, want := range []string{"a", "b"} {
		if m, err := s.service.Archived(t.Context(), sourceOf(s.broker), letters[i].Position, letters[i].Content); err != nil || string(m.Value) != want {
			t.Errorf("%s is read as %q, %v", want, m.Value, err)
		}
	}
}

// TestAnIndexGrowsOverWhatACrashLeft of an earlier attempt to.
func TestAnIndexGrowsOverWhatACrashLeft(t *testing.T) {
	s := tell(t, adapters.Queue)
	for i := range 3 * files.IndexLeast / 4 {
		s.broker.BuryNamed(fmt.Sprint(i), fmt.Sprint("id of ", i))
	}
	index := s.service.archive("model://s", "dlq").Path + ".index"
	s.list()
	if err := os.Remove(index); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(index+".new", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.service = workplace(t, s.folder, s.broker)
	if letters := s.list(); len(letters) != 3*files.IndexLeast/4 {
		t.Errorf("%d letters", len(letters))
	}
}

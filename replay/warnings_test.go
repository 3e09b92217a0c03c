package replay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/replaytest"
)

// telling is a broker that says more of destinations than the model does.
type telling struct {
	*replaytest.Broker
	named      string   // of its dead-letter destination, if not dlq
	others     []string // other dead-letter destinations
	recipients func(*deadletter.Recipients)
	asked      []deadletter.Target
}

func (b *telling) DLQs(ctx context.Context) ([]deadletter.Queue, error) {
	dlqs, err := b.Broker.DLQs(ctx)
	if b.named != "" {
		dlqs[0].Name = b.named
	}
	for _, name := range b.others {
		dlqs = append(dlqs, deadletter.Queue{Name: name, Kind: b.Kind, Settling: dlqs[0].Settling})
	}
	return dlqs, err
}

func (b *telling) Recipients(ctx context.Context, targets []deadletter.Target) ([]deadletter.Recipients, error) {
	b.asked = targets
	answers, err := b.Broker.Recipients(ctx, targets)
	for i := range answers {
		if b.recipients != nil {
			b.recipients(&answers[i])
		}
	}
	return answers, err
}

// planned is the plan to replay all letters of the first dead-letter destination.
func (b *telling) planned(t *testing.T, options PlanOptions) (*Plan, error) {
	t.Helper()
	source := sourceOf(b.Broker)
	source.DeadLetters = b
	service, err := NewService(Config{Folder: t.TempDir(), Sources: []Source{source}, By: "ann@host"})
	if err != nil {
		t.Fatal(err)
	}
	dlqs, err := service.DLQs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	listing := service.Listing(t.Context(), nil, ListingOptions{Peek: map[string]bool{dlqs[0].Key(): true}})
	return service.Plan(t.Context(), Replay, Chosen(listing.DLQs[0].Letters), options)
}

// warnings are those of a plan with one target, as people read them.
func warnings(t *testing.T, plan *Plan, err error) (all []string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, fact := range plan.Facts() {
		if fact.Label == "warning" {
			all = append(all, fact.Text)
		}
	}
	return all
}

// TestAPlanWarnsOfConsumersThatWillNotSeeTheCopy: letters died at a group that does not read
// the target now, as far as anybody knows.
func TestAPlanWarnsOfConsumersThatWillNotSeeTheCopy(t *testing.T) {
	const absent, unseen = "group billing, at which they died, does not read orders now", "group billing, at which they died, is not seen to read orders"
	for name, c := range map[string]struct {
		kind    adapters.DestinationKind
		readers []string
		unknown string
		missing bool
		want    string
	}{
		"it reads":                      {kind: adapters.Topic, readers: []string{"audit", "billing"}},
		"it reads, and more is told":    {kind: adapters.Topic, readers: []string{"billing (3 members)"}},
		"another of nearly its name":    {kind: adapters.Topic, readers: []string{"billing-2", "(billing"}, want: absent},
		"nobody reads":                  {kind: adapters.Topic, want: absent},
		"nobody may see who reads":      {kind: adapters.Topic, readers: []string{"audit"}, unknown: "user ops may not describe groups", want: unseen},
		"what is seen of it is enough":  {kind: adapters.Topic, readers: []string{"billing"}, unknown: "user ops may not describe groups"},
		"a topic that is not there":     {kind: adapters.Topic, missing: true},
		"a queue, which has no groups":  {kind: adapters.Queue, readers: []string{"audit"}},
		"a stream, which has no groups": {kind: adapters.Stream, readers: []string{"audit"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := &telling{Broker: replaytest.New(c.kind)}
			b.BuryFrom("orders", "a", adapters.Header{Name: "kafka_dlt-original-consumer-group", Value: []byte("billing")})
			b.recipients = func(r *deadletter.Recipients) { r.Readers, r.Unknown, r.Exists = c.readers, c.unknown, !c.missing }
			plan, err := b.planned(t, PlanOptions{})
			if err != nil || len(plan.Targets()) != 1 {
				t.Fatalf("%+v, %v", plan, err)
			}
			if got := strings.Join(plan.Targets()[0].Warnings, "; "); got != c.want {
				t.Errorf("the plan warns of %q, want %q", got, c.want)
			}
		})
	}
}

// TestOfManyConsumersTheFirstAreNamed, each once, and what the broker warns of is kept before them.
func TestOfManyConsumersTheFirstAreNamed(t *testing.T) {
	b := &telling{Broker: replaytest.New(adapters.Topic)}
	for i := range 2 * (mostGroupsNamed + 5) {
		b.BuryFrom("orders", fmt.Sprint("letter ", i), adapters.Header{Name: "kafka_dlt-original-consumer-group", Value: fmt.Appendf(nil, "group-%02d", i/2)})
	}
	b.recipients = func(r *deadletter.Recipients) { r.Readers, r.Warnings = nil, []string{"it is compacted"} }
	plan, err := b.planned(t, PlanOptions{})
	got := warnings(t, plan, err)
	if len(got) != mostGroupsNamed || got[0] != "it is compacted" || !strings.HasPrefix(got[1], "group group-00,") || len(slices.Compact(slices.Sorted(slices.Values(got)))) != len(got) {
		t.Errorf("%d warnings: %q", len(got), got)
	}
}

// TestAPlanWarnsOfATargetThatIsForDeadLetters: somebody has named it, and there the copies would
// be dead letters again. On another cluster it is another destination.
func TestAPlanWarnsOfATargetThatIsForDeadLetters(t *testing.T) {
	other := elsewhere(replaytest.New(adapters.Topic))
	for _, c := range []struct {
		to      deadletter.Target
		through *Source
		want    []string
	}{
		{"other.dlq", nil, []string{"other.dlq is a dead-letter destination itself"}}, {"orders", nil, nil}, {"other.dlq", &other, nil},
	} {
		b := &telling{Broker: replaytest.New(adapters.Topic, "a"), others: []string{"other.dlq"}}
		plan, err := b.planned(t, PlanOptions{To: c.to, Through: c.through})
		if got := warnings(t, plan, err); !slices.Equal(got, c.want) || plan.Count() != 1 {
			t.Errorf("to %s, %d letters: %q, want %q", c.to, plan.Count(), got, c.want)
		}
	}
}

// TestTheNameOfADeadLetterDestinationSpeaksForWhatIsThere: the broker is asked for what it is
// named after, unless somebody has said where the letters go.
func TestTheNameOfADeadLetterDestinationSpeaksForWhatIsThere(t *testing.T) {
	other := elsewhere(replaytest.New(adapters.Topic))
	for name, c := range map[string]struct {
		options PlanOptions
		missing bool
		asked   []deadletter.Target
		stays   bool
	}{
		"it is there":         {asked: []deadletter.Target{"payments", "orders"}, stays: true},
		"it is not there":     {missing: true, asked: []deadletter.Target{"payments", "orders"}},
		"a target is named":   {options: PlanOptions{To: "payments"}, asked: []deadletter.Target{"payments"}},
		"on another cluster":  {options: PlanOptions{Through: &other}},
		"the name was typed":  {options: PlanOptions{Confirmed: []string{"payments"}}, asked: []deadletter.Target{"payments", "orders"}},
		"another was typed":   {options: PlanOptions{Confirmed: []string{"orders"}}, asked: []deadletter.Target{"payments", "orders"}, stays: true},
		"its name was typed?": {options: PlanOptions{Confirmed: []string{"orders.dlq"}}, asked: []deadletter.Target{"payments", "orders"}, stays: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := &telling{Broker: replaytest.New(adapters.Topic), named: "orders.dlq"}
			b.BuryFrom("payments", "a")
			b.Missing["orders"] = c.missing
			plan, err := b.planned(t, c.options)
			if err != nil || !slices.Equal(b.asked, c.asked) {
				t.Fatalf("the broker was asked for %q, %v; want %q", b.asked, err, c.asked)
			}
			if staying := plan.Staying(); (len(staying) == 1 && staying[0].Reason == Claimed && strings.Contains(staying[0].Why, "the name orders.dlq speaks for orders")) != c.stays || plan.Count() == 0 != c.stays {
				t.Errorf("%d letters go, and of the others is said %+v", plan.Count(), staying)
			}
		})
	}
}

// short answers for one destination less than it is asked for.
type short struct{ *telling }

func (b short) Recipients(ctx context.Context, targets []deadletter.Target) ([]deadletter.Recipients, error) {
	return b.telling.Recipients(ctx, targets[1:])
}

// TestAnAnswerForAnotherNumberOfDestinationsIsNone, since nobody knows which of them it leaves out.
func TestAnAnswerForAnotherNumberOfDestinationsIsNone(t *testing.T) {
	b := &telling{Broker: replaytest.New(adapters.Topic, "a")}
	source := sourceOf(b.Broker)
	source.DeadLetters = short{b}
	service, err := NewService(Config{Folder: t.TempDir(), Sources: []Source{source}})
	if err != nil {
		t.Fatal(err)
	}
	if plan, err := service.Plan(t.Context(), Replay, Chosen(service.Listing(t.Context(), nil, ListingOptions{}).Letters()), PlanOptions{}); err == nil || !strings.Contains(err.Error(), "0 answers to a question about 1 destination") {
		t.Errorf("%+v, %v", plan, err)
	}
}

// TestLettersThatNobodyHasReadWhollySpeakForEachOther: a plan of a service that has not read the
// destination itself holds each claim against those of the letters in the plan.
func TestLettersThatNobodyHasReadWhollySpeakForEachOther(t *testing.T) {
	s := tell(t, adapters.Topic)
	for range 2 * rare {
		s.broker.BuryFrom("orders", "goes")
	}
	s.broker.BuryFrom("payments", "stays")
	letters := s.list()
	plan, err := workplace(t, s.folder, s.broker).Plan(t.Context(), Replay, Chosen(letters), PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if staying := plan.Staying(); plan.Count() != 2*rare || len(staying) != 1 || staying[0].Reason != Claimed {
		t.Errorf("%d go, and of the others %+v", plan.Count(), staying)
	}
}

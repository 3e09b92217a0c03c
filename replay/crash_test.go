package replay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/replay/replaytest"
)

func sourceOf(b *replaytest.Broker) Source {
	return Source{Name: "s", Cluster: "model://s", Broker: b.Name(), DeadLetters: b}
}

// elsewhere is another cluster.
func elsewhere(b *replaytest.Broker) Source {
	return Source{Name: "elsewhere", Cluster: "model://elsewhere", Broker: b.Name(), DeadLetters: b}
}

// desk is an office over one broker, as a process has it.
func desk(t interface {
	Helper()
	Fatal(...any)
}, folder string, b *replaytest.Broker, others ...*replaytest.Broker) *Office {
	t.Helper()
	config := Config{Folder: folder, Sources: []Source{sourceOf(b)}, By: "ann@host"}
	for _, other := range others {
		config.Targets = append(config.Targets, elsewhere(other))
	}
	office, err := NewOffice(config)
	if err != nil {
		t.Fatal(err)
	}
	return office
}

// list is what lies in the grave.
func list(office *Office) ([]Letter, error) {
	graves, err := office.Graves(context.Background())
	if err != nil {
		return nil, err
	}
	var all []Letter
	for _, g := range graves {
		err = errors.Join(err, office.Read(context.Background(), g, func(l *Letter, _ *adapters.Message, _ *envelope.Identity) error {
			all = append(all, *l)
			return nil
		}))
	}
	return all, err
}

// attempt runs something that the broker may crash, and says whether it came to its end.
func attempt(b *replaytest.Broker, do func() error) (err error, crashed bool) {
	defer func() {
		if reason := recover(); reason != nil {
			if reason != replaytest.ErrCrash {
				panic(reason)
			}
			b.Died()
			crashed = true
		}
	}()
	return do(), false
}

// TestCrashesLoseNothing: whatever is done with whichever letters, and at whichever steps
// the process dies, after it was resumed each letter is in exactly one place.
func TestCrashesLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]adapters.DestinationKind{adapters.Topic, adapters.Queue}).Draw(t, "kind")
		action := rapid.SampledFrom([]Action{Replay, Discard}).Draw(t, "action")
		bodies := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 1, 20).Draw(t, "bodies")
		b := replaytest.New(kind, bodies...)
		folder := tempFolder(t)
		letters, err := list(desk(t, folder, b))
		if err != nil {
			t.Fatal(err)
		}
		chosen := map[adapters.Position]bool{}
		for i := range letters {
			if _, asked := chosen[letters[i].Position]; !asked {
				chosen[letters[i].Position] = rapid.Bool().Draw(t, "chosen")
			}
		}
		window := rapid.IntRange(1, 5).Draw(t, "window")
		var other *replaytest.Broker
		if action == Replay && rapid.Bool().Draw(t, "to another cluster") {
			other = replaytest.New(kind)
		}
		plan, kills := runToTheEnd(t, folder, b, other, action, letters, chosen, window)
		check(t, folder, b, other, plan, bodies, kills*window)
	})
}

func tempFolder(t *rapid.T) string {
	folder, err := makeTemp()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeTemp(folder) })
	return folder
}

// runToTheEnd plans and runs, and resumes after each crash, in a new process each time.
func runToTheEnd(t *rapid.T, folder string, b, other *replaytest.Broker, action Action, letters []Letter, chosen map[adapters.Position]bool, window int) (*Plan, int) {
	options, others := PlanOptions{Reason: "test", Only: chosen}, []*replaytest.Broker(nil)
	if other != nil {
		through := elsewhere(other)
		options.Through, others = &through, []*replaytest.Broker{other}
	}
	office := desk(t, folder, b, others...)
	plan, err := office.Plan(context.Background(), action, letters, options)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Count() == 0 {
		return plan, 0
	}
	run, err := office.Begin(plan, Confirmation{Count: plan.Count(), Write: true}, Pace{Window: window, Canary: rapid.IntRange(0, 2).Draw(t, "canary")})
	if err != nil {
		t.Fatal(err)
	}
	kills := 0
	for {
		b.Fuse = rapid.IntRange(-1, 12).Draw(t, "calls until the crash")
		if kills > 30 {
			b.Fuse = -1
		}
		for _, o := range others {
			if o.Fuse = -1; b.Fuse >= 0 {
				o.Fuse = b.Fuse / 2
			}
		}
		summary, crashed := Summary{}, false
		err, crashed = attempt(b, func() (err error) {
			summary, err = run.Do(context.Background(), func(Outcome) {})
			return err
		})
		b.Fuse = -1
		if !crashed {
			if err != nil || summary.State != "done" {
				t.Fatalf("the run ended %s: %v", summary.State, err)
			}
			return plan, kills
		}
		kills++
		run.letGo() // the lock of a process that is gone
		for _, o := range others {
			o.Fuse = -1
		}
		office = desk(t, folder, b, others...)
		if run, err = office.Resume(run.ID, true, Pace{Window: window}); err != nil {
			t.Fatal(err)
		}
	}
}

// check is the invariant.
func check(t *rapid.T, folder string, b, other *replaytest.Broker, plan *Plan, bodies []string, mostTwice int) {
	planned := map[adapters.Position]int{}
	for i := range plan.Parts {
		for _, l := range plan.Parts[i].Letters {
			planned[l.Position]++
		}
	}
	letters, err := list(desk(t, folder, b))
	if err != nil {
		t.Fatal(err)
	}
	open, settled := map[adapters.Position]int{}, map[adapters.Position]int{}
	for _, l := range letters {
		if l.State == Open {
			open[l.Position]++
		} else if l.State.Settled() {
			settled[l.Position]++
		} else {
			t.Fatalf("letter %s is %s after the end", l.Position, l.State)
		}
	}
	all := map[adapters.Position]int{}
	for _, l := range replaytest.New(b.Kind, bodies...).Letters {
		all[l.Position]++
	}
	copies, ids := map[adapters.Position]int{}, map[string]bool{}
	sent := b.Copies
	if other != nil {
		sent = other.Copies
	}
	for i := range sent {
		from, _ := sent[i].Header(headerFrom)
		_, text, _ := strings.Cut(string(from), "/")
		position, err := adapters.ParsePosition(text)
		id, marked := sent[i].Header(headerID)
		if err != nil || !marked {
			t.Fatalf("a copy without its replay headers: %q", sent[i].Headers)
		}
		if !ids[string(id)] {
			copies[position]++
		} else if b.Kind == adapters.Topic && other == nil {
			t.Fatalf("%s was sent twice in spite of transactions", position)
		} else if mostTwice--; mostTwice < 0 {
			t.Fatalf("more copies came twice than were on their way when the process died")
		}
		ids[string(id)] = true
	}
	for position, n := range all {
		checkLetter(t, folder, b, plan.Action, position, n, planned[position], open[position], settled[position], copies[position])
	}
}

func checkLetter(t *rapid.T, folder string, b *replaytest.Broker, action Action, position adapters.Position, all, planned, open, settled, copies int) {
	if open != all-planned {
		t.Fatalf("%s: %d of %d planned, and %d still open", position, planned, all, open)
	}
	if b.Kind == adapters.Topic && settled != planned {
		t.Fatalf("%s: %d planned and %d in the ledger", position, planned, settled)
	}
	switch {
	case action == Replay && copies != planned:
		t.Fatalf("%s: %d planned and %d copies", position, planned, copies)
	case action == Discard && copies != 0:
		t.Fatalf("%s was discarded and has copies", position)
	case action == Discard && b.Kind == adapters.Queue && planned > 0:
		if _, err := desk(t, folder, b).Archived(sourceOf(b), position); err != nil {
			t.Fatalf("discarded and not in the archive: %v", err)
		}
	}
}

func TestCopiesAreWithoutFailureHeaders(t *testing.T) {
	b := replaytest.New(adapters.Queue, "a")
	office := desk(t, t.TempDir(), b)
	letters, err := list(office)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := office.Plan(context.Background(), Replay, letters, PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(plan.Parts[0].Stripped); got != "[dlq-original-topic]" {
		t.Errorf("stripped: %s", got)
	}
	run, err := office.Begin(plan, Confirmation{Count: 1, Write: true}, Pace{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Do(context.Background(), func(Outcome) {}); err != nil {
		t.Fatal(err)
	}
	copied := b.Copies[0]
	if _, there := copied.Header("dlq-original-topic"); there {
		t.Error("the copy says that it is dead")
	}
	for name, want := range map[string]string{"tenant": "a", headerID: run.ID + "/0", headerCount: "1", headerBy: "ann@host"} {
		if got, _ := copied.Header(name); string(got) != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

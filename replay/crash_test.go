package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/replay/files"
	"eventscope/replay/replaytest"
)

func sourceOf(b *replaytest.Broker) Source {
	return Source{Name: "s", Cluster: "model://s", Broker: b.Name(), DeadLetters: b, TargetOf: replaytest.TargetOf}
}

// elsewhere is another cluster.
func elsewhere(b *replaytest.Broker) Source {
	return Source{Name: "elsewhere", Cluster: "model://elsewhere", Broker: b.Name(), DeadLetters: b, TargetOf: replaytest.TargetOf}
}

// workplace is a service over one broker, as a process has it.
func workplace(t interface {
	Helper()
	Fatal(...any)
}, folder string, b *replaytest.Broker, others ...*replaytest.Broker) *Service {
	t.Helper()
	return workplaceOn(t, files.RealDisk, folder, b, others...)
}

// workplaceOn is the same over a disk that a test watches.
func workplaceOn(t interface {
	Helper()
	Fatal(...any)
}, d *files.Disk, folder string, b *replaytest.Broker, others ...*replaytest.Broker) *Service {
	t.Helper()
	config := Config{Folder: folder, Sources: []Source{sourceOf(b)}, By: "ann@host", disk: d}
	for _, other := range others {
		config.Targets = append(config.Targets, elsewhere(other))
	}
	service, err := NewService(config)
	if err != nil {
		t.Fatal(err)
	}
	return service
}

func sorted(words []string) []string {
	slices.Sort(words)
	return words
}

// list is what lies in the dead-letter queue.
func list(service *Service) ([]Letter, error) {
	dlqs, err := service.DLQs(context.Background())
	if err != nil {
		return nil, err
	}
	var all []Letter
	for _, g := range dlqs {
		err = errors.Join(err, service.Read(context.Background(), g, func(l *Letter, _ *adapters.Message, _ *envelope.Identity) error {
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
// the process dies, the broker fails or the disk is full, after it was resumed each letter is
// in exactly one place.
func TestCrashesLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]adapters.DestinationKind{adapters.Topic, adapters.Queue}).Draw(t, "kind")
		action := rapid.SampledFrom([]Action{Replay, Discard}).Draw(t, "action")
		bodies := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 1, 20).Draw(t, "bodies")
		b := buried(kind, kind == adapters.Queue && rapid.Bool().Draw(t, "each at a position of its own"), bodies)
		b.Forgets = b.Distinct && rapid.Bool().Draw(t, "nobody is told that a letter was handed out")
		folder := tempFolder(t)
		letters, err := list(workplace(t, folder, b))
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

// buried is a broker with letters, which may have positions of their own.
func buried(kind adapters.DestinationKind, distinct bool, bodies []string) *replaytest.Broker {
	b := replaytest.New(kind)
	b.Distinct = distinct
	for _, body := range bodies {
		b.Bury(body)
	}
	return b
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
	service := workplace(t, folder, b, others...)
	plan, err := service.Plan(context.Background(), action, Chosen(letters), options)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Count() == 0 {
		return plan, 0
	}
	run, err := service.Begin(plan, Confirmation{Count: plan.Count(), Write: true}, Pace{Window: window, Canary: rapid.IntRange(0, 2).Draw(t, "canary")})
	if err != nil {
		t.Fatal(err)
	}
	return plan, carryOut(t, folder, run, window, b, others)
}

// carryOut carries a run out, and takes it up in a new process each time that the process dies,
// the broker fails or the disk is full. It returns how often that was.
func carryOut(t *rapid.T, folder string, run *Run, window int, b *replaytest.Broker, others []*replaytest.Broker) (times int) {
	for ; ; times++ {
		crashes, failures := -1, -1
		if times <= 30 {
			crashes, failures = rapid.IntRange(-1, 12).Draw(t, "calls until the crash"), rapid.IntRange(-1, 40).Draw(t, "calls until one fails")
		}
		b.Fuse, b.Failing = crashes, failures
		for _, o := range others {
			o.Fuse, o.Failing = half(crashes), half(failures)
		}
		summary := Summary{}
		err, crashed := attempt(b, func() (err error) {
			summary, err = run.Do(context.Background(), func(Outcome) {})
			return err
		})
		for _, o := range append(others, b) {
			o.Fuse, o.Failing = -1, -1
		}
		switch {
		case crashed:
			run.unlock() // the lock of a process that is gone
		case summary.State == "done" && (err == nil || errors.Is(err, ErrJournal)): // that it is done is in the file, if not on the disk
			checkSummary(t, run, summary, b, others)
			return times
		case times > 30:
			t.Fatalf("though nothing fails any more, the run ended %s: %v", summary.State, err)
		case !errors.Is(err, replaytest.ErrFailed) && !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, ErrJournal):
			t.Fatalf("the run ended %s: %v", summary.State, err)
		}
		syncs := -1
		if times < 30 {
			syncs = rapid.IntRange(-1, 20).Draw(t, "syncs until one fails")
		}
		run = takeUp(t, folder, run.ID, window, syncs, b, others)
	}
}

// half is half of a number of calls, and none of none.
func half(calls int) int {
	if calls < 0 {
		return calls
	}
	return calls / 2
}

// takeUp resumes a run in a new process, whose disk fails once after so many syncs.
func takeUp(t *rapid.T, folder, id string, window, left int, b *replaytest.Broker, others []*replaytest.Broker) *Run {
	full := failing(func(string) bool { left--; return left == -1 })
	for {
		run, err := workplaceOn(t, full, folder, b, others...).Resume(id, true, Pace{Window: window})
		if err == nil {
			return run
		}
		if !errors.Is(err, ErrJournal) {
			t.Fatal(err)
		}
	}
}

// checkSummary: a run that came to its end has settled every letter, however often it was
// interrupted, and says of how many a copy may be there twice.
func checkSummary(t *rapid.T, run *Run, summary Summary, b *replaytest.Broker, others []*replaytest.Broker) {
	if count := run.Plan.Count(); summary.Settled != count || summary.Failed != 0 || summary.Skipped != run.Plan.Excluded() {
		t.Fatalf("of %d letters and %d that stay: %+v", count, run.Plan.Excluded(), summary)
	}
	sent := len(b.Copies)
	for _, o := range others {
		sent += len(o.Copies)
	}
	if run.Plan.Action == Replay && sent-summary.Settled > summary.Maybe {
		t.Fatalf("%d letters have %d copies, and the summary tells of %d that may be there twice", summary.Settled, sent, summary.Maybe)
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
	letters, err := list(workplace(t, folder, b))
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
	for _, l := range buried(b.Kind, b.Distinct, bodies).Letters {
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
		if copies[position]++; b.Kind == adapters.Topic && !ids[string(id)] != (copies[position] == 1) {
			t.Fatalf("copy %d of %s has the id %s", copies[position], position, id)
		}
		ids[string(id)] = true
	}
	for position, n := range copies {
		mostTwice -= max(0, n-planned[position])
		if n > planned[position] && b.Kind == adapters.Topic && other == nil {
			t.Fatalf("%s was sent twice in spite of transactions", position)
		}
	}
	if mostTwice < 0 {
		t.Fatalf("more copies came twice than were on their way when the process died")
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
	case action == Replay && copies < planned:
		t.Fatalf("%s: %d planned and %d copies", position, planned, copies)
	case action == Discard && copies != 0:
		t.Fatalf("%s was discarded and has copies", position)
	case action == Discard && b.Kind == adapters.Queue && planned > 0:
		if _, err := workplace(t, folder, b).Archived(context.Background(), sourceOf(b), position, adapters.Fingerprint{}); err != nil {
			t.Fatalf("discarded and not in the archive: %v", err)
		}
	}
}

func TestCopiesAreWithoutFailureHeaders(t *testing.T) {
	b := replaytest.New(adapters.Queue, "a")
	service := workplace(t, t.TempDir(), b)
	letters, err := list(service)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := service.Plan(context.Background(), Replay, Chosen(letters), PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(plan.Parts[0].Stripped); got != "[dlq-original-topic]" {
		t.Errorf("stripped: %s", got)
	}
	run, err := service.Begin(plan, Confirmation{Count: 1, Write: true}, Pace{})
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
	for name, want := range map[string]string{"tenant": "a", headerID: run.replayID(&plan.Parts[0], 0, 0, false), headerCount: "1", headerBy: "ann@host"} {
		if got, _ := copied.Header(name); string(got) != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

package replay

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"syscall"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/files"
)

// failing is a disk on which nothing that fails picks can be made to last.
func failing(fails func(path string) bool) *files.Disk {
	return &files.Disk{User: os.Geteuid(), Sync: func(file *os.File) error {
		if fails(file.Name()) {
			return &os.PathError{Op: "sync", Path: file.Name(), Err: syscall.ENOSPC}
		}
		return file.Sync()
	}}
}

// TestADiscardThatCannotBeWrittenDownTakesNoLetter: what is archived and in no line of the
// journal could not be restored.
func TestADiscardThatCannotBeWrittenDownTakesNoLetter(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	full := false
	s.service = workplaceOn(t, failing(func(path string) bool { return full && strings.HasSuffix(path, "journal.jsonl") }), s.folder, s.broker)
	run := s.begin(s.plan(Discard, PlanOptions{Reason: "test"}), Pace{})
	full = true
	told := 0
	summary, err := run.Do(t.Context(), func(Outcome) { told++ })
	if !errors.Is(err, ErrJournal) || len(s.broker.Letters) != 2 || summary.Settled != 0 || told != 0 {
		t.Fatalf("%+v, %v: %d letters are left, and %d are told of", summary, err, len(s.broker.Letters), told)
	}
	full = false
	if summary, err = s.resume(run).Do(t.Context(), func(Outcome) {}); err != nil || summary.Settled != 2 {
		t.Errorf("%+v, %v", summary, err)
	}
	if got := s.restorable(); got != "a b" {
		t.Errorf("%q can be restored", got)
	}
}

// resume takes up a run in a new process.
func (s *story) resume(run *Run) *Run {
	s.Helper()
	s.service = workplace(s, s.folder, s.broker)
	resumed, err := s.service.Resume(run.ID, true, Pace{})
	if err != nil {
		s.Fatal(err)
	}
	return resumed
}

// TestALetterThatIsMissingFromTheArchiveKeepsNoOtherBack: the others are listed and restored,
// and it is told of.
func TestALetterThatIsMissingFromTheArchiveKeepsNoOtherBack(t *testing.T) {
	for _, when := range []string{"before the plan", "after it"} {
		t.Run(when, func(t *testing.T) {
			s := tell(t, adapters.Queue, "a", "b", "c")
			s.run(Discard, PlanOptions{Reason: "test"})
			damage := func() {
				s.rewrite(s.service.archive("model://s", "dlq").Path, func(data []byte) []byte {
					data[0] = '?'
					return data
				})
			}
			var plan *Plan
			if when == "before the plan" {
				damage()
				letters, err := s.service.Discarded(t.Context(), dlqOf(t, s.service))
				if !errors.Is(err, adapters.ErrGone) || len(letters) != 2 {
					t.Fatalf("%d letters can be restored: %v", len(letters), err)
				}
				if plan, err = s.service.Plan(t.Context(), Restore, Chosen(letters), PlanOptions{}); err != nil {
					t.Fatal(err)
				}
			} else {
				plan = s.plan(Restore, PlanOptions{})
				damage()
			}
			var failed []string
			summary, err := s.begin(plan, Pace{}).Do(t.Context(), func(o Outcome) {
				if o.Result == "failed" {
					failed = append(failed, o.Err.Error())
				}
			})
			if when == "before the plan" && (err != nil || summary.Settled != 2) {
				t.Errorf("%+v, %v", summary, err)
			}
			if when == "after it" && (!errors.Is(err, adapters.ErrGone) || summary.Settled != 2 || summary.Failed != 1 || len(failed) != 1 || !strings.Contains(failed[0], "archive")) {
				t.Errorf("%+v, %v, told %q", summary, err, failed)
			}
			if len(s.broker.Letters) != 2 {
				t.Errorf("%d of 3 are back", len(s.broker.Letters))
			}
		})
	}
}

// TestARestoreCountsWhatMayHaveComeBackTwice, as a replay does.
func TestARestoreCountsWhatMayHaveComeBackTwice(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	s.run(Discard, PlanOptions{Reason: "test"})
	run := s.crashAt(1, s.plan(Restore, PlanOptions{}), Pace{Canary: 2}) // published, and nobody was told
	if len(s.broker.Letters) != 2 {
		t.Fatalf("%d letters are back", len(s.broker.Letters))
	}
	summary, err := s.resume(run).Do(t.Context(), func(Outcome) {})
	if err != nil || summary.Settled != 3 || summary.Maybe != 2 || len(s.broker.Letters) != 5 {
		t.Errorf("%+v, %v, and %d letters are back", summary, err, len(s.broker.Letters))
	}
	if records, _, err := s.service.Runs(); err != nil || records[1].Maybe != 2 {
		t.Errorf("the journal says %+v, %v", records[1], err)
	}
}

// TestTheCanaryOfARestoreGoesAloneAndOnlyItDoes: the rest follows in whole windows.
func TestTheCanaryOfARestoreGoesAloneAndOnlyItDoes(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c", "d", "e")
	s.run(Discard, PlanOptions{Reason: "test"})
	var back []int
	s.broker.Acting = func(string) { back = append(back, len(s.broker.Letters)) }
	summary, err := s.begin(s.plan(Restore, PlanOptions{}), Pace{Canary: 1}).Do(t.Context(), func(Outcome) {})
	if err != nil || summary.Settled != 5 || len(back) != 2 || back[1] != 1 {
		t.Errorf("%+v, %v: when something was published, %v letters were back", summary, err, back)
	}
}

// TestTheSameRestoreIsTheSamePlan, so that an id which was seen can be confirmed, and letters
// come back in the order in which they lay.
func TestTheSameRestoreIsTheSamePlan(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c", "d", "e", "f", "g", "h")
	s.run(Discard, PlanOptions{Reason: "test"})
	id := s.plan(Restore, PlanOptions{}).ID
	for range 5 {
		s.service = workplace(t, s.folder, s.broker)
		if again := s.plan(Restore, PlanOptions{}).ID; again != id {
			t.Fatalf("plan %s is plan %s the next time", id, again)
		}
	}
	s.run(Restore, PlanOptions{})
	if got := s.bodies(); got != "a b c d e f g h" {
		t.Errorf("in the queue is %q", got)
	}
}

// bodies are those of the letters in the dead-letter queue, in order.
func (s *story) bodies() string {
	var bodies []string
	for i := range s.broker.Letters {
		bodies = append(bodies, string(s.broker.Letters[i].Value))
	}
	return strings.Join(bodies, " ")
}

// TestARunThatWentOnMeanwhileIsNotResumedFromWhereItStood: between the peek into the journal
// and the lock, another process has resumed it and let go of it again.
func TestARunThatWentOnMeanwhileIsNotResumedFromWhereItStood(t *testing.T) {
	for _, what := range []string{"resume", "abort"} {
		t.Run(what, func(t *testing.T) {
			s := tell(t, adapters.Queue, "a", "b", "c")
			run := s.crashSettling(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
			late := workplace(t, s.folder, s.broker)
			record, err := late.record(run.ID)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := late.planOf(record)
			if err != nil {
				t.Fatal(err)
			}
			if what == "resume" {
				if _, err := s.resume(run).Do(t.Context(), func(Outcome) {}); err != nil {
					t.Fatal(err)
				}
			} else {
				ending, err := s.service.Abort(run.ID, true)
				if err == nil {
					_, err = ending.Do(t.Context(), func(Outcome) {})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if _, err := late.resume(record, plan, true, Pace{}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "meanwhile") {
				t.Errorf("it is taken up as it stood before: %v", err)
			}
			if s.service.inHand(run.ID) {
				t.Error("whoever was refused keeps its lock")
			}
		})
	}
}

// TestACopyThatTheBrokerNeverTriedToSendStopsTheRun: its letter is not said to be gone.
func TestACopyThatTheBrokerNeverTriedToSendStopsTheRun(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	s.broker.Unsent = true
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
	summary, err := run.Do(t.Context(), func(Outcome) {})
	if !errors.Is(err, deadletter.ErrNotSent) || summary.State != "failed" || summary.Skipped != 0 {
		t.Fatalf("%+v, %v", summary, err)
	}
	s.broker.Unsent = false
	if summary, err = s.resume(run).Do(t.Context(), func(Outcome) {}); err != nil || summary.Settled != 2 || summary.Maybe != 0 {
		t.Errorf("%+v, %v", summary, err)
	}
}

// TestACopyOfWhichNothingIsToldHasNotArrived: an answer may be about fewer copies than were sent.
func TestACopyOfWhichNothingIsToldHasNotArrived(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	w := newWorker(s.begin(s.plan(Replay, PlanOptions{}), Pace{}), 0, sourceOf(s.broker))
	sent := []taken{{number: 0}, {number: 1}}
	w.advance(StepSend, sent)
	arrived, err := w.sortOut(sent, []error{nil}, nil)
	if len(arrived) != 1 || !errors.Is(err, deadletter.ErrUnknownOutcome) || w.states[0] != Confirmed || w.states[1] != Sent {
		t.Errorf("%d have arrived, %v; they are %v", len(arrived), err, w.states)
	}
}

// TestMarksThatAreNoneAreLeftAlone: what the ledger says of a letter is that it is settled, or
// nothing that this version knows.
func TestMarksThatAreNoneAreLeftAlone(t *testing.T) {
	for _, value := range []string{`{"state":"planned"}`, `{"state":"sent"}`, `{"state":"unknown"}`, `{"state":"open"}`, `{"state":"eaten"}`, `{"state":7}`, `[]`, `null`, `{`} {
		service, c := observed(t, adapters.Topic, "a", "b")
		listing := service.Listing(t.Context(), nil, ListingOptions{})
		mark := deadletter.Entry{Key: at(0).AppendTo(nil), Value: []byte(value)}
		c.LedgerEntries[string(mark.Key)], c.LedgerRecords = mark.Value, append(c.LedgerRecords, mark)
		letters, err := list(service)
		if err != nil || letters[0].State != Open {
			t.Errorf("%s makes it %s: %v", value, letters[0].State, err)
		}
		for _, before := range []*Listing{nil, listing} {
			if got := service.Listing(t.Context(), before, ListingOptions{}).Letters()[0].State; got != Open {
				t.Errorf("%s makes it %s in a survey", value, got)
			}
		}
		plan, err := service.Plan(t.Context(), Replay, Chosen(letters), PlanOptions{})
		if err != nil || plan.Count() != 2 {
			t.Fatalf("%s: %v, %v", value, plan, err)
		}
		run, err := service.Begin(plan, Confirmation{Count: 2, Write: true}, Pace{})
		if err != nil {
			t.Fatal(err)
		}
		own := strings.Replace(value, `"}`, `","run":"`+run.ID+`"}`, 1)
		c.LedgerEntries[string(mark.Key)] = []byte(own)
		if summary, err := run.Do(t.Context(), func(Outcome) {}); err != nil || summary.Settled != 2 || len(c.Copies) != 2 {
			t.Errorf("%s: %+v, %v, %d copies", own, summary, err, len(c.Copies))
		}
	}
}

// TestALineThatNamesHugeNumbersIsDamaged, and costs neither memory nor the other runs.
func TestALineThatNamesHugeNumbersIsDamaged(t *testing.T) {
	for _, letters := range []string{"9999999999", "10000000", "0-10000000", "5,9223372036854775807"} {
		if err := new(files.Numbers).UnmarshalText([]byte(letters)); err == nil {
			t.Errorf("%s is read", letters)
		}
	}
	if err := new(files.Numbers).UnmarshalText([]byte("9999998-9999999")); err != nil {
		t.Error(err)
	}
	s := tell(t, adapters.Queue, "a")
	s.run(Replay, PlanOptions{})
	s.rewrite(s.journalPath(), func(data []byte) []byte {
		for _, part := range []string{`"letters":"99999999999999"`, `"part":-1`, `"part":10000`, `"part":9223372036854775807`, `"letters":"3","part":2`} {
			data = append(data, `{"run":"x","step":"sent","action":"replay",`+part+"}\n"...)
		}
		return data
	})
	if records, broken, err := s.service.Runs(); err != nil || broken == 0 || records[0].State != "done" || len(records) > 2 {
		t.Errorf("%v, %d broken, %v", records, broken, err)
	}
}

// TestALineThatCannotBeWrittenLeavesTheJournalAsItWas: what follows is not taken for changed.
func TestALineThatCannotBeWrittenLeavesTheJournalAsItWas(t *testing.T) {
	folder := t.TempDir()
	j := journalOf(t, folder)
	if err := j.Append(Line{Run: "one"}); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(j.path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(`{"run":"torn"`)
	if err = errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(Line{Run: "two", Pace: &Pace{Rate: math.Inf(1)}}); !errors.Is(err, ErrJournal) {
		t.Errorf("%v", err)
	}
	if err := j.Append(Line{Run: "three"}); err != nil {
		t.Error(err)
	}
	if runs, broken := runsIn(t, folder); strings.Join(runs, " ") != "one three" || broken != 0 {
		t.Errorf("%v, %d broken", runs, broken)
	}
}

// TestALineThatLacksOnlyItsEndCountsOnce, also where the write that was to give it one has failed.
func TestALineThatLacksOnlyItsEndCountsOnce(t *testing.T) {
	folder := t.TempDir()
	before := journalOf(t, folder)
	if err := before.Append(Line{Run: "one", Step: StepBegin}, Line{Run: "one", Step: StepPause}); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(before.path, before.now.end-1); err != nil {
		t.Fatal(err)
	}
	failing := true
	j := openJournal(&files.Disk{User: os.Geteuid(), Sync: func(*os.File) error {
		if failing {
			return syscall.ENOSPC
		}
		return nil
	}}, folder)
	if err := j.Append(Line{Run: "two"}); !errors.Is(err, ErrJournal) {
		t.Errorf("%v", err)
	}
	failing = false
	if err := j.Append(Line{Run: "three"}); err != nil {
		t.Error(err)
	}
	if err := j.running(func(r *Record) {
		if r.Changed != "" {
			t.Errorf("run %s: %s", r.Run, r.Changed)
		}
	}); err != nil || j.now.broken != 0 {
		t.Errorf("%v, %d broken", err, j.now.broken)
	}
	if runs, broken := runsIn(t, folder); strings.Join(runs, " ") != "one one two three" || broken != 0 {
		t.Errorf("%v, %d broken", runs, broken)
	}
}

// TestAFileThatIsNoneIsRefusedAndNotWaitedFor: whoever opens a pipe waits for its other end.
func TestAFileThatIsNoneIsRefusedAndNotWaitedFor(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"a pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(t, adapters.Queue, "a")
			if err := make(s.journalPath()); err != nil {
				t.Fatal(err)
			}
			_, _, err := s.service.Runs()
			appended := s.service.journal.Append(Line{Run: "one"})
			if !errors.Is(err, ErrRefused) || !errors.Is(appended, ErrRefused) || !strings.Contains(err.Error(), "no plain file") {
				t.Errorf("%v; %v", err, appended)
			}
		})
	}
}

// TestADamagedIndexIsMadeAnew, whatever its header says, and a table without room grows.
func TestADamagedIndexIsMadeAnew(t *testing.T) {
	for name, harm := range map[string]func(data []byte) []byte{
		"more slots than there can be": func(data []byte) []byte {
			for i := 16; i < 24; i++ {
				data[i] = 0
			}
			data[23] = 0x80
			return data[:files.IndexHeader]
		},
		"no slot": func(data []byte) []byte { return append(data[:16], make([]byte, 32)...) },
		"a table that is full, and counts nothing": func(data []byte) []byte {
			for i := files.IndexHeader; i < len(data); i += files.IndexSlot {
				copy(data[i:], "0123456789abcdef")
				data[i] = byte(i)
				data[i+16] = 1
			}
			for i := 24; i < 32; i++ {
				data[i] = 0
			}
			return data
		},
		"what it covers is not there":  func(data []byte) []byte { data[12] = 1; return data },
		"what it covers is negative":   func(data []byte) []byte { data[15] = 0xff; return data },
		"another archive":              func(data []byte) []byte { data[40]++; return data },
		"entries that lead to nowhere": func(data []byte) []byte { return misled(data, 1<<40) },
		"entries that lead elsewhere":  func(data []byte) []byte { return misled(data, 3) },
		"another format":               func(data []byte) []byte { data[7]++; return data },
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(t, adapters.Queue, "a", "b")
			letters := s.list()
			s.rewrite(s.service.archive("model://s", "dlq").Path+".index", harm)
			s.broker.Bury("c")
			letters = append(letters, s.list()[2])
			for i, want := range []string{"a", "b", "c"} {
				m, err := s.service.Archived(t.Context(), sourceOf(s.broker), letters[i].Position, letters[i].Content)
				if err != nil || string(m.Value) != want {
					t.Errorf("%s: %q, %v", want, m.Value, err)
				}
			}
			s.run(Discard, PlanOptions{Reason: "test"})
			if got := s.restorable(); got != "a b c" {
				t.Errorf("%q can be restored", got)
			}
		})
	}
}

// misled makes all entries of an index lead to one place.
func misled(data []byte, to uint64) []byte {
	for i := files.IndexHeader; i < len(data); i += files.IndexSlot {
		if string(data[i:i+16]) != strings.Repeat("\x00", 16) {
			for j := range 8 {
				data[i+16+j] = byte(to >> (8 * j))
			}
		}
	}
	return data
}

// TestEverySyncMayFail: wherever the disk gives up, that is said, nothing is lost, and the run is
// resumed to its end when there is room again.
func TestEverySyncMayFail(t *testing.T) {
	for _, action := range []Action{Replay, Discard, Restore} {
		both(t, func(s *story) {
			for calls, failed := 0, true; failed; calls++ {
				s = tell(s.T, s.broker.Kind, "a", "b", "c", "d", "e")
				if action == Restore {
					s.run(Discard, PlanOptions{Reason: "test"})
				}
				failed = s.survivesAFullDisk(action, calls)
			}
		})
	}
}

// survivesAFullDisk does an action on a disk that fails once, after so many calls. It says
// whether it did.
func (s *story) survivesAFullDisk(action Action, calls int) (failed bool) {
	s.Helper()
	left := calls
	d := failing(func(string) bool { left--; return left == -1 })
	s.service = workplaceOn(s, d, s.folder, s.broker)
	letters, told := s.planned(action)
	plan, err := s.service.Plan(s.Context(), action, Chosen(letters), PlanOptions{Reason: "test"})
	if err != nil {
		s.Fatal(err)
	}
	run, err := s.service.Begin(plan, Confirmation{Count: plan.Count(), Write: true}, Pace{Window: 2})
	if err == nil {
		_, err = run.Do(context.Background(), func(Outcome) {})
	}
	if left >= 0 {
		if err != nil {
			s.Fatal(err)
		}
		return false
	}
	if told = errors.Join(told, err); !errors.Is(told, ErrJournal) {
		s.Errorf("%s, failing at call %d: %v", action, calls, told)
	}
	s.service = workplace(s, s.folder, s.broker)
	if records, _, _ := s.service.Runs(); len(records) > 0 && !records[len(records)-1].Ended() {
		if _, err := s.resume(&Run{ID: records[len(records)-1].Run}).Do(context.Background(), func(Outcome) {}); err != nil {
			s.Errorf("%s, resumed after call %d failed: %v", action, calls, err)
		}
	} else if run == nil || len(records) == 0 {
		s.run(action, PlanOptions{Reason: "test"})
	}
	s.everyLetterIsSomewhere(action, calls)
	return true
}

// planned are the letters that there are for an action, listed once more if the disk fails, which
// is told then.
func (s *story) planned(action Action) (letters []Letter, told error) {
	s.Helper()
	for range 2 {
		letters, err := list(s.service)
		if err == nil && action == Restore {
			letters, err = s.service.Discarded(s.Context(), dlqOf(s, s.service))
		}
		if err == nil {
			return letters, told
		}
		if told = err; !errors.Is(err, ErrJournal) {
			break
		}
	}
	s.Fatal(told)
	return nil, nil
}

func (s *story) everyLetterIsSomewhere(action Action, calls int) {
	s.Helper()
	const all = "a b c d e"
	where := map[Action]string{Replay: s.copies(), Discard: all, Restore: s.bodies()}[action]
	if action == Discard && s.broker.Kind == adapters.Queue {
		where = s.restorable()
	}
	have := map[string]bool{}
	for _, body := range strings.Fields(where) {
		have[body] = true
	}
	if len(have) != 5 || action == Replay && where != all {
		s.Errorf("%s after call %d failed: %q", action, calls, where)
	}
	want := map[Action]State{Replay: Replayed, Discard: Discarded, Restore: Open}[action]
	for _, l := range s.list() {
		if l.State != want {
			s.Errorf("%s after call %d failed: %s is %s", action, calls, l.Position, l.State)
		}
	}
}

// copies are the bodies that were sent, in order.
func (s *story) copies() string {
	var bodies []string
	for i := range s.broker.Copies {
		bodies = append(bodies, string(s.broker.Copies[i].Value))
	}
	return strings.Join(bodies, " ")
}

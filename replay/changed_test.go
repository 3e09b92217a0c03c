package replay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/replaytest"
)

// rewrite changes a file in the state folder, and gives the story a new process.
func (s *story) rewrite(path string, change func([]byte) []byte) {
	s.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		s.Fatal(err)
	}
	changed := change(bytes.Clone(data))
	if bytes.Equal(data, changed) {
		s.Fatalf("nothing to change in %s", data)
	}
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		s.Fatal(err)
	}
	s.service = workplace(s, s.folder, s.broker)
}

func (s *story) journalPath() string { return filepath.Join(s.folder, "journal.jsonl") }
func (s *story) planPath(run *Run) string {
	return filepath.Join(s.folder, "runs", run.ID, "plan.json")
}
func replaced(old, with string) func([]byte) []byte {
	return func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(old), []byte(with)) }
}

// without takes out the line of a step.
func without(step Step) func([]byte) []byte {
	return func(data []byte) []byte {
		var left []byte
		for line := range bytes.Lines(data) {
			if !bytes.Contains(line, []byte(`"step":"`+string(step)+`"`)) {
				left = append(left, line...)
			}
		}
		return left
	}
}

// TestAChangedJournalIsNotBelieved: a run whose lines somebody has changed, or taken out, is
// not resumed. To abort it touches no letter, and a new plan says what may have been sent.
func TestAChangedJournalIsNotBelieved(t *testing.T) {
	for name, change := range map[string]func([]byte) []byte{
		"letters that were never sent": replaced(`"letters":"0-1"`, `"letters":"0-3"`),
		"a line taken out":             without(StepSend),
		"the last line changed":        replaced(`"step":"confirmed"`, `"step":"refused"`),
		"a line without its sum": func(data []byte) []byte {
			return append(data[:len(data)-len(sumMark)-sumDigits-len("\"}\n")], "}\n"...)
		},
		"a line put in a second time": func(data []byte) []byte {
			return append(data, data[bytes.LastIndexByte(data[:len(data)-1], '\n')+1:]...)
		},
		"a line that cannot be read":    replaced(`{"at":"2`, `{"at:"2`),
		"the first line of it as JSON":  func(data []byte) []byte { return append([]byte(`{"step":"done"}`+"\n"), data...) },
		"a byte of what follows a sent": replaced(`"by":"ann@host"`, `"by":"bob@host"`),
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(t, adapters.Queue, "a", "b", "c", "d")
			run := s.crashSettling(s.plan(Replay, PlanOptions{}), Pace{Canary: 2})
			s.rewrite(s.journalPath(), change)
			copies := len(s.broker.Copies)
			if _, err := s.service.Resume(run.ID, true, Pace{}); name != "a line that cannot be read" && (!errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "dlq abort")) {
				t.Fatalf("it was resumed: %v", err)
			}
			if name == "a line that cannot be read" {
				return // the journal then has no such run
			}
			if ending, err := s.service.Abort(run.ID, true); err != nil || ending != nil {
				t.Fatalf("to abort it: %v, %v", ending, err)
			}
			if len(s.broker.Letters) != 4 || len(s.broker.Copies) != copies {
				t.Errorf("%d letters and %d copies", len(s.broker.Letters), len(s.broker.Copies))
			}
			plan := s.plan(Replay, PlanOptions{})
			if maybe, _ := plan.Doubts(); plan.Count() != 4 || maybe != 4 {
				t.Errorf("%d are planned, of which %d may have been sent", plan.Count(), maybe)
			}
			if got, err := s.begin(plan, Pace{}).Do(context.Background(), func(Outcome) {}); err != nil || got.Maybe != 4 || len(s.broker.Letters) != 0 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// TestAChangedPlanIsNotBelieved, whether or not its id is changed with it, and its run can
// still be aborted, as can one whose plan is gone or damaged.
func TestAChangedPlanIsNotBelieved(t *testing.T) {
	reseal := func(change func([]byte) []byte) func([]byte) []byte {
		return func(data []byte) []byte {
			plan := &Plan{}
			if err := json.Unmarshal(change(data), plan); err != nil {
				panic(err)
			}
			plan.ID, _ = plan.digest()
			data, _ = json.Marshal(plan)
			return data
		}
	}
	elsewhere := replaced(`"orders"`, `"attack"`)
	for name, change := range map[string]func([]byte) []byte{
		"another target": elsewhere, "with another id": reseal(elsewhere), "cut": func(data []byte) []byte { return data[:len(data)/2] },
		"emptied": func([]byte) []byte { return nil }, "who made it": replaced("ann@host", "bob@host"),
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(s *story) {
				plan := s.plan(Replay, PlanOptions{})
				var run *Run
				if s.broker.Kind == adapters.Queue {
					run = s.crashSettling(plan, Pace{Window: 2})
				} else {
					run = s.crashAt(6, plan, Pace{Window: 1})
				}
				s.rewrite(s.planPath(run), change)
				letters := len(s.broker.Letters)
				if _, err := s.service.Resume(run.ID, true, Pace{}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "dlq abort "+run.ID) {
					s.Fatalf("it was resumed: %v", err)
				}
				if _, err := s.service.Plan(context.Background(), Replay, Chosen(nil), PlanOptions{}); err != nil {
					s.Errorf("it is in the way of everything: %v", err)
				}
				if ending, err := s.service.Abort(run.ID, true); err != nil || ending != nil {
					s.Fatalf("to abort it: %v, %v", ending, err)
				}
				if len(s.broker.Letters) != letters {
					s.Error("letters were touched")
				}
				plan = s.plan(Replay, PlanOptions{})
				if err := plan.Check(Confirmation{Count: plan.Count(), Write: true}); err != nil {
					s.Errorf("it is still in the way: %v", err)
				}
				if maybe, _ := plan.Doubts(); s.broker.Kind == adapters.Queue && maybe != 4 {
					s.Errorf("%d may have been sent, and nobody knows which", maybe)
				}
			}, "a", "b", "c", "d")
		})
	}
}

// TestAPlanThatIsChangedOnTheScreenIsRefused, before anything is written.
func TestAPlanThatIsChangedOnTheScreenIsRefused(t *testing.T) {
	s := tell(t, adapters.Queue, "a")
	plan := s.plan(Replay, PlanOptions{})
	plan.Parts[0].Letters[0].To = "attack"
	if _, err := s.service.Begin(plan, Confirmation{Count: 1, Write: true, Plan: plan.ID}, Pace{}); !errors.Is(err, ErrRefused) {
		t.Errorf("%v", err)
	}
	if records, _, err := s.service.Runs(); err != nil || len(records) > 0 {
		t.Errorf("%v, %v", records, err)
	}
}

// two are the dead letters of two brokers in one service.
func two(t *testing.T, folder string) (service *Service, first, second *replaytest.Broker) {
	t.Helper()
	first, second = replaytest.New(adapters.Queue, "a", "b"), replaytest.New(adapters.Queue, "c", "d")
	first.ID, second.ID = "one", "two"
	return workplaceOfTwo(t, folder, first, second), first, second
}

func workplaceOfTwo(t *testing.T, folder string, first, second *replaytest.Broker) *Service {
	t.Helper()
	service, err := NewService(Config{Folder: folder, By: "ann@host", Sources: []Source{
		{Name: "one", Broker: "rabbitmq", DeadLetters: first, TargetOf: replaytest.TargetOf}, {Name: "two", Broker: "rabbitmq", DeadLetters: second, TargetOf: replaytest.TargetOf},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

// TestWhateverALineThatIsGoneWasAboutIsInDoubt: the last line of a run is taken out, and what
// follows is of another. Nothing says whose it was, so neither goes on as if it knew.
func TestWhateverALineThatIsGoneWasAboutIsInDoubt(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	run := s.crashSettling(s.plan(Replay, PlanOptions{}), Pace{})
	if err := s.service.journal.Append(Line{Run: "another", Step: StepBegin}); err != nil {
		t.Fatal(err)
	}
	s.rewrite(s.journalPath(), without(StepConfirm))
	if _, err := s.service.Resume(run.ID, true, Pace{}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "dlq abort") {
		t.Errorf("it was resumed: %v", err)
	}
}

// TestALineThatIsGivenToAnotherRunDamagesBoth: whatever stands in place of a line, the run that
// it was of is not resumed as if it had never been written.
func TestALineThatIsGivenToAnotherRunDamagesBoth(t *testing.T) {
	sent := func(data []byte, do func(line []byte) []byte) []byte {
		at := bytes.LastIndex(data, []byte(`"step":"sent"`))
		begin := bytes.LastIndexByte(data[:at], '\n') + 1
		end := at + bytes.IndexByte(data[at:], '\n')
		return append(append(bytes.Clone(data[:begin]), do(data[begin:end])...), data[end:]...)
	}
	for name, instead := range map[string]func(line []byte, run, other string) []byte{
		"of another run": func(line []byte, run, other string) []byte {
			return bytes.Replace(line, []byte(run), []byte(other), 1)
		},
		"of a run that is none": func(line []byte, run, _ string) []byte {
			return bytes.Replace(line, []byte(run), []byte("20260101-000000-0000"), 1)
		},
		"nothing": func([]byte, string, string) []byte { return []byte("{}") },
	} {
		for _, dies := range []string{"post", "settle"} { // the line is the last one of its run, or is not
			t.Run(name+" before "+dies, func(t *testing.T) {
				s := tell(t, adapters.Queue, "a", "b", "c")
				letters := s.list()
				other := s.begin(s.plan(Replay, PlanOptions{Only: map[adapters.Position]bool{letters[2].Position: true}}), Pace{})
				other.unlock()
				run := s.begin(s.plan(Replay, PlanOptions{Only: map[adapters.Position]bool{letters[0].Position: true, letters[1].Position: true}}), Pace{Window: 1})
				s.broker.Acting = func(what string) {
					if what == dies {
						panic(replaytest.ErrCrash)
					}
				}
				s.crash(run)
				s.broker.Acting = nil
				if err := s.service.journal.Append(Line{Run: "another", Step: StepBegin}); err != nil {
					t.Fatal(err)
				}
				s.rewrite(s.journalPath(), func(data []byte) []byte {
					return sent(data, func(line []byte) []byte { return instead(line, run.ID, other.ID) })
				})
				if _, err := s.service.Resume(run.ID, true, Pace{}); !errors.Is(err, ErrRefused) {
					t.Errorf("it was resumed: %v", err)
				}
			})
		}
	}
}

// TestALineThatIsMadeToFollowAnotherRunDamagesItsOwn: the run that it was of goes on behind a
// line that is not there.
func TestALineThatIsMadeToFollowAnotherRunDamagesItsOwn(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	letters := s.list()
	other := s.begin(s.plan(Replay, PlanOptions{Only: map[adapters.Position]bool{letters[2].Position: true}}), Pace{})
	other.unlock()
	run := s.crashSettling(s.plan(Replay, PlanOptions{Only: map[adapters.Position]bool{letters[0].Position: true, letters[1].Position: true}}), Pace{})
	s.rewrite(s.journalPath(), func(data []byte) []byte {
		lines := bytes.SplitAfter(data, []byte("\n"))
		at := slices.IndexFunc(lines, func(line []byte) bool { return bytes.Contains(line, []byte(`"step":"sent"`)) })
		var line Line
		if err := json.Unmarshal(lines[at], &line); err != nil {
			t.Fatal(err)
		}
		theirs := hashText(sha256.Sum256(bytes.TrimSuffix(lines[0], []byte("\n"))))
		lines[at] = bytes.Replace(bytes.Replace(lines[at], []byte(run.ID), []byte(other.ID), 1), []byte(line.Own), []byte(theirs), 1)
		return bytes.Join(lines, nil)
	})
	if _, err := s.service.Resume(run.ID, true, Pace{}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "missing") {
		t.Errorf("it was resumed: %v", err)
	}
}

// TestAChangedPlanOfTheVersionBeforeIsNotBelieved: of that, the journal has no digest, and the
// plan's own id tells.
func TestAChangedPlanOfTheVersionBeforeIsNotBelieved(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	run := s.crashSettling(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
	s.rewrite(s.journalPath(), func(data []byte) []byte { return asBefore(s, data) })
	s.rewrite(s.planPath(run), replaced(`"orders"`, `"attack"`))
	if _, err := s.service.Resume(run.ID, true, Pace{}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "dlq abort "+run.ID) {
		t.Errorf("it was resumed: %v", err)
	}
}

// TestAChangedRunIsInTheWay until somebody aborts it, even if it says that nothing was sent.
func TestAChangedRunIsInTheWay(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
	run.unlock()
	s.rewrite(s.journalPath(), replaced(`"by":"ann@host"`, `"by":"bob@host"`))
	plan := s.plan(Replay, PlanOptions{})
	if err := plan.Check(Confirmation{Count: plan.Count(), Write: true}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), run.ID) {
		t.Errorf("%v", err)
	}
	if _, err := s.service.Abort(run.ID, true); err != nil {
		t.Fatal(err)
	}
	plan = s.plan(Replay, PlanOptions{})
	if err := plan.Check(Confirmation{Count: plan.Count(), Write: true}); err != nil {
		t.Errorf("it is still in the way: %v", err)
	}
}

// TestDamageConcernsItsOwnRunAlone: of two interrupted runs, the one whose plan or whose
// lines are damaged is refused, and the other one is resumed.
func TestDamageConcernsItsOwnRunAlone(t *testing.T) {
	for _, damage := range []string{"plan", "journal"} {
		t.Run(damage, func(t *testing.T) {
			s := &story{T: t, folder: t.TempDir()}
			service, first, second := two(t, s.folder)
			var runs []*Run
			for i, b := range []*replaytest.Broker{first, second} {
				letters, err := list(service)
				if err != nil {
					t.Fatal(err)
				}
				only := map[adapters.Position]bool{}
				for _, l := range letters {
					only[l.Position] = l.Source == []string{"one", "two"}[i]
				}
				plan, err := service.Plan(t.Context(), Replay, Chosen(letters), PlanOptions{Only: only})
				if err != nil {
					t.Fatal(err)
				}
				s.service, s.broker = service, b
				runs = append(runs, s.crashSettling(plan, Pace{Window: 1}))
			}
			if damage == "plan" {
				s.rewrite(s.planPath(runs[0]), func(data []byte) []byte { return data[:20] })
			} else {
				s.rewrite(s.journalPath(), func(data []byte) []byte {
					at := bytes.Index(data, []byte(`"step":"sent"`))
					return bytes.Replace(data, data[at:at+13], []byte(`"step":"Sent"`), 1)
				})
			}
			service = workplaceOfTwo(t, s.folder, first, second)
			if _, err := service.Resume(runs[0].ID, true, Pace{}); !errors.Is(err, ErrRefused) {
				t.Errorf("the damaged one: %v", err)
			}
			run, err := service.Resume(runs[1].ID, true, Pace{})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := run.Do(t.Context(), func(Outcome) {}); err != nil || got.Settled != 2 || len(second.Letters) != 0 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// TestATopicMadeAgainIsNotTouched: its letters are others than those that were planned,
// whether the plan waits for its number or its run was interrupted.
func TestATopicMadeAgainIsNotTouched(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		s := tell(t, adapters.Topic, "a", "b", "c")
		s.broker.Incarnation = "first"
		plan := s.plan(Replay, PlanOptions{})
		var run *Run
		if interrupted {
			run = s.crashAt(4, plan, Pace{Window: 1})
		} else {
			run = s.begin(plan, Pace{})
		}
		copies := len(s.broker.Copies)
		s.broker.Incarnation = "second"
		var err error
		if interrupted {
			if run, err = workplace(t, s.folder, s.broker).Resume(run.ID, true, Pace{}); err != nil {
				t.Fatal(err)
			}
		}
		summary, err := run.Do(t.Context(), func(Outcome) {})
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "made again") || len(s.broker.Copies) != copies {
			t.Errorf("%+v, %v, and %d copies", summary, err, len(s.broker.Copies)-copies)
		}
		if _, err := s.service.Abort(run.ID, true); err != nil {
			t.Errorf("to abort it: %v", err)
		}
	}
}

// TestMarksOfAnEarlierTopicAreNotOfThisOne: of a topic that was made again, the ledger still
// has what was done to the letters of the one before at the same offsets.
func TestMarksOfAnEarlierTopicAreNotOfThisOne(t *testing.T) {
	s := tell(t, adapters.Topic, "a", "b", "c")
	s.broker.Incarnation = "first"
	s.run(Replay, PlanOptions{})
	if got := s.states(); got != "replayed replayed replayed" {
		t.Errorf("of its own topic listed as %s", got)
	}
	s.broker.Incarnation = "second"
	if got := s.states(); got != "open open open" {
		t.Errorf("listed as %s", got)
	}
	if got := s.run(Replay, PlanOptions{}); got.Settled != 3 || got.Skipped != 0 || len(s.broker.Copies) != 6 {
		t.Errorf("%+v, %d copies", got, len(s.broker.Copies))
	}
}

// TestThePaceSurvivesAResume, but for what is said anew.
func TestThePaceSurvivesAResume(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c", "d")
	pace := Pace{Rate: 5, Canary: 2, Window: 3}
	run := s.crashAt(1, s.plan(Replay, PlanOptions{}), pace)
	for _, step := range []struct{ said, want Pace }{{Pace{}, pace}, {Pace{Rate: 7}, Pace{7, 2, 3}}, {Pace{Window: 1}, Pace{7, 2, 1}}, {Pace{}, Pace{7, 2, 1}}} {
		var err error
		if run, err = workplace(t, s.folder, s.broker).Resume(run.ID, true, step.said); err != nil {
			t.Fatal(err)
		}
		if run.unlock(); run.pace != step.want {
			t.Errorf("%+v, want %+v", run.pace, step.want)
		}
	}
}

// TestThePaceSurvivesAnAbortThatDied: the run can still be resumed, and goes no faster.
func TestThePaceSurvivesAnAbortThatDied(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c", "d")
	pace := Pace{Rate: 1e6, Canary: 1, Window: 3}
	run := s.crashSettling(s.plan(Replay, PlanOptions{}), pace)
	ending, err := s.service.Abort(run.ID, true)
	if err != nil || ending == nil {
		t.Fatal(ending, err)
	}
	ending.unlock()
	if run, err = workplace(t, s.folder, s.broker).Resume(run.ID, true, Pace{}); err != nil {
		t.Fatal(err)
	}
	if run.unlock(); run.pace != pace {
		t.Errorf("%+v, want %+v", run.pace, pace)
	}
}

// TestACanaryThatWasNotSettledGoesAloneAgain when its run is resumed, and one that was, not.
func TestACanaryThatWasNotSettledGoesAloneAgain(t *testing.T) {
	both(t, func(s *story) {
		s.broker.Poison["a"] = true
		run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Canary: 1})
		for range 3 {
			if _, err := run.Do(context.Background(), func(Outcome) {}); !errors.Is(err, adapters.ErrTooLarge) || len(s.broker.Copies) > 0 {
				s.Fatalf("%v, and %d copies went along", err, len(s.broker.Copies))
			}
			var err error
			if run, err = workplace(s, s.folder, s.broker).Resume(run.ID, true, Pace{}); err != nil {
				s.Fatal(err)
			}
		}
		s.broker.Poison["a"], s.broker.Poison["c"] = false, true
		if got, err := run.Do(context.Background(), func(Outcome) {}); err == nil || got.Settled == 0 {
			s.Errorf("%+v, %v", got, err)
		}
	}, "a", "b", "c")
}

// TestACanaryThatDiedOnItsWayGoesAloneAgain: nobody knows whether it was settled.
func TestACanaryThatDiedOnItsWayGoesAloneAgain(t *testing.T) {
	both(t, func(s *story) {
		run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Canary: 1})
		s.broker.Acting = func(what string) {
			if what == "post" || what == "send" {
				s.broker.Acting = nil
				panic(replaytest.ErrCrash)
			}
		}
		s.crash(run)
		s.broker.Poison["a"] = true
		run, err := workplace(s, s.folder, s.broker).Resume(run.ID, true, Pace{})
		if err != nil {
			s.Fatal(err)
		}
		if _, err := run.Do(s.Context(), func(Outcome) {}); !errors.Is(err, adapters.ErrTooLarge) || len(s.broker.Copies) > 0 {
			s.Errorf("%v, and %d copies went along", err, len(s.broker.Copies))
		}
	}, "a", "b", "c")
}

// TestARateIsKept from the first letter on, and by a resume as well.
func TestARateIsKept(t *testing.T) {
	both(t, func(s *story) {
		for _, resumed := range []bool{false, true} {
			for len(s.broker.Letters) < 10 || s.broker.Kind == adapters.Topic && !resumed && len(s.broker.Letters) < 10 {
				s.broker.Bury(time.Now().String())
			}
			plan := s.plan(Replay, PlanOptions{})
			synctest.Test(s.T, func(t *testing.T) {
				run := s.begin(plan, Pace{Rate: 2, Window: 1})
				if resumed {
					run.unlock()
					var err error
					if run, err = workplace(t, s.folder, s.broker).Resume(run.ID, true, Pace{}); err != nil {
						t.Fatal(err)
					}
				}
				begun := time.Now()
				if _, err := run.Do(context.Background(), func(Outcome) {}); err != nil {
					t.Fatal(err)
				}
				if took, least := time.Since(begun), time.Duration(plan.Count())*time.Second/2; took < least {
					t.Errorf("%d letters at 2/s took %v", plan.Count(), took)
				}
			})
			s.broker.Bury("more")
		}
	}, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
}

// TestAnEqualLetterThatCameSinceStays: the copy of a letter is confirmed and the letter gone
// when its run is resumed, and one that is equal in every byte has come. It was in nobody's
// hands, so that it is another one, and is not acknowledged unsent.
func TestAnEqualLetterThatCameSinceStays(t *testing.T) {
	s := tell(t, adapters.Queue, "a")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
	s.broker.Acting = func(what string) {
		if what == "settle" {
			s.broker.Acting, s.broker.Fuse = nil, 1 // the letter leaves, and then the process dies
		}
	}
	s.crash(run)
	if len(s.broker.Letters) != 0 || len(s.broker.Copies) != 1 {
		t.Fatalf("%d letters, %d copies", len(s.broker.Letters), len(s.broker.Copies))
	}
	s.broker.BuryNamed("a", "id of a")
	run, err := workplace(t, s.folder, s.broker).Resume(run.ID, true, Pace{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := run.Do(t.Context(), func(Outcome) {}); err != nil || got.Settled != 1 || len(s.broker.Letters) != 1 {
		t.Errorf("%+v, %v, and %d letters are left", got, err, len(s.broker.Letters))
	}
}

// TestAnEqualLetterThatWasLookedAtIsNotLost: the same, with letters that carry no id, and the
// new one was handed out to a peek since. It may be either, and is sent again.
func TestAnEqualLetterThatWasLookedAtIsNotLost(t *testing.T) {
	s := &story{T: t, broker: replaytest.New(adapters.Queue, "a"), folder: t.TempDir()}
	s.service = workplace(t, s.folder, s.broker)
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
	s.broker.Acting = func(what string) {
		if what == "settle" {
			s.broker.Acting, s.broker.Fuse = nil, 1
		}
	}
	s.crash(run)
	s.broker.Bury("a")
	if _, err := list(workplace(t, t.TempDir(), s.broker)); err != nil { // somebody else looks
		t.Fatal(err)
	}
	run, err := workplace(t, s.folder, s.broker).Resume(run.ID, true, Pace{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := run.Do(t.Context(), func(Outcome) {})
	if ids := idsOf(s.broker)["a"]; err != nil || got.Maybe != 1 || len(s.broker.Letters) != 0 || distinctOf(ids) != 2 {
		t.Errorf("%+v, %v, %d letters are left, and copies have the ids %v", got, err, len(s.broker.Letters), ids)
	}
}

// TestALetterThatLooksFreshIsTheOneOfItsPosition: its copy is confirmed, it still lies in the queue,
// and the broker says by mistake that nobody had it. Its position is nobody else's, so that it is
// neither sent again nor told as settled and left there.
func TestALetterThatLooksFreshIsTheOneOfItsPosition(t *testing.T) {
	for _, action := range []Action{Replay, Discard} {
		s := &story{T: t, broker: replaytest.New(adapters.Queue), folder: t.TempDir()}
		s.broker.Distinct, s.broker.Forgets = true, true
		s.broker.Bury("a") // without an id, and twice the same
		s.broker.Bury("a")
		s.service = workplace(t, s.folder, s.broker)
		plan := s.plan(action, PlanOptions{Reason: "test"})
		run := s.crashSettling(plan, Pace{})
		run, err := workplace(t, s.folder, s.broker).Resume(run.ID, true, Pace{})
		if err != nil {
			t.Fatal(err)
		}
		copies := len(s.broker.Copies)
		got, err := run.Do(t.Context(), func(Outcome) {})
		if err != nil || got.Settled != 2 || got.Alike != 0 || len(s.broker.Letters) != 0 || len(s.broker.Copies) != copies {
			t.Errorf("%s: %+v, %v; %d letters are left, and %d copies were sent, %d of them before", action, got, err, len(s.broker.Letters), len(s.broker.Copies), copies)
		}
	}
}

// asBefore is a journal as the version before would have written it.
func asBefore(s *story, data []byte) []byte {
	s.Helper()
	var lines []byte
	last := ""
	for text := range bytes.Lines(data) {
		var line Line
		if err := json.Unmarshal(text, &line); err != nil {
			s.Fatal(err)
		}
		line.Own, line.Plan, line.Kind, line.Pace, line.Prev = "", "", "", nil, last
		old, err := json.Marshal(&line)
		if err != nil {
			s.Fatal(err)
		}
		last = hashText(sha256.Sum256(old))
		lines = append(append(lines, old...), '\n')
	}
	return lines
}

// TestPlansOfTheVersionBeforeAreWhole: their ids were made of targets in parts. One that was
// changed is not taken for such a plan.
func TestPlansOfTheVersionBeforeAreWhole(t *testing.T) {
	for kind, want := range map[string][]deadletter.Target{
		"topic": {"orders", "orders"},
		"queue": {"orders", "shop:order.placed", ":urn:acme:orders", `a\:b\\c:k:l`, "fan<out>:"},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", "plan-before-"+kind+".json"))
		if err != nil {
			t.Fatal(err)
		}
		read := func(data []byte) *Plan {
			plan := &Plan{}
			if err := json.Unmarshal(data, plan); err != nil {
				t.Fatal(err)
			}
			return plan
		}
		plan := read(data)
		if !plan.whole() {
			t.Errorf("%s: the plan is taken for damaged", kind)
		}
		for i, l := range plan.Parts[0].Letters {
			if l.To != want[i] {
				t.Errorf("%s: letter %d goes to %s", kind, i, l.To)
			}
		}
		plan.Parts[0].Letters[1].To = "attack"
		if plan.whole() {
			t.Errorf("%s: a changed plan is taken for whole", kind)
		}
		again := read(data)
		again.ID, _ = again.digest()
		if written, err := json.Marshal(again); err != nil || !read(written).whole() {
			t.Errorf("%s: written anew it is damaged, %v", kind, err)
		}
	}
}

package tui_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/replay"
	"eventscope/tui/tuitest"
)

// kept is dead with a journal in a folder that the story knows.
func kept(t *testing.T, kind adapters.DestinationKind, tell func(t *testing.T, l *tuitest.Letters, folder string, screen *tuitest.Screen)) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l, folder := tuitest.NewLetters(t, kind), t.TempDir()
		l.Reopen(t, folder)
		screen := tuitest.Open(t, l.Over(s.Options()), 140, 30).Press("4").Wait(time.Second)
		if kind == adapters.Queue {
			screen.Press("enter", "y").Wait(time.Second)
		}
		tell(t, l, folder, screen)
	})
}

// TestAJournalThatWasChangedSaysSo: by how many lines, for as long as it is so.
func TestAJournalThatWasChangedSaysSo(t *testing.T) {
	kept(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, folder string, screen *tuitest.Screen) {
		discard(screen, "test data", "2").Press("6").Wait(3 * time.Second).Misses("changed by somebody")
		path := filepath.Join(folder, "journal.jsonl")
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		change := func(text string) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			screen.Wait(5 * time.Second)
		}
		change(strings.Replace(string(was), "test data", "good cause", 1))
		screen.Sees("1 line was changed by somebody")
		change(strings.ReplaceAll(string(was), `"discard"`, `"replay"`))
		screen.Sees(" lines were changed by somebody")
		change(string(was))
		screen.Misses("changed by somebody").Sees("1 run", "✓ done", "test data")
	})
}

// TestAJournalThatCannotBeReadSaysWhy, and keeps what it showed until it can.
func TestAJournalThatCannotBeReadSaysWhy(t *testing.T) {
	kept(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, folder string, screen *tuitest.Screen) {
		discard(screen, "test data", "2").Press("6").Wait(3 * time.Second).Sees("1 run")
		path := filepath.Join(folder, "journal.jsonl")
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		screen.Wait(3*time.Second).Sees("✗ cannot ", "1 run", "✓ done").Press("enter").Wait(time.Second).Sees("✗ cannot ").Press("q")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		screen.Wait(3*time.Second).Sees("1 run").Misses("✗ cannot").Press("enter").Wait(time.Second).Sees("steps of 2", "begun", "done")
	})
}

// paused leaves a run that another process began and was told to end.
func paused(t *testing.T, l *tuitest.Letters) {
	t.Helper()
	letters := l.Service.Listing(t.Context(), nil, replay.ListingOptions{}).Letters()
	run := begun(t, l, replay.Replay, letters, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if summary, err := run.Do(ctx, func(replay.Outcome) {}); summary.State != "paused" {
		t.Fatal(summary, err)
	}
}

// TestARunOfAnotherProcessIsTakenUp, or ended, from the row under the cursor or from its steps.
func TestARunOfAnotherProcessIsTakenUp(t *testing.T) {
	for _, c := range []struct {
		open, command string
		sees          []string
		sent          int
	}{
		{"", "resume", []string{"✓ done", "3 of 3"}, 3}, {"enter", "resume", []string{"✓ done", "3 of 3"}, 3},
		{"", "abort", []string{"✗ aborted"}, 0}, {"enter", "abort", []string{"aborted"}, 0},
	} {
		t.Run(c.open+c.command, func(t *testing.T) {
			dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
				paused(t, l)
				screen.Press("6").Wait(3*time.Second).Selects("‖ paused", "0 of 3", "replay").Sees("go on with :resume, or end it with :abort")
				screen.Press(strings.Fields(c.open)...).Wait(time.Second).Command(c.command).Wait(time.Second).Sees(c.sees...).Misses("Go on with :resume")
				if sent(l) != c.sent {
					t.Fatalf("%d copies", sent(l))
				}
				screen.Press("6").Wait(3*time.Second).Selects(c.sees[0]).Misses("go on with :resume", "‖ paused")
				screen.Command(c.command).Wait(time.Second).Sees("✗ cannot").Press("4").Wait(3 * time.Second)
				if sent(l) != c.sent {
					t.Fatalf("%d copies after the run was ended", sent(l))
				}
			})
		})
	}
}

// TestARunThatIsShownAnewTakesThePlaceOfItsPage, so that one key leads back from it.
func TestARunThatIsShownAnewTakesThePlaceOfItsPage(t *testing.T) {
	for _, command := range []string{"resume", "abort"} {
		dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
			l.Poison[`{"type":"OrderPlaced","order_id":"ord-c"}`] = true
			screen.Press("G", "r").Wait(time.Second).Press("enter").Type("1").Press("enter").Wait(time.Second).Sees("✗ failed", "› Run")
			screen.Command(command).Wait(time.Second).Misses("› Run › Run").Press("q").Wait(time.Second).Sees("3 open").Misses("› Run")
		})
	}
}

// TestTheRunAtWorkIsEndedFromAnyPage by its command, which asks for no name.
func TestTheRunAtWorkIsEndedFromAnyPage(t *testing.T) {
	for _, page := range []string{"1", "2", "4", "5", "6"} {
		dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
			_, all := atWork(t, l, screen)
			screen.Press(page).Wait(3 * time.Second).Sees("▷ replay 1 of 1,200").Command("abort").Sees("it ends after the window in hand; what was not sent stays open")
			all()
			screen.Wait(5*time.Second).Misses("▷ replay").Command("run").Sees("✗ aborted", "501 of 1,200")
			if n := sent(l); n != 501 {
				t.Fatalf("%d copies", n)
			}
		})
	}
}

// TestARunSaysHowFastItIsAndHowLongItTakes, not while it is held, and not when it is over.
func TestARunSaysHowFastItIsAndHowLongItTakes(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		pass, all := atWork(t, l, screen)
		pass()
		screen.Wait(9*time.Second).Sees("501 of 1,200", "/s", " left", "p pause", "A abort")
		if line := screen.Line(" left"); !strings.Contains(line, "/s  ") {
			t.Fatalf("nothing says how fast it is: %s", line)
		}
		screen.Press("p").Wait(time.Second).Sees("p go on").Misses(" left").Press("p").Sees(" left", "p pause")
		screen.Press("A").Wait(time.Second).Misses("p pause", "A abort", "p go on").Sees("▷ ending")
		all()
		screen.Wait(5 * time.Second).Sees("✗ aborted").Misses(" left")
		speed := screen.Line("20000101-")
		if now := screen.Wait(time.Minute).Line("20000101-"); now != speed || !strings.Contains(now, "/s") {
			t.Fatalf("a run that is over was as fast as\n%s\nand is now\n%s", speed, now)
		}
	})
}

// TestARunTellsOfItsNewestLetters, of the last two hundred and no more.
func TestARunTellsOfItsNewestLetters(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		_, all := atWork(t, l, screen)
		all()
		screen.Wait(5*time.Second).Sees("✓ done", "1,200 of 1,200").Press("g").Selects("dlq/0@1202").Press("j").Selects("dlq/0@1201").Press("G").Selects("dlq/0@1003").Press("j").Selects("dlq/0@1003")
	})
}

// TestWhatMayHaveArrivedTwiceIsSaid when a broker went away with letters on their way.
func TestWhatMayHaveArrivedTwiceIsSaid(t *testing.T) {
	kept(t, adapters.Queue, func(t *testing.T, l *tuitest.Letters, folder string, screen *tuitest.Screen) {
		away := func(count string) {
			l.Change(func() { l.Broker.Acting = func(what string) { l.Broker.Failing = 0 } })
			screen.Press("enter").Type(count).Press("enter").Wait(time.Second).Sees("✗ failed", "the broker is gone", "What is not settled is as it was")
			l.Change(func() { l.Broker.Acting, l.Broker.Failing = nil, -1 })
		}
		screen.Press("g", "r").Wait(time.Second)
		away("2")
		screen.Command("resume").Wait(time.Second).Sees("✓ done", "1 letter may have arrived twice, with the same x-replay-id")
	})
}

// TestStepsSayWhereTheirLettersLie where those of one run lie in several places.
func TestStepsSayWhereTheirLettersLie(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		all, screen := queues(t, s, map[string]int{"alpha": 2, "beta": 1})
		for range 2 {
			screen.Press("g", "enter", "y").Wait(time.Second)
		}
		l := all["alpha"]
		dlqs, err := l.Service.DLQs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		peek := map[string]bool{}
		for i := range dlqs {
			peek[dlqs[i].Key()] = true
		}
		letters := l.Service.Listing(t.Context(), nil, replay.ListingOptions{Peek: peek}).Letters()
		run := begun(t, l, replay.Discard, letters, "old")
		done(t, run)
		screen.Press("6").Wait(3*time.Second).Selects("discard", "✓ done", "3 of 3", "alpha.dlq, beta.dlq", "ann@host", "old")
		screen.Press("enter").Wait(time.Second).Sees("DLQ", "alpha.dlq", "beta.dlq", "0-1", "old").Press("y").Sees("copied the run's name").Wait(time.Second)
		if !screen.Copied(run.ID) {
			t.Fatal("the run's name is not in the clipboard")
		}
		screen.Press("esc", "esc", "y").Sees("copied the run's name").Resize(80, 24).Sees("discard", "✓ done", "3 of 3").Resize(60, 12).Sees("✓ done")
	})
}

// TestNothingIsSentWhereNothingMayBeWritten: a run can be ended there, and not go on.
func TestNothingIsSentWhereNothingMayBeWritten(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.NewLetters(t, adapters.Topic)
		paused(t, l)
		options := l.Over(s.Options())
		options.Write, options.ReadOnly = false, "READ-ONLY"
		screen := tuitest.Open(t, options, 140, 30).Press("6").Wait(3 * time.Second).Selects("‖ paused")
		screen.Command("resume").Wait(time.Second).Sees("✗ ", "--write").Press("esc").Wait(3 * time.Second).Selects("‖ paused")
		screen.Command("abort").Wait(time.Second).Sees("it is ended, or ends after the window in hand if another process has it; 6 shows it").Wait(3 * time.Second).Selects("✗ aborted")
		if sent(l) != 0 {
			t.Fatal("something was sent")
		}
	})
}

package tui_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/tui/tuitest"

	"pgregory.net/rapid"
)

// queues are dead-letter queues of several brokers behind one screen, each with so many
// letters, on the page that lists them.
func queues(t *testing.T, s *tuitest.System, depths map[string]int) (map[string]*tuitest.Letters, *tuitest.Screen) {
	t.Helper()
	all := map[string]*tuitest.Letters{}
	var list []*tuitest.Letters
	for _, name := range []string{"alpha", "beta", "delta", "gamma"} {
		l := tuitest.EmptyDLQ(t, adapters.Queue)
		l.Source = name
		l.DLQ = func(g *deadletter.Queue) { g.Name = name + ".dlq" }
		for i := range depths[name] {
			l.BuryFor(fmt.Sprintf(`{"type":"OrderPlaced","order_id":"%s-%d"}`, name, i), "died in "+name)
		}
		all[name], list = l, append(list, l)
	}
	tuitest.Together(t, t.TempDir(), list...)
	return all, tuitest.Open(t, list[0].Over(s.Options()), 120, 30).Press("4").Wait(time.Second)
}

func TestTheCursorStaysOnItsQueueWhenThatIsRead(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		all, screen := queues(t, s, map[string]int{"alpha": 1, "beta": 3, "delta": 2, "gamma": 6})
		screen.Press("j")
		if !strings.Contains(screen.Selected(), "beta.dlq") {
			t.Fatalf("the second row is\n%s", screen.Selected())
		}
		screen.Press("enter", "y").Wait(time.Second)
		if now := screen.Selected(); !strings.Contains(now, "died in beta") {
			t.Fatalf("after beta.dlq was read the cursor is on\n%s\n%s", now, screen.Text())
		}
		screen.Press("enter").Wait(time.Second).Sees("3 letters", "beta-0", "beta-2")
		for _, other := range []string{"alpha", "delta", "gamma"} {
			if all[other].Peeks != 0 {
				t.Fatalf("%s.dlq was peeked into, and nobody asked for it", other)
			}
		}
		screen.Press("r").Wait(time.Second).Sees("3 letters", "beta.dlq")
	})
}

// TestNoQueueIsPeekedButTheOneUnderTheCursor: whatever comes, goes and is read, a peek that
// was confirmed is one into the queue that the question named.
func TestNoQueueIsPeekedButTheOneUnderTheCursor(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		all, screen := queues(t, s, map[string]int{"alpha": 1, "beta": 3, "delta": 2, "gamma": 6})
		come := 0
		rapid.Check(withoutDeadline{t}, func(t *rapid.T) {
			for range rapid.IntRange(1, 12).Draw(t, "moves") {
				switch key := rapid.SampledFrom([]string{"j", "k", "G", "g", "peek", "peek", "come", "wait", "L"}).Draw(t, "key"); key {
				case "peek":
					peeked(t, all, screen)
				case "come":
					come++
					l := all[rapid.SampledFrom([]string{"alpha", "beta", "delta", "gamma"}).Draw(t, "queue")]
					l.Change(func() { l.BuryFor(fmt.Sprintf(`{"type":"OrderPlaced","order_id":"new-%d"}`, come), "late") })
				case "wait":
					screen.Wait(3 * time.Second)
				case "L":
					screen.Press("L", "n")
				default:
					screen.Press(key)
				}
			}
		})
	})
}

// peeked presses enter and says yes, and fails if another queue was read than the one that
// the row under the cursor named.
func peeked(t *rapid.T, all map[string]*tuitest.Letters, screen *tuitest.Screen) {
	before := map[string]int{}
	for name, l := range all {
		before[name] = l.Peeks
	}
	named := screen.Selected()
	if screen.Press("enter"); !strings.Contains(screen.Text(), "y/N") {
		screen.Press("esc")
		return
	}
	screen.Press("y").Wait(time.Second)
	for name, l := range all {
		if l.Peeks != before[name] && !strings.Contains(named, name+".dlq") {
			t.Fatalf("%s.dlq was peeked into with the cursor on\n%s", name, named)
		}
	}
}

func TestTheModeThatWritesIsTheLoudOne(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := tuitest.NewLetters(t, adapters.Topic).Over(s.Options())
		tuitest.Open(t, options, 80, 24).Wait(time.Second).Sees("WRITE").Misses("READ-ONLY").Quit()
		options.Write, options.ReadOnly = false, "READ-ONLY"
		tuitest.Open(t, options, 80, 24).Wait(time.Second).Sees("READ-ONLY").Misses("WRITE")
	})
}

// TestTheCountOfDeadLettersSurvivesAnOutage: what a source said last still counts, and says
// from when it is.
func TestTheCountOfDeadLettersSurvivesAnOutage(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		kafka, rabbit := tuitest.NewLetters(t, adapters.Topic), tuitest.NewLetters(t, adapters.Queue)
		rabbit.Source = "rabbit"
		tuitest.Together(t, t.TempDir(), kafka, rabbit)
		screen := tuitest.Open(t, kafka.Over(s.Options()), 120, 30).Wait(20 * time.Second).Sees("☠ 6 dead").Misses("old)")
		kafka.Change(func() { kafka.Down = errors.New("connection refused") })
		screen.Wait(30*time.Second).Sees("☠ 6 dead letters (", "old)")
		screen.Press("4").Wait(3*time.Second).Sees("connection refused", "as of ", "card declined", "6 open")
		buried(kafka, 1, "timeout")
		screen.Press("1").Wait(time.Second)
		s.Kafka.Set(func(status *adapters.Status) { status.Connection = adapters.Lost })
		screen.Wait(2 * time.Second)
		kafka.Change(func() { kafka.Down = nil })
		s.Kafka.Set(func(status *adapters.Status) { status.Connection = adapters.Live })
		screen.Wait(2*time.Second).Sees("☠ 7 dead").Misses("old)", "as of ") // long before the next one would be due
	})
}

// TestTheCountOfDeadLettersOfALostSourceIsOldAtOnce, long before the next reading of them fails.
func TestTheCountOfDeadLettersOfALostSourceIsOldAtOnce(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		kafka := tuitest.NewLetters(t, adapters.Topic)
		screen := tuitest.Open(t, kafka.Over(s.Options()), 120, 30).Wait(20 * time.Second).Sees("☠ 3 dead").Misses("old)")
		s.Kafka.Set(func(status *adapters.Status) { status.Connection, status.Since = adapters.Lost, time.Now() })
		screen.Wait(time.Second).Sees("☠ 3 dead letters (1s old)")
		s.Kafka.Set(func(status *adapters.Status) { status.Connection = adapters.Live })
		screen.Wait(time.Second).Sees("☠ 3 dead").Misses("old)")
	})
}

// TestWhoMayNotReadTheLedgerSeesTheLetters, and that nobody knows what was dealt with.
func TestWhoMayNotReadTheLedgerSeesTheLetters(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		l.Change(func() { l.LedgerHidden = errors.New("user ann may not read the ledger") })
		buried(l, 1, "timeout")
		screen.Wait(5*time.Second).Sees("4 open", "Nobody knows which letters were dealt with: user ann may not read the ledger")
		l.Change(func() { l.LedgerHidden = nil })
		screen.Wait(5 * time.Second).Misses("Nobody knows")
	})
}

// TestAQueueIsWellWhenItsArchiveIsNot: what was discarded and cannot be restored is told
// apart from the queue, in the words of the archive, and no longer than it is asked about.
func TestAQueueIsWellWhenItsArchiveIsNot(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l, folder := tuitest.NewLetters(t, adapters.Queue), t.TempDir()
		l.Reopen(t, folder)
		screen := tuitest.Open(t, l.Over(s.Options()), 160, 30).Press("4").Wait(time.Second).Press("enter", "y").Wait(time.Second)
		discard(screen, "test data", "2").Press("4").Wait(3 * time.Second).Sees("1 open")
		if err := os.RemoveAll(filepath.Join(folder, "archive")); err != nil {
			t.Fatal(err)
		}
		screen.Press("a").Wait(3*time.Second).Sees("cannot restore 2 letters of dlq", "is not in the archive", "put the archive back from a copy", "timeout", "1 open")
		screen.Misses("no longer has it", "as of", "✗")
		screen.Press("a").Wait(3*time.Second).Misses("archive", "no longer has it", "as of").Sees("1 open", "timeout")
	})
}

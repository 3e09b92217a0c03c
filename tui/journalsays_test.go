package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/replay"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// lineOf is the line of the screen that has the words, counted from the top.
func lineOf(t *testing.T, screen *tuitest.Screen, words string) int {
	t.Helper()
	for i, line := range strings.Split(screen.Text(), "\n") {
		if strings.Contains(line, words) {
			return i
		}
	}
	t.Fatalf("%q is not on the screen:\n%s", words, screen.Text())
	return 0
}

// ofOrder chooses the letters of one order.
func ofOrder(id string) func(*replay.Letter) bool {
	return func(l *replay.Letter) bool { return l.Entity == id }
}

// TestARunThatIsClickedStaysUnderTheCursor when another one comes above it: :resume and :abort
// are about it.
func TestARunThatIsClickedStaysUnderTheCursor(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		buried(l, 3, "no stock")
		othersRun(t, l, replay.Discard, "first", ofOrder("ord-a"))
		othersRun(t, l, replay.Discard, "second", ofOrder("ord-b"))
		screen.Press("6").Wait(3 * time.Second).Sees("2 runs").Press("g").Selects("second")
		screen.Click(20, lineOf(t, screen, "first")).Selects("first").Sees("2 runs")
		othersRun(t, l, replay.Discard, "third", ofOrder("ord-c"))
		screen.Wait(3 * time.Second).Sees("3 runs").Selects("first")
		screen.Click(20, lineOf(t, screen, "first")).Wait(time.Second).Sees("steps of 2", "first").Misses("second")
	})
}

// TestARunThatFailedSaysWhy in the journal, below its row and in its steps, where that is
// told from the rest.
func TestARunThatFailedSaysWhy(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		l.Poison[`{"type":"OrderPlaced","order_id":"ord-c"}`] = true
		screen.Press("G", "r").Wait(time.Second).Press("enter").Type("1").Press("enter").Wait(time.Second).Sees("✗ failed", "1 failed")
		screen.Press("6").Wait(3*time.Second).Sees("Age", "Action", "State", "Settled", "DLQ", "By", "Run", "Reason", "1 run", "go on with :resume, or end it with :abort", "stopped at the first letter that failed: dlq/0@2: too large").Selects("replay", "✗ failed", "0 of 1", "dlq", "ann@host", "20000101-")
		screen.Looks(theme.Bad, "✗ failed").Looks(theme.Warn, "go on with :resume")
		if line := screen.Line(" by ann@host"); !strings.Contains(line, "run 20000101-") || !strings.Contains(line, "2000-01-01 00:00:0") {
			t.Fatalf("below the runs is %s", line)
		}
		screen.Press("enter").Wait(time.Second).Sees("Time", "Step", "Letters", "Numbers", "Note").Press("G").Selects("failed").Looks(theme.Bad, "failed")
		screen.Press("enter").Sees("+00:00 failed, stopped at the first letter").Press("esc").Press("g").Selects("begun").SelectsNot("failed").Looks(theme.Plain, "begun")
		screen.Press("esc").Wait(time.Second).Command("abort").Wait(time.Second).Sees("✗ aborted").Press("6").Wait(3*time.Second).Looks(theme.Warn, "✗ aborted").Misses("go on with :resume")
		screen.Press("enter").Wait(time.Second).Press("G").Selects("aborted").Looks(theme.Warn, "aborted")
	})
}

// TestAJournalWithoutRunsSaysWhatWillStandThere, and its keys do nothing.
func TestAJournalWithoutRunsSaysWhatWillStandThere(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("6").Wait(3*time.Second).Sees("No runs yet.", "who, when, what, how it", "0 runs").Misses("⏎ steps", "y copy", "DLQ")
		screen.Press("enter", "y", "j", "G").Wait(time.Second).Sees("No runs yet").Misses("copied", "› Steps").Command("abort").Sees("which run?")
		elsewhere(t, l, "test data")
		screen.Wait(3*time.Second).Sees("1 run ", "⏎ steps", "y copy").Misses("No runs yet").Selects("discard", "✓ done", "1 of 1", "test data").Looks(theme.Good, "✓ done")
	})
}

// TestTheRunsOfADayAreInTheirOrder, the newest first, each as old as it is.
func TestTheRunsOfADayAreInTheirOrder(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		othersRun(t, l, replay.Discard, "the first", ofOrder("ord-a"))
		screen.Press("1").Wait(2 * time.Hour).Press("4") // where nothing shows an age
		othersRun(t, l, replay.Discard, "the second", ofOrder("ord-b"))
		screen.Wait(5*time.Minute).Press("6").Wait(3*time.Second).Press("g").Selects("the second", "5m", "1 of 1").Press("j").Selects("the first", "2h", "1 of 1").Press("j").Selects("the first")
		screen.Wait(time.Hour).Selects("the first", "3h").Press("k").Selects("the second", "1h").Press("y").Sees("copied the run's name")
	})
}

// TestAJournalThatCannotBeReadIsNotAnEmptyOne: nobody knows what was done.
func TestAJournalThatCannotBeReadIsNotAnEmptyOne(t *testing.T) {
	kept(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, folder string, screen *tuitest.Screen) {
		path := filepath.Join(folder, "journal.jsonl")
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		screen.Press("6").Wait(3*time.Second).Sees("✗ cannot ").Misses("No runs yet", "0 runs", "⏎ steps")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		screen.Wait(3*time.Second).Sees("No runs yet", "0 runs").Misses("✗ cannot")
	})
}

// TestKeysThatHaveNoRowToActOnAreNotOffered on any page that can be empty.
func TestKeysThatHaveNoRowToActOnAreNotOffered(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		options := tuitest.NewConsumers(s.Kafka).Over(l.Over(s.Options()))
		screen := tuitest.Open(t, options, 140, 24)
		for page, keys := range map[string][]string{
			"1": {"⏎ flow", "v value", "space mark"}, "2": {"⏎ open", "space mark"}, "3": {"⏎ partitions"}, "4": {"⏎ letters", "r replay", "x discard"},
			"5": {"⏎ stream", "y copy", "w save"}, "6": {"⏎ steps", "y copy"},
		} {
			screen.Press(page).Wait(5*time.Second).Sees(": command", "? help").Misses(keys...)
		}
		put(t, s, s.Order(1, time.Now(), 5)...)
		for page, keys := range map[string][]string{"1": {"⏎ flow", "v value", "space mark"}, "2": {"⏎ open", "space mark"}, "5": {"⏎ stream", "y copy", "w save"}} {
			screen.Press(page).Wait(31 * time.Second).Sees(keys...)
		}
	})
}

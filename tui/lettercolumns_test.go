package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/replay"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// TestALetterLooksAsItStands: open, replayed or discarded, in the list and on its own page.
func TestALetterLooksAsItStands(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		buried(l, 3, "no stock")
		othersRun(t, l, replay.Replay, "", ofOrder("ord-00000"))
		othersRun(t, l, replay.Discard, "test data", ofOrder("ord-00001"))
		screen.Wait(5*time.Second).Press("a").Wait(3*time.Second).Press("g").Selects("1 of 3", "no stock").Press("enter").Wait(time.Second).Sees("☠ 3 letters", "incl. resolved")
		for order, c := range map[string]struct {
			state  string
			role   theme.Role
			offers []string
			misses []string
		}{
			"ord-00000": {"replayed", theme.Good, nil, []string{"r replay", "x discard", "u restore", "because"}}, "ord-00001": {"discarded", theme.Dim, []string{"u restore", "because    test data", "by         ann@host"}, []string{"r replay", "x discard"}},
			"ord-00002": {"open", theme.Bad, []string{"r replay", "x discard"}, []string{"u restore", "because"}},
		} {
			screen.Press("g")
			screen.GoTo("j", order)
			screen.Selects(c.state).Looks(c.role, c.state).Press("enter").Wait(time.Second).Sees("state      "+c.state).Sees(c.offers...).Misses(c.misses...).Looks(c.role, c.state).Press("esc").Wait(time.Second)
		}
	})
}

// TestWhatANarrowListOfLettersLeavesOut: the state and what a letter is about stay.
func TestWhatANarrowListOfLettersLeavesOut(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("g", "enter").Wait(time.Second).Press("a").Wait(time.Second).Resize(170, 30).Selects("open", "ord-", "OrderPlaced", "card declined", "orders", "dlq/0@")
		was := []bool{true, true, true}
		for width := 170; width >= 40; width -= 2 {
			line := screen.Resize(width, 30).Wait(100 * time.Millisecond).Selected()
			if !strings.Contains(line, "open") || !strings.Contains(line, "ord-") {
				t.Fatalf("at %d the letter is %s", width, line)
			}
			has := []bool{strings.Contains(line, "OrderPlaced"), strings.Contains(line, "card declined"), strings.Contains(line, "dlq/0@")}
			for i := range has {
				if has[i] && !was[i] {
					t.Fatalf("at %d what had left is back: %s", width, line)
				}
			}
			was = has
		}
		if was[0] && was[1] && was[2] {
			t.Fatal("nothing has left at 40")
		}
	})
}

// TestALetterWithoutATypeSaysSo, and its group is called by where it lies.
func TestALetterWithoutATypeSaysSo(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		l.BuryFor("?", "unreadable")
		screen := tuitest.Open(t, l.Over(s.Options()), 140, 24).Press("4").Wait(time.Second).Press("g").Selects("1", "unreadable", "dlq")
		screen.Press("enter").Wait(time.Second).Sees("☠ 1 letter", "unreadable").Selects("open", "unreadable", "dlq/0@0").Press("enter").Wait(time.Second).Sees("type       dlq  destination name", "state      open").Misses("F flow")
	})
}

// TestALetterWithoutAnyBytesIsNoTombstone: nothing was deleted, nothing was sent.
func TestALetterWithoutAnyBytesIsNoTombstone(t *testing.T) {
	for name, c := range map[string]struct {
		value        []byte
		sees, misses string
	}{"empty": {[]byte{}, "empty: the value has no bytes", "tombstone"}, "deleted": {nil, "tombstone: this key was deleted, so there is no value", "no bytes"}} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				l := tuitest.EmptyDLQ(t, adapters.Topic)
				l.BuryFor("?", "unreadable")
				l.Broker.Letters[0].Value = c.value
				screen := tuitest.Open(t, l.Over(s.Options()), 140, 24).Press("4").Wait(time.Second).Press("g", "enter").Wait(time.Second).Press("enter").Wait(time.Second).Sees(c.sees, "no value").Misses(c.misses, "y copy", "w save", "/ find", "v raw")
				screen.Press("o", "enter", "n", "j", "G").Wait(time.Second).Sees(c.sees)
			})
		})
	}
}

// TestARunSaysOfHowManyLettersItCannotTell which of equal ones they are: those of a queue that have
// no id.
func TestARunSaysOfHowManyLettersItCannotTell(t *testing.T) {
	for letters, says := range map[int]string{0: "", 1: "1 letter cannot be told from equal ones: what another run has sent of them cannot be told", 2: "2 letters cannot be told from equal ones"} {
		story(t, func(t *testing.T, s *tuitest.System) {
			l := tuitest.EmptyDLQ(t, adapters.Queue)
			for i := range 3 {
				body := fmt.Sprintf(`{"type":"OrderPlaced","order_id":"ord-%d"}`, i)
				if i < letters {
					l.Bury(body)
				} else {
					l.BuryNamed(body, fmt.Sprint("id-", i))
				}
			}
			screen := tuitest.Open(t, l.Over(s.Options()), 140, 30).Press("4").Wait(time.Second).Press("enter", "y").Wait(time.Second).Press("r").Wait(time.Second).Sees("3 letters,")
			screen.Press("enter").Type("3").Press("enter").Wait(time.Second).Sees("✓ done", "3 of 3", says)
			if letters == 0 {
				screen.Misses("cannot be told")
			}
			if sent(l) != 3 || l.Left() != 0 {
				t.Fatalf("%d copies were sent, and %d letters are left", sent(l), l.Left())
			}
		})
	}
}

// TestTheRunThatIsOverIsShownAgain by its command, with all that it told, and its steps are one key
// away.
func TestTheRunThatIsOverIsShownAgain(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("G", "r").Wait(time.Second).Press("enter").Type("1").Press("enter").Wait(time.Second).Sees("✓ done", "1 of 1", "› Run").Looks(theme.Good, "✓ done", "✓ replayed")
		screen.Press("1").Wait(time.Second).Misses("› Run").Command("run").Sees("› Run", "✓ done", "✓ replayed", "dlq/0@2", "orders", "exactly once").Misses("p pause", "A abort", " left")
		screen.Press("p", "A").Wait(time.Second).Sees("✓ done").Misses("paused", "ending")
		screen.Press("enter").Wait(time.Second).Sees("› Steps", "begun", "done").Press("esc").Sees("✓ done").Press("esc").Sees("1 Stream").Misses("› Run")
	})
}

package tui_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// TestAPlanForAnEditedLetterShowsTheChange, line by line, and the id that the copy has.
func TestAPlanForAnEditedLetterShowsTheChange(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(tool, []byte("#!/bin/sh\nsed -i s/declined/accepted/ \"$1\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		l.BuryFor("{\n \"type\": \"OrderPlaced\",\n \"card\": \"declined\",\n \"order_id\": \"ord-a\"\n}\n", "card declined")
		options := l.Over(s.Options())
		options.Editor = []string{tool}
		screen := tuitest.Open(t, options, 120, 50).Press("4").Wait(time.Second)
		to(screen, "Letter")
		screen.Press("e").Wait(time.Second).Sees("› Plan: replay", "new id", "changed", "the body, in this way:", `- "card": "declined"`, `+ "card": "accepted"`, ` "type": "OrderPlaced"`, "nothing has happened yet")
		screen.Looks(theme.Bad, `- "card": "declined"`).Looks(theme.Good, `+ "card": "accepted"`).Looks(theme.Title, "the body, in this way:")
		screen.Press("enter").Sees("type 1 to replay 1 letter").Type("1").Press("enter").Wait(time.Second).Sees("✓ done", "1 of 1")
		if sent(l) != 1 || string(l.Copies[0].Value) != "{\n \"type\": \"OrderPlaced\",\n \"card\": \"accepted\",\n \"order_id\": \"ord-a\"\n}\n" {
			t.Fatalf("%d copies were sent, the first is %q", sent(l), l.Copies[0].Value)
		}
	})
}

// TestAPlanThatIsBeingMadeCannotBeConfirmed: what is asked of the brokers is named, and the keys
// wait for it.
func TestAPlanThatIsBeingMadeCannotBeConfirmed(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		release := l.Hold()
		screen.Press("G", "r").Wait(time.Second).Sees("› Plan: replay", "asking the brokers who would receive this").Misses("⏎ confirm", "nothing has happened yet", "guarantee")
		screen.Press("enter", "t", "c", "j", "G").Wait(time.Second).Misses("type 1 to", "send them to", "which of them")
		release()
		screen.Wait(time.Second).Sees("⏎ confirm", "nothing has happened yet", "1 letter, ", "guarantee").Misses("asking the brokers")
		if sent(l) != 0 {
			t.Fatal("something was sent")
		}
	})
}

// TestAPlanSaysEachOfItsFactsInItsColour: what is promised, what to mind, what stays out of the way.
func TestAPlanSaysEachOfItsFactsInItsColour(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		l.Missing["orders"] = true
		screen.Press("G", "r").Wait(time.Second).Sees("✗ refused", "stays").Looks(theme.Bad, "✗ refused").Looks(theme.Warn, "1 letter, such as").Misses("⏎ confirm")
		screen.Press("enter").Sees("✗ ").Press("esc")
		delete(l.Missing, "orders")
		screen.Press("esc").Wait(time.Second).Press("r").Wait(time.Second).Looks(theme.Good, "exactly once").Looks(theme.Warn, "payment").Sees("adds", "x-replay-id, -count, -at, -by, -from").Misses("refused", "stays")
		screen.Press("esc").Press("x").Type("test data").Press("enter").Wait(time.Second).Sees("Plan: discard", "reason", "test data", "1 letter, ").Misses("x-replay-id", "read by", "t target")
		screen.Press("t").Sees("only what is replayed goes somewhere").Misses("send them to")
	})
}

package tui_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/tracing"
	"eventscope/tui"
	"eventscope/tui/tuitest"
)

// takeable is a system with one order, whose first source knows a command.
func takeable(t *testing.T, s *tuitest.System) tui.Options {
	put(t, s, s.Order(9, time.Now(), 5)...)
	options := s.Options()
	options.SaveFolder = t.TempDir()
	options.Sources[0].Commands = func(p adapters.Position) []driver.Command {
		return []driver.Command{{Tool: "kcat", Line: "kcat -t " + p.Destination}}
	}
	options.TraceCommand = func(id string) string { return "eventscope trace " + id }
	options.WriteFlow = func(_ context.Context, f *tracing.Flow) ([]byte, error) {
		return []byte(`{"flow":"` + f.ID + `"}`), nil
	}
	return options
}

// A flow is copied in each of its forms, from wherever it is under the cursor, and an event as the
// command that reads it again.
func TestAFlowIsTakenAlong(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, takeable(t, s), 80, 24).Press("enter", "Y")
		screen.Sees("m  flow as Markdown, for a ticket", "s  flow as a Mermaid", "1  kcat, the command for the event").Press("x").Misses("flow as Markdown")
		for _, c := range []struct{ key, says, copied string }{
			{"j", "copied flow as JSON", `{"flow":"ord-1009"}`}, {"t", "copied eventscope trace", "eventscope trace ord-1009"},
			{"p", "copied position of the event", "orders/0@0"}, {"1", "copied kcat", "kcat -t orders"},
		} {
			if screen.Press("Y", c.key).Wait(time.Second).Sees(c.says); !screen.Copied(c.copied) {
				t.Errorf("%s did not copy %q", c.key, c.copied)
			}
		}
		screen.Press("Y", "m").Sees("copied flow as Markdown").Press("Y", "s").Sees("copied flow as a Mermaid sequence diagram")
		screen.Press("esc", "enter", "enter", "Y").Sees("flow as JSON", "kcat").Press("esc").Press("2", "Y").Sees("flow as Markdown").Misses("kcat").Press("t").Sees("copied eventscope trace")
	})
}

// What is too long for a clipboard is saved, and what cannot be read is said.
func TestALargeFlowIsSaved(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := takeable(t, s)
		options.WriteFlow = func(context.Context, *tracing.Flow) ([]byte, error) { return []byte(strings.Repeat("x", 80_000)), nil }
		tuitest.Open(t, options, 120, 24).Press("enter", "Y", "j").Sees("saved flow as JSON, with its messages, which is too long for a clipboard, to")
		saved, err := os.ReadFile(filepath.Join(options.SaveFolder, "flow-ord-1009.json"))
		if err != nil || len(saved) != 80_000 {
			t.Errorf("%d bytes were saved: %v", len(saved), err)
		}
	})
}

func TestNothingToTakeAlong(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		tuitest.Open(t, s.Options(), 80, 24).Press("Y").Sees("there is nothing under the cursor to copy").Press("2", "Y").Sees("there is nothing")
	})
}

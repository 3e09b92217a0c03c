package main

import (
	"testing"

	"eventscope/cmd/internal/exit"
	"eventscope/tui/tuitest"
)

// TestBuiltProgramAsksWhatToLookAt where nothing says it, and offers what was looked at last.
func TestBuiltProgramAsksWhatToLookAt(t *testing.T) {
	environment, path, url := plainEnvironment(t), built(t), brokerWith(t, "ord-1")
	screen := tuitest.InTmux(t, 80, 24, environment, path).Sees("what do you want to look at?", "demonstration", "eventscope demo").Misses("looked at last").Press("q")
	if code := screen.Ended(); code != exit.Done {
		t.Errorf("exit code %d", code)
	}
	screen = tuitest.InTmux(t, 80, 24, environment, path, url).Sees("ord-1", "live from here").Press("q")
	if code := screen.Ended(); code != exit.Done {
		t.Errorf("exit code %d", code)
	}
	screen = tuitest.InTmux(t, 80, 24, environment, path).Sees("looked at last", url).Press("Enter").Sees("ord-1", "live from here").Press("q")
	if code := screen.Ended(); code != exit.Done {
		t.Errorf("exit code %d", code)
	}
}

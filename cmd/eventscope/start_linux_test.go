package main

import (
	"strings"
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
	command := process(t)
	command.Env = append(command.Env, environment...)
	raw := inTerminal(t, command)
	raw.until("looked at last")
	raw.press("\r")
	raw.until("live from here")
	raw.press("q")
	raw.end()
	if all := raw.seen.String(); strings.Count(all, enterScreen) != 1 || strings.Count(all, leaveScreen) != 1 {
		t.Errorf("the terminal was given back between the pages: %q", all)
	}
}

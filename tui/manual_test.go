package tui_test

import (
	"os"
	"strings"
	"testing"

	"eventscope/tui"
	"eventscope/tui/tuitest"
)

// The manual knows every command of the screen.
func TestTheManualKnowsEveryCommand(t *testing.T) {
	manual, err := os.ReadFile("../.docs/keys.md")
	if err != nil {
		t.Fatal(err)
	}
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		options.Faults = []string{"payment"}
		for _, name := range tui.CommandNames(tui.New(options)) {
			if !strings.Contains(string(manual), "`:"+name) {
				t.Errorf("the manual has no :%s", name)
			}
		}
	})
}

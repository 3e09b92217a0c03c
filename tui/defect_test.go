package tui_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui"
	"eventscope/tui/stage"
	"eventscope/tui/tuitest"
)

func TestAHostileEventCannotReachTheTerminal(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		evil := "\x1b]0;pwned\a\x1b[2J\u009b31m\u202e\r\x00\xff"
		put(t, s, tuitest.Event{Source: s.Kafka, To: "orders" + evil, Key: evil, At: time.Now(), Type: "T" + evil, Service: "s" + evil, Flow: "f" + evil, ID: "i" + evil, Value: `"` + evil + `"`,
			Headers: []adapters.Header{{Name: "h" + evil, Value: []byte(evil)}}})
		screen := tuitest.Open(t, s.Options(), 120, 40)
		for _, key := range []string{"v", "v", "v", "tab", "y", "esc", "esc", "enter", "v", "esc", "2", "enter"} {
			screen.Press(key).Wait(time.Second)
			for _, bad := range []string{"pwned\a", "\x1b[2J\u009b", "\u009b", "\u202e", "\x00", "\xff", "\r\x00"} {
				if strings.Contains(screen.Raw(), bad) {
					t.Fatalf("after %s %q is in the frame", key, bad)
				}
			}
		}
		if written := screen.Written(); strings.Contains(written, "\x1b]0;pwned") || strings.Contains(written, "\u009b") {
			t.Fatal("the terminal was given what the event said")
		}
	})
}

// panicking is a store with a defect.
type panicking struct{ tracing.Querier }

func (panicking) Flows(context.Context, tracing.FlowQuery) (tracing.FlowPage, error) {
	panic("a defect\x1b[31m")
}

func TestADefectEndsWithOneSentence(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		options.Querier = panicking{s.Store}
		screen := tuitest.Open(t, options, 80, 24).Press("2")
		if !screen.Ended() {
			t.Fatal("the screen goes on after a defect")
		}
		var crash *tui.Crash
		if !errors.As(screen.Crash(), &crash) || !strings.Contains(crash.Error(), `a defect\x1b[31m`) || strings.Contains(crash.Error(), "\n") || crash.Stack == "" {
			t.Fatalf("the defect is reported as %v", screen.Crash())
		}
	})
}

func TestWithoutATerminalNothingIsDrawn(t *testing.T) {
	var out strings.Builder
	err := tui.Run(t.Context(), stage.New(strings.NewReader(""), &out), tui.Options{})
	if !errors.Is(err, adapters.ErrUsage) || out.Len() > 0 {
		t.Fatalf("%v, %d bytes", err, out.Len())
	}
}

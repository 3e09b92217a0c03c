package tui_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"eventscope/tracing"
	"eventscope/tui"
	"eventscope/tui/stage"
	"eventscope/tui/tuitest"
)

// defectVariable makes the test's binary show a screen with a defect on its terminal.
const defectVariable = "EVENTSCOPE_TEST_DEFECT"

// showDefect shows that screen, and prints what it ended with.
func showDefect() {
	ctx, cancel := context.WithCancel(context.Background())
	s, stopped := tuitest.NewSystem(ctx, tracing.Config{KeepRecent: true, Memory: 8 << 20})
	options := s.Options()
	options.Querier = panicking{s.Store}
	err := tui.Run(ctx, stage.New(os.Stdin, os.Stdout), options)
	cancel()
	<-stopped
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// After a panic a real terminal is as it was, with one sentence on it.
func TestADefectPutsTheTerminalBack(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	screen := tuitest.InTmux(t, 100, 24, []string{defectVariable + "=1"}, path).Sees("No events yet", "following").Press("2")
	if code := screen.Ended(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	screen.Sees("the screen failed and was closed: a defect", "this is a defect of eventscope").Misses("goroutine", "following")
}

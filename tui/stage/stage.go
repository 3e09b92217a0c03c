package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"
)

// framesPerSecond is how often the renderer looks whether there is something to write to the
// terminal: a key waits for it, and each look wakes a screen on which nothing happens.
const framesPerSecond = 105

// Screen is what is shown, driven by Bubble Tea.
type Screen interface {
	tea.Model
	// Next reports, once it has quit, whether another screen follows.
	Next() bool
}

// Stage is a terminal. It is taken when the first screen is shown.
type Stage struct {
	input   io.Reader
	output  io.Writer
	program *tea.Program
	shown   *director
	cancel  context.CancelFunc
	since   time.Time // the present screen is shown
	ended   chan struct{}
	err     error // why the program ended
}

// New is a stage on a terminal, which is not touched yet.
func New(input io.Reader, output io.Writer) *Stage { return &Stage{input: input, output: output} }

// Terminal is what it writes to.
func (s *Stage) Terminal() io.Writer { return s.output }

// Taken reports whether the terminal is the program's own now, so that nothing else may write to it.
func (s *Stage) Taken() bool { return s.program != nil }

// Show shows a screen until it quits (nil), ctx ends (its error), or the terminal fails. Where the
// screen says that another one follows, what it showed stays; else the terminal is as it was.
func (s *Stage) Show(ctx context.Context, screen Screen) error {
	s.since = time.Now()
	if s.program == nil {
		s.begin(screen)
	} else {
		s.program.Send(enter{screen})
	}
	select {
	case <-s.shown.over:
		return nil
	case <-s.ended:
	case <-ctx.Done():
	}
	s.Close()
	switch {
	case s.err == nil, errors.Is(s.err, tea.ErrInterrupted):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("the terminal cannot be used: %w", s.err)
}

// begin takes the terminal.
func (s *Stage) begin(screen Screen) {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.ended, s.shown = cancel, make(chan struct{}), &director{screen: screen, over: make(chan struct{}, 1)}
	s.program = tea.NewProgram(s.shown, tea.WithContext(ctx), tea.WithFPS(framesPerSecond), tea.WithInput(s.input), tea.WithOutput(s.output), tea.WithFilter(s.shown.filter))
	go func() {
		defer close(s.ended)
		_, s.err = s.program.Run()
	}()
}

// Close gives the terminal back, if it was taken.
func (s *Stage) Close() {
	if s.program == nil {
		return
	}
	s.cancel()
	<-s.ended
	s.program = nil
	if time.Since(s.since) < asking {
		awaitReplies(s.input, s.output)
	}
}

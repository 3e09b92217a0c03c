package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"eventscope/cmd/internal/exit"
)

func main() {
	// A closed pipe is an error of the write, which ends the program quietly, rather
	// than a signal that kills it.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(newProgram(os.Stdin, os.Stdout, os.Stderr, os.Getenv).run(context.Background(), os.Args[1:]))
}

// withSignals cancels a context with exit.ErrInterrupted on the first interrupt, termination or
// hang-up, as when an SSH session breaks: what is at work is brought to an end. A second
// one kills the process, should it hang.
func withSignals(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	received := make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(received, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(received, syscall.SIGHUP)
	}
	go func() {
		select {
		case <-received:
			cancel(exit.ErrInterrupted)
		case <-done:
		}
		signal.Stop(received)
	}()
	return ctx, func() {
		cancel(nil)
		close(done)
	}
}

package main

import (
	"errors"
	"fmt"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/cmd/internal/output"
	"eventscope/replay"
	"eventscope/tracing/query"
	"eventscope/tui/text"
)

// Exit codes; they are a promise to scripts.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNothing     = 3
	exitRefused     = 4
	exitPartly      = 5
	exitInterrupted = 130
)

var (
	errInterrupted = errors.New("interrupted")
	// errEnough ends reading because everything asked for is there.
	errEnough = errors.New("enough")
	// errTime ends reading because --for is over.
	errTime = errors.New("the time is over")
)

// nothingFound is a search without a result, with what was searched.
type nothingFound struct{ searched string }

func (n *nothingFound) Error() string { return n.searched }

// printed is an error about which there is nothing left to say.
type printed struct{ error }

func (p printed) Unwrap() error { return p.error }

// exitCode is how the process ends after err.
func exitCode(err error) int {
	var filter *query.Error
	var nothing *nothingFound
	var partly *partlyDone
	var run *partlyRun
	var above *tooFarBehind
	switch {
	case err == nil, errors.Is(err, output.ErrClosed):
		return exitDone
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.As(err, &nothing):
		return exitNothing
	case errors.As(err, &partly), errors.As(err, &run), errors.As(err, &above), errors.Is(err, adapters.ErrIncomplete):
		return exitPartly
	case errors.Is(err, adapters.ErrReadOnly), errors.Is(err, deadletter.ErrUnsafePeek), errors.Is(err, adapters.ErrBusy), errors.Is(err, replay.ErrRefused):
		return exitRefused
	case errors.Is(err, adapters.ErrUsage), errors.As(err, &filter):
		return exitUsage
	}
	return exitFailed
}

// usage is an error of the command line.
func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// usageError is of kind [adapters.ErrUsage] without its word in the text.
type usageError struct{ error }

func (u usageError) Unwrap() []error { return []error{u.error, adapters.ErrUsage} }

// sentences are err as lines for standard error, safe for a terminal and without what the
// command line has of passwords.
func (p *program) sentences(err error) string {
	var lines []string
	var filter *query.Error
	if errors.As(err, &filter) {
		err = fmt.Errorf("--filter, column %d: %s", filter.Column, filter.Reason)
	}
	for line := range strings.SplitSeq(p.mask.Replace(err.Error()), "\n") {
		lines = append(lines, "eventscope: "+text.Cleaner{}.String(line).String()+"\n")
	}
	return strings.Join(lines, "")
}

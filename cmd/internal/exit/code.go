package exit

import (
	"errors"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/cmd/internal/output"
	"eventscope/replay"
	"eventscope/tracing/query"
)

// The exit codes.
const (
	Done        = 0
	Failed      = 1
	Misused     = 2 // the command line or the config is wrong
	NotFound    = 3
	Refused     = 4
	Partly      = 5 // there is a result, and something is missing from it
	Interrupted = 130
)

// Coder is an error that carries its exit code.
type Coder interface {
	error
	ExitCode() int
}

// Code is the exit code of a process that ends with err.
func Code(err error) int {
	var filter *query.Error
	var coder Coder
	switch {
	case err == nil, errors.Is(err, output.ErrClosed):
		return Done
	case errors.Is(err, ErrInterrupted):
		return Interrupted
	case errors.As(err, &coder):
		return coder.ExitCode()
	case errors.Is(err, adapters.ErrIncomplete):
		return Partly
	case errors.Is(err, adapters.ErrReadOnly), errors.Is(err, deadletter.ErrUnsafePeek), errors.Is(err, adapters.ErrBusy), errors.Is(err, replay.ErrRefused):
		return Refused
	case errors.Is(err, adapters.ErrUsage), errors.As(err, &filter):
		return Misused
	}
	return Failed
}

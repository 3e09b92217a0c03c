package exit

import (
	"errors"
	"fmt"

	"eventscope/adapters"
)

var (
	// ErrInterrupted ends a command on the operator's wish.
	ErrInterrupted = errors.New("interrupted")
	// ErrTime ends a command when the time of --for is over.
	ErrTime = errors.New("the time is over")
)

// NothingFound is a search without a result.
type NothingFound struct {
	Searched string // what was searched, and found empty
}

func (n *NothingFound) Error() string { return n.Searched }

// ExitCode is [NotFound].
func (n *NothingFound) ExitCode() int { return NotFound }

// Printed is err, about which nothing is left to say; its exit code stays.
func Printed(err error) error { return printed{err} }

// IsPrinted reports whether err went through [Printed].
func IsPrinted(err error) bool { return errors.As(err, new(printed)) }

type printed struct{ error }

func (p printed) Unwrap() error { return p.error }

// Usage is an error of the command line. It wraps [adapters.ErrUsage].
func Usage(format string, args ...any) error { return usage{fmt.Errorf(format, args...)} }

// usage is of kind [adapters.ErrUsage] without its word in the text.
type usage struct{ error }

func (u usage) Unwrap() []error { return []error{u.error, adapters.ErrUsage} }

package adapters

import (
	"context"
	"errors"
	"fmt"
)

// The sentinels of the contract. They are wrapped, never returned bare: the text
// around them names the address or the destination, the cause, and what to do.
var (
	// ErrNotConnected: the broker cannot be reached now.
	ErrNotConnected = errors.New("not connected")
	// ErrGone: the message was there and retention or compaction has removed it.
	ErrGone = errors.New("no longer in the broker")
	// ErrUnknownDestination: no such topic, exchange, queue or stream.
	ErrUnknownDestination = errors.New("unknown destination")
	// ErrNotAuthenticated: the broker refused the credentials.
	ErrNotAuthenticated = errors.New("credentials refused")
	// ErrNotAuthorized: the credentials are good but do not allow this.
	ErrNotAuthorized = errors.New("not allowed")
	// ErrTLS: the transport security of the two sides does not match.
	ErrTLS = errors.New("TLS mismatch")
	// ErrReadOnly: a write was asked of something opened for reading.
	ErrReadOnly = errors.New("read-only")
	// ErrIncomplete: what was read is not all there is.
	ErrIncomplete = errors.New("incomplete")
	// ErrTooLarge: larger than a limit of this program or of the broker.
	ErrTooLarge = errors.New("too large")
	// ErrBusy: somebody else acts on the same dead letters.
	ErrBusy = errors.New("busy")
	// ErrUsage: what was asked is wrong in itself, such as a malformed URL.
	ErrUsage = errors.New("usage")
)

// Problem is an error for an operator: what was being done and to what, why it
// failed, and what to do about it. It wraps a sentinel.
type Problem struct {
	// Doing is the act and its object: "connect to kafka 127.0.0.1:9092".
	Doing string
	// Cause is why, in words; it never holds a secret.
	Cause string
	// Remedy is what the operator can do, one clause in the imperative.
	Remedy string
	// Kind is the sentinel for [errors.Is].
	Kind error
}

// Error is the problem as one sentence.
func (p *Problem) Error() string {
	text := "cannot " + p.Doing + ": " + p.Cause
	if p.Remedy != "" {
		text += "; " + p.Remedy
	}
	return text
}

// Unwrap gives the sentinel.
func (p *Problem) Unwrap() error { return p.Kind }

// SourceError is what went wrong with one of several sources, in the words of that.
type SourceError struct {
	Source string // its name
	Err    error
}

// Error is that of the source.
func (s *SourceError) Error() string { return s.Err.Error() }

// Unwrap gives the error of the source.
func (s *SourceError) Unwrap() error { return s.Err }

// IsPermanent reports whether waiting and trying again will not mend err: wrong
// credentials, no permission, a wrong name, a TLS mismatch, wrong usage.
func IsPermanent(err error) bool {
	for _, kind := range []error{ErrNotAuthenticated, ErrNotAuthorized, ErrUnknownDestination, ErrTLS, ErrReadOnly, ErrUsage, errors.ErrUnsupported} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// IsEnd reports whether err only tells that the work was told to stop.
func IsEnd(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// UnknownDestination is the problem of a name that the broker at an address does not have.
func UnknownDestination(broker Broker, address string, kind DestinationKind, name string) error {
	return &Problem{
		Doing: fmt.Sprintf("read %s %s %q at %s", broker, kind, name, address), Cause: "the broker has no such " + string(kind),
		Remedy: "check the spelling", Kind: ErrUnknownDestination,
	}
}

package deadletter

import "errors"

// The sentinels of dead letters, beside those of package adapters. They are wrapped, never
// returned bare.
var (
	// ErrUnsafePeek: looking would change or lose messages.
	ErrUnsafePeek = errors.New("unsafe to look")
	// ErrNotSent: not at fault itself, and not sent because something beside it was.
	ErrNotSent = errors.New("not sent")
	// ErrUnknownOutcome: the connection broke before the broker confirmed or refused.
	ErrUnknownOutcome = errors.New("sent, and not confirmed")
	// ErrUnroutable: the broker took the message and had nowhere to put it.
	ErrUnroutable = errors.New("unroutable")
)

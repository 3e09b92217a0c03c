package adapters

import "context"

// Batch is a slab of messages from one source, in the order in which the source has
// them. Everything in it is borrowed memory until Release.
type Batch struct {
	Messages []Message

	// Volatile says that the broker will not give these messages again (a tap), so
	// that whoever wants to show one later must keep a copy.
	Volatile bool

	// Past says that these messages were in their log before the reading of it had come
	// to its end for the first time, so that when they come says nothing of when they were
	// sent. Else they come as they are sent.
	Past bool

	// Recycle, if set, is called once by Release: the adapter takes its memory back.
	Recycle func()
}

// Release gives the memory of the batch back. It must be called exactly once by the
// batch's last owner, after which nothing in the batch may be touched.
func (b *Batch) Release() {
	recycle := b.Recycle
	b.Messages, b.Recycle = nil, nil
	if recycle != nil {
		recycle()
	}
}

// Intake takes batches from a source.
type Intake interface {
	// Put hands a batch over. It blocks while the intake is full, which is the
	// back-pressure a source feels, and returns nil once the batch has a new owner.
	// When it returns an error (the context ended), the batch is still the caller's
	// to release.
	Put(ctx context.Context, batch *Batch) error
}

// IntakeFunc is a function as an Intake, for tests and simple readers.
type IntakeFunc func(ctx context.Context, batch *Batch) error

// Put calls f.
func (f IntakeFunc) Put(ctx context.Context, batch *Batch) error { return f(ctx, batch) }

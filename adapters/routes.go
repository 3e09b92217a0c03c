package adapters

import "context"

// Rate is messages a second, if Known.
type Rate struct {
	PerSecond float64
	Known     bool
}

// UnroutableCounter tells of a broker that counts the messages that led
// to no queue.
type UnroutableCounter interface {
	// Unroutable is how many there were. Its errors are of type *[Problem], or ctx's.
	Unroutable(ctx context.Context) (Unroutable, error)
}

// Unroutable counts messages for which no queue was bound, since the broker began to
// count, -1 where it does not tell: most brokers say nothing before there was traffic.
type Unroutable struct {
	Dropped  int64 // nobody was told, so these are lost
	Returned int64 // given back to publishers, which had asked for that
	// DroppedRate and ReturnedRate are how many there are now.
	DroppedRate, ReturnedRate Rate
}

// Package tap reads what SNS topics publish, by a queue of its own: it makes one, subscribes it,
// reads it until it is told to end, and removes both.
//
// # Owner and concurrency
//
// A [Tailer] runs once at a time. A run has receivers of its own, which end before it does.
// Status may be asked for by anybody.
//
// # What may be lost
//
// What is published before the subscription is there and after it has gone. The queue keeps
// messages for keepFor: who is away or blocked for longer has missed some, which is told as a gap
// without a number, since nobody counts them. SNS delivers at least once: what comes again within a
// run is left out.
//
// A process that is killed leaves its queue and its subscriptions behind. They say until when
// somebody renews them; the next run of anybody in the account removes what is past that.
//
// # Files
//
//	tail.go    Tailer: what is tapped, and the life of a run
//	make.go    making the queue and its subscriptions, renewing and removing them
//	sweep.go   removing what killed processes have left
//	receive.go receiving, with back-pressure
//	known.go   ids that came already
//	status.go  what a run says of itself
//
// # Not obvious
//
// Raw delivery is off: a message with more than ten attributes would be dropped by it, and time,
// id and topic would be gone.
package tap

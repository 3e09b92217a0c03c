// Package tail shows what a virtual host of RabbitMQ does now: what exchanges route, by taps; what
// queues receive, by taps that mirror them; the firehose; and streams, by offset.
//
// A real queue is never consumed, since that would take its messages. It is
// mirrored: a queue of our own is bound to what the real one is bound to.
//
// # What is declared, and goes again
//
// A run declares server-named, exclusive, auto-delete classic queues: one tap for all
// exchanges, one for each mirrored queue, one for the firehose, and one that counts
// drops. The broker deletes them with the connection, however that ends. [Tailer.Check] tries
// the same and undoes it.
//
// A tap's queue keeps the newest messages while they are not taken (x-max-length,
// x-max-length-bytes, drop-head).
//
// # Owner and concurrency
//
// Run starts one goroutine for each tap and stream, which lives as long as
// Run and owns the batch that it fills, and one for the connection (run.go), which
// owns all channels and declarations of the present session. When the connection is
// lost, the session is made anew and hands each reader its new deliveries; a batch
// that waits for a blocked intake is kept meanwhile. Batches are put one at a time.
// [Tailer.Status] may be asked from any goroutine.
//
// # What may be lost
//
// A tap shows what was routed while it was bound. It misses what comes while the
// connection is away, which is a gap in the status, and what its queue drops, which is
// counted: the tap dead-letters what it drops to a second queue, whose length the
// broker tells when it is purged. Where the user may not do that, drops are noticed
// but not counted. While messages are dropped, this costs the broker about as much as
// a second queue with the same traffic would.
//
// Messages that are published straight to a queue (the default exchange) can be seen
// by the firehose only. An exchange that gives each message to one of its queues
// (consistent hash, random) is not tapped, for the tap would take messages away. One that
// has an alternate exchange is tapped only by what queues are bound for, since whatever a
// tap takes does not go there.
//
// # Files
//
//	tailer.go   Tailer: what is read, trying it out, Status
//	plan.go     from the config and what is there to bindings and streams
//	run.go      Run: session after session
//	session.go  what is attached to one connection, and how it is looked after
//	tap.go      a tap's queue and its bindings
//	drops.go    counting what taps drop
//	status.go   what Status tells
//
// # Not obvious
//
// All exchanges share one tap queue, so a message that two bound exchanges route comes
// once. Its position names the exchange it was published to.
//
// Taps are marked, by an argument of the queue for whoever asks the management API, and by
// a binding to amq.direct for whoever asks by AMQP alone.
//
// A tap's queues always name a dead-letter exchange, if only one that does not exist:
// a policy for all queues of the virtual host could otherwise send copies of what a
// tap drops to a real dead-letter queue.
package tail

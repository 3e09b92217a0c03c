// Package dlq finds the dead-letter queues of a virtual host of RabbitMQ, looks at their letters,
// and redrives them.
//
// A look holds letters for a moment and gives them back. Whether they are then as before
// depends on the type of the queue, the version of the broker, the delivery limit, and
// whether retries are delayed; policy.go has the table of what was measured, and what
// is not known to be harmless is refused before anything is read. Without a management
// API only classic queues and streams are known to be.
//
// # Owner
//
// A look or redrive has a connection of its own, for which it declares one exclusive queue, by
// which others know of it (lock.go). A [Graph] belongs to whoever asked for it.
//
// # Concurrency
//
// [DeadLetters] and [PeekCounts] may be used from any goroutine. Each look and redrive belongs to
// its caller's.
//
// # What may be lost
//
// Nothing where the policy allowed the look: a crash gives back what was held, but a quorum queue may
// then have it in another order. A copy is sent before its letter is acknowledged, so a crash can send it
// twice and cannot lose it.
//
// # Files
//
//	find.go           DeadLetters and DLQs: which queues hold dead letters
//	graph.go          Graph: who dead-letters to whom
//	queueinfo.go      what is known of a queue
//	policy.go         when and how letters can be taken and given back
//	peek.go           Peek at a queue
//	peekclassic.go    a look at a classic queue, by a consumer
//	peekstream.go     Peek at a stream
//	peekcount.go      how often letters were looked at, for the next look
//	lock.go           one peek or redrive of a queue at a time, and whether it saw all
//	requeue.go        giving back in order
//	redrive.go        Redrive of a queue
//	redrivestream.go  Redrive of a stream
//	consume.go        taking letters and settling them
//	restart.go        a quorum queue right after the broker's start
//
// # Not obvious
//
// What is given back must go back in the order in which it came, and a quorum queue keeps
// that only for a few at a time (requeue.go).
//
// A redrive has two connections: one that takes letters, one that sends copies, since the
// broker stops reading from whoever publishes while it is low on memory or disk.
package dlq

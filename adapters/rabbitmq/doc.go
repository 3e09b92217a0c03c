// Package rabbitmq reads RabbitMQ, 3.10 and later, by AMQP 0-9-1: what exchanges
// route, by taps; streams, by offset; and the firehose, where the operator has
// switched it on. With a management API given, it also finds out what there is.
//
// A real queue is never consumed by Run, since that would take its messages. It is
// mirrored: a queue of our own is bound to what the real one is bound to. Only looks at
// dead letters and redrives take letters from real queues, as described below.
//
// What a run declares, the broker deletes with its connection (package tail). A peek or a redrive
// declares one exclusive queue, by which others know of it (lock.go). Nothing else is ever declared,
// and nothing is published but copies of dead letters, and the question for taps (package publish),
// if the config says Write.
//
// # Dead letters
//
// A look holds letters for a moment and gives them back. Whether they are then as before
// depends on the type of the queue, the version of the broker, the delivery limit, and
// whether retries are delayed; peekpolicy.go has the table of what was measured, and what
// is not known to be harmless is refused before anything is read. Without a management
// API only classic queues and streams are known to be.
//
// What is given back must go back in the order in which it came, and a quorum queue keeps
// that only for a few at a time (requeue.go). A crash of this process gives back what it
// held: nothing is lost where the policy allowed the look, but a quorum queue may then have
// it in another order.
//
// A redrive has two connections: one that takes letters, one that sends copies, since the
// broker stops reading from whoever publishes while it is low on memory or disk. A copy is
// sent before its letter is settled, so a crash can send it twice and cannot lose it.
//
// # Owner and concurrency
//
// An Adapter belongs to whoever opened it. A run has a connection of its own (package tail).
// Scan, Fetch, Estimate and DLQs share a second connection, on channels of their own. Each look,
// redrive and publisher has a connection of its own and belongs to its caller's goroutine.
// Questions to the management API share a connection too, and may come from any goroutine.
//
// # What may be lost
//
// What a tap does not see, or drops, which is counted as far as it can be (package tail). A stream
// loses nothing but what its retention removes. No letter is lost; a copy can be sent twice.
//
// # Files
//
//	driver.go      what the program knows of RabbitMQ: URLs, parameters, opening
//	config.go      Config: which broker, and what of it
//	adapter.go     Adapter: Open with its checks, Close
//	topology.go    Destinations, and the ways between them
//
// Those about dead letters:
//
//	deadletters.go  Cluster; no Ledger
//	dlq.go          DLQs: who dead-letters to whom
//	peekfacts.go      what is known of a queue
//	peekpolicy.go     when and how letters can be taken and given back
//	peek.go           Peek at a queue
//	lock.go           one peek or redrive of a queue at a time, and whether it saw all
//	peekcount.go        how often letters were looked at, for the next look
//	peekclassic.go    a look at a classic queue, by a consumer
//	peekstream.go     Peek at a stream
//	requeue.go       giving back in order
//	redrive.go        Redrive of a queue
//	consume.go         taking letters and settling them
//	restart.go        a quorum queue right after the broker's start
//	redrivestream.go  Redrive of a stream
//
// # Packages below
//
// They import nothing of this one:
//
//	connection  connections to the broker, and what AMQP alone tells
//	delivery    from deliveries to messages and batches
//	lag         how consumers of queues and readers of streams stand
//	management  questions to the management API
//	publish     copies of letters, and where they would go
//	routing     where messages go, and how taps must be bound
//	stream      reading streams by offset
//	tail        what comes now: taps, and streams that are followed
//	wording     words that all sentences share: names, causes, replies
//	fieldtable  field tables as headers, and back
//	preserved   a letter as a line of JSON, and back
//
// # Not obvious
//
// Headers have no order and no duplicates in AMQP; they are sorted by name.
package rabbitmq

// Package rabbitmq reads RabbitMQ, 3.10 and later, by AMQP 0-9-1: what exchanges
// route, by taps; streams, by offset; and the firehose, where the operator has
// switched it on. With a management API given, it also finds out what there is.
//
// A real queue is never consumed by Run, since that would take its messages. It is
// mirrored: a queue of our own is bound to what the real one is bound to. Only looks at
// dead letters and redrives take letters from real queues, as described below.
//
// # What is declared, and goes again
//
// A run declares server-named, exclusive, auto-delete classic queues: one tap for all
// exchanges, one for each mirrored queue, one for the firehose, and one that counts
// drops. The broker deletes them with the connection, however that ends. Open tries
// the same and undoes it. A peek or a redrive declares one exclusive queue, by which others
// know of it (lock.go). Nothing else is ever declared, and nothing is published but
// copies of dead letters, and the question for taps (package publish), if the config says Write.
//
// A tap's queue keeps the newest messages while they are not taken (x-max-length,
// x-max-length-bytes, drop-head). Its consumer has a prefetch and acknowledges many at
// once after they were handed over; without acknowledgements the client library would
// buffer whatever comes.
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
// Run starts one goroutine for each tap and stream (reader.go), which lives as long as
// Run and owns the batch that it fills, and one for the connection (run.go), which
// owns all channels and declarations of the present session. When the connection is
// lost, the session is made anew and hands each reader its new deliveries; a batch
// that waits for a blocked intake is kept meanwhile. Batches are put one at a time.
// Scan, Fetch, Estimate and DLQs share a second connection, on channels of their own. Each look,
// redrive and publisher has a connection of its own and belongs to its caller's goroutine.
// Questions to the management API share a connection too, and may come from any goroutine.
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
// tap takes does not go there. In the same way a tap hides from publishers that no queue
// takes a message, from redrives too: so these ask for taps before they send.
//
// A stream loses nothing but what its retention removes.
//
// # Files
//
//	driver.go      what the program knows of RabbitMQ: URLs, parameters, opening
//	config.go      Config: which broker, and what of it
//	adapter.go     Adapter: Open with its checks, Status, Close
//	plan.go        from the config and what is there to bindings and streams
//	exchangetype.go  of which type an exchange is, by AMQP alone
//	run.go         Run: session after session
//	session.go     what is attached to one connection, and how it is looked after
//	tap.go         a tap's queue and its bindings
//	drops.go       counting what taps drop
//	topology.go    Destinations, and the ways between them
//	state.go       what Status tells
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
//	wording     words that all sentences share: names, causes, replies
//	fieldtable  field tables as headers, and back
//	preserved   a letter as a line of JSON, and back
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
//
// Headers have no order and no duplicates in AMQP; they are sorted by name.
package rabbitmq

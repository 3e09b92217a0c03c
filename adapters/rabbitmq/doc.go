// Package rabbitmq reads RabbitMQ, 3.10 and later, by AMQP 0-9-1: what exchanges
// route, by taps; streams, by offset; and the firehose, where the operator has
// switched it on. With a management API given, it also finds out what there is.
//
// A real queue is never consumed, since that would take its messages. It is mirrored:
// a queue of our own is bound to what the real one is bound to.
//
// # What is declared, and goes again
//
// A run declares server-named, exclusive, auto-delete classic queues: one tap for all
// exchanges, one for each mirrored queue, one for the firehose, and one that counts
// drops. The broker deletes them with the connection, however that ends. Open tries
// the same and undoes it. Nothing else is ever declared, and nothing is published.
//
// A tap's queue keeps the newest messages while they are not taken (x-max-length,
// x-max-length-bytes, drop-head). Its consumer has a prefetch and acknowledges many at
// once after they were handed over; without acknowledgements the client library would
// buffer whatever comes.
//
// # Owner and concurrency
//
// Run starts one goroutine for each tap and stream (reader.go), which lives as long as
// Run and owns the batch that it fills, and one for the connection (run.go), which
// owns all channels and declarations of the present session. When the connection is
// lost, the session is made anew and hands each reader its new deliveries; a batch
// that waits for a blocked intake is kept meanwhile. Batches are put one at a time.
// Scan, Fetch and Estimate share a second connection, on channels of their own.
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
// (consistent hash, random) is not tapped, for the tap would take messages away.
//
// A stream loses nothing but what its retention removes.
//
// # Files
//
//	config.go      Config: which broker, and what of it
//	adapter.go     Adapter: Open with its checks, Status, Close
//	connect.go     TCP, TLS and AMQP up to an open connection
//	problem.go     refusals and losses in words
//	management.go  the questions to the management API
//	plan.go        from the config and what is there to bindings and streams
//	binding.go     how each type of exchange is tapped
//	control.go     declarations; of which type an exchange is
//	run.go         Run: session after session
//	session.go     what is attached to one connection, and how it is looked after
//	reader.go      from deliveries to batches, with acknowledgements
//	tap.go         a tap's queue and its bindings
//	drops.go       counting what taps drop
//	stream.go      reading a stream by offset, and finding its end
//	history.go     Scan and Estimate of streams
//	fetch.go       Fetch of stream positions
//	slab.go        the memory of batches; from a delivery to a message
//	header.go      field tables as headers
//	firehose.go    from a trace message to the original
//	topology.go    Destinations
//	state.go       what Status tells
//
// # Not obvious
//
// All exchanges share one tap queue, so a message that two bound exchanges route comes
// once. Its position names the exchange it was published to.
//
// A tap's queues always name a dead-letter exchange, if only one that does not exist:
// a policy for all queues of the virtual host could otherwise send copies of what a
// tap drops to a real dead-letter queue.
//
// AMQP 0-9-1 tells neither the end of a stream nor the times of its messages. The end
// is found by reading the last chunk until nothing more comes, which takes a moment,
// and a second if the stream is empty. The time of a message is the broker's stamp if
// the operator has it put on (header timestamp_in_ms), else the publisher's timestamp
// in whole seconds, else the time of reading. Offsets have holes, where the broker
// keeps its own records.
//
// Headers have no order and no duplicates in AMQP; they are sorted by name.
//
// The library's own recovery stays off: it hides gaps, and gives up after some tries.
package rabbitmq

// Package stream reads streams of RabbitMQ by offset, over AMQP 0-9-1.
//
// # Owner
//
// A [History] shares the connection of its broker and owns what it opens on it. A [Tail] belongs to
// whoever attaches and polls it, its messages to the goroutine that runs it. A [Reading] belongs to
// its caller.
//
// # Concurrency
//
// A History may be used from any goroutine. [Tail.Run] has a goroutine of its own, beside
// that of [Tail.Attach] and [Tail.Poll]; [Tail.Behind] may be asked from anywhere.
//
// # What may be lost
//
// Nothing but what the stream's retention removes: that is [adapters.ErrGone].
//
// # Files
//
//	consume.go  a consumer at an offset, and finding the end
//	tail.go     Tail: following a stream over one connection after another
//	reading.go  Reading: one delivery after the other
//	history.go  History: Scan and Estimate
//	fetch.go    Fetch
//
// # Not obvious
//
// AMQP 0-9-1 tells neither the end of a stream nor the times of its messages. The end
// is found by reading the last chunk until nothing more comes, which takes a moment,
// and a second if the stream is empty; what was sent by then comes before the answer to a
// question that is asked last. Offsets have holes, where the broker keeps its own records.
//
// Nor does it tell a stream from another of its name. One that ends before what was read of it is
// taken for made again; one that has grown beyond that is not noticed, and read on from there.
//
// Consuming a queue as a stream fails, so that no message of a real queue can be taken.
package stream

// Package delivery turns what RabbitMQ delivers to a consumer into messages and batches.
//
// # Owner
//
// A [Buffer] belongs to whoever fills it, until its batch is handed over: then to whoever releases
// that. A [Reader] belongs to its caller, and the goroutine that runs it owns the buffer being filled.
//
// # Concurrency
//
// A Buffer is for one goroutine at a time. [Reader.Attach] may be called beside [Reader.Run].
//
// # What may be lost
//
// Nothing: a delivery is acknowledged after its batch was handed over. So one that was handed over
// while its connection was lost can come twice.
//
// # Files
//
//	buffer.go    the memory of batches; from a delivery to a message
//	reader.go    from the deliveries of a consumer to batches, with acknowledgements
//	firehose.go  from a trace message to the original
//
// # Not obvious
//
// A consumer has a prefetch and acknowledges many at once: without acknowledgements the client
// library would buffer whatever comes.
//
// AMQP 0-9-1 does not carry the times of a stream's messages. The time of a message is the broker's
// stamp if the operator has it put on (header timestamp_in_ms), else the publisher's timestamp in
// whole seconds, else the time of reading.
package delivery

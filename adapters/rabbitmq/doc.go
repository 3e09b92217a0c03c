// Package rabbitmq reads RabbitMQ, 3.10 and later, by AMQP 0-9-1: what exchanges
// route, by taps; streams, by offset; and the firehose, where the operator has
// switched it on. With a management API given, it also finds out what there is.
//
// A real queue is never consumed by Run, since that would take its messages. It is
// mirrored: a queue of our own is bound to what the real one is bound to. Only looks at
// dead letters and redrives take letters from real queues, as described below.
//
// What a run declares, the broker deletes with its connection (package tail). A peek or a redrive
// declares one exclusive queue, by which others know of it (package dlq). Nothing else is ever declared,
// and nothing is published but copies of dead letters, and the question for taps (package publish),
// if the config says Write.
//
// # Dead letters
//
// A look holds letters for a moment and gives them back; what is not known to be harmless is
// refused before anything is read. A copy is sent before its letter is settled, so a crash can send
// it twice and cannot lose it (package dlq).
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
//	driver.go       what the program knows of RabbitMQ: URLs, parameters, opening
//	config.go       Config: which broker, and what of it
//	adapter.go      Adapter: Open with its checks, Close
//	topology.go     Destinations, and the ways between them
//	command.go      Commands: curl, of the management API
//	deadletters.go  Cluster; no Ledger
//
// # Packages below
//
// They import nothing of this one:
//
//	connection  connections to the broker, and what AMQP alone tells
//	delivery    from deliveries to messages and batches
//	dlq         dead-letter queues: finding, looking, redriving
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

// Package deadheader reads the headers of dead letters: where a message was to go, why it did not
// arrive and how often that was tried, by whatever program gave it up.
//
// # Owner
//
// Nothing here has state. The tables of writers are made once and never change.
//
// # Concurrency
//
// Everything may be called from several goroutines at once.
//
// # What may be lost
//
// What no writer says is empty, never a guess; but for an origin that is guessed from the name of
// the destination, which has the confidence [NameOnly]. Texts are cut to [spelling.MaxID] bytes, and
// the words of an exception to 4096.
//
// # Files
//
//	info.go     Info, Confidence: the answer
//	read.go     Read: what writers have written, in their order
//	writers.go  the writers, and which headers are theirs
//	xdeath.go   RabbitMQ's own header, which is a table
//	names.go    names of dead-letter destinations and of stages of retrying
//
// # Not obvious
//
// A message that is to be tried again may carry all headers of a dead letter, and is alive; see
// [IsRetryStage] and [PublishedAgain].
package deadheader

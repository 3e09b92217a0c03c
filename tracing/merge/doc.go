// Package merge puts what several sources read of the past into the order of its time, so that
// the latest row of a list is the latest event, whichever partition or broker it came from.
//
// Brokers give the past one log after the other. It is held here until all of it was read, or
// for as long as a person at the screen will wait, or until it takes too much memory; then it is
// put into the index, the earliest first. What comes live is held back only while the past before
// it is, and passes through untouched from then on.
//
// # Owner and concurrency
//
// A [Merge] belongs to whoever runs it; intakes may be used from any goroutine. One of them, or
// [Merge.Run], puts at a time. No bytes are copied: batches are held as they are, each released
// when the last of its messages was.
//
// # What may be lost
//
// No message. Their order is lost where the past takes more memory than there is, or comes later
// than it is waited for: what was put already stays before what comes then. The messages of one
// log always keep their order.
//
// # Files
//
//	merge.go  Merge: how long what is held; what goes through
//	buffer.go what is held, in the order of its time
//
// # Not obvious
//
// A message without a time, or one from the future, stands behind the one before it in its log;
// so does one that is older than that, since a log keeps its order. The clock of one producer
// that is wrong moves what comes after it in that log, and nothing else.
package merge

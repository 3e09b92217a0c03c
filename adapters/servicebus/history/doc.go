// Package history reads the messages of queues and subscriptions as they lie there, by peek: what is
// there, what comes, and single ones again.
//
// # Owner and concurrency
//
// A [Reader] may be used from any goroutine; Run is called at most once at a time. Scan, Fetch and the
// rest share a connection, and a run has one of its own.
//
// # What may be lost
//
// A message that a consumer takes before it was seen is not shown. It is counted: the numbers of an
// entity have no gaps, so that each missing number is one that was missed. What was taken before the
// reading began is not counted, nor what passes through an empty queue before the first message is seen.
//
// A tap sees what is published while its subscription is there, and for a minute while nobody reads it. Of
// what it misses nobody knows how much.
//
// # Files
//
//	reader.go  Reader: what is read; where an entity begins and ends
//	tail.go    what comes
//	follow.go  one entity of a run
//	tap.go     topics, by a subscription of our own
//	scan.go    what is there, and how much
//	fetch.go   single messages again
//	status.go  what a run says of itself
//
// # Not obvious
//
// Nobody tells the last number of an entity. It is found by peeking at higher and higher numbers until
// nothing comes, and then in between: some forty questions.
//
// A message that is scheduled lies there as well, and is shown as such. When it is due it has another number.
package history

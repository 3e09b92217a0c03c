// Package dlq deals with the dead letters of Service Bus: it finds where they lie, looks at them, sends
// copies and removes letters.
//
// # Owner and concurrency
//
// [DeadLetters] may be used from any goroutine. A redrive or a publisher belongs to one, and has a
// connection of its own. Locks of a redrive are renewed by a goroutine of its own, which ends with it.
//
// # What may be lost
//
// No letter. A look is a peek, which locks and counts nothing. A redrive locks letters in their order
// and releases those that were not ordered; what a killed one held is there again when its locks have run
// out. A copy is settled by the service before its letter is completed, so that a crash may send it twice;
// a target that detects duplicates drops the second within its window.
//
// # Files
//
//	deadletters.go  DeadLetters: what it knows, what the service does not have
//	find.go         where dead letters lie
//	target.go       targets, and who receives a copy
//	letters.go      letters in hand, as they are on the wire
//	peek.go         a look
//	redrive.go      taking letters, completing them, giving back
//	receive.go      receiving, and what is not there any more
//	keep.go         locks that are renewed
//	send.go         copies
//
// # Not obvious
//
// Nobody can send into a dead-letter queue: a letter that was removed cannot be restored to it. Nor
// can anybody send to a subscription: a copy goes to its topic, and so to other subscriptions as well.
//
// Where the target drops messages whose id it has seen, or nobody tells whether it does, the id of a copy
// is its replay id: with its own id it would be dropped without a word.
package dlq

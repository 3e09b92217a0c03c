// Package dlq deals with the dead letters of SQS: it finds dead-letter queues, looks at letters,
// sends copies and removes letters.
//
// # Owner and concurrency
//
// [DeadLetters] may be used from any goroutine. A redrive or a publisher belongs to one. What a
// redrive holds is renewed by a goroutine of its own, which ends with it.
//
// # What may be lost
//
// No letter. Each receive is counted by SQS, and a queue that dead-letters after so many receives
// would move on what is looked at: such a look is refused (policy.go). What a killed process held
// is there again when its time has passed. A copy is confirmed before its letter is deleted, so
// that a crash may send it twice; a FIFO queue drops the second within five minutes of the first.
//
// # Files
//
//	deadletters.go  DeadLetters: what it knows, targets, who receives a copy, rights
//	find.go         which queues are for dead letters
//	policy.go       which may be looked at
//	peek.go         a look
//	receive.go      receiving, and giving back
//	hold.go         time-outs that are renewed
//	redrive.go      taking letters and deleting them
//	send.go         copies
//	letters.go      letters that are held, as SQS handed them out
//
// # Not obvious
//
// The client does not send a time-out of 0, so that letters are held for a time that is named,
// and given back by changing that to 0.
//
// A queue that keeps order hands out nothing of a group of which ten, or some, are held: of a
// larger group the rest is hidden until these are gone.
package dlq

// Package deadletter is the contract of what can be done about dead letters: the interfaces
// that a broker's folder implements, and the values that cross them. What is planned,
// confirmed and recorded stands above it, in package replay.
//
// # Owner
//
// Nothing here has state. A [Delivery] is held by the [Redrive] or peek that gave it; its
// memory belongs to whoever was given it.
//
// # Concurrency
//
// [Queues] may be called from several goroutines at once. A [Redrive] and a [Publisher]
// belong to one goroutine each.
//
// # What may be lost
//
// No letter: it is removed from a queue only by [Redrive.Acknowledge], which its owner calls after
// the copy was confirmed and recorded. A copy may come twice after a crash unless the
// [Guarantee] is ExactlyOnce. A broker that counts deliveries may drop what a killed peek or
// redrive held: then the peek is refused, or told what it costs.
//
// # Files
//
//	queues.go     Queues: finding dead-letter queues, reading letters, beginning a redrive
//	queue.go      Queue: one dead-letter queue, what a peek costs, how what was dealt with is told
//	letter.go     Peek and Delivery: letters that are looked at, and that are held
//	held.go       Held: letters in hand, with what they are on the wire
//	target.go     Target and Recipients: where copies go, and who receives them
//	redrive.go    Order, Copy, Redrive, Sender, Publisher, Guarantee: acting on letters
//	errors.go     sentinels
//	finishing.go  contexts of what must not be left half done
//	ledger.go     what a broker itself keeps about letters that were dealt with
//
// # Not obvious
//
// The package is not called dlq because that is the name of every variable that holds the
// name of a dead-letter queue.
//
// It imports the contract's values (package adapters) and the standard library only.
package deadletter

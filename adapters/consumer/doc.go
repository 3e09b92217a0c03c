// Package consumer is the contract of how far consumers are behind: the interface that a
// broker's folder implements, and the values that cross it.
//
// # Owner
//
// Nothing here has state. A [Lag] belongs to whoever was given it.
//
// # Concurrency
//
// A [LagReader] may be called from several goroutines at once. Its sequences run in the
// goroutine that ranges over them.
//
// # What may be lost
//
// Nothing is counted that was not read: what cannot be told is a state ([LagUnknown],
// [LagNoOffset], [LagNotAllowed]) and never a number. What one reading cannot show, such as
// whether a consumer moves, is for whoever keeps the readings.
//
// # Files
//
//	lag.go     LagReader, and what one reading says: Lag, LogLag, QueueDepth, Total
//	state.go   LagState: how a consumer stands in one log, and the formula of its lag
//	member.go  Member and Transaction: who reads, and what holds readers up
//
// # Not obvious
//
// The package is not called lag because that is the name of every variable that holds one.
//
// It imports the contract's values (package adapters) and the standard library only.
package consumer

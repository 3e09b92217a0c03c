// Package live is a source behind the screen: one that is opened while the screen is there
// already, and again where that failed, and of which the screen asks things meanwhile.
//
// # Owner and concurrency
//
// [Source.Run] owns the adapter: it opens, reads and closes it, in the goroutine that calls it.
// Everything else may be called at any time, from any goroutine; while the source is not open it
// answers that it is not.
//
// # What may be lost
//
// Nothing. An adapter that was opened is kept until the end, so whoever holds its dead letters
// goes on with the same one.
//
// # Files
//
//	source.go    Source: opening, status
//	reading.go   reading it, and from elsewhere when that is wished
//	counting.go  how much of what is read is of the past
//	held.go      what it has of the past
//	letters.go   its dead letters
//	lag.go       how far its consumers are
//	topology.go  what there is at it
//	commands.go  commands of other tools about it
package live

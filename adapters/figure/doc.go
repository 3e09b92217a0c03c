// Package figure writes numbers in words, so that sentences of brokers, of the index and of the
// screen write them alike.
//
// # Owner
//
// Nothing here has state.
//
// # Concurrency
//
// All functions may be called from any goroutine.
//
// # What may be lost
//
// Precision: a span is written as finely as a reader can use it.
//
// # Files
//
//	figure.go  counts and spans of time
//
// # Not obvious
//
// What a person types, such as behind --confirm, and what leads to a place, such as an offset in a
// position, is no figure: it is written without commas.
package figure

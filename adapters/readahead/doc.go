// Package readahead answers for single positions in the order in which they are wanted, while
// a broker is asked for those that lie near each other in one go.
//
// # Owner
//
// A [Buffer] belongs to the goroutine that takes from it. Fetch makes one of its own.
//
// # Concurrency
//
// Several goroutines may put answers into a Buffer at once, one a log.
//
// # What may be lost
//
// Nothing: a position without an answer is an error.
//
// # Files
//
//	readahead.go  Fetch, and the Buffer of what was read and not taken yet
//
// # Not obvious
//
// A Buffer that is full may lack the answer that is wanted next, when others before it in its log
// were large. That one is then read alone, whatever is held, so that every reading gets on.
package readahead

// Package console is what one invocation of the program reads and writes: its streams, the
// sentences on standard error, and the log.
//
// # Owner and concurrency
//
// A [Console] may be used from several goroutines: each sentence is one write. Mask and Log
// are set before the work begins.
//
// # What may be lost
//
// Passwords, on purpose: no sentence and no line of the log has what the mask replaces.
//
// # Files
//
//	console.go  Console: streams, sentences, progress on a terminal
//	log.go      the file of --log
//
// # Not obvious
//
// Every text that others wrote passes the sanitiser before it reaches the terminal.
package console

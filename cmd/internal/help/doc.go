// Package help makes the help of commands, in our own layout: what cobra prints cuts examples that
// are there to be copied, and wraps in the middle of words.
//
// # Owner and concurrency
//
// It has no state. A command belongs to whoever made it.
//
// # What may be lost
//
// Nothing: what does not fit goes on below.
//
// # Files
//
//	page.go      the help of a command
//	examples.go  command lines of each command
//
// # Not obvious
//
// Examples name brokers, as nothing else outside their folders does.
package help

// Package startpage is what one sees who starts the program without saying what to look at: what
// could be looked at, one of which is chosen with enter.
//
// # Owner and concurrency
//
// The page is a program of its own, which ends before the screen begins. Brokers are looked for
// outside its event loop.
//
// # What may be lost
//
// Nothing.
//
// # Files
//
//	page.go  the page: choices, keys, drawing
//
// # Not obvious
//
// The cursor belongs to a choice, not to a row: what is found meanwhile may push it down.
package startpage

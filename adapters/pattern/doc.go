// Package pattern is how an operator names destinations: by name, by a pattern with * and ?, or
// by a regular expression.
//
// # Owner and concurrency
//
// A [List] may be used by any goroutine, and never changes but for what it remembers.
//
// # What may be lost
//
// Nothing passes through here.
//
// # Files
//
//	pattern.go  Compile: one pattern
//	list.go     List: the first pattern that fits, remembered by name
package pattern

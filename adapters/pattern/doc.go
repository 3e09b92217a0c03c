// Package pattern is how an operator names destinations: by name, by a pattern with * and ?, or
// by a regular expression.
//
// # Owner and concurrency
//
// A [List] that is no longer added to, and a [Memory], may be used by any goroutine.
//
// # What may be lost
//
// Nothing passes through here.
//
// # Files
//
//	pattern.go  Compile: one pattern
//	list.go     List: which patterns fit, and Memory, which remembers it by name
package pattern

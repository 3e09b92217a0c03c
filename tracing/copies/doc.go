// Package copies keeps messages that nobody can read again, or that are likely to be looked at
// soon, in a bounded number of bytes.
//
// # Owner and concurrency
//
// A [Copies] belongs to one goroutine: the one that owns the index. What Get returns is borrowed
// until the next Put; what Decode returns is the caller's, and shares no memory with it.
//
// # What may be lost
//
// The oldest block of copies goes whole when there are too many bytes, and a message that is
// larger than the limit is not kept at all.
//
// # Files
//
//	copies.go  Copies: blocks of encoded messages, by the number of their event
//	encode.go  a message as bytes, and back
//
// # Not obvious
//
// Millions of kept messages must not be millions of objects for the garbage collector: hence an
// encoding of our own, private to the process, in blocks that are used again.
package copies

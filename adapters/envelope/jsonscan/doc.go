// Package jsonscan walks through JSON text where it lies: it goes into the objects and
// arrays that its caller wants to see and steps over everything else, without copying and
// without allocating.
//
// # How strict it is
//
// It takes what RFC 8259 calls JSON and nothing else, also in what it steps over: strings
// are UTF-8 without control characters, escapes are complete, surrogates come in pairs, and
// nothing is nested more than [MaxDepth] deep. It does not look for members that are there
// twice. It reads no further than it is asked to, so what is wrong behind that is not seen.
//
// # Concurrency
//
// A [Scanner] belongs to one goroutine. What it returns are parts of the text.
//
// # Files
//
//	scanner.go   Scanner: into objects and arrays, and over values
//	seen.go      members that are written as others were before
//	skip.go      where a value ends
//	text.go      where a string ends, eight bytes at a time
//	escape.go    where an escape ends
//	runes.go     where a text outside of ASCII ends
//	number.go    where a number or a literal ends
package jsonscan

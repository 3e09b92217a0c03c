// Package text is the only way from bytes to the terminal. Payloads, keys, headers,
// names of topics and texts of errors are written by strangers; a [Safe] can be made
// only here, and whatever draws takes nothing else.
//
// # Rules
//
// What a [Cleaner] lets through has one agreed width: graphic characters whose width by
// code points and by grapheme clusters is the same. Everything else is shown as a
// visible escape: control characters and DEL as \x1b (tabs are expanded, newlines are
// \n), C1 controls, bidirectional controls, line separators, zero-width characters,
// variation selectors and unassigned code points as \u202e, bytes that are not UTF-8 as
// \xff. In an ASCII terminal, all that is not ASCII. An escape is plain ASCII, so
// cleaning twice is cleaning once.
//
// # Concurrency
//
// All values are immutable and all functions are pure.
//
// # What may be lost
//
// A Safe is bounded in cells before any width is measured; one that was cut ends in
// "…" ("~" in ASCII). The bytes themselves stay with whoever has them.
//
// # Files
//
//	safe.go   Safe: text with a known width; cutting
//	clean.go  Cleaner: how bytes become Safe
//	link.go   addresses that a click opens, from values of strangers
//	format.go numbers, sizes, times and ages, as the screen writes them
//
// # Not obvious
//
// [Own] takes a constant only: its parameter has a type that nobody else can name, to
// which Go converts constants alone. So a program's own labels need no cleaning and a
// variable cannot slip through.
package text

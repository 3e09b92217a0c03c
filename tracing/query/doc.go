// Package query is the language of filters: for events, flows and letters, on the screen and in
// commands. A filter is words, or an expression over what a message says of itself.
//
// # Owner
//
// A [Filter] belongs to whoever compiled it, and never changes. A [Subject] and all it points to is
// borrowed while Match runs; nothing of it is kept.
//
// # Concurrency
//
// A Filter may be used from several goroutines. What one evaluation needs is taken from a pool.
//
// # What may be lost
//
// A compressed value is decompressed to 1 MiB at most, of headers with one name the first 256
// count, and of regular expressions that come from messages 16 are kept. An expression that needs
// more than the [Entry] of an index answers false where there is no message
// ([Filter.NeedsMessage]).
//
// # Files
//
//	filter.go      Filter, Subject, Entry; what is words and what is an expression
//	words.go       words, searched for without allocating
//	field.go       the fields and functions of expressions, whose they are and what they can be
//	expression.go  expressions, and what fills their fields
//	split.go       what an expression asks of a flow as a whole, and what of its events
//	patch.go       operators whose operands are only known when there is a message
//	value.go       what these do with values of any type; header.go: with headers that come twice
//	error.go       what is wrong with a filter, in one sentence and with its column
//
// # Not obvious
//
//   - It knows no index: an index tells of its events in an [Entry].
//   - What is not there is nil, and no comparison with it holds but !=; the language itself
//     would stop there.
//   - dead_letter is true or false and has parts. The language knows no such thing, so the parts
//     have names of their own behind the scenes; see spellOut.
package query

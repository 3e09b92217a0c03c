// Package payload makes a message body readable: a chain of decoders, each of which
// either takes the bytes or says why it declined, and the views on the result that the
// screen needs (a one-line summary, an outline with folds, lines of text, hexadecimal
// rows).
//
// # Owner and concurrency
//
// Functions may be called from any goroutine; the decoders they share are in bounded
// pools and keep nothing of a value. An [Outline] and [Lines] belong to one goroutine,
// and keep the value they were made of: a value that is borrowed must be copied first.
//
// # What may be lost
//
// Nothing silently: a result that was cut says so and carries the true size. JSON that
// was cut is shown as text, since half of it is not JSON. Numbers and strings are never
// re-written: what is shown is spelled as it was sent. A summary is a selection, and
// looks at the first 4 KiB. Nothing here is safe to print: what comes out is data, and
// the screen's sanitiser is the only way on.
//
// # Files
//
//	payload.go    Decode: the chain, and what it found
//	frame.go      Frame: which schema a value or a key says that it was written with
//	elsewhere.go  frames of registries that are not asked, whose schemas are in files
//	masked.go     what must not be shown, hidden in what is shown
//	reading.go    Reading: what reads a part of a message, or why nothing does
//	compile.go    Compile: a schema, made ready
//	written.go    Values, Plan: what is read by a schema, in each of its formats
//	fit.go        whether JSON fits the schema that it claims
//	schemaless.go formats that need no schema
//	changes.go    what differs between two schemas, whatever their format
//	compress.go   compressions, and the pools of their decoders
//	declined.go   Declined: why a decoder did not take a value
//	decoder.go    the pool of JSON tokenisers
//	summary.go    one line that tells what a value says
//	outline.go    Outline: a value as lines that fold
//	differ.go     what differs between two values of JSON
//	index.go      the pass over JSON that an outline is made from
//	lines.go      Lines: text as lines of bounded length
//	hex.go        hexadecimal rows
//	lookup.go     one part of a value, for filters
//	fields.go     headers and parts of values that lists tell
//	xml.go        the parts of a value that is XML
//	tree.go       XML as a tree, and bytes that look like Protobuf by their fields
//	rowchange.go  what a change of a row in a database did
//
// # Not obvious
//
// A content-encoding is believed only when it names a compression; some producers write
// a character set there. Without one, the magic bytes decide. What a few kilobytes expand
// to is bounded by the limit of the call, or by [MaxDecompressed].
//
// An outline can find text in what is folded, and then unfolds it: line numbers from
// before Find, Toggle and ToggleAll are not good after them.
package payload

// Package output writes results: JSON Lines for programs, aligned text for people.
//
// # Owner and concurrency
//
// A [Format] has scratch memory and belongs to one goroutine, as a [Writer] does. Both
// append to memory that the caller owns, so that a line costs no allocation.
//
// # What may be lost
//
// JSON loses nothing: a value that is JSON is embedded with its numbers digit by digit,
// anything else is text, or base64 where it is none. Text for people is
// cut where a column ends, and shows what cannot be drawn as an escape.
//
// # Files
//
//	format.go the Format of each kind, and how to choose
//	writer.go Writer: buffered, and quiet when the reader has gone
//	order.go  ByTime: lines in the order of their events' time
//	json.go   event, flow and trace lines as JSON
//	compare.go  what differs between two flows or two events, as both
//	trace.go  the steps of a flow, whose messages are read while they are written
//	letter.go dead letters, plans and runs, as both
//	topology.go the map, as both and as a diagram
//	versions.go which versions of types there are, as both
//	lag.go    consumers and how far they are behind, as both
//	report.go a flow as a document
//	append.go the values JSON lines are made of
//	text.go   the same as text; table.go: its headings and colours
//	letterpage.go one dead letter as a page
//
// # Not obvious
//
// JSON strings may hold raw control characters of the C1 set and bidirectional
// controls, which would act on a terminal. When the output is one, they are written as
// \u escapes, which mean the same to a JSON reader.
package output

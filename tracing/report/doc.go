// Package report writes a flow for other documents: as Markdown for a ticket, and as a sequence
// diagram of Mermaid.
//
// # Owner and concurrency
//
// Functions of values only.
//
// # What may be lost
//
// What is longer than a document has room for: long names are cut with a sign, and of many events
// the first are written, with a line that says how many there are besides.
//
// # Files
//
//	markdown.go  the flow as Markdown, with its diagram
//	mermaid.go   the diagram
//	escape.go    what strangers wrote, so that it can be nothing but text in either
//
// # Not obvious
//
// Names in Markdown stand between backticks, more of them than the name has: there, nothing is
// markup, a link, or the name of a person to be told.
package report

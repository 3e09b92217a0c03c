// Package widget draws: one row at a time, put together by hand from text that is safe.
//
// # Rules
//
// A [Line] is exactly as wide as it was asked to be, whatever was put into it; a page is
// a slice of them. Nothing here asks for data, keeps time or knows a page.
//
// # Concurrency
//
// Values belong to the event loop of the screen.
//
// # Files
//
//	line.go       Row and Line: cells, padding, cutting, the background of a selection
//	panel.go      panels over a page, drawn by Lip Gloss
//	column.go     Columns: which fit, in a fixed order of leaving
//	cursor.go     Cursor: the arithmetic of a list that is longer than the screen
//	waterfall.go  bars over time, linked to what caused them; axis.go: their times
//	lanes.go      one column a service, arrows between them
//	sparkline.go  a rate over time; a bar of progress
package widget

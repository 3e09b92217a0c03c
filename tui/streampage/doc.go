// Package streampage is the page of the live tail: every event as it comes, or those that a
// filter lets pass.
//
// # Rules
//
//   - The cursor is a sequence, not a row: it stays on its event while others arrive or are
//     evicted.
//   - Only the part of the stream around the cursor is asked for.
//
// # Owner and concurrency
//
// The page belongs to the event loop. The index is asked outside it.
//
// # What may be lost
//
// Events that were evicted leave the list; the cursor goes to the nearest.
//
// # Files
//
//	page.go      the page: keys, what it asks for, where the cursor is
//	row.go       one event in a row
//	empty.go     the page without any, and how many older ones there are
//	liveline.go  the line below the past, and which event is in which row with it
//	window.go    the part of the stream around the cursor
//
// # Not obvious
//
// Columns only grow, so that rows do not jump sideways.
// A key may come before the events that it moves to: such rows are counted and gone by when
// those are at hand.
package streampage

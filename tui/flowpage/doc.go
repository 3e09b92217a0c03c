// Package flowpage is the pages about flows: the list of them, and one with its timeline or
// lanes.
//
// # Rules
//
//   - The list is live at its first row. With the cursor further down it holds its order, so
//     that rows do not run away, and only the values in them go on.
//   - A flow shows what did not come as well, and what is inferred is drawn otherwise than what
//     is known.
//   - What a row has no room for leaves in a fixed order, or has a row of its own.
//
// # Owner and concurrency
//
// The pages belong to the event loop. The index is asked outside it.
//
// # What may be lost
//
// A flow that left the index while it is on the screen stays as it was and is said to be
// unknown.
//
// # Files
//
//	list.go          page: one row a flow; listrow.go: its columns and rows
//	flow.go          page: one flow; head.go: the lines above its rows
//	rows.go          the rows of a flow, and in words those that are no steps
//	timeline.go      the rows as a timeline with a waterfall; lanes.go: as lanes, one a service
//	servicestate.go  how the consumers of services stand, beside their events
//
// # Not obvious
//
// A flow becomes late without any event, so both pages ask again though nothing came.
// The cursor of a flow stays on its event, that of the list on its flow, when others come
// before them.
package flowpage

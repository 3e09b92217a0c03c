// Package comparepage is the pages that show what differs: between two flows, step by step, and
// between two events, field by field.
//
// # Rules
//
//   - What matters comes first; ids, times and positions, which differ between any two, come last.
//   - Where there is room the two stand side by side, else one below the other.
//   - A page says how much is the same, and how much was not compared.
//
// # Owner and concurrency
//
// The pages belong to the event loop. Messages are read and compared outside it.
//
// # What may be lost
//
// Of a long flow the messages of the first steps are compared; those of the others when somebody
// opens their step. A flow that left the index stays on the page as it was.
//
// # Files
//
//	flows.go   page: two flows; steps.go: its rows
//	events.go  page: two events
//	fields.go  what differs between two events, as lines
//
// # Not obvious
//
// The page of two flows keeps of each pair of events as much as it can show at once: what a pair
// may differ in is thousands of fields.
package comparepage

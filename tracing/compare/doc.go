// Package compare finds what differs between two events, and between two flows.
//
// # Rules
//
//   - Every field of either event is told exactly once: as different, as one that differs between
//     any two events, as the same, or as masked.
//   - What differs between any two comes apart from the rest: ids, times and positions.
//   - Steps of flows are paired by what happened: service, type and destination. Their order does
//     not count, since services that run beside each other have none.
//   - What is masked is neither shown nor compared.
//
// # Owner and concurrency
//
// Functions of values. What they return shares no memory with the messages.
//
// # What may be lost
//
// Of very many differences the first are listed and the others counted. Long texts are cut. Of
// values that are no JSON, or too large, the first lines are compared.
//
// # Files
//
//	events.go  two events: what is told of them beside their values
//	value.go   their values: JSON by its members, anything else by its lines
//	varies.go  what differs between any two
//	flows.go   two flows: which steps are the same
//
// # Not obvious
//
// An amount that happens to look like an id stands among the ids: whoever looks for the difference
// that matters finds it there, and only later. Nothing is left out.
package compare

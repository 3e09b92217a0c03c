// Package spelling reads values as producers write them: ids and UUIDs, trace contexts, times,
// addresses and types; tells what stands for the lack of an id; and compares names of headers
// and members.
//
// # Owner
//
// Nothing here has state. What is returned points into what was given, or was appended to what the
// caller gave.
//
// # Concurrency
//
// Everything may be called from several goroutines at once.
//
// # What may be lost
//
// What is longer than [MaxID] bytes is no id and no name of anything, and is nobody's to cut.
//
// # Files
//
//	value.go    text and ids
//	uuid.go     UUIDs, in one form
//	trace.go    W3C trace contexts and B3 headers
//	clock.go    times
//	row.go      keys of rows, which belong to a table
//	nothing.go  what stands for the lack of an id
//	names.go    how names of headers and members are compared
//
// # Not obvious
//
// Every value of every message passes through here, so nothing allocates, and texts are looked at
// eight bytes at a time.
package spelling

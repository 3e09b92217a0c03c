// Package waiting remembers which events are to be read again, since what they name as their
// schema was not known when they came.
//
// # Owner and concurrency
//
// A [List] belongs to one goroutine.
//
// # What may be lost
//
// There is room for so many events, of so many schemas. The oldest of the schema of which the most
// wait leave first; how many that were is counted by schema.
//
// # Files
//
//	list.go  List: what waits, by schema
package waiting

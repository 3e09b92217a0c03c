// Package encoded is what the readers of all formats that need a schema have in common: how
// they say that a value does not fit its schema, and how a plan learns what is wanted of values
// and tells what it found.
//
// # Owner and concurrency
//
// Values only. What a plan found may lie in the data that was read, or in the scratch memory of
// the caller.
//
// # What may be lost
//
// Nothing passes through here.
//
// # Files
//
//	misfit.go  Misfit, ErrTooLong
//	member.go  Found, Wanted: the members of an object
//	change.go  Change: what differs between two schemas
package encoded

// Package files reads schemas from files that an operator named for destinations whose messages
// name none: Avro (.avsc), Protobuf (.proto, sets of descriptors), and formats that need none.
//
// # Owner and concurrency
//
// [Files] never change once they were read, and any goroutine may ask them.
//
// # What may be lost
//
// Files are read once, when they are named. One that cannot be read or compiled is an error then,
// and no message is read without what it was to be read by.
//
// # Files
//
//	rule.go   Rule: which file for which destination, and how a parameter says it
//	files.go  Files: all of them, by destination and by fingerprint
//	read.go   one file
package files

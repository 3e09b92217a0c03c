// Package preserved is the form in which letters lie in archives: a delivery as a line of JSON,
// and back, without loss.
//
// # Owner
//
// Nothing here has state. What [Read] gives shares no memory with the line.
//
// # Concurrency
//
// The functions may be called from any goroutine.
//
// # What may be lost
//
// Nothing that the client read: texts of any bytes, the type of each header, numbers to the
// bit. A line of another version is refused.
//
// # Files
//
//	line.go   a delivery as a line, and back
//	field.go  field values with their types in JSON
//
// # Not obvious
//
// Lines lie in archives that other versions of the program read, so what is written changes
// only together with the version in it.
package preserved

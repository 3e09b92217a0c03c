// Package fieldtable turns field tables of AMQP 0-9-1 into headers of messages, and back.
//
// # Owner
//
// [Headers] belongs to whoever fills it; what it gave lies in its memory until it is reset.
//
// # Concurrency
//
// A Headers is for one goroutine at a time. The functions may be called from any goroutine.
//
// # What may be lost
//
// Structured values do not tell the widths of numbers, and a decimal becomes a float64. The
// text of a header has both whole.
//
// # Files
//
//	header.go   a table as headers, its values as text and structured
//	restore.go  from structured values and from JSON to a table
//
// # Not obvious
//
// AMQP tables have an order and may repeat a name, Go's maps do not: headers are sorted by
// name, and the client keeps the last of equal names.
package fieldtable

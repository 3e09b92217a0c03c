// Package message turns what Service Bus hands out into messages, letters into lines of JSON and back,
// and letters into copies that can be sent.
//
// # Owner and concurrency
//
// Functions of values only. A message shares no memory with what it was read from.
//
// # What may be lost
//
// Nothing of a letter: what [Append] writes, [Read] reads. Of a message that nobody can read, the bytes
// are shown as they are, with the reason.
//
// # Files
//
//	message.go  a message of an entity
//	value.go    values of properties, as headers and as text
//	line.go     a letter as a line of JSON
//	copy.go     a letter as it is sent again, and a message of another broker
//
// # Not obvious
//
// Application properties have no order: headers are sorted by name. Ids may be numbers, UUIDs or bytes;
// they are shown as text, and kept as they are by lines and copies.
package message

// Package binary reads formats that are no text and need no schema: MessagePack and CBOR.
//
// # Owner and concurrency
//
// [MessagePack] and [CBOR] have no state, and any goroutine may use them.
//
// # What may be lost
//
// Bytes are base64 in JSON, text that is not UTF-8 has replacement characters, and a key that is
// no text is its JSON; a value with a map or an array as a key is not read. Members of CBOR are in
// the order of their names. Extensions of MessagePack and tags of CBOR that are not known are
// objects with their number.
//
// # Files
//
//	messagepack.go  MessagePack
//	cbor.go         CBOR
//	writer.go       what both write
//
// # Not obvious
//
// Lengths are an attack as soon as they are believed, and so is nesting: both libraries refuse
// what does not fit into the value, and depth is counted.
package binary

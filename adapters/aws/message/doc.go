// Package message turns what SQS hands out into messages, and letters into lines of JSON and
// back.
//
// # Owner and concurrency
//
// Functions of values only.
//
// # What may be lost
//
// Nothing of a letter: what [Append] writes, [Read] reads. A message of a tap loses what belongs to
// the tap's own queue.
//
// # Files
//
//	message.go    a message of a queue
//	notice.go     what a topic publishes, as it lies in the queue of a tap
//	line.go       a letter as a line of JSON
//	attribute.go  attributes: as headers, and made of headers; marks that share one
//
// # Not obvious
//
// Attributes have no order: headers are sorted by name. Their types are kept by lines alone.
//
// A position is made of the id that the service has given the message, so that two equal messages
// have two. The id stays the same when SQS dead-letters the message.
package message

// Package cluster asks a Kafka cluster what it has, as one user sees it: topics, partitions and
// where these begin and end; and says in an operator's words why an answer did not come.
//
// # Owner
//
// Nothing here has state. A [Catalog] never changes once it was read.
//
// # Concurrency
//
// Everything may be called from several goroutines at once.
//
// # What may be lost
//
// A catalog has no topics that the user may not describe, unless they were asked for by name. A
// log that does not answer has the reason among the answers.
//
// # Files
//
//	catalog.go    ReadCatalog: topics, who leads their partitions, what the user may do with them
//	offsets.go    ListOffsets: where logs begin and end, and where a time lies in them
//	problem.go    Access: errors in an operator's words
//	selection.go  which topics are looked at
//	until.go      Until: asking again
//
// # Not obvious
//
// An answer that leaves out what was asked is an error, and does not mean that there is none.
package cluster

// Package packed is what the index of flows is made of: texts, ids, names and tables of
// millions of them without a pointer, so that the garbage collector never looks at them.
//
// # Owner and concurrency
//
// Each value belongs to one goroutine, the one that owns the index, and what it gives is
// borrowed until it is changed. Functions of ids have no state but the seeds of their hashes,
// which are made up when the process starts.
//
// # What may be lost
//
// An id longer than [Longest] bytes is cut to that, and a name to 200 bytes. [Names] that have
// run out give all further texts one number, and [Places] the further logs of each source. [Recent] forgets the oldest events, and [Gone] the
// oldest of the ids that went; it takes some new ids in a thousand for such ones. A [Table] keeps
// 32 bits of a hash: its caller compares what these lead to.
//
// # Files
//
//	id.go      the compact form of an id: how it is kept and compared
//	hash.go    seeded hashes; EventID: the id of an event in a fixed size
//	idtable.go   IDTable: ids at a reference of 32 bits each
//	names.go   Names: the few texts that many events share, by number
//	places.go  Places: the logs that events come from, by number
//	table.go   Table: from the hash of an id to a number
//	recent.go  Recent: the newest events by their ids
//	gone.go    Gone: ids that were there once
//
// # Not obvious
//
//   - Ids are chosen by whoever writes to a topic. Without a seed somebody could write ids that
//     all have one hash.
//   - A UUID is its sixteen bytes and one for its spelling: both spellings are one id, and come
//     back as they were.
package packed

// Package versions tells which versions of each type of events are in flight: since when, how
// many, who writes them, what changed from one to the next, and who could not read it.
//
//	worker: Counter ─▶ rows of a batch ─▶ owner: Census ─▶ Seen ─▶ Build ─▶ versions
//	                                      what consumers are behind ─┘
//
// # Owner and concurrency
//
// A [Counter] belongs to the goroutine that reads messages, and a [Census] to the one that owns
// the index; rows go from one to the other with each batch, and share nothing that changes. What
// [Census.Seen] returns is the caller's to keep, and what [Build] makes of it never changes.
//
// # What is a version
//
// The schema that the value names, if it names one; else the version that the message declares,
// in its type (OrderPlaced_v2) or beside it (schema_version, dataschema); else the shape of its
// JSON. A "version" of which a type has more than two dozen counts something else, and is none.
//
// # What may be lost
//
// Messages are counted all, as far as there are not too many types and versions: then
// [Census.Uncounted] says how many were not. Of JSON without a version only samples are looked at:
// the first of each writer, one in 128 then, and many behind a shape that was not seen before. What
// a shape lacks or has more is told when enough values agree; see drift.go for how many. A shape
// begins where it was first sampled, and [Begin] says from where on it may have begun. What lies
// deeper than a path of 512 bytes is not looked at, and when the room in bytes is used up, no
// changes of further types are told.
//
// # Files
//
//	key.go       Key, Row: what is counted apart
//	counter.go   Counter: the hot path
//	declared.go  versions in the names of types, and schemas in the words of errors
//	shape.go     Shape: members and kinds of a JSON value; sampling.go: of which values
//	drift.go     since when the values of a writer look otherwise
//	members.go   what values of declared versions have, and how two of them differ
//	census.go    Census: all that was counted; seen.go: as it is handed out
//	report.go    Build, Version: what is known, put together
//	broke.go     who could not read a version; words.go: that, as people read it
//
// # Not obvious
//
// That a version broke a consumer is not guessed from its schema: the consumer stands at the very
// first message of it and has read none elsewhere, or dead letters tell of it.
package versions

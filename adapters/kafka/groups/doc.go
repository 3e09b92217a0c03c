// Package groups asks about the consumer groups of a Kafka cluster, of all four types: how far they
// are behind, and which of them read a topic. No group is joined and no offset committed.
//
// # Owner
//
// A [LagReader] belongs to an adapter and remembers from one sweep to the next; each call of
// [LagReader.Lag] is a sweep, whose goroutine is that of the caller. A [Readers] is made for one
// question.
//
// # Concurrency
//
// A LagReader may be used by several goroutines at once: what it remembers has a lock. The
// helpers of a sweep ask about groups, and only read what does not change any more.
//
// # What may be lost
//
// Groups and topics that the user may not describe are not counted, which is told. A log that does
// not answer has the reason in its place, and no figure.
//
// # Files
//
//	listing.go  which groups there are
//	readers.go  Readers: the groups that read some topics
//	commits.go  what groups have committed, as brokers answer it; described.go: their members
//
// Lag:
//
//	lag.go      LagReader: a sweep over groups, in batches
//	group.go    what is asked about a group; members.go: who takes part in it
//	topics.go   topics that groups read and the catalog has not, or the user may not see
//	problem.go  what cannot be told of groups
//	ends.go     where logs end, once for all groups
//	ongoing.go  the transactions that hold readers up
//	visible.go  whether readers of committed messages have any left
//
// # Not obvious
//
// A broker that has just started leaves out, without a sign, groups that it has not loaded yet, so
// a group that was listed before is asked for by name before it counts as gone.
package groups

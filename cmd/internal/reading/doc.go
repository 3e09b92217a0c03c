// Package reading opens the sources of a command, reads them at once, with an end, and tells
// how it went.
//
// # Owner and concurrency
//
// [Sources] may be used from several goroutines, but for Open, which changes no more once
// they are open. Each source is read by a goroutine of its own. [Figures] belong to the caller.
//
// # What may be lost
//
// Nothing silently. A source that fails while others go on is said at once and counted, as is
// one of which a part is missing; both are in the outcome.
//
// # Files
//
//	sources.go  Sources: opening, what failed, the outcome
//	extent.go   Extent and its flags: what is read, and until when; reading it
//	begin.go    --from and --since
//	notices.go  what happens to the sources meanwhile
//	index.go    the store that flows, trace and the screen read into
//	figures.go  the line of --stats
//
// # Not obvious
//
// A status says how a source stood only until its reading ends, so that it is asked before.
package reading

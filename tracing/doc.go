// Package tracing assembles flows. It takes batches of messages from any number of
// sources, reads what each says about itself, keeps a small entry for it in an index of
// bounded size, links the entries of one flow, and answers questions with snapshots.
//
//	sources ─▶ Store.Attach ─▶ workers ─▶ owner of the index ◀─ questions (Querier)
//	            (back-pressure)  (identity,    (flows, joins,
//	                              filters)      eviction, paths)
//
// # Owner and concurrency
//
// One goroutine, in [Store.Run], owns the index; it takes slabs of records in and
// answers requests in between, requests first. There is one worker a processor; the
// messages of one log always go to the same worker, so that their order is kept. A
// worker owns its [envelope.Reader] and shares nothing. What a question returns is the
// caller's to keep. Filters that are watched are replaced as a set, never changed.
//
// # What may be lost
//
//   - The index has a budget in bytes. When it is full the oldest segment of 65,536
//     events goes whole; [Counters].Evicted counts them, and a flow whose beginning went
//     says so (BeganBefore).
//   - A flow links at most [EventsPerFlow] events and counts the rest (Capped).
//   - That an event names the id of another as its cause is noticed while that id is
//     among the newest (a million, with a good budget); the same goes for duplicates.
//   - Ids are compared by hash and then in full, except an event's own id and its cause:
//     between flows 64 bits of a hash must do for these, and within one flow 32.
//   - A value that would join more than some 30 flows is a constant and joins no more:
//     a trace id, an order id between dialects, a cause that never comes.
//   - Texts longer than 512 bytes are cut to that for ids, 200 for types and services.
//   - Copies of payloads take a quarter of the budget at most, newest first; all others
//     are read again from the broker, or are gone if it was a tap.
//   - A trace id joins what has no better name, or another dialect's; flows that name
//     themselves stay apart within the trace of a batch.
//   - An entity that several named flows share (a customer, say) joins nothing: events
//     without a flow id then belong to the newest of these flows, or to one of their own
//     when the entity is only a message key.
//
// # Files
//
//	store.go      Store: configuration, life, intake, Sync
//	worker.go     messages into records; record.go: what a record is
//	owner.go      the loop that owns the index, its budget and its clock
//	assemble.go   which flow an event belongs to; join.go: when two are one; evict.go
//	entry.go      the log of entries; flowtable.go: flows; table.go, texts.go, names.go,
//	              places.go, recent.go: what these are made of, all free of pointers
//	nature.go     what a type's name says: failure, compensation
//	path.go       usual paths, declared or learned (learn.go)
//	judge.go      a flow's status; course.go: where it is on its path, what is expected
//	timeline.go   one flow in causal order; reason.go: why it failed, in its own words;
//	              summary.go: snapshots of rows
//	querier.go    the questions; query.go, event.go, flow.go: their values
//	page.go       the stream; flowpage.go, export.go: lists of flows; find.go: look-up by id
//	traffic.go    which services write where, and what they react to
//	messages.go   payloads, kept (payloads.go, encode.go) or fetched
//	filter.go     the filter language; watch.go: what a filter matched, past and present
//	search.go     history read for one id; searchkeys.go: which partitions of it;
//	              searchintake.go: what of it is kept
//	lag.go        LagSeries: lags over time, apart from the index, with an owner of its own;
//	              lagpoints.go, lagprogress.go: what was seen; lagjudge.go: what it means
//
// # Not obvious
//
//   - Whether a flow has ended is never stored. A cursor follows the log at a distance of
//     Settle, by our own clock; where it meets the last event of a flow, that flow has
//     been silent for so long, and the usual paths learn from it. If it goes on after all,
//     what they learned is taken back, and learned anew when it is silent again.
//   - A flow's path is that of the event its causes lead back to, whatever the clocks say.
//     Where its beginning is not in the index, it is on the path that most flows with its
//     first event take, and what comes before that is not asked for.
//   - Lists by activity need no order of their own: going back through the log, each flow
//     appears exactly once at its last event.
//   - What is expected of a flow is derived from how often types were seen together, so
//     that a branch taken (InventoryFailed) makes what it excludes (ShipmentPrepared)
//     "not expected" without anybody drawing the branches.
package tracing

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
//   - The index has a budget in bytes. When it is full the oldest segment of 1,024
//     events goes whole; [Counters].Evicted counts them, and a flow that lost some says so
//     (Cut). What comes later of a flow that went whole is known for its rest by a filter
//     of a fixed size, which takes some new flows in a thousand for such a rest.
//   - A flow links at most [EventsPerFlow] events and counts the rest (Capped).
//   - That an event names the id of another as its cause is noticed while that id is
//     among the newest (a million, with a good budget); the same goes for duplicates.
//   - Ids are compared in full, UUIDs by their value, whatever the spelling. Only of an
//     event's own id and its cause that are longer than 15 bytes and no UUIDs, 160 bits of
//     seeded hashes must do; and to draw who caused whom within one flow, 32.
//   - A value that would join more than some 30 flows is a constant and joins no more:
//     a trace id, an order id between dialects, a cause that never comes.
//   - Texts longer than 512 bytes are cut to that for ids, 200 for types and services.
//   - Copies of payloads take a quarter of the budget at most, newest first; all others
//     are read again from the broker, or are gone if it was a tap.
//   - A trace id joins what has no better name, or another dialect's; flows that name
//     themselves stay apart within the trace of a batch.
//   - What came before its schema is known by its headers and its key until it is read again.
//     So many may wait for that as fit into a five-hundredth of the budget; what had no room,
//     or was gone, stays as it is, which its source is told.
//   - An entity that several named flows share (a customer, say) joins nothing: events
//     without a flow id then belong to the newest of these flows, or to one of their own
//     when the entity is only a message key.
//
// # Files
//
//	store.go      Store: configuration, life, intake, Sync
//	worker.go     messages into records, with what a filter says of each
//	owner.go      the loop that owns the index, its budget and its clock
//	warm.go       what the next records need is loaded before, all at a time
//	assemble.go   which flow an event belongs to; join.go: when two are one
//	entry.go      the log of entries, of which the oldest go; flowtable.go: flows, of one
//	              tenant each; both are free of pointers, and of what is in package packed
//	status.go     a flow's status; pathposition.go: where it is on its usual path (package
//	              usual), what is expected, and what is learned from it when it has ended;
//	              arrival.go: when events were seen here, and whether the past was read
//	entities.go   flows of several business objects
//	timeline.go   one flow in causal order, with causes that are guessed; reason.go: why it
//	              failed, in its own words
//	query.go      the questions and their values: Querier, Event; flow.go: those of a flow
//	page.go       the stream; flowpage.go: lists of flows; find.go: look-up by id
//	traffic.go    which services write where, and what they react to
//	versions.go   which versions of types there are (package versions)
//	messages.go   payloads, kept (package copies) or fetched
//	again.go      events that came before their schemas (package waiting), read again; amend.go:
//	              what that changes in the index
//	watch.go      what a filter (package query) matched, past and present
//	search.go     history read for one id, by key where that narrows it; searchintake.go: what
//	              of it is kept (package wanted); searchlog.go: how far each log was read
//
// # Not obvious
//
//   - No clock but ours says how late a flow is; of events that were in a log before its
//     reading came to the end, only their own time is known. Until that past has been read,
//     nothing of it is called stuck or complete for want of an event.
//   - Whether a flow has ended is never stored. A cursor follows the log at a distance of
//     Settle, by our own clock; where it meets the last event of a flow, that flow has
//     been silent for so long, and the usual paths learn from it. If it goes on after all,
//     what they learned is taken back, and learned anew when it is silent again.
//   - A flow's path is that of the event its causes lead back to, whatever the clocks say.
//     Where the beginning of a flow is not in the index, the path is the one that most flows
//     take which hold the flow's first event. Events before that one are not expected.
//   - Lists by activity need no order of their own: going back through the log, each flow
//     appears exactly once at its last event.
//   - What is expected of a flow is derived from how often types were seen together, so
//     that a branch taken (InventoryFailed) makes what it excludes (ShipmentPrepared)
//     "not expected" without anybody drawing the branches.
package tracing

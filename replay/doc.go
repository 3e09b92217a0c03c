// Package replay deals with dead letters: it lists them, plans what to do with some,
// replays, discards and restores them, and can tell afterwards what was done.
//
// # Owner and concurrency
//
// A [Service] belongs to a process and may be used by several goroutines. A [Run] is
// carried out by the goroutine that calls [Run.Do], which alone touches its letters;
// Pause, Continue and Abort leave it a note. A lock on disk keeps a run in one process,
// and what keeps two runs off one dead-letter queue is the broker's business (see
// [deadletter.Redrive]).
//
// # What may be lost
//
// No letter. At any moment, whatever is killed, a letter is in its dead-letter queue, or its copy is
// at the target with a mark in the ledger, or it is in the archive with a line in the
// journal. Each step is on disk before the next is taken:
//
//	log     write "sent"; one transaction: copies and ledger entries; write "confirmed"
//	queue   write "sent"; publish, await confirms; write "confirmed"; ack
//	discard from a queue: archive, read it back from the file, write "confirmed"; ack
//
// "Settled" is written with the next line: if it is missing after a crash, a resume asks the
// broker which letters are still there. Where the broker has no ledger and the pace is free, a
// window goes in two halves. While the copies of one half are on their way, the next is taken and
// written down as "sent", with what is known of the half before: the disk and the broker work at
// the same time, and never more than one window lies between "sent" and "confirmed".
//
// On a broker without transactions a kill between publish and "confirmed" sends a window
// of letters twice when the run is resumed, and the summary says how many that may be. A
// replay id is made of the letter, so that both copies carry the same one, whoever sends
// them; letters of a queue that nothing tells from equal ones get ids that are never used
// again: see [Run.replayID]. What is said to be guaranteed is in [Part.Promise].
//
// What is run is what was planned. Where a run begins, the journal notes the digest of the
// plan on disk. Each line has its own sum, the hash of the run's line before and that of
// the line before. A run whose lines or plan do not fit is not resumed; it can be
// aborted, which touches no letter, and its letters count as maybe sent. An adapter
// refuses to act on a topic that was made again since. That guards against damage and
// against careless hands, not against somebody who computes all hashes anew: the state
// folder is this user's alone, and is refused where others may write to it.
//
// The archive keeps bodies on this machine for as long as nobody removes them; its folder
// is for this user only.
//
// # Where a letter may go
//
// What a letter says of itself decides nothing alone, for whoever wrote it may have written
// that too. Some targets are none, whoever names them: see [Forbidden]. An origin that headers
// name is held against what is known of the dead-letter destination, best first:
//
//  1. What is sent to the target must come to the queue at which they say that they died.
//  2. If the broker is configured to lead letters here, they come from the queues that it
//     leads here, directly or over others, and from no other.
//  3. If the name of the destination speaks for one that the broker has, they come from that
//     or from its stages of retrying (orders.dlq: orders, orders-retry-1).
//  4. They do not come from another dead-letter destination.
//  5. Where none of these says anything, as in one destination for a whole service, it is
//     the letters that are left: an origin is believed unless another is named twenty times
//     as often. The plan then says that nothing but the letters speaks for it.
//
// Letters whose origin has something against it stay until somebody names the target, by
// --to, by --confirm-target, or by typing it. How often a letter was replayed is the highest
// count in any spelling of its header. A letter that stays holds no other back.
//
// # Files
//
//	letter.go    Letter: one in the list
//	state.go     the states of letters and runs, and the steps between them, once
//	origin.go    where a letter says that it goes again, and whether that is believed
//	plan.go      Plan: the frozen selection; planning.go: how it is made, letter by letter;
//	             planningpart.go: of each dead-letter queue
//	guard.go     what must not run, which letters stay, what is promised; facts.go: a plan in words
//	run.go       Run: a plan that is carried out; awake.go: whether its process was stopped meanwhile
//	worker.go    one part of it: begin, find out what is done, go on, obey the operator; pace.go: how fast
//	window.go    one window of letters: send, confirm, acknowledge; restore.go: out of the archive
//	copy.go      what is sent in place of a letter: its headers, and what it is known by
//	ledger.go    marks on the broker
//	journal.go   lines on disk, each with the hash of the one before
//	record.go    what the journal says of runs; past.go: what of letters
//	runfolder.go what is on disk of a run: its plan, and the lock of whoever has it in hand
//	archive.go   letters of queues, kept here, and which of all can be restored
//	service.go   Service: all of it together; listing.go, group.go: what it lists;
//	             marks.go: what was done about letters, from one list to the next; newest.go: the newest letters of one
//	files        the state folder, and the archive of letters in it
//	replaytest   a broker in memory that can crash whoever uses it
//
// # Not obvious
//
// Letters of a queue have no place, only contents, so two that are equal in every byte
// have one position. A plan lists that position twice, and it does not matter which of its two
// numbers is taken for which letter. A
// position is a short digest, which can be forged: where it matters, contents are compared.
// After an interruption, an equal letter that no consumer has held yet is a new one.
//
// The journal is a help and a proof. For a log it is the ledger that decides what is done,
// since that is written in the same transaction as the copies.
package replay

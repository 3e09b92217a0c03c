// Package replay deals with dead letters: it lists them, plans what to do with some,
// replays, discards and restores them, and can tell afterwards what was done.
//
// # Owner and concurrency
//
// An [Office] belongs to a process and may be used by several goroutines. A [Run] is
// carried out by the goroutine that calls [Run.Do], which alone touches its letters;
// Pause, Continue and Abort leave it a note. A lock on disk keeps a run in one process,
// and what keeps two runs off one grave is the broker's business (see
// [adapters.Redrive]).
//
// # What may be lost
//
// No letter. At any moment, whatever is killed, a letter is in its grave, or its copy is
// at the target with a mark in the ledger, or it is in the archive with a line in the
// journal. Each step is on disk before the next is taken:
//
//	log     write "sent"; one transaction: copies and ledger entries; write "confirmed"
//	queue   write "sent"; publish, await confirms; write "confirmed"; ack
//	discard from a queue: archive, write "confirmed"; ack
//
// "Settled" is written with the next line, since a resume finds out by itself. Where the
// broker has no ledger and the pace is free, the next window of letters is taken while the
// copies of one are on their way, and that they are confirmed is written together with the
// next "sent": one write to disk a window, and never more than one window between the two.
//
// On a broker without transactions a kill between publish and "confirmed" sends a window
// of letters twice when the run is resumed, under the same replay ids, and the summary
// says how many that may be. What is said to be guaranteed is in [Part.Promise].
//
// The archive keeps bodies on this machine for as long as nobody removes them; its folder
// is for this user only.
//
// # Files
//
//	letter.go    Letter: one in the list
//	state.go     the states of a letter and the steps between them, once
//	target.go    where a letter goes again
//	header.go    which headers a copy loses and gains
//	plan.go      Plan: the frozen selection; planning.go: one in the making, letter by letter
//	guard.go     what must not run; what is promised; facts.go: a plan in words
//	run.go       Run: a plan that is carried out
//	worker.go    one part of it: begin, find out what is done, go on, heed the operator
//	window.go    one window of letters: send, confirm, settle; copy.go, restore.go
//	ledger.go    marks on the broker
//	journal.go   lines on disk, each with the hash of the one before
//	numbers.go   numbers of letters as ranges
//	record.go    what the journal says of runs; plans on disk
//	archive.go   letters of queues on disk
//	office.go    Office: all of it together; survey.go, group.go, discarded.go: what it lists
//	replaytest   a broker in memory that can crash whoever uses it
//
// # Not obvious
//
// Letters of a queue have no place, only contents, so two that are equal in every byte
// have one position; a plan then has it twice and the numbers of the two may be swapped.
// After an interruption, an equal letter that no consumer has held yet is a new one.
//
// The journal is a help and a proof. For a log it is the ledger that decides what is done,
// since that is written in the same transaction as the copies.
package replay

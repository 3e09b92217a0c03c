// Package letterpage is the pages about dead letters: what died in the same way, the letters, one
// of them, the plan of what will be done with them, the run that does it, and the journal.
//
// # Rules
//
//   - All pages, and the header, see one listing of the dead-letter queues, which a [Model]
//     asks for.
//   - What is not free to look at is looked at after asking.
//   - Nothing is written to a broker but by a run, whose plan was shown and confirmed by what an
//     operator typed.
//
// # Owner and concurrency
//
// Model and pages belong to the event loop. A listing is made outside it and never changes. A run
// is carried out by a goroutine of its own, which tells how far it is under a lock; when the
// screen ends it finishes the window in hand and is paused.
//
// # What may be lost
//
// Of a run's letters the last 200 that were settled are shown, and the first 1,000 that were
// not; the journal has all. Filters of very many words look for the first 64.
//
// # Files
//
//	model.go    dead letters, as the pages share them and the header counts them
//	dlqs.go     page: what died in the same way, and queues that nobody has looked into
//	letters.go  page: the letters of a group; filter.go: which of them
//	letter.go   page: one letter; ofevent.go: from an event to its letter
//	plan.go     page: what will happen, before anything does
//	run.go      page: a run at work, or how it ended; resume.go: going on with it, or ending it
//	undo.go     restoring what a run has discarded
//	journal.go  pages: what was done from here, and one run step by step
//
// # Not obvious
//
// A run that takes letters out of a queue is seen in the listing at once, though the queue is not
// looked into again: the listing leaves out what the run told that it has taken.
package letterpage

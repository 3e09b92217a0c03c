// Package envelope reads who a message is: which flow it belongs to, what caused it,
// its own id, its type, version, time, service and entity, and whether it is a dead
// letter, from whatever convention its producer follows.
//
// # Owner and concurrency
//
// [Rules] are compiled once and never change; any number of goroutines may share them.
// A [Reader] has scratch memory and belongs to one goroutine; make one a worker.
//
// # What may be lost
//
// A message that says nothing of itself gets an empty identity, never a guess: a field
// is set only together with the [Evidence] for it.
package envelope

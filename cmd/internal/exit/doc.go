// Package exit says how the process ends: the exit codes, and which one an error leads to.
//
// # Owner and concurrency
//
// Values only.
//
// # What may be lost
//
// Nothing. The codes are a promise to scripts: a code keeps its meaning.
//
// # Files
//
//	code.go   the codes, and the code of an error
//	error.go  errors that say no more than how a command ended
//
// # Not obvious
//
// A command's own errors carry their code ([Coder]), so that this package need not know them.
// The errors of the rooms below it do not: what those mean to a script is decided here.
package exit

// Package system tells what only some systems can about the process itself: what it has used,
// and whether anybody still reads what it writes.
//
// It has no state. Nothing is lost where a system cannot tell: figures are then 0, and a reader
// that has gone shows at the next write.
//
// # Files
//
//	usage_unix.go  usage_other.go  processor time and memory used so far
//	pipe_unix.go   pipe_other.go   a pipe that nobody reads any more
package system

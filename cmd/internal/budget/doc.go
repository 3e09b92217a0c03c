// Package budget shares out the memory that --memory allows, and holds the process to it.
//
// # Owner and concurrency
//
// The limits are those of the whole process: a command sets them once, before its work.
//
// # What may be lost
//
// Nothing here. Who has a share tells what did not fit into it.
//
// # Files
//
//	shares.go     what each part of the program may take
//	collector.go  the garbage collector's limits
//
// # Not obvious
//
// Budgets below 64 MiB make a smaller index, not a smaller process.
package budget

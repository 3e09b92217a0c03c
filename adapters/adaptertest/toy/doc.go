// Package toy is a small broker in memory, with its adapter: the proof that a broker is one
// folder, and one line in a program's list. It is for tests only.
//
// # The broker
//
// A [Cluster] has a name, and lives in the process until it is removed. It has logs, which keep
// their messages and give each an offset, queues, which hold dead letters until somebody
// settles them, and groups, which say how far they have read. A log may lead to a queue, for
// what dies in it. It has no users, no partitions, no properties of messages and no ledger. A
// URL names a cluster and what is read of it: toy://shop/orders,payments?batch=10.
//
// # Owner and concurrency
//
// All of a cluster is guarded by its mutex, which is never held while anything waits. What
// it hands out are copies. A redrive or a publisher belongs to one goroutine.
//
// # What may be lost
//
// All of it with the process. Until then a log loses nothing, and a queue only what was settled.
// A cluster that is stopped answers nothing, and has all it had when it starts again. A
// batch is at most mostBytes large, or one message.
//
// # Files
//
//	cluster.go     Cluster: what a test does with the broker
//	destination.go a log or a queue, and the letters in it
//	driver.go      Driver: how URLs name it
//	source.go      opening, closing, status
//	read.go        Run, Scan, Estimate
//	fetch.go       Fetch
//	consumers.go   how far groups are
//	topology.go    destinations, and where they lead
//	letters.go     dead letters: lists, peeks, targets, recipients
//	redrive.go     taking letters and settling them
//	send.go        copies and publishers
package toy

// Package adaptertest is the conformance suite that every broker adapter passes. It
// turns each promise in the doc comments of package adapters into a subtest, so that
// the rest of the program may rely on the contract and not on a broker.
//
// # Owner and concurrency
//
// A [Broker] is a set of hooks made by the adapter's own test; the suite calls them
// from the goroutine of the test that runs. Subtests run one after the other, each on
// a destination of its own, so a broker may be shared with others.
//
// # What may be lost
//
// Nothing is asserted about time. Waits have a limit only so that a broken adapter
// fails its test rather than hangs it.
//
// # Files
//
//	suite.go      Broker, Run: the hooks and the list of subtests
//	wait.go       Await, Received: waits of tests that have an end
//	reader.go     the intake of the suite, and a tail that runs in the background
//	tail.go       starts, order, contents, back-pressure, cancelling
//	history.go    Scan, Fetch, positions
//	memory.go     the borrowing of batches
//	state.go      Status, unsupported parts, Close, a broker that dies and returns
//	compare.go    when two messages count as equal
//
// Dead letters have a suite of their own, which the model brokers pass as well as the adapters:
//
//	deadletters.go     DeadLetterBroker, RunDeadLetters: the hooks and the list of subtests
//	peekletters.go     lists, peeks, encoded letters, targets, rights
//	redriveletters.go  redrives and publishers
//	ledgerletters.go   the ledger
//
// So have lag and topology:
//
//	lag.go         LagBroker, RunLag: the hooks, the list of subtests, and what holds of each Lag
//	lagstories.go  consumers that read, fall behind, join, vanish; a broker that does not answer
//	topology.go    TopologyBroker, RunTopology: destinations, and what leads from one to another
//
// Package toy, in the folder of that name, is a small broker that passes all.
//
// # Not obvious
//
// The intake overwrites key and value of every batch just before it releases it.
// An adapter that hands the same bytes out twice, or that still reads them, is
// found out by the message that comes next.
package adaptertest

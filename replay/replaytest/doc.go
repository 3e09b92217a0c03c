// Package replaytest is a model of a broker with one dead-letter queue, for tests of what deals with
// dead letters: fast, in memory, and able to pull the plug at any step.
//
// # Owner and concurrency
//
// A [Broker] belongs to the test that made it. What a redrive takes out may be looked at while others
// peek; its fields are set before a run and read after it.
//
// # What may be lost
//
// What a broker of its kind would lose: a transaction that is not committed, and a copy that was on
// its way when the plug was pulled.
//
// # Files
//
//	broker.go    Broker: its letters, copies and ledger, and where it fails
//	send.go      copies that are on their way while others follow
//	readonly.go  ReadOnly: a broker that was not opened for writing
//
// # Not obvious
//
// It is held against the same suite as the real brokers, adapters/adaptertest: what is proved with
// it would else prove nothing.
package replaytest

// Package embedded runs a broker that speaks the Kafka protocol inside this process,
// so that the demonstration needs nothing installed. It is kfake, the fake cluster
// that the client library tests itself with: everything eventscope does with a real
// broker works on it, producers, consumer groups and transactions included.
//
// # Owner and concurrency
//
// [Start] starts it; [Broker.Stop], or the end of the context, stops it. It listens on
// a port of the loopback interface that the system chooses, with neither login nor
// encryption: whoever is on this machine can reach it.
//
// # What may be lost
//
// Everything is in memory and gone when it stops. Each partition keeps its newest
// [PartitionBytes]; once a second older record batches are dropped, as retention by
// size does in Kafka.
//
// # Files
//
//	broker.go   Broker
//
// # Not obvious
//
// kfake has no release of its own and is pinned to a commit.
package embedded

// Package transactions asks which transactions are ongoing in the logs of a cluster, what their
// coordinators say of them, and what they hide from readers of committed records.
//
// In the words of Kafka: a transaction is ongoing in a log until its marker is there. Readers of
// committed records get nothing behind the last stable offset, which is where the oldest ongoing
// transaction of the log begins. A transaction is prepared when its coordinator has decided
// whether it is committed or aborted, and complete when it takes every partition for told. One
// that is complete and still ongoing in a log hangs there (KIP-664).
//
// # Owner
//
// Nothing here has state.
//
// # Concurrency
//
// Everything may be called from several goroutines at once.
//
// # What may be lost
//
// What the user may not see is left out: logs that may not be read have no transactions, and a
// transactional id that may not be described is nil in [Ongoing.Of]. Only
// [Ongoing.WriteMarker] changes anything, and it must be called only with the outcome that the
// coordinator has decided.
//
// # Files
//
//	transactions.go  InLogs, Describe: what is ongoing, and what coordinators say of it
//	stable.go        LastStable, Await: what readers of committed records wait for
//	hanging.go       transactions that hang: how they are known, named and ended
//
// # Not obvious
//
// A transaction that ends between the question to the leaders and that to the coordinators would
// look as if it hung, so the leaders are asked again.
package transactions

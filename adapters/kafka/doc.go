// Package kafka reads Apache Kafka clusters, and what speaks its protocol, for
// eventscope.
//
// # Owner
//
// An [Adapter] keeps one client for questions (catalog, offsets, [Adapter.Fetch]).
// Every Run and Scan makes a stream with a client of its own:
//
//	fetcher, one a broker   asks for the logs that the broker leads and knows how far
//	                        each was asked for (its cursors)
//	supervisor              finds topics and partitions, places cursors with fetchers,
//	                        takes back what a fetcher cannot serve, watches the cluster
//	the caller's goroutine  unpacks answers and hands batches to the intake
//
// A cursor belongs to one fetcher, or to the supervisor between two. Answers go through
// one unbuffered channel, so a log's answers stay in order when its leader changes,
// and a blocked intake holds at most two answers a broker.
//
// # Concurrency
//
// Methods may be called from several goroutines at once. All goroutines of a stream
// end before Run or Scan returns. What is shared has a lock each: progress, the topics that
// Fetch knows, a fetcher's arrivals, the limits that a producer has learned, the pools.
//
// # What may be lost
//
// Nothing between start and end, except what retention removes before it is read (a tail
// counts it as dropped, with a gap) and record batches that are damaged or would unpack to
// more than 128 MiB. A topic that is deleted and made again is read from its new
// beginning, with a gap. What a scan could not read of what it promised, and what a tail
// cannot read now, is a sentence in Status.Problems.
//
// No consumer group is joined, no offset committed, no topic created; except by an
// adapter that was opened for writing, whose redrives make the ledger's topic.
//
// # Files
//
//	driver.go       what the program knows of Kafka: URLs, parameters, opening
//	config.go       Config, and the client options made of it
//	adapter.go      Open, Adapter, Run, and which cluster it is
//	scan.go         Scan, Estimate: what a range means in offsets
//	fetch.go        Fetch by position
//	stream.go       the caller's side of a stream: unpack, hand over
//	fetcher.go      the requests to one broker
//	supervisor.go  the life of a stream
//	placing.go      where cursors begin, and what becomes of those that come back
//	partitioner.go  which partitions can hold a key
//	progress.go     what Status is made of
//	command.go      Commands: kcat, and the console consumer
//	groups/         consumer groups: their lag, and who reads a topic
//	cluster/        what the cluster has, where its logs begin and end, and errors in an operator's words
//	login/          how to log in with tokens of OAuth and credentials of AWS
//	transactions/   which transactions are ongoing, and what they hide
//	recordbatch/    record batches: splitting, unpacking, the memory of records
//
// Dead letters:
//
//	dlq.go        DLQs: where they are
//	peek.go       Peek: reading them
//	recipients.go Recipients: the groups that read a topic, and transactions that are ongoing on it
//	lacks.go      Lacks: rights that a redrive needs
//	ledger.go     the topic that says what became of them; ledgerentries.go: the newest of each
//	producer.go   sending copies, and what a topic takes
//	redrive.go    Redrive: copies and ledger entries in one transaction
//	commit.go     the end of such a transaction, and the proof that it was committed
//	mend.go       Mend: transactions of earlier redrives that hang
//	publisher.go  Publisher: copies for another cluster
//	outcome.go    what brokers answer to copies, in an operator's words
//
// Lag:
//
//	lag.go        Lag, by groups; NextTimes: how old is what is read next
//
// # Not obvious
//
// The fetch requests are made here, by the client library's request and decoding
// functions, and not by its consumer. An answer then says of every log where it ends,
// also of those without news, which is what BehindBy and the end of a scan need; and
// offsets move by whole record batches, so gaps left by compaction and marks of
// transactions never hold up a scan. Only an offset that has come proves that a log was
// read to its end: answers without news do not, however many there are.
//
// A ledger entry that lies behind an ongoing transaction looks the same as none. So Ledger
// has no answer before every transaction that was ongoing when it began has ended, and a
// redrive takes over its transactional id, which ends that of an earlier one, before it
// does anything else. What that one had decided has to be carried out before (Mend).
//
// Topics are asked for by id where brokers know ids (3.1), so that a topic made again
// under the same name cannot be mistaken for the old one.
package kafka

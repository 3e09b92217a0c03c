// Package aws reads what SNS publishes and what lies in SQS: topics by taps, queues for their
// depths, their dead letters and where they lead. A queue that SNS feeds is mirrored: a queue of
// our own is subscribed to what the real one is subscribed to.
//
// A real queue is never read by Run, for nothing reads one without counting it as received. Only
// looks at dead letters and redrives receive from real queues (package dlq).
//
// # Owner and concurrency
//
// An Adapter belongs to whoever opened it. Its parts may be used from any goroutine.
//
// # What may be lost
//
// What a tap does not see, which is told (package tap). No letter is lost; a copy can be sent
// twice (package dlq). Taps make a queue and subscriptions in somebody's account, only where the
// URL says create=true; see package tap for what becomes of them.
//
// # Files
//
//	driver.go    what the program knows of SQS and SNS: URLs, parameters, opening
//	adapter.go   Adapter: Open with its checks, Close
//	mirror.go    what feeds a queue
//	lag.go       how many messages lie in queues
//	topology.go  topics, queues, and the ways between them
//
// # Packages below
//
// They import nothing of this one:
//
//	client   questions to the two services, and their answers
//	dlq      dead-letter queues: finding, looking, redriving
//	message  messages and letters, as the services hand them out
//	tap      what topics publish, by a queue of our own
//
// # Not obvious
//
// Credentials are those that the vendor's own tools find. A URL holds none.
package aws

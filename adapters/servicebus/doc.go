// Package servicebus reads Azure Service Bus: queues and subscriptions by peek, which takes, locks and
// counts nothing, from their history and as messages come; topics, by subscriptions of our own where that
// is asked for; how many messages lie in them; and where they go.
//
// # Owner and concurrency
//
// An Adapter belongs to whoever opened it. Its parts may be used from any goroutine.
//
// # What may be lost
//
// What a consumer takes before it was seen, which is counted (package history). No letter is lost; a copy
// can be sent twice (package dlq).
//
// # Files
//
//	driver.go   what the program knows of Service Bus: URLs, parameters, opening
//	adapter.go  Adapter: Open with its checks, Close
//	resolve.go  which entities are read
//	lag.go      how many messages lie in queues and subscriptions
//	topology.go topics, subscriptions, queues, and the ways between them
//
// # Packages below
//
// They import nothing of this one:
//
//	client   the namespace: logging in, questions, links, what there is
//	dlq      dead letters: finding, looking, redriving
//	history  messages as they lie there, and as they come
//	message  messages and letters, as they are on the wire
//
// # Not obvious
//
// A topic holds nothing itself: it is read where it leads to, in its subscriptions. A subscription is
// named topic/subscription.
package servicebus

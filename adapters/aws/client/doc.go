// Package client asks SQS and SNS: it opens the SDK with the credentials and the region that the
// vendor's own tools would use, bounds what it answers, and puts what it says into words.
//
// # Owner and concurrency
//
// A [Client] belongs to whoever opened it, and may be used from any goroutine.
//
// # What may be lost
//
// Nothing is kept here. An answer that is larger than mostAnswer is refused.
//
// # Files
//
//	client.go   Client: opening, closing, how long an answer may take and how large it may be
//	queue.go    Queue: what the service tells of one queue, and of several at once
//	topic.go    Topic, Subscription: what SNS tells
//	pages.go    lists, page by page
//	name.go     names, ARNs and queue URLs
//	problem.go  what went wrong, as a sentence for an operator
//
// # Not obvious
//
// The URL of a queue that an answer carries is a parameter only: requests go to the endpoint.
//
// No error repeats what a provider of credentials said, in which a secret could stand.
package client

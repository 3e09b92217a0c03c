// Package management asks the management API of a RabbitMQ broker what there is in one virtual
// host, and what is counted of it. It only reads.
//
// # Owner
//
// A [Client] belongs to whoever made it and closes it. What it answers belongs to the caller.
//
// # Concurrency
//
// A Client may be used from any goroutine; the questions share its connections. Each question
// ends with its context, and after some seconds in any case.
//
// # What may be lost
//
// Nothing is guessed: an answer that is cut, too large, too late or of another shape is an error
// that says why. A question that failed because the API is busy or the connection was cut is asked
// again, twice at most. A figure that is not told is unknown, and never 0.
//
// # Files
//
//	client.go     Config and Client: asking, and the questions about a virtual host and its queues
//	exchanges.go  exchanges, and where that goes which no binding takes
//	figures.go    what is counted of queues and their consumers
//	readers.go    readers that speak the stream protocol
//	answer.go     reading an answer, whatever it is, item by item
//	problem.go    why there is no answer, in words
//
// # Not obvious
//
// What answers may be no management API at all, and may have no end: so each item and each
// answer has a bound, and what is kept is weighed as it comes.
//
// The password of the broker is not sent to another host than the broker's own.
//
// The broker refreshes its statistics every 5 seconds, so figures are as late.
package management

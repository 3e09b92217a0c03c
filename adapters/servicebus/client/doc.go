// Package client speaks with Azure Service Bus: it logs in, asks entities about their messages
// without taking them, opens links to send and to receive, and asks what there is.
//
// # Owner and concurrency
//
// A [Client] belongs to whoever opened it, and may be used from any goroutine. A [Conn] may be too;
// its [Asker] answers one question at a time. Receivers and senders belong to one goroutine.
//
// # What may be lost
//
// Nothing is kept here, and nothing is taken but by a receiver.
//
// # Files
//
//	client.go      Client: where, as whom; the connection that questions share
//	secret.go      connection strings, and the tokens that are made of them
//	connection.go  Conn: a connection, and what it may do
//	ask.go         Asker: questions to an entity, by its management link
//	peek.go        messages as they lie there
//	link.go        senders and receivers
//	entity.go      Entity: queues, subscriptions and what lies beside them, by name
//	admin.go       what there is, how it is set up, how many messages it holds
//	tap.go         a subscription of our own
//	problem.go     what went wrong, as a sentence for an operator
//
// # Not obvious
//
// Messages are read by go-amqp alone. The vendor's own client reads them with less care (a reason
// that is no text ends the process), cannot look into what has sessions, and shows less than was
// sent; of it only what asks about entities is used.
//
// No error repeats what a provider of credentials said, in which a secret could stand.
package client

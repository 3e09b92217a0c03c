// Package connection makes AMQP connections to one virtual host of a RabbitMQ broker, on which
// every wait has an end, and asks what AMQP alone tells of queues and exchanges.
//
// # Owner
//
// A [Broker] belongs to whoever made it and closes it. A [Conn] belongs to whoever dialled it and
// hangs it up; only the one that [Broker.Shared] gives stays the Broker's. A [Control] and a
// [Channel] belong to whoever opened them.
//
// # Concurrency
//
// A Broker and a Conn may be used from any goroutine, a Control or a Channel by one at a time. Each
// Conn has a goroutine that ends with it.
//
// # What may be lost
//
// What was published and not confirmed, and what a channel was delivered and has not settled, when
// the connection ends: the broker gives the latter back.
//
// # Files
//
//	broker.go      Config and Broker: where to connect, and the connection that questions share
//	dial.go        TCP, TLS and AMQP up to an open connection
//	wire.go        the bytes below AMQP: what was heard, and writes that are held back
//	pulse.go       when the broker was last heard
//	connection.go  Conn: limits to its waits
//	channel.go     Channel: one that knows why the broker closed it
//	control.go     Control: declarations and questions
//	queuetype.go   of which type a queue is, by AMQP alone
//	exchangetype.go  of which type an exchange is, by AMQP alone
//	problem.go     refusals and losses in words
//
// # Not obvious
//
// The client library waits for answers without a limit, and its own recovery hides gaps and gives
// up. So recovery is off, and a Conn is ended when the broker blocks it, owes an answer for too
// long, or is silent while somebody wants an end: that ends every wait on it.
//
// Whatever the broker refuses closes the channel on which it was asked.
package connection

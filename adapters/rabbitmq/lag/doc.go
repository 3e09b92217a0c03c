// Package lag tells how the consumers of queues and the readers of streams stand, by the management
// API of RabbitMQ, and by AMQP alone as far as that goes.
//
// # Owner
//
// A [Reader] owns nothing: connections and the client of the API belong to whoever made it.
//
// # Concurrency
//
// A Reader may be used from any goroutine. One look belongs to its caller's.
//
// # What may be lost
//
// The broker refreshes its statistics every 5 seconds, so lags are as late, and those of a
// classic queue up to twice that. A figure that it has not counted yet is absent, which is
// not 0. Rates are those of the last seconds, states come from the last minute.
//
// # Files
//
//	lag.go         Reader: one look at all queues
//	queue.go       how the consumers of a queue stand
//	stream.go      how the readers of a stream stand
//	depth.go       what AMQP alone tells of a queue
//	unroutable.go  messages that led to no queue
//
// # Not obvious
//
// Of a stream's readers, only those that speak the stream protocol have a lag, and only if
// the plugin rabbitmq_stream_management runs. Their offsets are not told on: 3.10 counts
// whole chunks.
package lag

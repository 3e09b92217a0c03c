// Package adapters is the contract between eventscope and the brokers it reads: messages,
// positions, batches, and the interfaces by which a broker's folder gives them. The contracts of
// what stands beside reading have packages of their own: consumer (how far consumers are behind),
// deadletter, and driver (how a broker is opened, and what opening returns).
//
// # Owner
//
// Nothing here has state of its own. A [Batch] is owned by exactly one party at a
// time: the source until [Intake.Put] returns nil, then the intake, which hands it
// on or calls [Batch.Release]. All bytes reached through a Batch are borrowed until
// Release; whoever keeps some must copy them first ([Message.Clone]).
//
// # Concurrency
//
// A source runs in the goroutine that calls Run or Scan and may start others, all
// of which end before that call returns. Nothing calls back: sources push batches
// through an Intake, and everything else is asked for. Methods of one adapter may be
// called from several goroutines at once, unless a method says otherwise.
//
// # What may be lost
//
// A log (a Kafka partition, a RabbitMQ stream) loses nothing between its start and
// its end, except what retention removes before it is read; then [Fetcher] answers
// [ErrGone]. A tap (a copy of what an exchange routes) shows only what was routed
// while it was bound, and its own bounded queue may drop; both are counted in
// [Status] and never passed over in silence.
//
// # Files
//
//	message.go     Message, Header, Properties: what one message is
//	position.go    Position: where it is, in a form that can be printed and parsed
//	fingerprint.go Fingerprint: what tells messages apart that nobody can forge
//	batch.go       Batch and Intake: how messages travel
//	source.go      the interfaces and their options
//	topology.go    what can be named as a destination, and what the broker moves by itself
//	routes.go      what led to no queue, and rates
//	time.go        what is no time of a message
//	status.go      connection state and counters, because the screen shows them
//	errors.go      sentinels and classifiers
//
// # Not obvious
//
// A Position of a tapped or queued message has no offset to speak of, since a queue
// has none. It carries a digest of the message instead: the same message has the same
// position wherever and whenever it is seen, and two equal messages share one.
//
// This package imports the standard library only, and package schemas, which does the same, so
// that everything may import it.
package adapters

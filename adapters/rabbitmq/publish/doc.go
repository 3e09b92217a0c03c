// Package publish sends copies of letters to RabbitMQ, mandatory and confirmed, and says where a
// copy would go.
//
// # Owner
//
// A [Copier] owns the letters that are held. A [Sender] and a [ConfirmChannel] have a connection of
// their own and belong to whoever opened them.
//
// # Concurrency
//
// A Copier and [Letters] may be used from any goroutine, a Sender, a ConfirmChannel or a [Holding]
// by one at a time.
//
// # What may be lost
//
// Nothing that is said to be delivered: a copy counts as delivered when the broker has confirmed it
// and not given it back, and more than a tap took it. When a connection ends before that, the
// outcome is unknown, and is said to be.
//
// # Files
//
//	letters.go     letters that are held, as the broker sent them
//	encode.go      Encode and Decode, by package preserved
//	name.go        how the names of destinations are read
//	recipients.go  Recipients: who receives what is sent to a target
//	publisher.go   Copier, Sender and Publisher
//	copy.go        from a copy to what is published
//	confirm.go     ConfirmChannel: publishing with confirms and returns
//	tapguard.go    whether more than a tap takes a copy
//
// # Not obvious
//
// A tap hides from publishers that no queue takes a message. So these ask for taps before they send.
//
// What publishes has a connection of its own, since the broker stops reading one that publishes
// while it is low on memory or disk.
package publish

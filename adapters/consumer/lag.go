package consumer

import (
	"context"
	"iter"
	"time"

	"eventscope/adapters"
)

// LagReader tells how far consumers are.
type LagReader interface {
	// Lag yields every consumer of the source once, as soon as it is known, or only those
	// that query names, however often. Nothing is joined, committed or taken. What cannot be told of one
	// consumer comes as an error beside the Lag that names it, which then has what is
	// known: ErrNotAuthorized where it may not be described, ErrUnknownDestination where
	// the broker has no consumer of a name that was asked for. An error beside a Lag
	// without a name is about the whole source, such as a broker that does not answer; the
	// sequence goes on as long as there is something to tell, and ends early only when the
	// caller stops or ctx ends (the last error is then ctx's).
	//
	// What is committed is read before the ends, so that a race makes the lag a little too
	// large and never negative; but ends that serve several consumers of one sweep may be a
	// second older than what a later one has committed.
	Lag(ctx context.Context, query LagQuery) iter.Seq2[Lag, error]

	// NextTimes yields, in the order of positions, the broker time of the first message at
	// or behind each: the one that a consumer which has committed this position reads
	// next. It is zero where nothing is left to read, as behind the marks of transactions.
	// It answers ErrUnsupported for positions without an offset.
	NextTimes(ctx context.Context, positions []adapters.Position) iter.Seq2[time.Time, error]
}

// LagQuery says which consumers are wanted.
type LagQuery struct {
	// Groups are names of consumer groups or queues; none is all.
	Groups []string
}

// Kind says what a consumer is to its broker. Its text is what the "kind" field of
// a lag line says.
type Kind string

const (
	// ClassicGroup is a Kafka group that its members balance among themselves, or that
	// merely keeps offsets.
	ClassicGroup Kind = "classic"
	// ConsumerGroup is a Kafka group that the broker balances (KIP-848).
	ConsumerGroup Kind = "consumer"
	// ShareGroup is a Kafka group whose members share partitions (KIP-932). Its committed
	// offset is where the broker starts; what lies behind may be done in part.
	ShareGroup Kind = "share"
	// StreamsGroup is a Kafka Streams application that the broker balances (KIP-1071).
	StreamsGroup Kind = "streams"
	// QueueConsumers are all consumers of one RabbitMQ queue.
	QueueConsumers Kind = "queue"
	// StreamConsumer is a reader of a RabbitMQ stream.
	StreamConsumer Kind = "stream"
)

// Lag is how far one consumer group, the consumers of one queue, or one reader of a stream
// are behind, at one moment.
type Lag struct {
	Kind Kind

	// Group is the name of the group, of the queue, or of a stream's reader.
	Group string

	// At is when the ends of the logs, or the depth of the queue, were read, by our clock.
	At time.Time

	// Phase is the broker's own word for the state of a group: Stable, Empty, …
	Phase string

	// Protocol is what members of a classic group speak if that is not "consumer", such as
	// "connect": then they are no plain consumers.
	Protocol string

	// Members are who takes part now, and MembersKnown says that the broker told.
	Members      []Member
	MembersKnown bool

	// Rebalancing says that partitions are being given out anew, and Phase how far that is:
	// until it ends not all of them are read.
	Rebalancing bool

	// Logs are the partitions that the group reads or has read, by name and number. Of a
	// queue it is one, with NoPartition and no offsets.
	Logs []LogLag

	// Unseen is why there may be more Logs than the user was told of, in one clause; empty
	// where these are all.
	Unseen string

	// Queue is what only a queue has, or nil.
	Queue *QueueDepth

	// Of is how many consumers this sweep will yield, or more where some turn out to be
	// none of this source. It is for progress bars.
	Of int
}

// LogLag is how far a consumer is behind in one log. Offsets are -1 where they are not
// known or the broker has none.
type LogLag struct {
	adapters.Log

	Start      int64 // of the log: the oldest offset that is still there
	Committed  int64 // the next offset to read, as far as the consumer has said
	End        int64 // high watermark: the next offset to be written
	LastStable int64 // end for readers of committed transactions

	// State says what the numbers mean. Lag is meant only if State.Counted.
	State LagState

	// Lag is how many offsets, or messages of a queue, are still to be read. Offsets
	// overstate messages where compaction or transactions left gaps; it is 0 where a source
	// of committed messages only has read all of these and found none.
	Lag int64

	// Lost, when State is LagTruncated, is how many offsets retention has taken that were
	// never read.
	Lost int64

	// Oldest is the broker time of the oldest message that is still to be read, where the
	// broker tells it by the way; else zero.
	Oldest time.Time

	// Member is the index of who reads it in Lag.Members, or -1.
	Member int

	// Left says that the group has members, and none of them reads this topic any more:
	// offsets remain, and the lag is nobody's. It is left out of totals.
	Left bool

	// Open is the oldest transaction that is open in the log, if LastStable lies before
	// End and the broker tells: readers of committed transactions wait for it.
	Open *Transaction

	// In and Out are messages a second that come and are done, where the broker itself
	// counts them.
	In, Out adapters.Rate

	// Why is one clause: why State is LagUnknown or LagNotAllowed, what shows a state that
	// comes from rates of the broker, or what Lag leaves out.
	Why string
}

// QueueDepth is what a broker tells of a queue beside its lag, which is Ready + Unacked, or
// Ready alone where Unacked is not known. Counts are -1 where the broker does not tell.
type QueueDepth struct {
	Ready, Unacked int64 // messages to be delivered, and delivered without acknowledgement
	Consumers      int
	// Delivered and Redelivered are rates beside LogLag.In, which is published, and Out,
	// which is done with: acknowledged, or delivered where that needs no acknowledgement.
	// What is delivered again counts in both.
	Delivered, Redelivered adapters.Rate
	// Capacity is the part of the time in which the queue could deliver at once, 0 to 1, a
	// hint only; negative where the broker does not tell.
	Capacity float64
}

// Next is the offset that is to be read next, or -1: what is committed, or the first that
// is still there.
func (l *LogLag) Next() int64 {
	if l.Committed < 0 {
		return -1
	}
	return max(l.Committed, l.Start)
}

// Total is the lag of a consumer in all its logs.
type Total struct {
	// Lag is the sum over the Known of Of logs.
	Lag       int64
	Known, Of int
	// Left is the lag that lies in topics that no member reads any more. It is not in Lag,
	// nor are its logs in Known and Of.
	Left int64
	// Unread is how many logs nobody reads now, if members are known, without those left.
	Unread int
}

// Total adds up the logs whose lag is known.
func (l *Lag) Total() Total {
	var t Total
	for i := range l.Logs {
		log := &l.Logs[i]
		switch {
		case log.Left && log.State.Counted():
			t.Left += log.Lag
			continue
		case log.Left:
			continue
		case log.State.Counted():
			t.Lag += log.Lag
			t.Known++
		}
		t.Of++
		if l.MembersKnown && log.Member < 0 {
			t.Unread++
		}
	}
	return t
}

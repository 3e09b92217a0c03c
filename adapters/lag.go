package adapters

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// LagReader is implemented by an adapter whose broker knows how far consumers are.
type LagReader interface {
	// Lag yields every consumer of the source once, as soon as it is known, or only those
	// that query names. Nothing is joined, committed or taken. What cannot be told of one
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
	NextTimes(ctx context.Context, positions []Position) iter.Seq2[time.Time, error]
}

// LagQuery says which consumers are wanted.
type LagQuery struct {
	// Groups are names of consumer groups or queues; none is all.
	Groups []string
}

// ConsumerKind says what a consumer is to its broker. Its text is what the "kind" field of
// a lag line says.
type ConsumerKind string

const (
	// ClassicGroup is a Kafka group that its members balance among themselves, or that
	// merely keeps offsets.
	ClassicGroup ConsumerKind = "classic"
	// ConsumerGroup is a Kafka group that the broker balances (KIP-848).
	ConsumerGroup ConsumerKind = "consumer"
	// ShareGroup is a Kafka group whose members share partitions (KIP-932). Its committed
	// offset is where the broker starts; what lies behind may be done in part.
	ShareGroup ConsumerKind = "share"
	// StreamsGroup is a Kafka Streams application that the broker balances (KIP-1071).
	StreamsGroup ConsumerKind = "streams"
	// QueueConsumers are all consumers of one RabbitMQ queue.
	QueueConsumers ConsumerKind = "queue"
	// StreamConsumer is a reader of a RabbitMQ stream.
	StreamConsumer ConsumerKind = "stream"
)

// Lag is how far one consumer group, the consumers of one queue, or one reader of a stream
// are behind, at one moment.
type Lag struct {
	Kind ConsumerKind

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

	// Logs are the partitions that the group reads or has read, by name and number. Of a
	// queue it is one, with NoPartition and no offsets.
	Logs []LogLag

	// Queue is what only a queue has, or nil.
	Queue *QueueDepth

	// Of is how many consumers this sweep will yield, as far as is known. It is for
	// progress bars.
	Of int
}

// LogLag is how far a consumer is behind in one log. Offsets are -1 where they are not
// known or the broker has none.
type LogLag struct {
	Log

	Start      int64 // of the log: the oldest offset that is still there
	Committed  int64 // the next offset to read, as far as the consumer has said
	End        int64 // high watermark: the next offset to be written
	LastStable int64 // end for readers of committed transactions

	// State says what the numbers mean. Lag is meant only if State.Counted.
	State LagState

	// Lag is how many offsets, or messages of a queue, are still to be read. Offsets
	// overstate messages where compaction or transactions left gaps.
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
	In, Out Rate

	// Why is one clause: why State is LagUnknown or LagNotAllowed, what shows a state that
	// comes from rates of the broker, or what Lag leaves out.
	Why string
}

// Rate is messages a second, if Known.
type Rate struct {
	PerSecond float64
	Known     bool
}

// Member is one member of a group, or one consumer of a queue.
type Member struct {
	// ID is the broker's name for it, Instance the operator's (group.instance.id), Client
	// what it calls itself. Any may be empty.
	ID, Instance, Client string
	// Host is where it connects from.
	Host string
	// Logs is how many logs it was given.
	Logs int
}

// String is the member as instance, client or id, and where it is: "billing@10.0.0.7".
func (m Member) String() string {
	name := m.ID
	for _, better := range []string{m.Client, m.Instance} {
		if better != "" {
			name = better
		}
	}
	if m.Host == "" {
		return name
	}
	return name + "@" + m.Host
}

// Transaction is an open transaction.
type Transaction struct {
	ID         string // transactional id; empty if the user may not see it
	ProducerID int64
	// Since is when it began, or zero if the user may not see it.
	Since time.Time
	// From is its first offset in the log.
	From int64
}

// String names the transaction.
func (t *Transaction) String() string {
	if t.ID == "" {
		return fmt.Sprintf("transaction of producer %d", t.ProducerID)
	}
	return "transaction " + t.ID
}

// QueueDepth is what a broker tells of a queue beside its lag, which is Ready + Unacked, or
// Ready alone where Unacked is not known. Counts are -1 where the broker does not tell.
type QueueDepth struct {
	Ready, Unacked int64 // messages to be delivered, and delivered without acknowledgement
	Consumers      int
	// Delivered and Redelivered are rates beside LogLag.In, which is published, and Out,
	// which is done with: acknowledged, or delivered where that needs no acknowledgement.
	// What is delivered again counts in both.
	Delivered, Redelivered Rate
	// Capacity is the part of the time in which the queue could deliver at once, 0 to 1, a
	// hint only; negative where the broker does not tell.
	Capacity float64
}

// UnroutableCounter is implemented by an adapter whose broker counts the messages that led
// to no queue.
type UnroutableCounter interface {
	// Unroutable is how many there were. Its errors are of type *[Problem], or ctx's.
	Unroutable(ctx context.Context) (Unroutable, error)
}

// Unroutable counts messages for which no queue was bound, since the broker began to
// count, -1 where it does not tell: most brokers say nothing before there was traffic.
type Unroutable struct {
	Dropped  int64 // nobody was told, so these are lost
	Returned int64 // given back to publishers, which had asked for that
	// DroppedRate and ReturnedRate are how many there are now.
	DroppedRate, ReturnedRate Rate
}

// LagState says how a consumer stands in one log. The adapter says what one look shows;
// the names that need a second look (LagWarn to LagRewind) are Burrow's, and come from
// whoever keeps samples, or from a broker that keeps rates itself.
type LagState uint8

// The states, from the most harmless to the worst.
const (
	// LagUnknown: not asked yet, or it could not be told.
	LagUnknown LagState = iota
	// LagOK: nothing left to read, or keeping up.
	LagOK
	// LagNoOffset: nothing was ever committed. How much there is to read depends on where
	// the consumer would start, so there is no number.
	LagNoOffset
	// LagNotAllowed: the user may not see it.
	LagNotAllowed
	// LagBehind: something is left to read, and it was watched too shortly to say more.
	LagBehind
	// LagWarn: it reads, and the lag does not shrink.
	LagWarn
	// LagRedeliver: much of what a queue delivers comes back.
	LagRedeliver
	// LagAhead: what was committed lies behind the end, as when a topic was made again
	// under the same name, or an unclean election lost its end. The lag is 0.
	LagAhead
	// LagTruncated: retention took messages that were never read.
	LagTruncated
	// LagRewind: it went back and has not caught up with where it was.
	LagRewind
	// LagStall: there is somebody to read, and nothing moves.
	LagStall
	// LagStop: nothing moves, and there is nobody known to read.
	LagStop
)

var lagStateNames = [...]string{
	"UNKNOWN", "OK", "NO_OFFSET", "NOT_ALLOWED", "BEHIND", "WARN", "REDELIVER", "AHEAD", "TRUNCATED", "REWIND", "STALL", "STOP",
}

// LagStates are all states, in order.
var LagStates = func() (all []LagState) {
	for state := range lagStateNames {
		all = append(all, LagState(state))
	}
	return all
}()

// String is the state as a lag line has it.
func (s LagState) String() string {
	if int(s) < len(lagStateNames) {
		return lagStateNames[s]
	}
	return lagStateNames[LagUnknown]
}

// Counted says that there is a lag in numbers.
func (s LagState) Counted() bool {
	return s != LagUnknown && s != LagNoOffset && s != LagNotAllowed
}

// Judge sets State, Lag and Lost by the offsets of the log. It needs all of Start,
// Committed and End, and leaves an adapter's LagNotAllowed and the like alone when they are
// not there.
func (l *LogLag) Judge() {
	switch {
	case l.Start < 0 || l.End < 0:
		return
	case l.Committed < 0:
		l.State, l.Lag = LagNoOffset, 0
	case l.Committed > l.End:
		l.State, l.Lag = LagAhead, 0
	case l.Committed < l.Start:
		l.State, l.Lag, l.Lost = LagTruncated, l.End-l.Start, l.Start-l.Committed
	case l.Committed == l.End:
		l.State, l.Lag = LagOK, 0
	default:
		l.State, l.Lag = LagBehind, l.End-l.Committed
	}
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

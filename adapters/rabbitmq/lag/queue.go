package lag

import (
	"fmt"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/figure"
	"eventscope/adapters/rabbitmq/management"
)

// manyRedelivered is the part of what a queue delivers above which it is told of when it
// was delivered before.
const manyRedelivered = 0.2

// queueLag is how the consumers of a queue stand.
func queueLag(q *management.Figures, consumers []management.Consumer, now time.Time) consumer.Lag {
	lag := consumer.Lag{Kind: consumer.QueueConsumers, Group: q.Name, At: now}
	for _, c := range consumers {
		lag.Members = append(lag.Members, consumer.Member{ID: c.Tag, Host: c.Channel.Host, Logs: 1})
	}
	for int64(len(lag.Members)) < q.Consumers.Count() { // the user may not see all
		lag.Members = append(lag.Members, consumer.Member{Logs: 1})
	}
	lag.MembersKnown = q.Consumers.Known || len(consumers) > 0
	paces := q.Paces()
	log := logOf(q.Name)
	if len(lag.Members) > 0 {
		log.Member = 0
	}
	log.In, log.Out = paces.Publish.Now.Rate(), paces.Done().Now.Rate()
	if q.Head.Known && q.Head.N > 0 {
		if at := time.Unix(int64(q.Head.N), 0); !adapters.OutOfRange(at) {
			log.Oldest = at
		}
	}
	lag.Queue = &consumer.QueueDepth{
		Ready: q.Ready.Count(), Unacked: q.Unacked.Count(), Consumers: int(q.Consumers.Count()),
		Delivered: paces.Delivered.Now.Rate(), Redelivered: paces.Redeliver.Now.Rate(), Capacity: -1,
	}
	if q.Capacity.Known {
		lag.Queue.Capacity = q.Capacity.N
	}
	judgeQueue(&log, lag.Queue, &paces, len(lag.Members), lag.MembersKnown, q.Stood())
	lag.Logs = []consumer.LogLag{log}
	return lag
}

// logOf is a queue or stream of which nothing is known yet.
func logOf(name string) consumer.LogLag {
	return consumer.LogLag{
		Log:   adapters.Log{Destination: name, Partition: adapters.NoPartition},
		Start: -1, Committed: -1, End: -1, LastStable: -1, Member: -1,
	}
}

// judgeQueue says what depth and the rates of the last minute show. A queue stalls only when
// there was something to do for a good part of it: what has just come may be at work. Whether a lag shrinks
// is for those to say who look again.
func judgeQueue(log *consumer.LogLag, depth *consumer.QueueDepth, paces *management.Paces, members int, known, stood bool) {
	if depth.Ready < 0 || depth.Unacked < 0 {
		log.State, log.Why = consumer.LagUnknown, "the broker has not counted its messages yet"
		return
	}
	log.Lag = depth.Ready + depth.Unacked
	delivered, again, done := paces.Delivered.Minute, paces.Redeliver.Minute, paces.Done().Minute
	switch {
	case log.Lag == 0:
		log.State = consumer.LagOK
	case depth.Ready > 0 && known && members == 0 && done.N > 0: // by basic.get
		log.State, log.Why = consumer.LagBehind, fmt.Sprintf("%s ready, and no consumer; somebody takes them one by one", figure.Count(depth.Ready))
	case depth.Ready > 0 && known && members == 0:
		log.State, log.Why = consumer.LagStop, fmt.Sprintf("%s ready, and no consumer", figure.Count(depth.Ready))
	case delivered.N > 0 && again.N > manyRedelivered*delivered.N:
		log.State = consumer.LagRedeliver
		log.Why = fmt.Sprintf("%.0f %% of what was delivered in the last minute had been delivered before", 100*again.N/delivered.N)
		if done.N == 0 {
			log.Why += ", and nothing was acknowledged"
		}
	case stood && depth.Ready > 0 && members > 0 && done.N == 0:
		log.State = consumer.LagStall
		log.Why = fmt.Sprintf("%s ready, %s not acknowledged, and nothing was acknowledged in the last minute", figure.Count(depth.Ready), figure.Count(depth.Unacked))
	default:
		log.State = consumer.LagBehind
	}
}

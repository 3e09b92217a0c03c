package rabbitmq

import (
	"fmt"
	"time"

	"eventscope/adapters"
)

// manyRedelivered is the part of what a queue delivers above which it is told of when it
// was delivered before.
const manyRedelivered = 0.2

// lag is how the consumers of a queue stand.
func (q *queueFigures) lag(consumers []queueConsumer, now time.Time) adapters.Lag {
	lag := adapters.Lag{Kind: adapters.QueueConsumers, Group: q.Name, At: now}
	for _, c := range consumers {
		lag.Members = append(lag.Members, adapters.Member{ID: c.Tag, Host: c.Channel.Host, Logs: 1})
	}
	for int64(len(lag.Members)) < q.Consumers.count() { // the user may not see all
		lag.Members = append(lag.Members, adapters.Member{Logs: 1})
	}
	lag.MembersKnown = q.Consumers.known || len(consumers) > 0
	paces := q.paces()
	log := logOf(q.Name)
	if len(lag.Members) > 0 {
		log.Member = 0
	}
	log.In, log.Out = paces.Publish.Now.rate(), paces.done().Now.rate()
	if q.Head.known && q.Head.n > 0 {
		log.Oldest = time.Unix(int64(q.Head.n), 0)
	}
	lag.Queue = &adapters.QueueDepth{
		Ready: q.Ready.count(), Unacked: q.Unacked.count(), Consumers: int(q.Consumers.count()),
		Delivered: paces.Delivered.Now.rate(), Redelivered: paces.Redeliver.Now.rate(), Capacity: -1,
	}
	if q.Capacity.known {
		lag.Queue.Capacity = q.Capacity.n
	}
	judgeQueue(&log, lag.Queue, &paces, len(lag.Members), lag.MembersKnown, q.stood())
	lag.Logs = []adapters.LogLag{log}
	return lag
}

// logOf is a queue or stream of which nothing is known yet.
func logOf(name string) adapters.LogLag {
	return adapters.LogLag{
		Log:   adapters.Log{Destination: name, Partition: adapters.NoPartition},
		Start: -1, Committed: -1, End: -1, LastStable: -1, Member: -1,
	}
}

// judgeQueue says what depth and the rates of the last minute show. A queue stalls only when
// there was something to do for a good part of it: what has just come may be at work. Whether a lag shrinks
// is for those to say who look again.
func judgeQueue(log *adapters.LogLag, depth *adapters.QueueDepth, paces *queuePaces, members int, known, stood bool) {
	if depth.Ready < 0 || depth.Unacked < 0 {
		log.State, log.Why = adapters.LagUnknown, "the broker has not counted its messages yet"
		return
	}
	log.Lag = depth.Ready + depth.Unacked
	delivered, again, done := paces.Delivered.Minute, paces.Redeliver.Minute, paces.done().Minute
	switch {
	case log.Lag == 0:
		log.State = adapters.LagOK
	case depth.Ready > 0 && known && members == 0:
		log.State, log.Why = adapters.LagStop, fmt.Sprintf("%d ready, and no consumer", depth.Ready)
	case delivered.n > 0 && again.n > manyRedelivered*delivered.n:
		log.State = adapters.LagRedeliver
		log.Why = fmt.Sprintf("%.0f %% of what was delivered in the last minute had been delivered before", 100*again.n/delivered.n)
		if done.n == 0 {
			log.Why += ", and nothing was acknowledged"
		}
	case stood && depth.Ready > 0 && members > 0 && done.n == 0:
		log.State = adapters.LagStall
		log.Why = fmt.Sprintf("%d ready, %d not acknowledged, and nothing was acknowledged in the last minute", depth.Ready, depth.Unacked)
	default:
		log.State = adapters.LagBehind
	}
}

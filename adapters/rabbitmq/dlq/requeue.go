package dlq

import (
	"fmt"
	"slices"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/figure"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/wording"
)

const (
	// A quorum queue keeps the order of the letters of one consumer that are given back by
	// one command, if they are at most 32. And it takes 32 commands at a time; what comes
	// beyond that is gathered and put in any order. Each basic.get is a consumer of its own.
	backTogether = 30
	backCommands = 8

	backTime  = 20 * time.Second // for a quorum queue to have back some more of what was given back
	backSoon  = 2 * time.Second  // the same for a classic queue, where nothing depends on it
	backPause = time.Millisecond
)

// requeue gives letters back, by delivery tag, in that order: the first that are held on a
// channel, of which so many were taken together by one consumer. It waits until the queue
// has that many more: a quorum queue takes its time, and whoever looks at once after finds
// it empty.
func requeue(channel *connection.Channel, f *queueInfo, tags []uint64, together int) (slow error) {
	doing := "give letters back to queue " + wording.Quoted(f.queue)
	ready, err := depthOn(channel, f.queue)
	if err != nil {
		return channel.Problem(doing, err)
	}
	patience := backTime
	// What was acknowledged before is on its way in commands of its own. One letter goes back alone: when
	// it is there, so are they.
	part := tags[:min(1, len(tags))]
	if f.kind == amqp.QueueTypeClassic {
		part, together, patience = tags, len(tags), backSoon
	}
	for len(tags) > 0 {
		tags = tags[len(part):]
		for some := range slices.Chunk(part, together) {
			if err := channel.Nack(some[len(some)-1], true, true); err != nil {
				return channel.Problem(doing, err)
			}
		}
		wanted := ready + len(part)
		if ready, err = awaitDepth(channel, f.queue, wanted, patience); err != nil {
			return channel.Problem(doing, err)
		}
		if ready < wanted && f.kind != amqp.QueueTypeClassic && slow == nil {
			slow = wording.Problem(doing, fmt.Sprintf("%s of %s are not back after %s: the broker is slow, or somebody else takes them, and they may come back in another order", figure.Count(wanted-ready), figure.Count(len(part)), figure.Span(backTime)),
				"look at it again when the broker has less to do", adapters.ErrIncomplete)
		}
		part = tags[:min(together*backCommands, len(tags))]
	}
	return slow
}

// awaitDepth waits until a queue holds that many letters, or has not got more for a while,
// and says how many it holds.
func awaitDepth(channel *connection.Channel, queue string, wanted int, patience time.Duration) (int, error) {
	var again *time.Ticker
	most := -1
	for limit := time.Now(); ; <-again.C {
		ready, err := depthOn(channel, queue)
		if ready > most {
			most, limit = ready, time.Now().Add(patience)
		}
		if err != nil || ready >= wanted || time.Now().After(limit) {
			return ready, err
		}
		if again == nil {
			again = time.NewTicker(backPause)
			defer again.Stop()
		}
	}
}

func depthOn(channel *connection.Channel, queue string) (int, error) {
	state, err := channel.QueueDeclarePassive(queue, true, false, false, false, nil)
	return state.Messages, err
}

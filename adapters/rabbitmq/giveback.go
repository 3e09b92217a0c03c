package rabbitmq

import (
	"slices"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	// A quorum queue keeps the order of the letters of one consumer that are given back by
	// one command, if they are at most 32. And it takes 32 commands at a time; what comes
	// beyond that is gathered and put in any order. Each basic.get is a consumer of its own.
	backTogether = 30
	backCommands = 8

	backTime  = 2 * time.Second // for a quorum queue to have back what was given back
	backPause = time.Millisecond
)

// giveBack gives letters back, by delivery tag, in that order: the first that are held on a
// channel, of which so many were taken together by one consumer. It waits until the queue
// has that many more: a quorum queue takes its time, and whoever looks at once after finds
// it empty.
func (c *Config) giveBack(channel *amqp.Channel, f *facts, tags []uint64, together int) error {
	doing := "give letters back to queue " + quoted(f.queue)
	ready, err := depthOn(channel, f.queue)
	if err != nil {
		return c.operationProblem(doing, err)
	}
	commands := backCommands
	if f.kind == amqp.QueueTypeClassic {
		together, commands = len(tags), 1
	}
	for len(tags) > 0 {
		part := tags[:min(together*commands, len(tags))]
		tags = tags[len(part):]
		for some := range slices.Chunk(part, together) {
			if err := channel.Nack(some[len(some)-1], true, true); err != nil {
				return c.operationProblem(doing, err)
			}
		}
		if ready, err = awaitDepth(channel, f.queue, ready+len(part)); err != nil {
			return c.operationProblem(doing, err)
		}
	}
	return nil
}

// awaitDepth waits until a queue holds that many letters, or somebody else must have taken
// some, and says how many it holds.
func awaitDepth(channel *amqp.Channel, queue string, wanted int) (int, error) {
	var look *time.Ticker
	for limit := time.Now().Add(backTime); ; <-look.C {
		ready, err := depthOn(channel, queue)
		if err != nil || ready >= wanted || time.Now().After(limit) {
			return ready, err
		}
		if look == nil {
			look = time.NewTicker(backPause)
			defer look.Stop()
		}
	}
}

func depthOn(channel *amqp.Channel, queue string) (int, error) {
	state, err := channel.QueueDeclarePassive(queue, true, false, false, false, nil)
	return state.Messages, err
}

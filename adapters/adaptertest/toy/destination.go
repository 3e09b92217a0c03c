package toy

import (
	"errors"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// destination is a log, or a queue.
type destination struct {
	name    string
	kind    adapters.DestinationKind // Stream or Queue
	letters []*letter                // of a log, by offset
	feeders []string                 // of a queue: the logs whose dead letters come here
	redrive *redrive                 // of a queue: the one at work
}

// letter is a message that a destination holds. Its bytes are never changed.
type letter struct {
	deadletter.Delivery
	held bool // by the redrive of the queue
}

// mostBytes bounds how large a batch is that has several messages, and how large one message.
const mostBytes = 16 << 20

// end is the offset behind the newest message.
func (d *destination) end() int64 { return int64(len(d.letters)) }

// offset is where a start lies in the log.
func (d *destination) offset(start adapters.Start) int64 {
	if start.IsEnd() || start.Newest() > 0 {
		return d.end()
	}
	from, timed := start.Time(time.Now())
	for i, l := range d.letters {
		if !timed || !l.Time.Before(from) {
			return int64(i)
		}
	}
	return d.end()
}

// read copies messages of the log from an offset to another, as many as fit in one batch.
func (d *destination) read(from, to int64, most int) (messages []adapters.Message) {
	bytes := 0
	for _, l := range d.letters[from:to] {
		size := l.Size()
		if len(messages) == most || len(messages) > 0 && bytes+size > mostBytes {
			break
		}
		messages, bytes = append(messages, l.Message.Clone()), bytes+size
	}
	return messages
}

// checkName finds what is wrong with the name of a destination.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("the name of a channel is empty")
	case strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", r)
	}):
		return errors.New("the name of a channel holds a character that none has")
	}
	return nil
}

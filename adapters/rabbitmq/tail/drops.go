package tail

import (
	"errors"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/routing"
)

const (
	counterRoom  = 100_000                // dropped messages that can wait to be counted
	countPause   = time.Second            // between counts
	countingFast = 100 * time.Millisecond // between counts while messages are dropped
)

// drops counts what the queues of the taps drop.
//
// A queue tells nobody how many messages it drops. But it dead-letters them, here to
// another queue of our own, and emptying that by queue.purge answers with the number
// of messages it held: an exact count for which no body travels to us. Where the user
// may not write to the default exchange, which leads there, the depth of the taps'
// queues tells at least that they are full.
type drops struct {
	queue    string // empty: they cannot be counted
	looked   time.Time
	dropping bool
}

// declare makes the counting queue.
func (d *drops) declare(control *connection.Control) error {
	d.looked = time.Now()
	return control.Do("count dropped messages", func(ch *amqp.Channel) error {
		queue, err := ch.QueueDeclare("", false, true, true, false, amqp.Table{
			amqp.QueueTypeArg:        amqp.QueueTypeClassic,
			amqp.QueueMaxLenArg:      int64(counterRoom),
			amqp.QueueOverflowArg:    amqp.QueueOverflowDropHead,
			"x-dead-letter-exchange": deadEnd,
			routing.TapArgument:      "drops",
		})
		d.queue = queue.Name
		return err
	})
}

// declareTap makes a tap's queue, with counted drops if the broker allows that.
func (d *drops) declareTap(t *tap, control *connection.Control) error {
	err := t.declare(control, d.queue)
	if errors.Is(err, adapters.ErrNotAuthorized) && d.queue != "" {
		d.queue = ""
		return t.declare(control, "")
	}
	return err
}

// poll brings the count up to date, and says when to look again. It says nothing of a
// lost connection, which others notice.
func (d *drops) poll(control *connection.Control, taps []*tap, s *state) time.Duration {
	from := d.looked
	d.looked = time.Now()
	if d.queue == "" {
		d.peekAtDepth(control, taps, s, from)
		return countPause
	}
	var n int
	err := control.Do("count dropped messages", func(ch *amqp.Channel) error {
		var err error
		n, err = ch.QueuePurge(d.queue, false)
		return err
	})
	if errors.Is(err, adapters.ErrUnknownDestination) {
		d.queue = "" // somebody has deleted it
	}
	if d.dropping = n > 0; !d.dropping {
		return countPause
	}
	s.overflowed(int64(n), from, d.looked)
	if n >= counterRoom {
		s.overflowed(-1, from, d.looked) // the counting queue was full itself
	}
	return countingFast
}

// peekAtDepth notices that a tap's queue is full, in messages or probably in bytes.
func (d *drops) peekAtDepth(control *connection.Control, taps []*tap, s *state, from time.Time) {
	for _, t := range taps {
		var ready int
		_ = control.Do("look at the tap's queue", func(ch *amqp.Channel) error {
			queue, err := ch.QueueDeclarePassive(t.queue, false, true, true, false, nil)
			ready = queue.Messages
			return err
		})
		weight := int64(0)
		if delivered := s.messages.Load(); delivered > 0 {
			weight = int64(ready) * (s.bytes.Load() / delivered)
		}
		if ready >= t.tailer.TapMessages || weight > t.tailer.TapBytes/2 {
			s.overflowed(-1, from, d.looked)
		}
	}
}

// lost ends the counting with the connection: what was dropped since the last look is
// unknown if messages were being dropped then.
func (d *drops) lost(s *state) {
	if d.dropping {
		s.overflowed(-1, d.looked, time.Now())
	}
}

package tail

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/routing"
	"eventscope/adapters/rabbitmq/wording"
)

const (
	// tapExpiry ends a tap's queue that nobody consumes, should the broker not notice
	// that its connection is gone.
	tapExpiry = time.Minute

	// deadEnd is an exchange that does not exist. Queues dead-letter to it, that is
	// to nothing, so that a policy for all queues cannot send copies of a tap's
	// messages to a real dead-letter exchange. The prefix is that of server-named
	// queues, which the user of a tap may write anyway.
	deadEnd = "amq.gen-eventscope-nowhere"

	// bindingsAtOnce bounds how many bindings are looked after in one go.
	bindingsAtOnce = 100
)

// tap is a queue of our own that gets a copy of what exchanges route. There is one for
// all exchanges, which gives a message that takes two ways to it only once; one for
// each mirrored queue; and one for the firehose. The session owns it.
type tap struct {
	destination string // of its positions: the mirrored queue, or empty
	firehose    bool
	tailer      *Tailer
	reader      *delivery.Reader

	queue string                     // name that the broker gave it in this session
	bound map[string]routing.Binding // by id
	gone  map[string]time.Time       // exchanges that were bound and then missing, since when
	turn  int                        // where the next look after the bindings begins
}

func newTap(c *Tailer, st *state, destination string, firehose bool, put func(context.Context, *delivery.Buffer) error) *tap {
	take := func(s *delivery.Buffer, d *amqp.Delivery) error {
		if d.Exchange == routing.TapMark.Exchange && d.RoutingKey == routing.TapMark.Key {
			return nil // somebody asks whether there are taps
		}
		if firehose {
			delivery.UnwrapTrace(d)
		} else {
			st.received(d.Exchange, d.RoutingKey)
		}
		s.AddTapped(d, destination)
		return nil
	}
	return &tap{destination: destination, firehose: firehose, tailer: c, reader: delivery.NewReader(take, put), gone: map[string]time.Time{}}
}

func (t *tap) doing() string {
	if t.destination != "" {
		return "tap what queue " + wording.Quoted(t.destination) + " receives"
	}
	return "tap " + t.tailer.Broker.String()
}

// declare makes the tap's queue and marks it, as far as the user may. What it drops goes to
// the queue counter, or nowhere if that is empty.
func (t *tap) declare(control *connection.Control, counter string) error {
	deadLetterExchange, deadLetterKey := "", counter
	if counter == "" {
		deadLetterExchange, deadLetterKey = deadEnd, "dropped"
	}
	err := control.Do(t.doing(), func(ch *amqp.Channel) error {
		queue, err := ch.QueueDeclare("", false, true, true, false, amqp.Table{
			amqp.QueueTypeArg:           amqp.QueueTypeClassic,
			amqp.QueueMaxLenArg:         int64(t.tailer.TapMessages),
			amqp.QueueMaxLenBytesArg:    t.tailer.TapBytes,
			amqp.QueueOverflowArg:       amqp.QueueOverflowDropHead,
			amqp.QueueTTLArg:            tapExpiry.Milliseconds(),
			"x-dead-letter-exchange":    deadLetterExchange,
			"x-dead-letter-routing-key": deadLetterKey,
			routing.TapArgument:         "tap",
		})
		t.queue, t.bound = queue.Name, map[string]routing.Binding{}
		return err
	})
	if err != nil || t.firehose { // whose queue gets nothing that was not routed elsewhere
		return err
	}
	err = control.Do(t.doing(), func(ch *amqp.Channel) error {
		return ch.QueueBind(t.queue, routing.TapMark.Key, routing.TapMark.Exchange, false, nil)
	})
	if errors.Is(err, adapters.ErrNotAuthorized) {
		return nil
	}
	return err
}

// bind binds the tap's queue to what is wanted, and unbinds what is not any more.
// Binding again what is bound already costs little and heals what was deleted and
// declared again; of many bindings, each call does a part, in turn. It returns the
// problems of single bindings, and an error if the connection is lost.
func (t *tap) bind(control *connection.Control, wanted []routing.Binding, s *state) (problems []error, err error) {
	want := make(map[string]bool, len(wanted))
	for i, b := range wanted {
		want[b.ID()] = true
		if _, bound := t.bound[b.ID()]; bound && (i-t.turn+len(wanted))%len(wanted) >= bindingsAtOnce {
			continue
		}
		switch err := t.bindOne(control, b, s); {
		case errors.Is(err, adapters.ErrNotConnected):
			return problems, err
		case err != nil:
			problems = append(problems, err)
		}
	}
	if len(wanted) > 0 {
		t.turn = (t.turn + bindingsAtOnce) % len(wanted)
	}
	for id, b := range t.bound {
		if want[id] {
			continue
		}
		delete(t.bound, id)
		err := control.Do(t.doing(), func(ch *amqp.Channel) error { return ch.QueueUnbind(t.queue, b.Key, b.Exchange, b.Arguments) })
		if errors.Is(err, adapters.ErrNotConnected) {
			return problems, err
		}
	}
	return problems, nil
}

// bindOne binds, and notes when an exchange goes and comes back.
func (t *tap) bindOne(control *connection.Control, b routing.Binding, s *state) error {
	err := control.Do("tap exchange "+wording.Quoted(b.Exchange), func(ch *amqp.Channel) error {
		return ch.QueueBind(t.queue, b.Key, b.Exchange, false, b.Arguments)
	})
	since, gone := t.gone[b.Exchange]
	switch {
	case err == nil && gone:
		delete(t.gone, b.Exchange)
		s.missed(since, time.Now(), fmt.Sprintf("exchange %s was deleted and declared again", wording.Quoted(b.Exchange)))
	case errors.Is(err, adapters.ErrUnknownDestination):
		t.miss([]string{b.Exchange})
	}
	if err != nil {
		delete(t.bound, b.ID())
		return err
	}
	t.bound[b.ID()] = b
	return nil
}

// miss notes that exchanges are gone, if that is not known already.
func (t *tap) miss(exchanges []string) {
	for _, exchange := range exchanges {
		if _, gone := t.gone[exchange]; !gone {
			t.gone[exchange] = time.Now()
		}
	}
}

// consume starts the deliveries to the tap's reader.
func (t *tap) consume(ctx context.Context, l *connection.Conn, ended chan<- error) error {
	defer l.LimitAnswer(ctx)()
	channel, err := l.Channel()
	if err != nil {
		return l.Problem(t.doing(), err)
	}
	if err := channel.Qos(delivery.Prefetch, 0, false); err != nil {
		return l.Problem(t.doing(), err)
	}
	deliveries, err := channel.Consume(t.queue, connection.ConsumerTag, false, true, false, false, nil)
	if err != nil {
		return l.Problem(t.doing(), err)
	}
	t.reader.Attach(delivery.Consumer{Channel: channel, Deliveries: deliveries, Ended: ended})
	return nil
}

// exchanges is how many exchanges the tap is bound to.
func (t *tap) exchanges() int {
	distinct := map[string]bool{}
	for _, b := range t.bound {
		distinct[b.Exchange] = true
	}
	return len(distinct)
}

package lag

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/stream"
)

// Reader tells of the consumers of queues and streams. It may be used from any goroutine.
type Reader struct {
	Broker     *connection.Broker
	Management *management.Client // nil where there is none
	History    *stream.History

	// Named are the queues and streams that the source was opened on; none is all.
	Named []string

	// AnswerBytes bounds what is kept of names, in bytes.
	AnswerBytes int64
}

// Lag implements [consumer.LagReader]: the consumers of each queue, and each reader of a
// stream, by the management API. If the source was opened on queues or streams, only these
// are looked at, otherwise all but exclusive queues with names of the broker's making, such
// as taps have. Queues come as the broker sorts them.
//
// Where the management API does not answer, or there is none, an error says so, and queues
// that are named are told of as far as AMQP does: how many messages are ready, and how many
// consumers there are.
func (r *Reader) Lag(ctx context.Context, query consumer.LagQuery) iter.Seq2[consumer.Lag, error] {
	return func(yield func(consumer.Lag, error) bool) {
		s := &sweep{Reader: r, named: query.Groups, missing: make(map[string]bool), told: make(map[string]bool), yield: yield}
		if len(s.named) == 0 {
			s.named = r.Named
		}
		s.named = slices.Compact(slices.Sorted(slices.Values(s.named)))
		s.of = len(s.named)
		err := s.run(ctx)
		switch {
		case s.stopped:
		case ctx.Err() != nil:
			yield(consumer.Lag{}, ctx.Err())
		case err != nil:
			if s.tell(consumer.Lag{}, err) {
				s.depths(ctx)
			}
		}
	}
}

// NextTimes implements [consumer.LagReader] for positions in streams that the source was
// opened on.
func (r *Reader) NextTimes(ctx context.Context, positions []adapters.Position) iter.Seq2[time.Time, error] {
	return func(yield func(time.Time, error) bool) {
		for message, err := range r.History.Fetch(ctx, positions) {
			if errors.Is(err, stream.ErrBehindEnd) {
				err = nil
			}
			if !yield(message.Time, err) {
				return
			}
		}
	}
}

// sweep is one look at the queues of a virtual host. It belongs to its caller's
// goroutine.
type sweep struct {
	*Reader
	named   []string // queues, streams or readers that are wanted; none is all
	missing map[string]bool
	of      int

	consumers map[string][]management.Consumer
	readers   map[readerKey]management.Reader
	noReaders string // why readers of the stream protocol are not known

	yield   func(consumer.Lag, error) bool
	stopped bool
	told    map[string]bool // by name, since pages can overlap
	room    int64           // for names, of which there may be no end
}

// tell yields, and is false when the caller wants no more.
func (s *sweep) tell(lag consumer.Lag, err error) bool {
	lag.Of = s.of
	s.stopped = s.stopped || !s.yield(lag, err)
	return !s.stopped
}

// run asks the management API. Its error means that there is no answer.
func (s *sweep) run(ctx context.Context) (err error) {
	m := s.Management
	if m == nil {
		return s.withoutManagement()
	}
	s.room = s.AnswerBytes
	if s.consumers, err = m.Consumers(ctx); err != nil {
		return err
	}
	if err := s.findReaders(ctx); err != nil {
		return err
	}
	if len(s.named) > 0 {
		return s.each(ctx)
	}
	return s.all(ctx)
}

// each looks at the queues that are named. A name that is none may be that of a reader.
func (s *sweep) each(ctx context.Context) error {
	const many = 20 // from so many on, one question for all is cheaper
	if len(s.named) > many {
		for _, name := range s.named {
			s.missing[name] = true
		}
		return s.all(ctx)
	}
	for _, name := range s.named {
		q, err := s.Management.Figures(ctx, name)
		switch {
		case errors.Is(err, adapters.ErrUnknownDestination):
			s.missing[name] = true
			continue
		case err != nil:
			return err
		}
		if !s.queue(q) {
			return nil
		}
	}
	if len(s.missing) > 0 {
		return s.all(ctx)
	}
	return nil
}

// all looks at all queues, and takes those that are wanted.
func (s *sweep) all(ctx context.Context) error {
	for page, pages := 1, 1; page <= pages; page++ {
		answer, err := s.Management.FiguresPage(ctx, page)
		if err != nil {
			return err
		}
		pages = answer.Pages
		if len(s.named) == 0 {
			s.of = answer.All
		}
		for i := range answer.Items {
			q := &answer.Items[i]
			if s.told[q.Name] || !s.wanted(q) {
				continue
			}
			if !s.queue(q) {
				return nil
			}
			if s.room -= int64(2 * len(q.Name)); s.room < 0 {
				return s.Management.TooMuch("read the lag of the queues")
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.missing)) {
		if s.told[name] {
			continue
		}
		lag := consumer.Lag{Kind: consumer.QueueConsumers, Group: name, At: time.Now()}
		if !s.tell(lag, adapters.UnknownDestination("rabbitmq", s.Broker.Address, adapters.Queue, name)) {
			return nil
		}
	}
	return nil
}

// wanted reports whether a queue is to be told of, or a stream for one of its readers.
func (s *sweep) wanted(q *management.Figures) bool {
	if len(s.named) == 0 {
		return !q.Exclusive || !strings.HasPrefix(q.Name, "amq.gen-")
	}
	return s.missing[q.Name] || q.Type == amqp.QueueTypeStream
}

// queue tells of one queue or of the readers of one stream.
func (s *sweep) queue(q *management.Figures) bool {
	now := time.Now()
	s.told[q.Name] = true
	if q.Type == amqp.QueueTypeStream {
		return s.stream(q, now)
	}
	delete(s.missing, q.Name)
	return s.tell(queueLag(q, s.consumers[q.Name], now), nil)
}

package lag

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/rabbitmq/management"
)

// streamTag begins the consumer tag of a reader that speaks the stream protocol; the rest
// is its number on the connection.
const streamTag = "stream.subid-"

// readerKey names a reader that speaks the stream protocol.
type readerKey struct {
	stream, connection, tag string
}

// findReaders asks about readers that speak the stream protocol, if there are any. That it
// cannot be told how far they are is no error.
func (s *sweep) findReaders(ctx context.Context) error {
	if !slices.ContainsFunc(slices.Concat(sortedValues(s.consumers)...), func(c management.Consumer) bool { return strings.HasPrefix(c.Tag, streamTag) }) {
		return nil
	}
	m := s.Management
	found, status, err := m.StreamReaders(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case status == http.StatusBadRequest || status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		s.noReaders = "only the plugin rabbitmq_stream_management tells, and it does not run"
	case errors.Is(err, adapters.ErrNotAuthorized), errors.Is(err, adapters.ErrNotAuthenticated):
		s.noReaders = "the user may not see how far readers are"
	case err != nil:
		return err
	}
	s.readers = make(map[readerKey]management.Reader, len(found))
	for _, r := range found {
		s.readers[readerKey{r.Queue.Name, r.Connection.Name, streamTag + strconv.Itoa(r.Subscription)}] = r
	}
	return nil
}

// stream tells of each reader of a stream. A stream that nobody reads is told of only if
// it was asked for.
func (s *sweep) stream(q *management.Figures, now time.Time) bool {
	asked := len(s.named) == 0 || slices.Contains(s.named, q.Name)
	delete(s.missing, q.Name)
	readers := s.consumers[q.Name]
	for _, c := range readers {
		lag := s.reader(q, &c, now)
		if !asked && !slices.Contains(s.named, lag.Group) {
			continue
		}
		s.told[lag.Group] = true
		if !s.tell(lag, nil) {
			return false
		}
	}
	if len(readers) > 0 || len(s.named) == 0 || !asked {
		return true
	}
	log := logOf(q.Name)
	log.Why = "nobody reads the stream now"
	return s.tell(consumer.Lag{Kind: consumer.StreamConsumer, Group: q.Name, At: now, MembersKnown: true, Logs: []consumer.LogLag{log}}, nil)
}

// reader is how one reader of a stream stands. It is named by tag and address, as the name
// that it may have is shared by those that take turns.
func (s *sweep) reader(q *management.Figures, c *management.Consumer, now time.Time) consumer.Lag {
	log, client := logOf(q.Name), ""
	log.Member = 0
	log.In = q.Paces().Publish.Now.Rate()
	figures, found := s.readers[readerKey{q.Name, c.Channel.Connection, c.Tag}]
	switch {
	case found && figures.Lag.Known:
		client = figures.Properties.Name
		log.State, log.Lag = consumer.LagBehind, max(0, figures.Lag.Count())
		if log.Lag == 0 {
			log.State = consumer.LagOK
		}
	case !strings.HasPrefix(c.Tag, streamTag):
		log.Why = "a reader over AMQP keeps to itself how far it is"
	case s.noReaders != "":
		log.Why = s.noReaders
	default:
		log.Why = "the broker has not counted yet how far it is"
	}
	name := c.Tag
	if c.Channel.Host != "" {
		name += "@" + c.Channel.Host
	}
	if c.Channel.Port.Known {
		name += ":" + strconv.FormatInt(c.Channel.Port.Count(), 10)
	}
	return consumer.Lag{
		Kind: consumer.StreamConsumer, Group: name, At: now, MembersKnown: true,
		Members: []consumer.Member{{ID: c.Tag, Client: client, Host: c.Channel.Host, Logs: 1}},
		Logs:    []consumer.LogLag{log},
	}
}

// sortedValues are the values of a map in the order of its keys.
func sortedValues[V any](m map[string]V) (values []V) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		values = append(values, m[key])
	}
	return values
}

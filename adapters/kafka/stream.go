package kafka

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/kafka/cluster"
	"eventscope/adapters/kafka/recordbatch"
)

// stream reads a set of logs: one fetcher a broker, a supervisor that looks after the
// cursors, and the caller's goroutine, which decodes and hands over. Run and Scan
// each have one of their own, with a client of its own: a broker answers the requests
// of one connection in order, so a tail that waits would hold up a scan.
type stream struct {
	config   *Config
	client   *kgo.Client
	decoder  kgo.Decompressor
	progress *progress
	tail     bool      // follow the logs; progress knows them
	until    time.Time // leave out what is not before, if not zero

	answers  chan answer
	returned chan []returnedCursor
	failed   chan error         // of the supervisor; it is the last thing it does
	fetchers map[int32]*fetcher // the supervisor's
	ctx      context.Context    // of the fetchers; ends with the stream
	running  sync.WaitGroup
}

func (a *Adapter) newStream() (*stream, error) {
	client, err := a.newClient()
	if err != nil {
		return nil, err
	}
	return &stream{
		config: &a.config, client: client, progress: a.progress,
		decoder:  recordbatch.NewDecoder(client, a.config.batchBytes()),
		answers:  make(chan answer),
		returned: make(chan []returnedCursor),
		failed:   make(chan error, 1),
		fetchers: make(map[int32]*fetcher),
	}, nil
}

// newClient makes a client that connects when it is first used.
func (a *Adapter) newClient(extra ...kgo.Opt) (*kgo.Client, error) {
	client, err := kgo.NewClient(append(append([]kgo.Opt(nil), a.options...), extra...)...)
	if err != nil {
		return nil, a.config.usage(err.Error(), "check the settings of the source")
	}
	return client, nil
}

// assign gives cursors to the fetchers of their leaders and returns those that have
// no leader now.
func (s *stream) assign(cursors []*cursor, c *cluster.Catalog) (leaderless []*cursor) {
	byLeader := make(map[int32][]*cursor)
	for _, cur := range cursors {
		leader := c.Topics[cur.log.Destination].Leader(cur.log.Partition)
		if cur.next >= cur.end { // anybody can say that it is done
			for leader = range c.Brokers {
				break
			}
		}
		if leader < 0 {
			leaderless = append(leaderless, cur)
			continue
		}
		byLeader[leader] = append(byLeader[leader], cur)
	}
	for leader, list := range byLeader {
		f := s.fetchers[leader]
		if f == nil {
			f = s.newFetcher(leader, len(c.Brokers))
			s.fetchers[leader] = f
			s.running.Go(func() { f.run(s.ctx) })
		}
		f.give(list)
	}
	return leaderless
}

func (s *stream) newFetcher(node int32, brokers int) *fetcher {
	return &fetcher{
		broker: s.client.Broker(int(node)), config: s.config, maxBytes: s.config.answerBytes(brokers),
		answers: s.answers, returned: s.returned, wake: make(chan struct{}, 1), heard: s.heard, unread: s.unread,
	}
}

// heard notes where the logs of a tail end now.
func (s *stream) heard(p part) {
	if !s.tail {
		return
	}
	s.progress.ends(p.log, p.response.HighWatermark, p.response.LastStableOffset, s.config.Committed, time.Now())
}

// unread notes that a log is not read to the end that a scan promised.
func (s *stream) unread(c *cursor, why error) {
	s.progress.miss(s.config.access().Unread(c.log, c.next, c.end, why))
}

// deliver decodes answers and hands them to the intake until ctx ends, the supervisor
// gives up, or as many logs are finished as are open (a tail's never are).
func (s *stream) deliver(ctx context.Context, open int, intake adapters.Intake) error {
	for open > 0 || s.tail {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-s.failed:
			return err
		case a := <-s.answers:
			for i := range a.parts {
				if err := s.deliverPart(ctx, &a.parts[i], intake); err != nil {
					return err
				}
			}
			open -= a.finished
		}
	}
	return nil
}

// groupBytes is how much of an answer is unpacked at once, and batchMessages the
// most that one batch holds. Together they bound what waits at the intake.
const (
	groupBytes    = 128 << 10
	batchMessages = 2000
)

// unpackedBytes is how much of an answer is unpacked before it is handed over, or half a fetch
// if that is less: a batch that brings it above that is the last for now.
const unpackedBytes = 1 << 20

// deliverPart unpacks an answer a few record batches at a time, so that what one
// answer unpacks to never has to be in memory whole.
func (s *stream) deliverPart(ctx context.Context, p *part, intake adapters.Intake) error {
	from, raw := p.from, p.response.RecordBatches
	size := groupBytes
	if len(p.response.AbortedTransactions) > 0 {
		size = len(raw) // which records are aborted follows from all batches before
	}
	for from < p.end {
		group, rest, next := recordbatch.Take(raw, size)
		if len(group) == 0 {
			return nil
		}
		records, reached, enough, err := s.decode(p, group, from)
		stuck := !enough && (err != nil || reached <= from && reached < next)
		if err := s.put(ctx, records, p.end, intake); err != nil {
			return err
		}
		if reached < next { // a batch in between cannot be unpacked
			rest, next = recordbatch.Behind(raw, reached), reached
			if stuck || len(rest) == len(raw) {
				_, rest, next, _ = recordbatch.Next(rest)
				s.undecodable(p.log, reached, next, err)
			}
		}
		raw, from = rest, max(from, next)
		if s.tail {
			s.progress.reached(p.log, from)
		}
	}
	return nil
}

// decode unpacks record batches. It stops at one that cannot be unpacked, and says up to
// which offset it came; the error may be missing when there were others before. Enough says
// that it stopped because so much was unpacked.
func (s *stream) decode(p *part, group []byte, from int64) (records []*kgo.Record, reached int64, enough bool, err error) {
	response := kmsg.FetchResponseTopicPartition{
		Partition: p.log.Partition, RecordBatches: group, AbortedTransactions: p.response.AbortedTransactions,
	}
	ration := recordbatch.Ration{Decoder: s.decoder, Left: min(unpackedBytes, int(s.config.fetchBytes()/2))}
	if len(p.response.AbortedTransactions) > 0 {
		ration.Left = math.MaxInt
	}
	decoded, reached := recordbatch.Decode(p.log, from, &response, s.config.Committed, &ration)
	return decoded.Records, reached, ration.Enough, decoded.Err
}

// put hands records over, in batches of bounded size.
func (s *stream) put(ctx context.Context, records []*kgo.Record, end int64, intake adapters.Intake) error {
	keep := func(r *kgo.Record) bool {
		return r.Offset < end && (s.until.IsZero() || recordbatch.Before(r, s.until))
	}
	past := len(records) > 0 && s.past(records[0])
	for len(records) > 0 {
		n := min(len(records), batchMessages)
		batch := recordbatch.Fill(records[:n], keep)
		records = records[n:]
		if batch == nil {
			continue
		}
		batch.Past = past
		messages, bytes := int64(len(batch.Messages)), int64(0)
		for i := range batch.Messages {
			bytes += int64(batch.Messages[i].Size())
		}
		if err := intake.Put(ctx, batch); err != nil {
			batch.Release()
			return err
		}
		if s.tail { // the rate of a source is that of its events
			s.progress.delivered(messages, bytes)
		}
	}
	return nil
}

// past reports whether a record was in its log before the reading came to its end.
func (s *stream) past(r *kgo.Record) bool {
	return !s.tail || s.progress.past(adapters.Log{Destination: r.Topic, Partition: r.Partition})
}

// undecodable notes a record batch that is damaged, or that would unpack to more than
// Config.BatchBytes. Reading goes on behind it.
func (s *stream) undecodable(log adapters.Log, from, next int64, err error) {
	switch {
	case err == nil:
		err = errors.New("it breaks off")
	default:
		err = recordbatch.TooLarge(err, s.config.batchBytes())
	}
	s.progress.miss(fmt.Sprintf("offsets %d to %d of %s/%d cannot be unpacked and are left out: %v",
		from, next-1, log.Destination, log.Partition, err))
}

// run runs the supervisor and the fetchers, delivers until it is done, and leaves no
// goroutine behind.
func (s *stream) run(ctx context.Context, k *supervisor, open int, intake adapters.Intake) error {
	running, stop := context.WithCancel(ctx)
	s.ctx = running
	s.running.Go(func() { k.run(running) })
	err := s.deliver(ctx, open, intake)
	stop()
	s.running.Wait()
	s.client.Close()
	return err
}

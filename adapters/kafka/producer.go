package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka/cluster"
)

const (
	// sendTime is how long copies may take until the brokers have confirmed them. It is
	// well below transactionTime, so that a transaction never ends by itself.
	sendTime = 12 * time.Second
	// abortTime is how long to wait for what is still on its way before giving up.
	abortTime = 3 * time.Second
	// hurryTime is how long each of several waits takes once somebody wants an end.
	hurryTime = 500 * time.Millisecond
	// transactionTime is how long a broker keeps a transaction open whose producer has
	// gone. Until then readers of committed messages wait at its first record.
	transactionTime = 30 * time.Second

	usualBatch   = 1_000_012 // bytes: what any topic takes, unless it was set lower
	leastBatchOf = 512       // the client does not make smaller ones
	mostBatchOf  = 96 << 20  // a broker reads no request above 100 MiB unless it is told so
	unplaced     = -1        // partition of a record that the client has not got a partition for
	recordFrame  = 96        // bytes around key, value and headers in a batch of one record, at most
)

// producer sends copies: what a redrive and a publisher have in common. It is only ever
// made by an adapter that was opened for writing, and belongs to one goroutine.
type producer struct {
	adapter *Adapter
	client  *kgo.Client
	ended   error // why nothing more can be sent

	mu     sync.Mutex
	limits map[string]limit // by topic; the client asks for them from goroutines of its own
}

// limit is what a topic takes.
type limit struct {
	bytes   int32 // of one record batch
	known   bool  // else bytes is no limit, and produce sees to it that batches are usual ones
	keyless bool  // takes records without a key
}

var noLimit = limit{bytes: mostBatchOf, keyless: true}

func (a *Adapter) newProducer(extra ...kgo.Opt) (*producer, error) {
	p := &producer{adapter: a, limits: make(map[string]limit)}
	client, err := a.newClient(append([]kgo.Opt{
		kgo.RequiredAcks(kgo.AllISRAcks()),
		// A broker may put off the first batch of a transaction while it finishes the last
		// one. A batch behind it must not get there first, or the whole transaction fails.
		kgo.MaxProduceRequestsInflightPerBroker(1),
		// As the Java client does it: murmur2 of a key, and runs of records without one.
		kgo.RecordPartitioner(kgo.UniformBytesPartitioner(64<<10, true, true, nil)),
		kgo.ProducerBatchMaxBytesFn(func(topic string) int32 { return p.limit(topic).bytes }),
		kgo.RetryTimeout(sendTime),
		// A broker that still finishes the last transaction says so, and is asked again.
		kgo.RetryBackoffFn(func(tries int) time.Duration {
			return min(5*time.Millisecond<<min(tries, 6), 250*time.Millisecond)
		}),
		kgo.ConcurrentTransactionsBackoff(5 * time.Millisecond),
	}, extra...)...)
	p.client = client
	return p, err
}

func (p *producer) limit(topic string) limit {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l, ok := p.limits[topic]; ok {
		return l
	}
	return noLimit
}

// end makes every later call fail with why, and cuts off what is still on its way.
func (p *producer) end(why error) error {
	if p.ended == nil {
		p.ended = why
		p.client.Close()
	}
	return p.ended
}

// records makes the records of copies, nil for a copy with which something is wrong in
// itself; outcomes then says what, and sound is false. The error is why nothing can be
// sent now.
func (p *producer) records(ctx context.Context, copies []deadletter.Copy, outcomes []error) (records []*kgo.Record, sound bool, err error) {
	topics, err := p.targets(ctx, copies)
	if err != nil {
		return nil, false, err
	}
	records, sound = make([]*kgo.Record, len(copies)), true
	for i := range copies {
		record, err := recordOf(&copies[i])
		if err == nil {
			err = p.check(topics[record.Topic], record)
		}
		if err != nil {
			outcomes[i], sound = err, false
			continue
		}
		records[i] = record
	}
	return records, sound, nil
}

// targets finds the topics that copies go to. It asks anew each time, for a topic that
// was deleted would cost the whole transaction, and learns the limits of new ones.
func (p *producer) targets(ctx context.Context, copies []deadletter.Copy) (map[string]*cluster.Topic, error) {
	var names []string
	for i := range copies {
		names = append(names, string(copies[i].To))
	}
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
	if len(names) == 0 {
		return nil, nil
	}
	ctx, cancel := deadletter.Within(ctx, openTimeout, hurryTime)
	defer cancel()
	c, err := cluster.ReadCatalog(ctx, p.adapter.client, names)
	if err != nil {
		return nil, p.adapter.explain(ctx, err)
	}
	for _, name := range names {
		if t := c.Topics[name]; t != nil && t.Writable() && !p.limit(name).known {
			p.learn(ctx, name)
		}
	}
	return c.Topics, nil
}

// learn asks for the limits of a topic, for which not everybody may ask.
func (p *producer) learn(ctx context.Context, name string) {
	l := noLimit
	if settings, err := describeTopic(ctx, p.adapter.client, name); err == nil {
		if n, err := strconv.Atoi(settings["max.message.bytes"]); err == nil {
			l.bytes, l.known = int32(min(max(n, leastBatchOf), mostBatchOf)), true
		}
		l.keyless = !strings.Contains(settings["cleanup.policy"], "compact")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limits[name] = l
}

// check says what is wrong with sending a record to a topic.
func (p *producer) check(t *cluster.Topic, r *kgo.Record) error {
	l := p.limit(r.Topic)
	problem := &adapters.Problem{Doing: fmt.Sprintf("send to kafka topic %q", r.Topic)}
	switch size := sizeOf(r); {
	case forbidden(r.Topic, t) != "":
		problem.Cause, problem.Remedy, problem.Kind = forbidden(r.Topic, t), "name another destination", adapters.ErrUsage
	case t == nil || t.Unknown():
		return p.adapter.unroutable(r.Topic)
	case !t.Writable():
		return p.adapter.config.mayNotWrite(r.Topic)
	case l.known && size+recordFrame > int(l.bytes):
		problem.Cause = fmt.Sprintf("the message has %d bytes and the topic takes %d", size, l.bytes)
		problem.Remedy, problem.Kind = "raise max.message.bytes of the topic, or make the message smaller", adapters.ErrTooLarge
	case !l.keyless && r.Key == nil:
		problem.Cause = "the topic is compacted and takes no message without a key"
		problem.Remedy, problem.Kind = "send it to another topic", adapters.ErrUsage
	default:
		return nil
	}
	return problem
}

func sizeOf(r *kgo.Record) int {
	size := len(r.Key) + len(r.Value)
	for i := range r.Headers {
		size += len(r.Headers[i].Key) + len(r.Headers[i].Value) + 2
	}
	return size
}

// recordOf is a copy as a record. It has a time of its own, now, and its partition
// follows from its key.
func recordOf(c *deadletter.Copy) (*kgo.Record, error) {
	var m *adapters.Message
	switch {
	case c.Of != nil:
		m = &c.Of.Message
	case c.Message != nil:
		m = c.Message
	default:
		return nil, fmt.Errorf("send a letter to kafka of which only what was preserved is there: %w", errors.ErrUnsupported)
	}
	if c.To.IsZero() {
		return nil, &adapters.Problem{
			Doing: "send a letter to kafka", Cause: "the target names no kafka topic", Remedy: "name one", Kind: deadletter.ErrUnroutable,
		}
	}
	record := &kgo.Record{Topic: string(c.To), Key: m.Key, Value: m.Value, Headers: make([]kgo.RecordHeader, 0, len(m.Headers)+len(c.Add))}
	if c.Value != nil {
		record.Value = c.Value
	}
	for i := range m.Headers {
		if !slices.Contains(c.Remove, m.Headers[i].Name) {
			record.Headers = append(record.Headers, kgo.RecordHeader{Key: m.Headers[i].Name, Value: m.Headers[i].Value})
		}
	}
	for i := range c.Add {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: c.Add[i].Name, Value: c.Add[i].Value})
	}
	return record, nil
}

// produce sends records and waits until the broker has confirmed or refused each. If it
// cannot wait for that, because ctx ends or nobody answers, what is still on its way is
// given up, and the producer with it.
func (p *producer) produce(ctx context.Context, records []*kgo.Record) []error {
	sending, cancel := deadletter.Within(ctx, sendTime, hurryTime)
	defer cancel()
	results := make([]error, len(records))
	var pending sync.WaitGroup
	pending.Add(len(records))
	unlimited := 0 // bytes on their way to topics whose limit is not known
	for i, record := range records {
		if !p.limit(record.Topic).known {
			if unlimited += sizeOf(record) + recordFrame; unlimited > usualBatch {
				_ = p.client.Flush(sending) // it is asked again below
				unlimited = sizeOf(record) + recordFrame
			}
		}
		record.Partition = unplaced
		p.client.Produce(sending, record, func(_ *kgo.Record, err error) {
			results[i] = err
			pending.Done()
		})
	}
	if p.client.Flush(sending) != nil {
		aborting, cancel := deadletter.Within(context.WithoutCancel(ctx), abortTime, hurryTime)
		defer cancel()
		if p.client.AbortBufferedRecords(aborting) != nil {
			_ = p.end(p.silent())
		}
	}
	pending.Wait()
	return results
}

// silent is the problem of brokers that do not answer.
func (p *producer) silent() error { return p.failure(errors.New("no broker has confirmed in time")) }

// failure is why nothing more can be sent, if it is not the fault of what was sent. The
// client had logged in before, so a broker that hangs up now means nothing else by it.
func (p *producer) failure(err error) error {
	problem := p.adapter.config.access().Problem(err)
	if problem.Kind != adapters.ErrNotConnected {
		problem.Cause = "the broker broke the connection off"
	}
	problem.Doing, problem.Kind = "send to kafka "+strings.Join(p.adapter.config.Brokers, ","), adapters.ErrNotConnected
	problem.Remedy = "begin again when the cluster is whole"
	return problem
}

package kafka

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/kafka/cluster"
	"eventscope/adapters/kafka/recordbatch"
	"eventscope/adapters/readahead"
)

const (
	fetchTogether = 1000      // offsets; positions within are read with one request
	fetchNear     = 256 << 10 // bytes to ask for when more than one is wanted
	fetchSingle   = 4 << 10   // for one; its batch is sent whole anyway
	fetchAtOnce   = 8         // logs, or fewer of a small budget
	fetchAhead    = 4096      // positions that are looked at together
	fetchTries    = 3         // looks for a leader that has moved
)

// Fetch implements [adapters.Fetcher]. Positions are grouped by partition, and those
// near each other are read with one request, so that a screen of rows costs a few
// milliseconds. What was read and not yielded yet is held to the size of a round of answers.
func (a *Adapter) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	limits := readahead.Limits{Bytes: int(a.config.fetchBytes()), Positions: fetchAhead}
	return readahead.Fetch(ctx, positions, limits, a.readPositions)
}

// readPositions reads positions that were not read yet, several logs at a time, until the buffer is
// full.
func (a *Adapter) readPositions(ctx context.Context, positions []adapters.Position, b *readahead.Buffer) {
	byLog := make(map[adapters.Log][]int64)
	var logs []adapters.Log // in the order in which they are wanted
	for _, p := range positions {
		if b.Has(p) {
			continue
		}
		if p.Partition < 0 {
			b.Put(p, readahead.Answer{Err: fmt.Errorf("fetch %v from kafka, where a position has a partition: %w", p, errors.ErrUnsupported)})
			continue
		}
		log := adapters.Log{Destination: p.Destination, Partition: p.Partition}
		if byLog[log] == nil {
			logs = append(logs, log)
		}
		byLog[log] = append(byLog[log], p.Offset)
	}
	var reading sync.WaitGroup
	slots := make(chan struct{}, min(max(int(a.config.fetchBytes())/fetchNear, 1), fetchAtOnce))
	for i, log := range logs {
		slots <- struct{}{}
		if i > 0 && b.Full() {
			break
		}
		reading.Go(func() {
			defer func() { <-slots }()
			slices.Sort(byLog[log])
			a.readLog(ctx, log, slices.Compact(byLog[log]), b)
		})
	}
	reading.Wait()
}

// readLog reads ascending offsets of one log and settles each, until the buffer is full.
func (a *Adapter) readLog(ctx context.Context, log adapters.Log, wanted []int64, b *readahead.Buffer) {
	settle := func(offset int64, answer readahead.Answer) {
		b.Put(adapters.Position{Destination: log.Destination, Partition: log.Partition, Offset: offset}, answer)
	}
	for first := true; len(wanted) > 0 && (first || !b.Full()); first = false {
		near := 1
		for near < len(wanted) && wanted[near]-wanted[0] <= fetchTogether {
			near++
		}
		covered, err := a.fetchSome(ctx, log, wanted[:near], settle)
		if err != nil {
			for _, offset := range wanted {
				settle(offset, readahead.Answer{Err: err})
			}
			return
		}
		wanted = wanted[covered:]
	}
}

// fetchSome reads from the first wanted offset on and settles as many as the answer
// covers, at least one. An offset that the answer passes over was compacted away, or
// is a mark of a transaction and no message.
func (a *Adapter) fetchSome(ctx context.Context, log adapters.Log, wanted []int64, settle func(int64, readahead.Answer)) (covered int, err error) {
	size := int32(fetchSingle)
	if len(wanted) > 1 {
		size = fetchNear
	}
	p, err := a.readAt(ctx, log, wanted[0], size, false)
	if errors.Is(err, adapters.ErrGone) {
		settle(wanted[0], readahead.Answer{Err: gone(log, wanted[0], cluster.InWords(errors.Unwrap(err)))})
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	for raw := p.RecordBatches; covered < len(wanted); {
		batch, rest, next, ok := recordbatch.Next(raw)
		if !ok {
			break
		}
		in := 0 // how many of the wanted lie before the end of this batch
		for covered+in < len(wanted) && wanted[covered+in] < next {
			in++
		}
		if in > 0 { // the others need not be unpacked
			a.pick(log, batch, wanted[covered:covered+in], settle)
		}
		raw, covered = rest, covered+in
	}
	if covered == 0 { // nothing is left from here on
		settle(wanted[0], readahead.Answer{Err: gone(log, wanted[0], "compaction removed it")})
		covered = 1
	}
	return covered, nil
}

// pick settles offsets from one record batch.
func (a *Adapter) pick(log adapters.Log, batch []byte, wanted []int64, settle func(int64, readahead.Answer)) {
	answer := kmsg.FetchResponseTopicPartition{Partition: log.Partition, RecordBatches: batch}
	decoded, _ := recordbatch.Decode(log, wanted[0], &answer, false, a.decoder)
	why := "compaction removed it, or it is no message but the mark of a transaction"
	if decoded.Err != nil {
		why = "its record batch cannot be unpacked: " + recordbatch.TooLarge(decoded.Err, a.config.batchBytes()).Error()
	}
	there := make(map[int64]adapters.Message, len(wanted))
	for _, r := range decoded.Records {
		if _, isWanted := slices.BinarySearch(wanted, r.Offset); isWanted {
			there[r.Offset] = recordbatch.Message(r)
		}
		r.Recycle()
	}
	for _, offset := range wanted {
		if message, ok := there[offset]; ok {
			settle(offset, readahead.Answer{Message: message})
		} else {
			settle(offset, readahead.Answer{Err: gone(log, offset, why)})
		}
	}
}

func gone(log adapters.Log, offset int64, why string) error {
	return &adapters.Problem{
		Doing: "read " + adapters.Position{Destination: log.Destination, Partition: log.Partition, Offset: offset}.String(),
		Cause: why, Kind: adapters.ErrGone,
	}
}

// notThere wraps a broker's error that means that an offset is not there.
type notThere struct{ err error }

func (n notThere) Error() string        { return n.err.Error() }
func (n notThere) Unwrap() error        { return n.err }
func (n notThere) Is(target error) bool { return target == adapters.ErrGone }

// readAt asks the leader of a log for what begins at offset.
func (a *Adapter) readAt(ctx context.Context, log adapters.Log, offset int64, size int32, committed bool) (*kmsg.FetchResponseTopicPartition, error) {
	var last error
	for try := range fetchTries {
		t, leader, err := a.leader(ctx, log, try > 0)
		if err != nil {
			return nil, err
		}
		p, err := fetchAt(ctx, a.client.Broker(int(leader)), t, log.Partition, offset, size, committed)
		switch {
		case err == nil:
			return p, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, kerr.OffsetOutOfRange):
			return nil, notThere{err}
		case errors.Is(err, kerr.TopicAuthorizationFailed):
			return nil, a.config.access().NotAllowed(log.Destination)
		}
		last = err // the leader has moved, or its connection broke
	}
	return nil, a.config.access().Problem(last)
}

// leader finds the topic and the leader of a log, by asking the cluster if fresh or if
// it is not known.
func (a *Adapter) leader(ctx context.Context, log adapters.Log, fresh bool) (*cluster.Topic, int32, error) {
	a.mu.Lock()
	t := a.topics[log.Destination]
	a.mu.Unlock()
	if leader := t.Leader(log.Partition); leader >= 0 && !fresh {
		return t, leader, nil
	}
	c, err := cluster.ReadCatalog(ctx, a.client, []string{log.Destination})
	if err != nil {
		return nil, 0, a.explain(ctx, err)
	}
	t = c.Topics[log.Destination]
	if t == nil || t.Unknown() {
		return nil, 0, notThere{kerr.UnknownTopicOrPartition}
	}
	if t.Forbidden() {
		return nil, 0, a.config.access().NotAllowed(log.Destination)
	}
	a.mu.Lock()
	a.topics[log.Destination] = t
	a.mu.Unlock()
	leader, exists := t.Leaders[log.Partition]
	if !exists {
		return nil, 0, notThere{kerr.UnknownTopicOrPartition}
	}
	return t, leader, nil
}

// newFetchRequest asks a broker for at most so many bytes of logs that are still to be named, and for
// committed messages alone if that is said.
func newFetchRequest(most int32, committed bool) *kmsg.FetchRequest {
	request := kmsg.NewPtrFetchRequest()
	request.MaxBytes = most
	if committed {
		request.IsolationLevel = 1
	}
	return request
}

// addLog asks for what begins at an offset of a log. Partitions of one topic follow each other.
func addLog(request *kmsg.FetchRequest, log adapters.Log, id [16]byte, offset int64, most int32) {
	last := len(request.Topics) - 1
	if last < 0 || request.Topics[last].Topic != log.Destination {
		t := kmsg.NewFetchRequestTopic()
		t.Topic, t.TopicID = log.Destination, id
		request.Topics = append(request.Topics, t)
		last++
	}
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = log.Partition, offset, most
	request.Topics[last].Partitions = append(request.Topics[last].Partitions, p)
}

// fetchAt asks a broker for what begins at an offset of one partition, without waiting for more
// than there is.
func fetchAt(ctx context.Context, broker *kgo.Broker, t *cluster.Topic, partition int32, offset int64, size int32, committed bool) (*kmsg.FetchResponseTopicPartition, error) {
	request := newFetchRequest(size, committed)
	addLog(request, adapters.Log{Destination: t.Name, Partition: partition}, t.ID, offset, size)
	response, err := request.RequestWith(ctx, broker)
	if err != nil {
		return nil, err
	}
	if err := kerr.ErrorForCode(response.ErrorCode); err != nil {
		return nil, err
	}
	if len(response.Topics) != 1 || len(response.Topics[0].Partitions) != 1 {
		return nil, kerr.UnknownTopicOrPartition
	}
	answer := &response.Topics[0].Partitions[0]
	return answer, kerr.ErrorForCode(answer.ErrorCode)
}
